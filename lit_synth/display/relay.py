"""What a stage on several devices, or a job, tells the process that shows the panel: frames among its lines."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from lit_synth.display.board import Board, Reached, Rows

RELAYED = "LIT_SYNTH_RELAYED"
"""Variable that has a process send frames."""
MARK = "\x1e"
"""Begins a line that is a frame: the record separator of RFC 7464."""


class Relay:
    """Prints frames in place of progress lines.

    Args:
        stages: All that can be foreseen, in their order.
    """

    every = 0.5

    def __init__(self, stages: Sequence[str] = ()) -> None:
        self.board = Board(stages)

    def begins(self, stage: str) -> None:
        """Send which stage it is, of how many."""
        self.board.begins(stage)
        _send({"stage": self.board.title})

    def ends(self, stage: str) -> None:
        """Send nothing."""

    def reached(self, at: Reached, tell: Callable[[str], None] = print) -> None:
        """Send how far the work has come."""
        _send({"reached": asdict(at)})

    def rows(self, rows: Rows) -> None:
        """Send what became of rows."""
        _send({"rows": asdict(rows)})


def received(line: str) -> Reached | Rows | str | None:
    r"""Return what a line says if it is a frame, which may be the title of a stage; ``None`` for any other.

    >>> received('\x1e{"rows": {"fresh": 3}}')
    Rows(last='', fresh=3, unusable={}, accepted=0, wanted=None, rejected={})
    >>> received("seed0/gold: starts")
    """
    if not line.startswith(MARK):
        return None
    try:
        frame = json.loads(line[len(MARK) :])
        if "stage" in frame:
            return str(frame["stage"])
        return Reached(**frame["reached"]) if "reached" in frame else Rows(**frame["rows"])
    except (ValueError, TypeError, KeyError):  # torn by another process that prints
        return None


def _send(frame: dict[str, Any]) -> None:
    print(f"{MARK}{json.dumps(frame)}", flush=True)
