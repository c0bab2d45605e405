"""A stage on several devices is a command of its own on each of them; the run that asks for it stays one process."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from lit_synth.cluster import Ranks, allocation, command_on
from lit_synth.controller import is_leaving
from lit_synth.display.choice import Plain, display, environment, take
from lit_synth.errors import InputError
from lit_synth.stopping import is_asked, led

PREFIX = "lit_synth: "
STOPPED = f"{PREFIX}stopped"
"""What a rank says that was asked to end; this process says it for all of them."""
TASK = re.compile(r"srun: error: (?P<task>\S+: tasks? [\d,-]+): (?P<end>.+)")
"""Such as ``srun: error: n2: task 1: Exited with exit code 1``."""
ENDED = 128 + signal.SIGTERM
"""Exit code of a task, and of srun, whom SIGTERM has ended."""


def spread(config: Path, actions: Sequence[str], asked: Ranks) -> None:
    """Do a stage on all its devices, and wait for its end.

    Args:
        config: The stage's ``config.yaml``.
        actions: Of ``fit``, ``test`` and ``predict``.
        asked: Nodes, and processes on each.

    Raises:
        InputError: It failed; the message is its own.
        SystemExit: SLURM has ended it, as it does when the job is preempted, queued again or cancelled.
    """
    command = [sys.executable, "-u", "-m", "lit_synth", "stage", str(config), *actions]
    # The lock on the run's folder is inherited: whoever is left over keeps others from writing the same rows.
    relays = not isinstance(display(), Plain)
    child = subprocess.Popen(  # noqa: S603 - our own command
        command_on(asked, command),
        env=environment(),
        stdout=subprocess.PIPE if relays else _shown(),
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",  # what a library prints may be in any encoding, and must not end who listens
        start_new_session=True,
        close_fds=False,
    )
    told: list[str] = []
    first: str | None = None
    listener = threading.Thread(target=_hand_on, args=(child.stdout or (),), daemon=True)
    listener.start()
    with led(partial(_send, child, allocation() is not None)):
        assert child.stderr is not None  # noqa: S101 - asked for above
        for line in child.stderr:
            if line.startswith(STOPPED):
                continue
            if line.startswith(PREFIX):
                told.append(line.removeprefix(PREFIX).strip())
            else:
                first = first or _failure(line)
                sys.stderr.write(line)
                sys.stderr.flush()
        code = child.wait()
        listener.join()
    if not code:
        return
    # The word to end may reach the step before the job's script, or the step alone; and a rank whose peer has ended
    # already fails before it obeys.
    is_ended = code in (ENDED, -signal.SIGTERM) and not (told or first)
    if allocation() is not None and (is_ended or is_leaving()):
        raise SystemExit
    why = first or f"ended with {code}"
    raise InputError(told[0] if told else f"{config}: {' and '.join(actions)} on {asked}: {why}; see the lines above")


def _send(child: "subprocess.Popen[str]", is_srun: bool, number: int) -> None:
    """Hand a signal on; srun keeps Ctrl-C to itself, and asks for another within a second."""
    if is_srun and number == signal.SIGINT:
        number = signal.SIGTERM if is_asked() else signal.SIGUSR1  # which is handed on: tasks stop behind their batch
    child.send_signal(number)


def _failure(line: str) -> str | None:
    """Return what a line of srun says about a task that failed; those that were ended behind it did not fail.

    >>> _failure("srun: error: n2: task 1: Exited with exit code 1")
    'n2: task 1: Exited with exit code 1'
    >>> print(_failure("srun: error: n1: tasks 0-3: Exited with exit code 143"))
    None
    """
    found = TASK.match(line)
    if found is None or found["end"].strip() in ("Terminated", f"Exited with exit code {ENDED}"):
        return None
    return f"{found['task']}: {found['end'].strip()}"


def _hand_on(lines: Iterable[str]) -> None:
    """Show what a stage says of how far it has come, and print the rest."""
    for line in lines:
        if take(line) is None:
            sys.stdout.write(line)


def _shown() -> int | None:
    """Return the file that this process prints to, which ``--quiet`` changes; ``None`` where it is no file."""
    try:
        return sys.stdout.fileno()
    except (OSError, ValueError):
        return None
