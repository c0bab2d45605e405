"""Counts what was accepted and rejected, and picks the rows to show."""

from collections.abc import Mapping
from dataclasses import dataclass

from lit_synth.examples import Example
from lit_synth.report.folders.survey import Survey, in_turn


@dataclass(frozen=True, slots=True)
class Yield:
    """What became of the rows asked of the teacher; accepted and rejected add up to requested.

    Args:
        reasons: Rejected rows by reason, the most frequent first.
    """

    strategy: str
    accepted: int
    reasons: Mapping[str, int]

    @property
    def rejected(self) -> int:
        """Rows rejected for any reason."""
        return sum(self.reasons.values())

    @property
    def requested(self) -> int:
        """Rows asked of the teacher."""
        return self.accepted + self.rejected


def count_yield(accepted: Mapping[str, Survey], rejected: Mapping[str, Survey]) -> list[Yield]:
    """Count rows by strategy."""
    return [
        Yield(
            name,
            accepted[name].number if name in accepted else 0,
            rejected[name].groups if name in rejected else {},
        )
        for name in sorted({*accepted, *rejected})
    ]


def spread(by_strategy: Mapping[str, Survey], number: int) -> list[tuple[str, Example]]:
    """Pick rows to read: in turn over the strategies, and within each over its labels or reasons.

    Args:
        by_strategy: Rows by strategy.
        number: Rows to pick, fewer where there are fewer.
    """
    turns = ([(name, row) for row in found.shown] for name, found in sorted(by_strategy.items()))
    return list(in_turn(turns))[:number]
