"""Figures of labels; a row is a unit."""

from collections.abc import Sequence

from lit_synth.metrics.scored import Scored, ratio_scores


def accuracy(rows: Sequence[Scored]) -> dict[str, float]:
    """Return 1 for a row with the gold label, 0 for another or none.

    >>> accuracy([Scored("a", {}, ("yes",), "yes"), Scored("b", {}, ("yes",), None)])
    {'a': 1.0, 'b': 0.0}
    """
    return {row.id: float(row.predicted == row.gold) for row in rows}


def macro_f1(rows: Sequence[Scored]) -> dict[str, float]:
    """Return each row's share of macro F1: the plain mean of every label's F1 = 2 tp / (2 tp + fp + fn).

    Labels that occur neither in gold nor among the predictions are left out, and a row without an answer is missed
    for its gold label, as in torchmetrics (``MulticlassF1Score(average="macro")``). The values are those of
    `ratio_scores` for every label, averaged.

    >>> rows = [Scored("a", {}, ("x",), "x"), Scored("b", {}, ("y",), "x")]
    >>> round(sum(macro_f1(rows).values()) / 2, 4)
    0.3333
    """
    labels = sorted({row.gold for row in rows} | {row.predicted for row in rows if row.predicted is not None})
    total = dict.fromkeys((row.id for row in rows), 0.0)
    for label in labels:
        parts = {row.id: f1_parts(row.gold == label, row.predicted == label) for row in rows}
        for unit, value in ratio_scores(parts).items():
            total[unit] += value / len(labels)
    return total


def f1_parts(gold: bool, predicted: bool) -> tuple[int, int]:
    """Return what one answer adds to numerator and denominator of F1 = 2 tp / (2 tp + fp + fn)."""
    return 2 * (gold and predicted), gold + predicted
