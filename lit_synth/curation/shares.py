"""How often each label is to be expected, and what an annotator's probabilities are shifted by to agree with it."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from lit_synth.curation.pooling import logs_of

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_SMOOTHING = 0.5
"""Rows that every label is thought to have been seen in besides."""
_PRIOR = 0.3
"""How strongly offsets are drawn to 0, in rows."""
_DRAWS = 2000
_ROUNDING = 1e-9
"""By what share a statistic may be off."""


def fit_offsets(posterior: Floats, seen: Counts) -> Floats:
    """Return what to add to log probabilities so that labels are as frequent on average as they were seen.

    A fine-tuned teacher leans to some labels; with few gold rows nothing else shows it. Prior matching, after Liusie et
    al. (2023), *Mitigating Word Bias in Zero-shot Prompt-based Classifiers* (arXiv 2309.04992), as a convex problem:
    its gradient is the difference of mean probabilities and expected shares.

    How often labels were seen is chance too: of rows drawn at random, all of it, and not only what an annotator is
    unsure of. So rows count by how unsure it is, or shares that are off by chance would move a sure one far.

    Args:
        posterior: An annotator's probabilities, shape ``(rows, labels)``.
        seen: Rows of each label where labels are known and rows are of the same kind, shape ``(labels,)``.

    Returns:
        Shape ``(labels,)``; drawn to 0 where few rows say how frequent a label is.

    >>> leaning = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.4, 0.6]])
    >>> shifted(leaning, fit_offsets(leaning, np.array([500, 500]))).mean(axis=0).round(2).tolist()
    [0.53, 0.47]
    """
    scores = logs_of(posterior)
    expected = (seen + _SMOOTHING) / (seen + _SMOOTHING).sum()
    unsure = (1 - (posterior**2).sum(axis=1).mean()) / (1 - (expected**2).sum())
    rows = min(len(posterior), int(seen.sum())) * min(1.0, float(unsure))

    def loss(offsets: Floats) -> tuple[float, Floats]:
        moved = scores + offsets
        highest = moved.max(axis=1, keepdims=True)
        shares = np.exp(moved - highest)
        total = shares.sum(axis=1, keepdims=True)
        value = (highest + np.log(total)).mean() - expected @ offsets
        gradient = (shares / total).mean(axis=0) - expected
        return float(rows * value + _PRIOR / 2 * offsets @ offsets), rows * gradient + _PRIOR * offsets

    offsets: Floats = minimize(loss, np.zeros(scores.shape[1]), jac=True, method="L-BFGS-B").x
    return offsets


def shifted(posterior: Floats, offsets: Floats) -> Floats:
    """Return probabilities with offsets added to their logarithms, ``(..., labels)``; each row sums to 1."""
    scores = logs_of(posterior) + offsets
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def alike(few: Floats, many: Floats) -> float:
    """Return how likely it is that two sets of rows of one kind are read at shares of labels as different as these.

    An annotator leans the same way on both, so its reading tells whether their labels are equally frequent without a
    single one known. A permutation test on Pearson's statistic of the likeliest labels.

    Args:
        few: Probabilities of the first set, shape ``(rows, labels)``.
        many: Of the second.

    >>> read = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> alike(read.repeat(20, axis=0), read.repeat(50, axis=0)) > 0.5
    True
    >>> alike(read.repeat(20, axis=0), read[:1].repeat(50, axis=0)) < 0.01
    True
    """
    labels = few.shape[1]
    own, others = (np.bincount(one.argmax(axis=1), minlength=labels) for one in (few, many))
    both = own + others
    expected = both[both > 0] * len(few) / both.sum()

    def statistic(counts: Counts) -> Floats:
        return ((counts[..., both > 0] - expected) ** 2 / expected).sum(axis=-1)  # type: ignore[no-any-return]

    drawn = np.random.default_rng(0).multivariate_hypergeometric(both, len(few), size=_DRAWS, method="marginals")
    # Rounding differs between sums of one row and of many; a draw as extreme must not count as less so.
    extreme = statistic(drawn) >= statistic(own) * (1 - _ROUNDING)
    return float((1 + extreme.sum()) / (1 + _DRAWS))
