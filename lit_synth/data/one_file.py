"""Rows of one file, of which some are held out to test on: nothing is copied, the file stays the only one."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lit_synth.data.parts import Part, first_alike
from lit_synth.data.sources import Normalise, example_of, unlabelled_of
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.on_disk import Kept
from lit_synth.tables import Row, is_empty, read_table
from lit_synth.task import Task

TEST_SHARE = 0.3
"""The verdict rests on the test rows: of 300 rows these are 90, and the interval of 90 % right is 12 points wide."""


class Parts(NamedTuple):
    """The rows of one file.

    Args:
        train: To learn from.
        test: To test on; of labels each input once.
        unlabelled: Those whose target is empty.
        left_out: How many others there are, by reason.
    """

    train: Part
    test: Part
    unlabelled: Part
    left_out: dict[str, int]


def read_file(task: Task, path: Path, share: float, normalise: Normalise = dict) -> Parts:
    """Return the rows of a file in their parts.

    Raises:
        InputError: The share is out of range, no row is left, a column is missing, or a label unknown.
    """
    if not 0 < share < 1:
        raise InputError(f"test_share {share:g}: give a share between 0 and 1, as {TEST_SHARE:g}")
    left_out = {"without a text": 0}
    every = Kept(_rows_with_text(task, path, normalise, left_out))
    has_target = np.fromiter((row.target is not None for row in every), bool, len(every))
    rows = Part(every, np.flatnonzero(has_target))
    train, test = hold_out_test(task, rows, share)
    if not train or not test:
        raise InputError(
            f"{path}: {len(rows)} rows with a text and a target are too few to train and to test on; add rows"
        )
    if task.labels:  # texts of the same input are joined later
        alone = np.flatnonzero(first_alike(test, task.key) == np.arange(len(test)))
        left_out["repeated in test"] = len(test) - len(alone)
        test = Part(test, alone)
    told = {reason: count for reason, count in left_out.items() if count}
    return Parts(train, test, Part(every, np.flatnonzero(~has_target)), told)


def hold_out_test(task: Task, rows: Sequence[Example], share: float) -> tuple[Part, Part]:
    """Split rows in two, each label in proportion; rows with the same input, or of one unit, are never parted.

    Which ones are held out depends on nothing but their inputs, so that rows which are added later move few of the
    others, and no seed moves any.

    >>> task = Task("mood", ("text",), "mood", ("good", "bad"))
    >>> rows = [Example(str(n), {"text": f"row {n}"}, ("good", "bad")[n % 2]) for n in range(20)]
    >>> train, test = hold_out_test(task, rows, 0.2)
    >>> len(train), sorted(row.target for row in test)
    (16, ['bad', 'bad', 'good', 'good'])
    """

    def key(row: Example) -> str:
        return "\n".join(row.fields[name] for name in task.unit) if task.unit else task.key(row)

    first = first_alike(rows, key)
    alone = np.flatnonzero(first == np.arange(len(rows)))
    digests = (hashlib.sha256(key(rows[place]).encode()).digest() for place in alone.tolist())
    draws = np.frombuffer(bytearray().join(digests), "S32")
    codes: dict[str, int] = {}
    named = (str(rows[place].target) if task.labels and not task.unit else "" for place in alone.tolist())
    labels = np.fromiter((codes.setdefault(name, len(codes)) for name in named), np.int32)
    held = [
        place
        for own in (np.flatnonzero(labels == code) for code in codes.values())
        for place in alone[own[np.argsort(draws[own])[: round(share * len(own))]]]
    ]
    order = np.argsort(first, kind="stable")  # rows with the same input stand together
    is_held = np.isin(first[order], held)
    return Part(rows, order[~is_held]), Part(rows, order[is_held])


def _rows_with_text(task: Task, path: Path, normalise: Normalise, left_out: dict[str, int]) -> Iterator[Example]:
    # A row of JSON Lines may leave its target out; a column that no row has is a mistake, which the row's reader tells.
    first: tuple[str, Row] | None = None
    has_column = False
    for line, found in read_table(path):
        row, place = normalise(found), f"{path}:{line}"
        has_column |= task.target in row
        if any(is_empty(row.get(name, "?")) for name in task.columns):
            left_out["without a text"] += 1
        elif is_empty(row.get(task.target)):
            first = first or (place, row)
            yield unlabelled_of(task, f"row-{line}", place, row)
        else:
            yield example_of(task, f"row-{line}", place, row)
    if first and not has_column:
        example_of(task, "", *first)
