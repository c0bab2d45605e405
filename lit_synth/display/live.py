"""The panel at work: one thread draws it, and prints above it whatever this process prints meanwhile."""

import io
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from rich.console import Console

from lit_synth.display.board import Board, Reached, Rows, minutes
from lit_synth.display.panel import panel_lines
from lit_synth.display.screen import Screen

TICK = 0.1
"""Seconds after which a line that was printed is on the screen."""


class Live:
    """Shows a panel from ``with`` to its end, and leaves the lines that were printed, not the panel.

    Args:
        stages: All that can be foreseen, in their order.
        every: Seconds between two looks at how far the work has come.
    """

    def __init__(self, stages: Sequence[str] = (), every: float = 0.5) -> None:
        self.board = Board(stages)
        self.every = every
        self.lines: deque[str] = deque()
        self.stopped = threading.Event()
        self.process = os.getpid()

    def begins(self, stage: str) -> None:
        """Show another stage."""
        self.board.begins(stage)

    def ends(self, stage: str) -> None:
        """Leave a line that says how long it took."""
        self.lines.append(f"{stage}: done in {minutes(self.board.clock() - self.board.since)}\n")

    def reached(self, at: Reached, tell: Callable[[str], None] = print) -> None:
        """Show how far the work has come."""
        self.board.reached = at

    def rows(self, rows: Rows) -> None:
        """Show what became of rows."""
        self.board.rows = rows

    @property
    def is_drawn(self) -> bool:
        """Whether the panel is there; not so in a fork, which has no thread that draws."""
        return not self.stopped.is_set() and os.getpid() == self.process

    def __enter__(self) -> "Live":
        sys.stdout.flush()
        sys.stderr.flush()
        self.console = Console(file=sys.stdout, force_terminal=True)
        self.screen = Screen(sys.stdout.fileno(), sys.stdout.encoding)
        self.streams = (sys.stdout, sys.stderr)
        sys.stdout = Above(sys.stdout, self)
        if self.streams[1].isatty():
            sys.stderr = Above(sys.stderr, self)
        _log_to({self.streams[0]: sys.stdout, self.streams[1]: sys.stderr})
        self.thread = threading.Thread(target=self._draw_on, name="panel", daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        above = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = self.streams
        _log_to(dict(zip(above, self.streams, strict=True)))
        self.stopped.set()
        try:
            self.thread.join()
        finally:
            for stream in above:
                if isinstance(stream, Above):
                    stream.end()
            self.screen.draw([], "".join(self._told()))

    def _draw_on(self) -> None:
        due = 0.0
        while not self.stopped.wait(TICK):
            now = time.monotonic()
            told = "".join(self._told())
            if now >= due or told:
                due = now + self.every
                self.screen.draw(panel_lines(self.board, self.console, self.screen.size[0]), told)

    def _told(self) -> list[str]:
        return [self.lines.popleft() for _ in range(len(self.lines))]


class Above(io.TextIOBase):
    """A stream whose whole lines are printed above the panel; behind its end they go where they would have gone.

    It is no terminal, so that libraries draw no bars of their own.

    Args:
        stream: The one in whose place it stands.
        live: Shows the panel.
    """

    def __init__(self, stream: TextIO, live: Live) -> None:
        self.stream = stream
        self.live = live
        self.held = ""
        # A signal's handler may print while a line is being printed.
        self.lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self.stream.encoding

    def fileno(self) -> int:
        """Return that of the stream."""
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Tell that it is none."""
        return False

    def writable(self) -> bool:
        """Tell that it is."""
        return True

    def write(self, text: str) -> int:
        """Hold a text until its line is whole."""
        if not self.live.is_drawn:
            return self.stream.write(text)
        with self.lock:
            *whole, self.held = (self.held + text).split("\n")
            # What a bar has drawn over itself is not worth a line each time.
            self.live.lines.extend(f"{line.rsplit(chr(13), 1)[-1]}\n" for line in whole)
        return len(text)

    def flush(self) -> None:
        """Hold on to what is no whole line."""
        if not self.live.is_drawn:
            self.stream.flush()

    def end(self) -> None:
        """Let go of it."""
        if self.held:
            self.live.lines.append(f"{self.held}\n")
            self.held = ""


def _log_to(streams: dict[Any, Any]) -> None:
    """Let handlers that log to a stream log to another one: most took theirs when a library was imported."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler) and handler.stream in streams:
                handler.setStream(streams[handler.stream])
