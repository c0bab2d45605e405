"""One pass over the rows of a strategy, however many: counts of them, and a few that are kept to be read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain, zip_longest
from pathlib import Path
from typing import TypeVar

from lit_synth.examples import Example, read_examples

KEPT = 200
"""Rows of a strategy, and of each label or reason of it, that are kept to be read."""
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Survey:
    """What is known of the rows of a strategy.

    Args:
        files: Rows by the file's name, which is that of its seed.
        groups: Rows by label or reason, the most frequent first.
        fields: Names of the input's columns.
        labels: Labels that have a probability.
        parts: Parts of an example that only some rows have: ``references``, ``weight``.
        shown: Rows to read, in turn over the groups: at most `KEPT`.
    """

    files: Mapping[str, int]
    groups: Mapping[str, int]
    fields: tuple[str, ...]
    labels: tuple[str, ...]
    parts: tuple[str, ...]
    shown: tuple[Example, ...]

    @property
    def number(self) -> int:
        """All rows."""
        return sum(self.files.values())


def survey(files: Mapping[str, Iterable[Example]], group: Callable[[Example], str], keep: int = KEPT) -> Survey:
    """Count rows and keep some to be read; memory does not grow with their number.

    Which are kept comes from a hash of the ids: the same rows at every call, and nobody's favourites. An input that
    comes back with another seed is kept once.

    Args:
        files: Rows by file.
        group: The label or reason of a row.
        keep: Rows to keep.

    >>> rows = [Example(str(i), {"text": str(i)}, target="ab"[i > 1]) for i in range(9)]
    >>> found = survey({"seed0": rows}, lambda row: str(row.target), keep=4)
    >>> found.number, found.groups, [row.target for row in found.shown].count("a")
    (9, {'b': 7, 'a': 2}, 2)
    """
    numbers, counts = Counter(dict.fromkeys(files, 0)), Counter[str]()
    columns: dict[str, dict[str, None]] = {"fields": {}, "labels": {}, "parts": {}}
    seen: set[int] = set()
    kept: dict[str, list[Example]] = defaultdict(list)
    for name, row in ((name, row) for name, rows in files.items() for row in rows):
        key = group(row)
        numbers[name] += 1
        counts[key] += 1
        more = (part for part, there in (("references", row.references), ("weight", row.weight != 1)) if there)
        for found, names in zip(columns.values(), (row.fields, row.probabilities or (), more), strict=True):
            found |= dict.fromkeys(names)
        # A row without an input is known by what was written instead.
        content = hash((*(row.fields.values() or [row.provenance.get("text")]), row.target))
        if content not in seen:
            seen.add(content)
            _keep(kept[key], row, keep)
    turns = [sorted(kept[key], key=_order)[:keep] for key in sorted(kept, key=_hash)]
    told = {part: tuple(found) for part, found in columns.items()}
    return Survey(numbers, dict(counts.most_common()), **told, shown=tuple(in_turn(turns))[:keep])


def read_surveys(folder: Path, group: Callable[[Example], str]) -> dict[str, Survey]:
    """Survey the rows of every strategy in a folder such as ``<run>/synthetic``.

    Raises:
        InputError: A line is no example.
    """
    return {
        one.name: survey({file.stem: read_examples(file) for file in sorted(one.glob("*.jsonl"))}, group)
        for one in sorted(folder.glob("*"))
        if one.is_dir()
    }


def reason(example: Example) -> str:
    """Return why a row was rejected, without what varies from row to row (all that follows a colon).

    >>> reason(Example("1", {}, provenance={"reason": "duplicate: of train row 7"}))
    'duplicate'
    """
    return str(example.provenance.get("reason", "no reason given")).split(":")[0].strip()


def in_turn(groups: Iterable[Iterable[_Item]]) -> Iterable[_Item]:
    """Return the first of every group, then the second of every group, and so on.

    >>> list(in_turn(["ab", "c"]))
    ['a', 'c', 'b']
    """
    return (item for item in chain.from_iterable(zip_longest(*groups)) if item is not None)


def _keep(rows: list[Example], row: Example, keep: int) -> None:
    """Add a row, and drop those that come last once there are twice as many as are wanted."""
    sure = (row.probabilities or {}).get(str(row.target))
    # Of sixty probabilities a reader is shown one.
    rows.append(row if sure is None else replace(row, probabilities={str(row.target): sure}))
    if len(rows) >= 2 * keep:
        rows.sort(key=_order)
        del rows[keep:]


def _order(row: Example) -> str:
    return _hash(row.id)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
