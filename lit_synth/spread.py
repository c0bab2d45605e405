"""A stage on several devices is a command of its own on each of them; the run that asks for it stays one process."""

import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from lit_synth.cluster import Ranks, command_on
from lit_synth.display.choice import Plain, display, environment, take
from lit_synth.errors import InputError
from lit_synth.stopping import led

PREFIX = "lit_synth: "


def spread(config: Path, actions: Sequence[str], asked: Ranks) -> None:
    """Do a stage on all its devices, and wait for its end.

    Args:
        config: The stage's ``config.yaml``.
        actions: Of ``fit``, ``test`` and ``predict``.
        asked: Nodes, and processes on each.

    Raises:
        InputError: It failed; the message is its own.
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
        start_new_session=True,
        close_fds=False,
    )
    told: list[str] = []
    listener = threading.Thread(target=_hand_on, args=(child.stdout or (),), daemon=True)
    listener.start()
    with led(child):
        assert child.stderr is not None  # noqa: S101 - asked for above
        for line in child.stderr:
            if line.startswith(PREFIX):
                told.append(line.removeprefix(PREFIX).strip())
            else:
                sys.stderr.write(line)
                sys.stderr.flush()
        code = child.wait()
        listener.join()
    if code:
        raise InputError(told[0] if told else f"{config}: {' and '.join(actions)} ended with {code} on {asked}")


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
