"""Rows that nobody has labelled: those of a table of their own, and those of a labelled one whose label is empty."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from lit_synth.data.parts import Part, first_alike
from lit_synth.data.sources import Normalise, unlabelled_of
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.on_disk import Kept, Lines
from lit_synth.tables import is_empty, read_table
from lit_synth.task import Task

WITHOUT_TEXT = "in the pool, without a text"
LABELLED = "in the pool, but labelled elsewhere"
TESTED = "in the pool, but of a unit of test"
REPEATED = "repeated in the pool"


class Joined(Lines[Example]):
    """Rows behind one another, none of them copied.

    >>> [row.id for row in Joined([Example("a", {})], [Example("b", {}), Example("c", {})])]
    ['a', 'b', 'c']
    """

    def __init__(self, *parts: Sequence[Example]) -> None:
        self._parts = [part for part in parts if len(part)]

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(map(len, self._parts))

    def _at(self, place: int) -> Example:
        for part in self._parts:
            if place < len(part):
                return part[place]
            place -= len(part)
        raise IndexError(place)


def read_pool(task: Task, path: Path, normalise: Normalise = dict) -> tuple[Kept[Example], int]:
    """Return the rows of a table without their labels, should it have any, and how many lack a text and are left out.

    Raises:
        InputError: It cannot be read, a column of the input is missing, or no row has a text.
    """
    left_out = 0

    def rows() -> Iterator[Example]:
        nonlocal left_out
        for line, found in read_table(path):
            row = normalise(found)
            if absent := [name for name in task.columns if name not in row]:
                there = ", ".join(map(str, row)) or "none"
                raise InputError(
                    f"{path}:{line}: no column {absent[0]!r}, which a row of the pool needs as a labelled one does; "
                    f"the row has: {there}"
                )
            if any(is_empty(row[name]) for name in task.columns):
                left_out += 1
            else:
                yield unlabelled_of(task, f"pool-{line}", f"{path}:{line}", row)

    kept = Kept(rows())
    if not kept:
        raise InputError(f"{path}: no row with a text; expected columns {', '.join(task.columns)}")
    return kept, left_out


def fresh(
    task: Task,
    rows: Sequence[Example],
    train: Sequence[Example],
    test: Sequence[Example],
    seed: int,
    most: int | None = None,
) -> tuple[Sequence[Example], dict[str, int]]:
    """Return unlabelled rows whose input no labelled row and no other has, in a seeded order, and what is left out.

    Where several rows are scored as one unit, such as the answers to a question, none of a unit of test is returned.

    Args:
        task: Knows when two inputs are the same.
        rows: Without labels.
        train: All its rows.
        test: The same.
        seed: Of the order.
        most: How many are returned; ``None`` for all.
    """
    if not rows:
        return (), {}
    known = len(train) + len(test)
    first = first_alike(Joined(train, test, rows), task.key)
    own = np.arange(known, known + len(rows))
    alone = np.flatnonzero(first[known:] == own).tolist()
    places = alone
    if task.unit:
        tested = {_unit(task, row) for row in test}
        places = [place for place in alone if _unit(task, rows[place]) not in tested]
    random.Random(f"unlabelled {seed}").shuffle(places)
    counts = {LABELLED: int((first[known:] < known).sum()), TESTED: len(alone) - len(places)}
    counts[REPEATED] = len(rows) - len(alone) - counts[LABELLED]
    return Part(rows, places[:most]), {reason: count for reason, count in counts.items() if count}


def _unit(task: Task, row: Example) -> tuple[str, ...]:
    return tuple(row.fields[name] for name in task.unit)
