"""Counts what was accepted and rejected, and picks the rows to show."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, zip_longest
from typing import TypeVar

from lit_synth.examples import Example

_Item = TypeVar("_Item")


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


def reason(example: Example) -> str:
    """Return why a row was rejected, without what varies from row to row (all that follows a colon).

    >>> reason(Example("1", {}, provenance={"reason": "duplicate: of train row 7"}))
    'duplicate'
    """
    return str(example.provenance.get("reason", "no reason given")).split(":")[0].strip()


def count_yield(accepted: Mapping[str, Sequence[Example]], rejected: Mapping[str, Sequence[Example]]) -> list[Yield]:
    """Count rows by strategy.

    >>> count_yield({"generate": [Example("1", {})]}, {})[0].requested
    1
    """
    return [
        Yield(name, len(accepted.get(name, ())), dict(Counter(map(reason, rejected.get(name, ()))).most_common()))
        for name in sorted({*accepted, *rejected})
    ]


def spread(
    by_strategy: Mapping[str, Sequence[Example]], number: int, by_reason: bool = False
) -> list[tuple[str, Example]]:
    """Pick rows for show: in turn over the strategies, and within each over its labels or reasons.

    The order comes from a hash of the ids: the same rows at every call, and nobody's favourites. An input that comes
    back with another seed is shown once.

    Args:
        by_strategy: Rows by strategy.
        number: Rows to pick, fewer where there are fewer.
        by_reason: Spread over the reasons of rejection instead of the labels.

    >>> rows = [Example(str(i), {"text": str(i)}, target="ab"[i > 1]) for i in range(9)]
    >>> [row.target for _, row in spread({"annotate": rows}, 4)].count("a")
    2
    """
    turns = []
    for name, rows in sorted(by_strategy.items()):
        groups: dict[str, list[Example]] = defaultdict(list)
        # A row without an input is known by what was written instead.
        distinct = {(*(row.fields.values() or [row.provenance.get("text")]), row.target): row for row in reversed(rows)}
        for row in sorted(distinct.values(), key=lambda row: _hash(row.id)):
            groups[reason(row) if by_reason else str(row.target)].append(row)
        turns.append([(name, row) for row in _in_turn(groups[key] for key in sorted(groups, key=_hash))])
    return list(_in_turn(turns))[:number]


def _in_turn(groups: Iterable[Iterable[_Item]]) -> Iterable[_Item]:
    return (item for item in chain.from_iterable(zip_longest(*groups)) if item is not None)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
