"""`lit_synth completion`: a script with which a shell completes commands, options, choices and files."""

import argparse
from collections.abc import Callable

from lit_synth.errors import InputError, shown

SHELLS = ("bash", "zsh", "tcsh")


def completion(shell: str) -> str:
    """Return the script for a shell.

    Args:
        shell: One of `SHELLS`, or a wish for help.

    Raises:
        InputError: No such shell, or shtab is not installed.

    >>> completion("fish")
    Traceback (most recent call last):
    lit_synth.errors.InputError: completion 'fish': give one of bash, zsh, tcsh
    """
    if shell in ("-h", "--help"):
        return f'usage: lit_synth completion {{{",".join(SHELLS)}}}\n\nAs in: eval "$(lit_synth completion bash)"'
    if shell not in SHELLS:
        raise InputError(f"completion {shown(shell)}: give one of {', '.join(SHELLS)}")
    try:
        import shtab
    except ImportError:
        raise InputError("completion: needs shtab; pip install 'lit-synth[completion]'") from None
    return str(shtab.complete(whole(), shell))


def whole() -> argparse.ArgumentParser:
    """Return one parser of all commands, as plain as argparse's own: for what is completed, types do not matter."""
    parser = argparse.ArgumentParser(prog="lit_synth")
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command")
    for name, make in _parsers().items():
        known = make()
        command = commands.add_parser(name, help=(known.description or "").split(".")[0])
        for action in known._actions:
            if not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
                _add(command, action)
        command.add_argument("--offline", action="store_true", help="no other machine is asked")
    for name in ("fit", "validate", "test", "predict"):
        stage = commands.add_parser(name, help="one stage, by LightningCLI")
        _file(stage.add_argument("--config", help="YAML of a stage"))
        for option in ("--model", "--data", "--trainer", "--ckpt_path"):
            stage.add_argument(option)
    commands.add_parser("completion", help="a script as this one").add_argument("shell", choices=SHELLS)
    return parser


def _parsers() -> dict[str, Callable[[], argparse.ArgumentParser]]:
    from lit_synth.doctor.machine import DoctorSettings
    from lit_synth.options import run_parser
    from lit_synth.report.command import parser_of as report
    from lit_synth.sweep import SweepSettings
    from lit_synth.verbs import curate, export, init, label, stage

    return {
        "init": init.parser_of,
        "run": lambda: run_parser("run"),
        "label": label.parser_of,
        "export": export.parser_of,
        "curate": curate.parser_of,
        "sweep": lambda: run_parser("sweep", SweepSettings),
        "doctor": lambda: run_parser("doctor", DoctorSettings),
        "report": report,
        "stage": stage.parser_of,
    }


def _add(command: argparse.ArgumentParser, action: argparse.Action) -> None:
    names = action.option_strings or [action.dest]
    help_ = " ".join((action.help or "").replace("%", "%%").split())
    if action.nargs == 0 or action.dest == "print_config":
        command.add_argument(*names, action="store_true", help=help_)
        return
    nargs = None if action.option_strings else action.nargs  # --seeds 0,1,2 is one word
    choices = [str(one) for one in action.choices] if action.choices else _choices(action)
    added = command.add_argument(*names, nargs=nargs, choices=choices or None, help=help_)
    if not choices:
        _file(added)


def _choices(action: argparse.Action) -> list[str]:
    """Return what jsonargparse shows as choices, as in ``{hard,soft}``."""
    shown = str(action.metavar or "")
    return shown[1:-1].split(",") if shown.startswith("{") and shown.endswith("}") else []


def _file(action: argparse.Action) -> None:
    import shtab

    action.complete = shtab.FILE  # type: ignore[attr-defined]
