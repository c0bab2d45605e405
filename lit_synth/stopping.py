"""Ctrl-C once ends a stage behind its batch, so that no answer is lost; twice ends it at once."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()
_in_batches = threading.Event()


@contextmanager
def stoppable() -> Iterator[None]:
    """Listen for Ctrl-C, and for requests to end, while a command runs."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    _asked.clear()
    _in_batches.clear()
    before = {
        number: signal.signal(number, handler)
        for number, handler in ((signal.SIGINT, _interrupted), (signal.SIGTERM, _ended))
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_batches(are: bool) -> None:
    """Tell whether `stop_if_asked` is called soon, so that a stop can wait for it."""
    (_in_batches.set if are else _in_batches.clear)()


def stop_if_asked() -> None:
    """Stop between two batches.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    if _asked.is_set():
        raise KeyboardInterrupt


def _ended(number: int, frame: FrameType | None) -> None:
    # While there are batches, Lightning notes the signal, and `Progress` looks at what it has noted.
    if not _in_batches.is_set():
        raise SystemExit


def _interrupted(number: int, frame: FrameType | None) -> None:
    if _asked.is_set() or not _in_batches.is_set():
        raise KeyboardInterrupt
    _asked.set()
    print("lit_synth: stopping after this batch; Ctrl-C again stops now", file=sys.stderr, flush=True)
