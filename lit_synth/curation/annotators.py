"""Annotators held against rows whose labels are known: how far each is trusted, and how good all are together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lit_synth.curation.calibration import bootstrap, choose_threshold, figures, judged, reliability
from lit_synth.curation.pooling import Posteriors, combine, cross_fit, fit_weights


@dataclass(frozen=True)
class Judgement:
    """What is known of annotators.

    Args:
        weights: Of each in the pool.
        threshold: Confidence below which a combined label is not worth having; 0 for none.
        found: Figures for ``run.json``: ``annotators``, ``majority``, ``calibration`` and ``threshold``.
    """

    weights: list[float]
    threshold: float
    found: dict[str, Any]


def judge_annotators(
    names: Sequence[str],
    known: Posteriors,
    targets: NDArray[np.int64],
    calibrate: bool,
    confidence: float | Literal["auto"] | None,
    unshifted: Posteriors | None = None,
) -> Judgement:
    """Fit the pool, and say how good it is on rows that its weights have not seen.

    Args:
        names: Of the annotators; ``student`` is the one that learnt from gold alone.
        known: Their probabilities of development rows, shape ``(annotators, rows, labels)``.
        targets: Index of the true label, shape ``(rows,)``.
        calibrate: Whether to fit weights; else all count alike.
        confidence: The threshold, ``auto`` to choose it, ``None`` for none.
        unshifted: What the annotators read, where ``known`` is shifted: so they were before, and so a student on gold
            alone answers.
    """
    equal = [1 / len(known)] * len(known)
    weights = fit_weights(known, targets) if calibrate else equal
    read = known if unshifted is None else unshifted
    before = combine(read, equal)
    after = cross_fit(known, targets) if calibrate else combine(known, equal)
    sure, right = judged(after, targets)
    threshold = choose_threshold(sure, right) if confidence == "auto" else confidence or 0.0
    bins = {"before": reliability(*judged(before, targets)), "after": reliability(sure, right)}
    calibration: dict[str, Any] = {"rows": len(targets), "bins": bins}
    calibration |= {"before": figures(before, targets), "after": figures(after, targets)}
    if "student" in names:
        _, alone = judged(read[names.index("student")], targets)
        low, high = bootstrap(right - alone)
        calibration["gain"] = {"mean": float((right - alone).mean()), "low": low, "high": high}
    each = [
        {"name": name, "weight": weight, "rows": len(targets), **figures(alone, targets)}
        for name, weight, alone in zip(names, weights, known, strict=True)
    ]
    majority = float(np.bincount(targets).max() / len(targets))
    found = {"annotators": each, "majority": majority, "calibration": calibration, "threshold": threshold or None}
    return Judgement(weights, threshold, found)
