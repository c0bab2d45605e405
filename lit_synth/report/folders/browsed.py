"""The synthetic rows that a page holds to be searched and marked: all of them, or as many as a browser can hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest
from pathlib import Path

from lit_synth.examples import Example, read_examples

MOST = 10_000
"""Rows of a page."""
CHARACTERS = 8_000_000
"""Characters of their texts, all together: a page stays one that a telephone can open."""


@dataclass(frozen=True, slots=True)
class Browsed:
    """A synthetic row, and where it stands.

    Args:
        strategy: Such as ``generate``.
        seed: Such as ``seed0``.
        is_rejected: Whether it is among the rejected ones.
        example: The row.
    """

    strategy: str
    seed: str
    is_rejected: bool
    example: Example

    @property
    def address(self) -> str:
        """What a review calls the row."""
        return f"{self.strategy}/{self.seed}/{self.example.id}"

    @property
    def size(self) -> int:
        """Characters of its texts."""
        return sum(map(len, self.example.fields.values())) + len(str(self.example.target))


def browse(run: Path, most: int = MOST, characters: int = CHARACTERS) -> tuple[list[Browsed], int]:
    """Return rows to be read, in the order of their files, and how many there are at all.

    Which are taken comes from a hash of their names, so that it is the same at every call; those that have been
    reviewed come first. Memory does not grow with the rows of the run.

    Args:
        run: Its folder.
        most: Rows to return.
        characters: Of all texts together.

    Raises:
        InputError: A line is no example.
    """
    total = 0

    def counted() -> Iterator[tuple[int, Browsed]]:
        nonlocal total
        for row in _rows(run):
            yield total, row
            total += 1

    picked, left = [], characters
    for number, row in nsmallest(most, counted(), key=lambda found: _order(found[1])):
        left -= row.size
        if left < 0:
            break
        picked.append((number, row))
    return [row for _, row in sorted(picked, key=lambda found: found[0])], total


def _rows(run: Path) -> Iterator[Browsed]:
    for kind in ("synthetic", "rejected"):
        for path in sorted((run / kind).glob("*/*.jsonl")):
            for example in read_examples(path):
                yield Browsed(path.parent.name, path.stem, kind == "rejected", example)


def _order(row: Browsed) -> tuple[bool, str]:
    return "review" not in row.example.provenance, sha256(row.address.encode("utf-8", "surrogatepass")).hexdigest()
