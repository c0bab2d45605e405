"""Which labels annotators lean to, by rows of which it is known how frequent each label is."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from lit_synth.curation.pooling import Posteriors
from lit_synth.curation.shares import Floats, alike, fit_offsets
from lit_synth.examples import Example, read_examples
from lit_synth.readings import Readings, posteriors_of, side_by_side
from lit_synth.task import Task

SAMPLE = 5_000
"""Most rows that are looked at."""
FEW = 30
"""Rows, read or labelled, under which chance moves shares more than any leaning."""
OF_ONE_KIND = 0.05
"""Probability under which a pool is taken for one of another kind than gold."""
TOLD = 5
_Value = TypeVar("_Value")
_Kept = TypeVar("_Kept")


@dataclass(frozen=True)
class Leaning:
    """What annotators' log probabilities are shifted by.

    Args:
        offsets: Of the rows, shape ``(annotators, 1, labels)``.
        judging: Of the development part, by which annotators are judged: its own labels do not count, and where it was
            known how many rows of a label were asked for, nothing is shifted, since that says nothing of real rows.
        found: For ``run.json``: whether they are ``matched``, ``p`` (see `alike`; ``None`` where it is known how many
            were asked for), and the ``labels`` that lie farthest off: ``expected`` and as the first annotator ``read``.
    """

    offsets: Posteriors
    judging: Posteriors
    found: dict[str, Any]


def leaning(
    task: Task, readings: Readings, known: Posteriors, gold: Iterable[Example], development: Iterable[Example]
) -> Leaning:
    """Find how far labels are read at other shares than those that were asked for, or, in a pool, than those of gold.

    A pool in which the first annotator reads other shares than in the development part is of another kind than gold,
    and is left as it is read; so are fewer rows than `FEW`.

    Args:
        task: Its labels.
        readings: What the annotators read.
        known: Their probabilities of the development part, shape ``(annotators, rows, labels)``.
        gold: Rows whose labels are known, without the development part.
        development: The development part.
    """
    asked = Counter(row.provenance.get("requested") for row in read_examples(readings.rows[0]))
    asked.pop(None, None)  # rows of a pool
    learnt = Counter(row.target for row in gold)
    counts = asked or learnt + Counter(row.target for row in development)
    seen, apart = (np.array([one[label] for label in task.labels]) for one in (counts, learnt))
    whole = (row for row in side_by_side(readings.rows) if None not in row)
    many = len(readings.rows)
    # Of a row that is kept, numbers alone: thousands of whole rows would fill memory.
    kept = drawn(whole, SAMPLE, lambda row: posteriors_of(task, [row], many)[:, 0])
    sample: Posteriors = np.array(kept).reshape(-1, many, len(task.labels)).transpose(1, 0, 2)
    if min(sample.shape[1], seen.sum()) < FEW:
        nothing = np.zeros((len(sample), 1, len(seen)))
        return Leaning(nothing, nothing, {"matched": False})
    likelihood = None if asked else alike(known[0], sample[0])
    matched = likelihood is None or likelihood >= OF_ONE_KIND
    offsets, judging = (
        np.stack([fit_offsets(one, shares) for one in sample])[:, None] * float(counted)
        for shares, counted in ((seen, matched), (apart, matched and not asked and bool(apart.sum())))
    )
    found = {"matched": matched, "p": likelihood, "labels": _farthest(task, seen / seen.sum(), sample[0].mean(axis=0))}
    return Leaning(offsets, judging, found)


def drawn(values: Iterable[_Value], most: int, kept_as: Callable[[_Value], _Kept]) -> list[_Kept]:
    """Return a sample of values that are met once, each as likely as any other: Vitter's reservoir.

    Args:
        values: Any number.
        most: How many are kept.
        kept_as: What is kept of one.

    >>> drawn(range(3), 5, str), len(drawn(range(100), 5, str))
    (['0', '1', '2'], 5)
    """
    rest, dice = iter(values), random.Random(0)
    kept = [kept_as(value) for value in islice(rest, most)]
    for number, value in enumerate(rest, most):
        if (place := dice.randrange(number + 1)) < most:
            kept[place] = kept_as(value)
    return kept


def _farthest(task: Task, expected: Floats, read: Floats) -> list[dict[str, Any]]:
    order = np.argsort(-np.abs(expected - read), kind="stable")[:TOLD]
    return [
        {"label": task.labels[place], "expected": float(expected[place]), "read": float(read[place])} for place in order
    ]
