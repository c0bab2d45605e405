"""The panel at work: one thread draws it, and prints above it whatever this process prints meanwhile."""

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from rich.console import Console

from lit_synth.display.above import Above, log_to
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

    def is_drawn(self) -> bool:
        """Tell whether the panel is there; not so in a fork, which has no thread that draws."""
        return not self.stopped.is_set() and os.getpid() == self.process

    def __enter__(self) -> "Live":
        sys.stdout.flush()
        sys.stderr.flush()
        self.console = Console(file=sys.stdout, force_terminal=True)
        self.screen = Screen(sys.stdout.fileno(), sys.stdout.encoding)
        self.streams = (sys.stdout, sys.stderr)
        sys.stdout = Above(sys.stdout, self.lines, self.is_drawn)
        if self.streams[1].isatty():
            sys.stderr = Above(sys.stderr, self.lines, self.is_drawn)
        log_to({self.streams[0]: sys.stdout, self.streams[1]: sys.stderr})
        self.thread = threading.Thread(target=self._draw_on, name="panel", daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        above = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = self.streams
        log_to(dict(zip(above, self.streams, strict=True)))
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
        try:
            while not self.stopped.wait(TICK):
                now = time.monotonic()
                told = "".join(self._told())
                if now >= due or told:
                    due = now + self.every
                    self.screen.draw(panel_lines(self.board, self.console, self.screen.size[0]), told)
        finally:
            self.stopped.set()  # a fault of the panel's must not hold back lines

    def _told(self) -> list[str]:
        return [self.lines.popleft() for _ in range(len(self.lines))]
