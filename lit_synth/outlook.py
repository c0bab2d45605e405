"""How long the whole run will take yet: estimates, held against the time that was needed so far."""

import time
from collections.abc import Callable, Mapping

Part = tuple[float, int]
"""Seconds that a part of a run may take, by estimate, and the stages that share them."""


class Outlook:
    """Knows what is done of a run, and what that says about the rest.

    Args:
        parts: Of one seed, by name.
        seeds: How many seeds do the same.
        part_of: Returns the part that a stage is of, by the stage's name; ``None`` for one that takes no time.
        clock: Tells seconds.
    """

    def __init__(
        self,
        parts: Mapping[str, Part],
        seeds: int,
        part_of: Callable[[str], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.share = {name: seconds / max(1, stages) for name, (seconds, stages) in parts.items()}
        self.left_over = dict.fromkeys(parts, 0.0) | {name: seconds * seeds for name, (seconds, _) in parts.items()}
        self.part_of = part_of
        self.clock = clock
        self.estimated = self.needed = self.started = self.done = 0.0
        self.current: str | None = None

    def starts(self, stage: str) -> None:
        """Start the clock of a stage."""
        self.current, self.started, self.done = self.part_of(stage), self.clock(), 0.0

    def ends(self, stage: str, worked: bool) -> None:
        """Strike a stage off; one that was done before says nothing about the speed."""
        part = self.part_of(stage)
        if part in self.left_over:
            share = min(self.share[part], self.left_over[part])
            self.left_over[part] -= share
            if worked:
                self.estimated += share
                self.needed += self.clock() - self.started
        self.current = None

    def left(self, done: float = 0.0, least: float = 0.0) -> float:
        """Return the seconds that the run may take yet, when a share of the current stage is done.

        What was needed so far, over what was estimated for it, is the factor on the estimates of the rest; the first
        tenth of a stage says nothing yet. A stage that has learnt and is now tested counts from 0 again: what was done
        of it stays done.

        Args:
            done: Share of what is going on.
            least: Seconds that it will take yet.
        """
        self.done = done = max(self.done, done)
        estimated, needed, rest = self.estimated, self.needed, sum(self.left_over.values())
        if self.current in self.left_over:
            share = done * min(self.share[self.current], self.left_over[self.current])
            rest -= share
            if done >= 0.1:
                estimated, needed = estimated + share, needed + self.clock() - self.started
        return max(least, rest * (needed / estimated if estimated and needed else 1.0))


_of_this_run: list[Outlook] = []


def expect(outlook: Outlook | None) -> None:
    """Let the progress lines of this process tell an outlook, or none."""
    _of_this_run[:] = [outlook] if outlook is not None else []


def outlook() -> Outlook | None:
    """Return the outlook of the run that this process does, if it does one."""
    return _of_this_run[0] if _of_this_run else None


def in_words(seconds: float) -> str:
    """Return a time roughly, as an estimate is.

    >>> in_words(40), in_words(1000), in_words(9000)
    ('under 1 minute', 'about 17 minutes', 'about 2.5 hours')
    """
    if seconds < 60:
        return "under 1 minute"
    return f"about {seconds / 60:.0f} minutes" if seconds < 5400 else f"about {seconds / 3600:.1f} hours"
