"""From the words of a command line to settings; what is no option is told with the one that is near."""

import difflib
import os
import re
from argparse import ArgumentError
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import yaml
from jsonargparse import ArgumentParser

from lit_synth.errors import InputError
from lit_synth.permissions import denied

if TYPE_CHECKING:
    from lit_synth.settings import RunSettings

LISTS = ("--seeds", "--strategies", "--fractions", "--amounts")
VARIABLES = "LIT_SYNTH_RUN_"
"""What the variables begin with that stand for settings of a run."""


def near(word: str, known: Iterable[str]) -> str:
    """Return a question about the known word that is most like another, or nothing.

    >>> near("--fractoin", ["--fraction", "--seeds"]), near("--colour", ["--seeds"])
    ('; did you mean --fraction?', '')
    """
    names = sorted(known)
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not found:  # a part of its own of a longer name, such as --max_steps of --student.search.max_steps
        last = word.lstrip("-").rsplit(".", 1)[-1]
        found = [name for name in names if last and name.endswith(f".{last}")]
    return f"; did you mean {' or '.join(found[:3])}?" if found else ""


def parse(parser: ArgumentParser, words: list[str]) -> Any:
    """Parse words.

    Raises:
        InputError: One is no option; the message names the nearest.
        ArgumentError: Another mistake, as jsonargparse tells it.
    """
    try:
        return parser.parse_args(words)
    except ArgumentError as error:
        raise corrected(parser, error) from None


def corrected(parser: ArgumentParser, error: ArgumentError) -> ArgumentError | InputError:
    """Return what to say of a mistake: of an unknown option or key, with the nearest that is known."""
    options = [option for action in parser._actions for option in action.option_strings if option.startswith("--")]
    told = re.search(r"[Uu]nrecognized arguments: (.+)", str(error))
    if told:
        return InputError(f"unrecognized arguments: {told[1]}{near(re.split('[ =]', told[1])[0], options)}; see --help")
    # In a config, or as a part of a larger setting.
    key = re.search(r"(?:Key|key|Option) '([\w.]+)' (?:is )?not (?:expected|accepted|valid)", str(error))
    if key:
        return InputError(f"{key[1]}: is no setting{near('--' + key[1], options).replace('--', '')}; see --help")
    bad = re.search(r'Parser key "([\w.]+)"', str(error))
    if bad and parser.default_env and (name := _variable(parser, bad[1])) in os.environ:
        return InputError(f"{one_line(str(error))}; {name} is set")
    return error


def _variable(parser: ArgumentParser, setting: str) -> str:
    """Return the environment variable that stands for a setting, as jsonargparse names it."""
    return f"{parser.env_prefix}_{setting.replace('.', '__').upper()}"


def _see_that_variables_are_settings(parser: ArgumentParser) -> None:
    """See that no variable is misspelt: it would be left unread without a word.

    Raises:
        InputError: One stands for no setting.
    """
    known = {_variable(parser, action.dest) for action in parser._actions}
    for name in os.environ:
        if name.startswith(f"{parser.env_prefix}_") and name not in known:
            raise InputError(f"{name}: stands for no setting{near(name, known)}; see --help")


def run_parser(command: str, *more: type) -> ArgumentParser:
    """Return what reads the settings of a run, and ``more`` of them beside."""
    from lit_synth.settings import RunSettings, SlurmSettings, Until

    parser = ArgumentParser(
        prog=f"lit_synth {command}",
        exit_on_error=False,
        description="From gold rows to a proven student.",
        default_env=True,
        env_prefix=f"LIT_SYNTH_{command.upper()}",  # apart from LIT_SYNTH_CACHE and permissions
    )
    parser.add_argument("--config", action="config", help="YAML of a run; a second one is laid over the first")
    if command == "run":
        about = "try a handful of rows and show prompts, synthetic rows, time, memory and disk; leaves nothing behind"
        parser.add_argument("--preview", action="store_true", help=about)
        about = "where the folder was made with other settings: set its results aside, do again what these change"
        parser.add_argument("--redo", action="store_true", help=about)
        parser.add_argument("--quiet", action="store_true", help="tell nothing but the path of the page, and mistakes")
        parser.add_argument("--until", type=Until, default="report", help="end there; the same command goes on later")
    # All three are given a run's configs; see what each makes of it.
    of_slurm = {
        "run": "submit the run as SLURM jobs, each waiting for the one before; alone, with the cluster's own defaults",
        "doctor": "nodes and tasks of the teacher's job are read, where nodes and devices are not given",
        "sweep": "refused: a sweep is submitted as an array; see configs/slurm/sweep.sbatch",
    }
    parser.add_argument("--slurm", type=SlurmSettings | None, help=of_slurm[command])
    parser.add_class_arguments(RunSettings)
    for kind in more:
        parser.add_class_arguments(kind)
    return parser


def run_settings(command: str, words: list[str], **more: type) -> "tuple[RunSettings, dict[str, Any]]":
    """Parse the settings of a run, and ``more`` of them beside; ``--preview`` and other flags are among them."""
    from lit_synth.settings import RunSettings

    parser = run_parser(command, *more.values())
    _see_that_variables_are_settings(parser)
    found = parse(parser, lists(words))
    del found["config"]
    for part in fields(RunSettings):
        # The parser lets null and lists through, and fails when it makes the part.
        if is_dataclass(part.default) and isinstance(found[part.name], list | None):
            raise InputError(f"{part.name} {found[part.name]}: give its settings by name, or leave it out")
    settings = parser.instantiate(found).as_dict()
    flags = ("preview", "redo", "quiet", "until", "slurm")
    parts: dict[str, Any] = {name: settings.pop(name, None) for name in flags}
    # Left in words, not made into objects: each stage makes its own strategy, callbacks and logger from them.
    settings["trainer"] = yaml.safe_load(parser.dump(found, skip_unset=False))["trainer"]
    parts |= {name: kind(**{one.name: settings.pop(one.name) for one in fields(kind)}) for name, kind in more.items()}
    return RunSettings(**settings), parts


def mistake(error: BaseException) -> InputError | None:
    """Return the user's mistake behind an error: jsonargparse wraps what a constructor raises, or finds its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, InputError):
        if refused := denied(cause):
            return refused
        cause = cause.__cause__ or cause.__context__
    if cause is None and isinstance(error, ArgumentError):
        return InputError(one_line(str(error)))
    return cause


def one_line(message: str) -> str:
    """Keep what names the option and its value of jsonargparse's message, which shows whole configs and types."""
    lines = [line.strip().removeprefix("- ") for line in message.splitlines()]
    noise = ("Does not validate", "Subtypes:", "Errors:", "Expected a <class 'NoneType'>", "Given value type:")
    told = [line for line in lines if not line.startswith(noise) and len(line) < 200]
    return f"{' '.join(told)}; see --help"


def lists(words: list[str]) -> list[str]:
    """Let ``--seeds 0,1,2`` stand for a list, with or without ``=``, and ``--slurm`` alone for all its defaults.

    >>> lists(["--seeds", "0,1", "--limit", "3"]), lists(["--slurm"])
    (['--seeds', '[0,1]', '--limit', '3'], ['--slurm={}'])
    """
    wrapped: list[str] = []
    following = [*words, "--"]
    for place, word in enumerate(words):
        name, is_pair, value = word.partition("=")
        if is_pair and name in LISTS and not value.startswith("["):
            wrapped.append(f"{name}=[{value}]")
        elif wrapped and wrapped[-1] in LISTS and not word.startswith("["):
            wrapped.append(f"[{word}]")
        elif word == "--slurm" and not following[place + 1].startswith(("{", "null")):
            wrapped.append("--slurm={}")
        else:
            wrapped.append(word)
    return wrapped
