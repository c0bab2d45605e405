"""Rows of one file, of which some are held out to test on: nothing is copied, the file stays the only one."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from lit_synth.data.parts import Part, first_alike
from lit_synth.data.sources import Normalise, example_of
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.on_disk import Kept
from lit_synth.tables import is_empty, read_table
from lit_synth.task import Task

TEST_SHARE = 0.2


def read_file(task: Task, path: Path, share: float, normalise: Normalise = dict) -> tuple[Part, Part, dict[str, int]]:
    """Return rows to train on, rows to test on, and how many have an empty cell and are left out, by reason.

    Raises:
        InputError: The share is out of range, no row is left, a column is missing, or a label unknown.
    """
    if not 0 < share < 1:
        raise InputError(f"test_share {share:g}: give a share between 0 and 1, as 0.2")
    left_out = {"without a text": 0, "without a target": 0}
    rows = Kept(_whole_rows(task, path, normalise, left_out))
    train, test = hold_out_test(task, rows, share)
    if not train or not test:
        raise InputError(
            f"{path}: {len(rows)} rows with a text and a target are too few to train and to test on; add rows"
        )
    return train, test, {reason: count for reason, count in left_out.items() if count}


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


def _whole_rows(task: Task, path: Path, normalise: Normalise, left_out: dict[str, int]) -> Iterator[Example]:
    for line, found in read_table(path):
        row = normalise(found)
        # A column that is missing altogether is a mistake, which the row's reader tells.
        if any(is_empty(row.get(name, "?")) for name in task.columns):
            left_out["without a text"] += 1
        elif is_empty(row.get(task.target, "?")):
            left_out["without a target"] += 1
        else:
            yield example_of(task, f"row-{line}", f"{path}:{line}", row)
