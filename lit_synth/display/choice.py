"""The one display of a process, chosen once: a panel on a terminal, plain lines elsewhere, frames for a parent."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TextIO

from lit_synth.display.board import Reached, Rows
from lit_synth.display.relay import RELAYED, Relay, received


class Display(Protocol):
    """Takes what there is to show."""

    @property
    def every(self) -> float:
        """Seconds between two looks at how far the work has come; the lines of a log are further apart."""

    def begins(self, stage: str) -> None:
        """Take the name of the stage that is at work from now on."""

    def ends(self, stage: str) -> None:
        """Take that it is done."""

    def reached(self, at: Reached, tell: Callable[[str], None] = ...) -> None:
        """Take how far the work has come; ``tell`` gets it as a line, where lines are what is shown."""

    def rows(self, rows: Rows) -> None:
        """Take what became of rows."""


def _print(line: str) -> None:
    print(line, flush=True)


class Plain:
    """Prints how far the work has come, a line each time: for log files, pipes and SLURM."""

    every = float("inf")

    def begins(self, stage: str) -> None:
        """Print nothing: the ledger tells it."""

    def ends(self, stage: str) -> None:
        """Print nothing."""

    def reached(self, at: Reached, tell: Callable[[str], None] = _print) -> None:
        """Tell a line."""
        tell(at.line())

    def rows(self, rows: Rows) -> None:
        """Print nothing: the numbers are told when all rows were judged."""


_shown: list[Display] = [Plain()]


def display() -> Display:
    """Return the display of this process."""
    return _shown[-1]


@contextmanager
def showing(stages: Sequence[str] = ()) -> Iterator[None]:
    """Choose the display, once: what is shown already goes on.

    Args:
        stages: All that can be foreseen, in their order.
    """
    if not isinstance(display(), Plain):
        yield
    elif RELAYED in os.environ:
        with _as_display(Relay(stages)):
            yield
    elif can_be_drawn_on(sys.stdout, os.environ):
        from lit_synth.display.live import Live

        with Live(stages) as live, _as_display(live):
            yield
    else:
        yield


def environment() -> dict[str, str]:
    """Return the variables of a process whose lines are read here: where there is a panel it sends frames."""
    return {**os.environ, **({} if isinstance(display(), Plain) else {RELAYED: "1"})}


def take(line: str, place: str = "") -> Reached | Rows | str | None:
    """Show what another process says in a line, and return it, if the line is a frame; ``None`` for any other.

    Args:
        line: As it was printed.
        place: Stands before the names of stages.
    """
    frame = received(line)
    if isinstance(frame, Reached):
        display().reached(frame)
    elif isinstance(frame, Rows):
        display().rows(frame)
    elif frame is not None:
        display().begins(f"{place}{frame}")
    return frame


def can_be_drawn_on(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Tell whether lines of a stream can be drawn anew.

    >>> import io
    >>> can_be_drawn_on(io.StringIO(), {"TERM": "xterm"})
    False
    """
    unable = environment.get("TERM", "dumb").lower() in ("dumb", "unknown")
    refused = any(environment.get(name) for name in ("NO_COLOR", "CI"))
    return stream.isatty() and not unable and not refused


@contextmanager
def _as_display(one: Display) -> Iterator[None]:
    _shown.append(one)
    try:
        yield
    finally:
        _shown.pop()
