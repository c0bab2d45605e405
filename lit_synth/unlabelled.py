"""What a pool holds beside a labelled table: how many rows are new, and why others are left out."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lit_synth.errors import InputError, shown
from lit_synth.survey import Survey, key_of
from lit_synth.tables import Row, is_empty


@dataclass
class Unlabelled:
    """Figures of the rows that a teacher is to annotate.

    Args:
        rows: Rows looked at.
        without_text: Those with an empty input cell.
        labelled: Those with the input of a labelled row.
        repeats: Those with the input of an earlier one of them.
        has_labels: Whether there is a column of labels beside, which nobody reads.
    """

    rows: int = 0
    without_text: int = 0
    labelled: int = 0
    repeats: int = 0
    has_labels: bool = False

    @property
    def kept(self) -> int:
        """Rows with an input of their own."""
        return self.rows - self.without_text - self.labelled - self.repeats

    def told(self, target: str, path: Path | None = None) -> Iterator[str]:
        """Yield what was found, a line each.

        Args:
            target: Column of the label.
            path: Of the table that the rows are of, where it is another one than that of the labelled rows.
        """
        if self.rows:
            where = f"{path}: {self.kept:,} rows" if path else f"{self.kept:,} rows without {target}"
            yield f"  pool     {where}, for the teacher to annotate"
        counts = (
            (self.without_text, "with an empty text"),
            (self.labelled, "with the text of a labelled row"),
            (self.repeats, "with that of another of them"),
        )
        if left_out := ", ".join(f"{count:,} {what}" for count, what in counts if count):
            yield f"           left out: {left_out}"
        if self.has_labels:
            yield f"           its column {target!r} is not read: in a pool nobody knows the labels"


def look_at(rows: Iterable[tuple[int, Row]], found: Survey, seen: set[str], path: Path | None = None) -> Unlabelled:
    """Count the rows of a pool.

    Args:
        rows: With their lines.
        found: The labelled table, with its columns and inputs.
        seen: Inputs of the pool so far; those of the rows are added.
        path: Of the rows' table, where it is another one.

    Raises:
        InputError: A column of the input is not there, or no row is new.

    >>> from lit_synth.columns import Guess
    >>> found = Survey(Guess(("text",), "y", is_label=True), inputs={"a b": (2, "one")})
    >>> look_at([(2, {"text": "A b"}), (3, {"text": "c"}), (4, {"text": "c"})], found, set())
    Unlabelled(rows=3, without_text=0, labelled=1, repeats=1, has_labels=False)
    """
    pool, guess = Unlabelled(), found.guess
    for line, row in rows:
        if absent := [name for name in guess.text if name not in row]:
            there = ",".join(name for name in guess.text if name in row)
            remedy = f"give --text {shlex.quote(there)}, or give a column" if there else "give the column"
            raise InputError(
                f"{path}:{line}: no column {absent[0]!r}, which is the text of the labelled rows; there are: "
                f"{shown(', '.join(row), 200)[1:-1]}; {remedy} that name"
            )
        pool.rows += 1
        pool.has_labels |= path is not None and not is_empty(row.get(guess.target))
        if any(is_empty(row[name]) for name in guess.text):
            pool.without_text += 1
        elif (key := key_of(guess, row)) in found.inputs:
            pool.labelled += 1
        elif key in seen:
            pool.repeats += 1
        else:
            seen.add(key)
    if path is not None and not pool.kept:
        told = "".join(f"; {line.strip()}" for line in pool.told(guess.target, path) if "left out" in line)
        raise InputError(f"{path}: no row for the pool{told}")
    return pool
