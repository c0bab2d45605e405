"""What there is to show: how far the work has come, what became of rows, and which stage of how many it is."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lit_synth.outlook import in_words, outlook


@dataclass(frozen=True)
class Reached:
    """How far a piece of work has come.

    Args:
        name: What is being done.
        done: Of it.
        total: All of it, in the same unit.
        unit: Such as ``steps`` or ``rows``.
        seconds: Since it was begun, or gone on with.
        first: What was done before then.
        tokens_per_second: Where a model learns.
        loss: The last one on training rows.
        scores: On development rows, by name.
    """

    name: str
    done: int
    total: int
    unit: str
    seconds: float
    first: int = 0
    tokens_per_second: float | None = None
    loss: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """What is done of the whole, up to 1."""
        return self.done / max(1, self.total)

    @property
    def rate(self) -> float:
        """Units a second."""
        return (self.done - self.first) / max(self.seconds, 1e-9)

    @property
    def left(self) -> float:
        """Seconds until it is done, at this rate."""
        return (self.total - self.done) / max(self.rate, 1e-9)

    def line(self) -> str:
        """Return all but the scores as the line of a log, with the time left of a run that this process does.

        >>> print(Reached("teacher", 30, 120, "steps", 20.0, loss=0.25).line())
          teacher                  30/120 steps · 1.5/s · 1:00 left · loss 0.250
        """
        told = f"  {self.name:<24} {progress_line(self.done, self.total, self.first, self.seconds, self.unit)}"
        told += f" · {self.tokens_per_second:,.0f} tokens/s" if self.tokens_per_second is not None else ""
        told += f" · loss {self.loss:.3f}" if self.loss is not None else ""
        found = whole_run(self)
        return f"{told} · {found}" if found else told


def whole_run(at: Reached | None) -> str:
    """Return how long the run that this process does may take yet, in words; empty where it does none."""
    found = outlook()
    if found is None:
        return ""
    left = found.left(at.share, at.left if at.rate else 0.0) if at else found.left()
    return f"the whole run: {in_words(left)} left"


@dataclass(frozen=True)
class Rows:
    """What became of the rows that a stage has written.

    Verdicts depend on all rows, so they are known only when a round of them is whole. Of a row that was just written it
    is known at once whether there is anything in it to be judged.

    Args:
        last: The last one that can be shown, in words.
        fresh: Written since rows were judged last.
        unusable: Of these, those in which there is nothing to judge, by reason.
        accepted: Of those that were judged.
        wanted: Accepted rows that are asked for; ``None`` where each row is asked for once.
        rejected: Of those that were judged, by reason.
    """

    last: str = ""
    fresh: int = 0
    unusable: Mapping[str, int] = field(default_factory=dict)
    accepted: int = 0
    wanted: int | None = None
    rejected: Mapping[str, int] = field(default_factory=dict)


class Board:
    """What is known of a run at this moment; one thread writes it, another reads it.

    Args:
        stages: All of the run that can be foreseen, in their order.
        clock: Tells seconds.
    """

    def __init__(self, stages: Sequence[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self.places = {name: place for place, name in enumerate(stages, start=1)}
        self.clock = clock
        self.begins("")

    def begins(self, stage: str) -> None:
        """Forget the stage before."""
        self.reached: Reached | None = None
        self.rows: Rows | None = None
        self.stage, self.since = stage, self.clock()

    @property
    def title(self) -> str:
        """Which stage it is, of how many.

        >>> board = Board(["seed0/teacher_fit", "seed0/gold"])
        >>> board.begins("seed0/gold")
        >>> board.title
        'stage 2 of 2 · seed0/gold'
        """
        place = self.places.get(self.stage)
        name = self.stage or (self.reached.name if self.reached else "getting ready")
        return f"stage {place} of {len(self.places)} · {name}" if place else name


def progress_line(done: int, total: int, first: int, seconds: float, unit: str) -> str:
    """Return how far, how fast and how long yet.

    >>> progress_line(30, 120, 0, 20.0, "steps")
    '30/120 steps · 1.5/s · 1:00 left'
    """
    rate = (done - first) / max(seconds, 1e-9)
    return f"{done:,}/{total:,} {unit} · {rate:.1f}/s · {minutes((total - done) / max(rate, 1e-9))} left"


def minutes(seconds: float) -> str:
    """Return minutes and seconds.

    >>> minutes(75.2)
    '1:15'
    """
    whole, rest = divmod(round(seconds), 60)
    return f"{whole}:{rest:02d}"
