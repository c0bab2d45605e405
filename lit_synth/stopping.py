"""A signal ends a stage behind its batch, so that no answer is lost; Ctrl-C twice ends it at once."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()
_in_batches = threading.Event()
_time_is_up = threading.Event()
_ending = threading.Event()
_children: list[Callable[[int], None]] = []
_late: list[threading.Timer] = []

PATIENCE = 60.0
"""Seconds for a stop behind the batch once time is almost up; a third of what jobs ask for is left then."""


@contextmanager
def stoppable(late: Callable[[], object] = bool) -> Iterator[None]:
    """Listen for Ctrl-C, for requests to end, and for SLURM's word that time is up, while a command runs.

    Args:
        late: Called where the batch outlasts the `PATIENCE` that there is once time is almost up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    for event in (_asked, _in_batches, _time_is_up, _ending):
        event.clear()
    _late[:] = [threading.Timer(PATIENCE, late)]
    _late[0].daemon = True
    handlers = {signal.SIGINT: _interrupted, signal.SIGTERM: _ended, signal.SIGUSR1: _warned}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        _late[0].cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def led(send: Callable[[int], None]) -> Iterator[None]:
    """Hand signals on to a process that does the work; when it has ended, stop here too.

    Args:
        send: Gives it a signal.

    Raises:
        KeyboardInterrupt: A stop was asked for.
        SystemExit: The end was.
    """
    _children.append(send)
    try:
        yield
    finally:
        _children.remove(send)
    if _ending.is_set():
        raise SystemExit
    stop_if_asked()


def in_batches(are: bool) -> None:
    """Tell whether `stop_if_asked` is called soon, so that a stop can wait for it."""
    (_in_batches.set if are else _in_batches.clear)()


def is_asked() -> bool:
    """Tell whether a stop behind the batch was asked for."""
    return _asked.is_set()


def is_time_up() -> bool:
    """Tell whether it was SLURM who asked, so that the job is to be queued again."""
    return _time_is_up.is_set()


def stop_if_asked() -> None:
    """Stop between two batches.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    if _asked.is_set():
        raise KeyboardInterrupt


def _ended(number: int, frame: FrameType | None) -> None:
    if _hand_on(number):
        _ending.set()
    # While there are batches, Lightning notes the signal, and `Progress` looks at what it has noted.
    elif not _in_batches.is_set():
        raise SystemExit


def _interrupted(number: int, frame: FrameType | None) -> None:
    if not _hand_on(number) and (_asked.is_set() or not _in_batches.is_set()):
        raise KeyboardInterrupt
    if not _asked.is_set():
        print("lit_synth: stopping after this batch; Ctrl-C again stops now", file=sys.stderr, flush=True)
    _asked.set()


def _warned(number: int, frame: FrameType | None) -> None:
    if not _time_is_up.is_set():
        _time_is_up.set()
        _late[0].start()
    if not _hand_on(number) and not _in_batches.is_set():
        raise KeyboardInterrupt
    _asked.set()


def _hand_on(number: int) -> bool:
    for send in _children:
        send(number)
    return bool(_children)
