"""The command line: Lightning's fit, validate, test and predict, and our run and report."""

import os
import signal
import sys
from argparse import ArgumentError
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from lit_synth import __version__
from lit_synth.examples import InputError, open_lines
from lit_synth.permissions import denied, permitted, taken
from lit_synth.shortage import shortage
from lit_synth.stopping import stoppable

if TYPE_CHECKING:
    from lit_synth.settings import RunSettings

USAGE = """usage: lit_synth COMMAND --config FILE [options]

  run        everything: teacher, annotate, generate, students, report
  sweep      runs over several sizes of gold and of synthetic rows: learning curves
  report     make a run's report again, or compare runs and sweeps: lit_synth report FOLDER [FOLDER ...]
  fit        train one module (LightningCLI)
  validate   score a module on the development part
  test       score a module on the test rows
  predict    annotate or generate with a teacher

Each command has --help. Start with: lit_synth run --config configs/demo.yaml --output runs/demo

Every command takes --offline (no other machine is asked), and for configs and models of people you trust
--allow_imports PACKAGE[,...] (classes that are not ours) and --allow_pickle (weights that are no safetensors).
"""
LISTS = ("--seeds", "--strategies", "--fractions", "--amounts")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0 done, 2 a mistake in what was given, 130 and 143 stopped by a signal."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0
    if words[0] == "--version":
        print(__version__)
        return 0
    # Before torch is imported: threads that spin while they wait stall tenfold where another program wants the cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    commands = {
        "run": _run,
        "sweep": _sweep,
        "report": _report,
        **dict.fromkeys(("fit", "validate", "test", "predict"), _stage),
    }
    try:
        words, given = taken(words)
        command, *rest = words or [""]
        if command not in commands:
            raise InputError(f"no command {command!r}; known: {', '.join(commands)}")
        _look_at_configs(rest)
        with permitted(given), stoppable():
            commands[command](words if commands[command] is _stage else rest)
    except (ValueError, ArgumentError) as error:
        mistake = _mistake(error)
        if mistake is None:
            raise
        print(f"lit_synth: {_printable(str(mistake))}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, SystemExit) as stop:
        code = _stopped(stop)
        if code is None:
            raise
        print("lit_synth: stopped; the same command goes on", file=sys.stderr)
        return code
    except BrokenPipeError:  # as by `| head`; what is left to be written at exit goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except UnpicklingError:
        told = "a checkpoint holds more than weights, and could run code; give --allow_pickle if you trust it"
        print(f"lit_synth: {told}", file=sys.stderr)
        return 2
    except Exception as error:
        lack = shortage(error)
        if lack is None:
            raise
        print(f"lit_synth: {_printable(lack)}", file=sys.stderr)
        return 2
    return 0


def _look_at_configs(words: list[str]) -> None:
    """See that configs are text: the parser takes an empty one for none, and fails on another encoding."""
    given = [value for name, _, value in (word.partition("=") for word in words) if name == "--config" and value]
    given += [word for before, word in pairwise(words) if before == "--config"]
    for path in filter(Path.is_file, map(Path, given)):
        with open_lines(path) as lines:
            if not any(line.strip() for line in lines):
                raise InputError(f"{path}: is empty; give a config")


def _run(words: list[str]) -> None:
    from lit_synth.pipeline import Pipeline

    Pipeline(_settings("run", words)[0]).execute()


def _sweep(words: list[str]) -> None:
    from lit_synth.report.command import report
    from lit_synth.sweep import Sweep, SweepSettings

    run, parts = _settings("sweep", words, sweep=SweepSettings)
    sweep: SweepSettings = parts["sweep"]
    failed = Sweep(run, sweep).execute()
    if not sweep.dry_run and sweep.job is None and any(run.output.glob("*/metrics.json")):
        print(f"Report: {report([run.output])}")
    if failed:
        raise InputError("; ".join(f"{job.name} failed: {job.found(run.output)['error']}" for job in failed))


def _settings(command: str, words: list[str], **more: type) -> "tuple[RunSettings, dict[str, Any]]":
    """Parse the settings of a run, and ``more`` of them beside."""
    import yaml
    from jsonargparse import ArgumentParser

    from lit_synth.settings import RunSettings

    parser = ArgumentParser(
        prog=f"lit_synth {command}", exit_on_error=False, description="From gold rows to a proven student."
    )
    parser.add_argument("--config", action="config", help="YAML of a run; a second one is laid over the first")
    parser.add_class_arguments(RunSettings)
    for kind in more.values():
        parser.add_class_arguments(kind)
    found = parser.parse_args(_lists(words))
    del found["config"]
    for part in fields(RunSettings):
        # The parser lets null and lists through, and fails when it makes the part.
        if is_dataclass(part.default) and isinstance(found[part.name], list | None):
            raise InputError(f"{part.name} {found[part.name]}: give its settings by name, or leave it out")
    settings = parser.instantiate(found).as_dict()
    # Left in words, not made into objects: each stage makes its own strategy, callbacks and logger from them.
    settings["trainer"] = yaml.safe_load(parser.dump(found, skip_unset=False))["trainer"]
    parts = {name: kind(**{one.name: settings.pop(one.name) for one in fields(kind)}) for name, kind in more.items()}
    return RunSettings(**settings), parts


def _report(words: list[str]) -> None:
    from jsonargparse import ArgumentParser

    from lit_synth.report.command import Format, report

    about = "The page of a run; of several runs or a sweep, one page that compares them, or their figures."
    parser = ArgumentParser(prog="lit_synth report", exit_on_error=False, description=about)
    parser.add_argument("runs", nargs="+", type=Path, help="folder of a run, of a sweep, or of several of either")
    parser.add_argument("--output", type=Path | None, help="file to write; md, csv and json go to stdout without it")
    parser.add_argument("--format", type=Format, default="html", help="html, md, csv or json")
    found = parser.parse_args(words)
    print(report(found.runs, found.output, found.format).removesuffix("\n"), flush=True)


def _stage(words: list[str]) -> None:
    from lit_synth.stages import StageCLI

    # From the terminal LightningCLI reads the words itself; given as an argument it warns.
    StageCLI(None if words == sys.argv[1:] else words)


def _mistake(error: BaseException) -> InputError | str | None:
    """Return the user's mistake behind an error: jsonargparse wraps what a constructor raises, or finds its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, InputError):
        if refused := denied(cause):
            return refused
        cause = cause.__cause__ or cause.__context__
    return _one_line(str(error)) if cause is None and isinstance(error, ArgumentError) else cause


def _stopped(stop: BaseException) -> int | None:
    """Return the exit code of a signal; ``None`` where nobody stopped the command, as after ``--help``."""
    # Lightning turns an interrupt into an exit with 1, and a request to end into one without a code.
    if isinstance(stop, KeyboardInterrupt) or isinstance(stop.__context__, KeyboardInterrupt):
        return 128 + signal.SIGINT
    return 128 + signal.SIGTERM if isinstance(stop, SystemExit) and stop.code is None else None


def _one_line(message: str) -> str:
    """Keep what names the option and its value of jsonargparse's message, which shows whole configs and types."""
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    noise = ("Does not validate", "Subtypes:", "Errors:", "Expected a <class 'NoneType'>", "Given value type:")
    told = [line for line in lines if not line.startswith(noise) and len(line) < 200]
    return f"{' '.join(told)}; see --help"


def _printable(message: str) -> str:
    """Show line breaks and escape sequences, which a file may hold, instead of writing them to a terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in message)


def _lists(words: list[str]) -> list[str]:
    """Let ``--seeds 0,1,2`` stand for a list, with or without ``=``."""
    wrapped: list[str] = []
    for word in words:
        name, is_pair, value = word.partition("=")
        if is_pair and name in LISTS and not value.startswith("["):
            wrapped.append(f"{name}=[{value}]")
        elif wrapped and wrapped[-1] in LISTS and not word.startswith("["):
            wrapped.append(f"[{word}]")
        else:
            wrapped.append(word)
    return wrapped
