"""What only classification has: the answer that ignores the input, and probabilities to be calibrated."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

POSITIVE = "1"
"""The label that F1a counts."""


class Trivial(NamedTuple):
    """The figure of an answer that is the same for every row.

    Args:
        words: The answer in a sentence, with a place for its figure.
        value: Its headline metric, 0 to 1.
    """

    words: str
    value: float


def trivial_answer(metric: str, gold: Sequence[str]) -> Trivial | None:
    """Return the best figure that one answer to every row can reach, where gold labels alone tell it.

    Args:
        metric: Key of the headline metric.
        gold: Gold labels of the test rows.

    >>> trivial_answer("accuracy", ["a", "a", "b"])
    Trivial(words='the majority class {}', value=0.6666666666666666)
    >>> trivial_answer("f1a", ["1", "0", "0"])
    Trivial(words='the {} of always answering "1"', value=0.5)
    """
    if not gold:
        return None
    if metric == "accuracy":
        return Trivial("the majority class {}", max(Counter(gold).values()) / len(gold))
    if metric == "f1a":
        share = gold.count(POSITIVE) / len(gold)  # which is the precision; recall is 1
        return Trivial(f'the {{}} of always answering "{POSITIVE}"', 2 * share / (1 + share))
    return None


class LabelFigures(NamedTuple):
    """What became of one label.

    Args:
        label: Its name.
        rows: Test rows that have it.
        named: Test rows that are said to have it.
        right: Test rows of which both is true.
    """

    label: str
    rows: int
    named: int
    right: int

    @property
    def recall(self) -> float | None:
        """Share of the label's rows that are found; ``None`` where there is none."""
        return self.right / self.rows if self.rows else None

    @property
    def precision(self) -> float | None:
        """Share of the rows so named that are rightly so; ``None`` where none is."""
        return self.right / self.named if self.named else None


def label_figures(pairs: Mapping[tuple[str, str | None], int]) -> tuple[LabelFigures, ...]:
    """Return the figures of every label, in the order of their names.

    Args:
        pairs: Test rows by true label and what a model said, ``None`` for no answer.

    >>> spam, ham = reversed(label_figures({("spam", "spam"): 8, ("spam", "ham"): 2, ("ham", "ham"): 30}))
    >>> spam.recall, spam.precision, ham.precision
    (0.8, 1.0, 0.9375)
    """
    rows: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for (true, said), number in pairs.items():
        rows[true] += number
        if said is not None:
            named[said] += number
    return tuple(
        LabelFigures(label, rows[label], named[label], pairs.get((label, label), 0)) for label in sorted(rows | named)
    )


def expected_calibration_error(confidences: ArrayLike, correct: ArrayLike, bins: int = 10) -> float:
    """Return the mean gap between confidence and accuracy over equal bins, weighted by rows (Guo et al. 2017, eq. 3).

    Args:
        confidences: Probability of the predicted label of every row, 0 to 1.
        correct: 1 where the predicted label is right.
        bins: Number of bins; each holds its upper edge.

    >>> round(expected_calibration_error([0.9, 0.9, 0.6, 0.6], [1, 1, 1, 0]), 3)
    0.1
    """
    sure, right = np.asarray(confidences, dtype=float), np.asarray(correct, dtype=float)
    index = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(index, weights=sure - right, minlength=bins)
    return float(np.abs(gaps).sum() / sure.size)
