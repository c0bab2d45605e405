"""The command line: Lightning's fit, validate, test and predict, and our own verbs."""

import os
import signal
import sys
from argparse import ArgumentError
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from pickle import UnpicklingError

from lit_synth import __version__
from lit_synth.cluster import is_first
from lit_synth.controller import is_preempted, queue_again, undisturbed
from lit_synth.errors import InputError, printable
from lit_synth.json_lines import open_lines
from lit_synth.permissions import permitted, taken
from lit_synth.shortage import shortage
from lit_synth.stopping import is_time_up, stoppable

FLAGS = ("--preview", "--redo", "--quiet", "--slurm", "--yes", "--force", "--onnx", "--print_config")
"""Options that take no value, or need none: a command may stand behind them."""
USAGE = """usage: lit_synth COMMAND [options]

  init       from a table of labelled texts to the YAML of a run: lit_synth init tickets.csv
  run        everything: teacher, annotate, generate, students, report; --preview looks first
  label      label a table with a finished student: lit_synth label --model DIR new.csv
  export     a finished student as a folder to deploy, with ONNX if wanted: lit_synth export RUN
  curate     apply the marks that were set on rows in a run's page: lit_synth curate --review FILE RUN
  sweep      runs over several sizes of gold and of synthetic rows: learning curves
  doctor     memory and time of a run's stages on devices that need not be there
  report     make a run's report again, or compare runs and sweeps: lit_synth report FOLDER [FOLDER ...]
  fit        train one module (LightningCLI)
  validate   score a module on the development part
  test       score a module on the test rows
  predict    annotate or generate with a teacher; to label a table there is label
  stage      one stage of a run by its config.yaml: what a run starts on each of several devices
  completion a script for a shell: eval "$(lit_synth completion bash)"

Each command has --help. Start with: lit_synth run --config demo

Every command takes --offline (no other machine is asked), and for configs and models of people you trust
--allow_imports PACKAGE[,...] (classes that are not ours) and --allow_pickle (weights that are no safetensors).
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code.

    0 done, 2 a mistake in what was given; stopped: 130 by Ctrl-C, 141 by a pipe that nobody reads, 143 by a request.
    """
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
        "run": _verb,
        "sweep": _sweep,
        "report": _report,
        **dict.fromkeys(("fit", "validate", "test", "predict"), _stage),
        **dict.fromkeys(("init", "label", "export", "curate", "doctor", "stage"), _verb),
        "completion": _completion,
    }
    command = ""
    try:
        words, given = taken(words)
        words = _verb_first(words, commands) if words else [""]
        command, *rest = words = _with_paths(words)
        if command not in commands:
            from lit_synth.options import near

            raise InputError(f"no command {command!r}; known: {', '.join(commands)}{near(command, commands)}")
        _look_at_configs(rest)
        # One task of a stage, or one of several, leaves it to the others' head.
        with permitted(given), stoppable(queue_again if command != "stage" and is_first() else bool):
            commands[command](words if commands[command] in (_stage, _verb) else rest)
    except (ValueError, ArgumentError) as error:
        from lit_synth.options import mistake

        told = mistake(error)
        if told is None:
            raise
        print(f"lit_synth: {printable(str(told))}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, SystemExit) as stop:
        code = _stopped(stop)
        if code is None:
            raise
        if is_time_up() or (command != "stage" and is_preempted()):
            if command == "stage" or not is_first():
                return 0  # a bad end would have srun kill those that are still behind
            with undisturbed():  # SLURM ends this process for that, if need be before it has said so
                if queue_again():
                    why = "the job's time is up" if is_time_up() else "another job is to have its nodes"
                    print(f"lit_synth: stopped, {why}; it is queued again and goes on then", file=sys.stderr)
                    return code
        # What writes a single file starts it again.
        goes_on = command not in ("init", "label", "export", "report", "curate")
        print(f"lit_synth: stopped{'; the same command goes on' if goes_on else ''}", file=sys.stderr)
        return code
    except BrokenPipeError:  # as by `| head`; what is left to be written at exit goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except UnpicklingError:
        trust = "a checkpoint holds more than weights, and could run code; give --allow_pickle if you trust it"
        print(f"lit_synth: {trust}", file=sys.stderr)
        return 2
    except Exception as error:
        lack = shortage(error)
        if lack is None:
            raise
        print(f"lit_synth: {printable(lack)}", file=sys.stderr)
        return 2
    return 0


def _verb_first(words: list[str], commands: Iterable[str]) -> list[str]:
    """Let options stand before the command too, as in ``lit_synth --config FILE run``."""
    if words[0].startswith("--"):
        # What stands behind an option without `=` is its value, even if it has the name of a command.
        for place in range(1, len(words)):
            before = words[place - 1]
            is_value = before.startswith("--") and "=" not in before and before not in FLAGS
            if words[place] in commands and not is_value:
                return [words[place], *words[:place], *words[place + 1 :]]
    return words


def _with_paths(words: list[str]) -> list[str]:
    """Return the words with the paths of configs that are given by name."""
    from lit_synth.shipped import shipped

    found = words[:1]
    for word in words[1:]:
        name, is_pair, value = word.partition("=")
        if name == "--config" and is_pair:
            word = f"--config={shipped(value)}" if value else word
        elif found[-1] == "--config" and not word.startswith("-"):
            word = str(shipped(word))
        found.append(word)
    return found


def _look_at_configs(words: list[str]) -> None:
    """See that configs are text: the parser takes an empty one for none, and fails on another encoding."""
    given = [value for name, _, value in (word.partition("=") for word in words) if name == "--config" and value]
    given += [word for before, word in pairwise(words) if before == "--config"]
    for path in filter(Path.is_file, map(Path, given)):
        with open_lines(path) as lines:
            if not any(line.strip() for line in lines):
                raise InputError(f"{path}: is empty; give a config")


def _verb(words: list[str]) -> None:
    from importlib import import_module

    import_module(f"lit_synth.verbs.{words[0]}").main(words[1:])


def _sweep(words: list[str]) -> None:
    from lit_synth.options import run_settings
    from lit_synth.report.command import report
    from lit_synth.sweep import Sweep, SweepSettings

    run, parts = run_settings("sweep", words, sweep=SweepSettings)
    sweep: SweepSettings = parts["sweep"]
    if parts["slurm"] is not None:
        raise InputError("slurm: is for run; a sweep is submitted as an array by configs/slurm/sweep.sbatch")
    failed = Sweep(run, sweep).execute()
    if not sweep.dry_run and sweep.job is None and any(run.output.glob("*/metrics.json")):
        print(f"Report: {report([run.output])}")
    if failed:
        raise InputError("; ".join(f"{job.name} failed: {job.found(run.output)['error']}" for job in failed))


def _report(words: list[str]) -> None:
    from lit_synth.options import parse
    from lit_synth.report.command import parser_of, report

    found = parse(parser_of(), words)
    print(report(found.runs, found.output, found.format).removesuffix("\n"), flush=True)


def _completion(words: list[str]) -> None:
    from lit_synth.completion import completion

    print(completion(words[0] if len(words) == 1 else " ".join(words)))


def _stage(words: list[str]) -> None:
    from lit_synth.stages import StageCLI

    # From the terminal LightningCLI reads the words itself; given as an argument it warns.
    StageCLI(None if words == sys.argv[1:] else words)


def _stopped(stop: BaseException) -> int | None:
    """Return the exit code of a signal; ``None`` where nobody stopped the command, as after ``--help``."""
    # Lightning turns an interrupt into an exit with 1, and a request to end into one without a code.
    if isinstance(stop, KeyboardInterrupt) or isinstance(stop.__context__, KeyboardInterrupt):
        return 128 + signal.SIGINT
    return 128 + signal.SIGTERM if isinstance(stop, SystemExit) and stop.code is None else None
