"""One probability out of several annotators': a log-linear pool, fitted on rows whose labels are known."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Posteriors = NDArray[np.float64]
"""Probabilities of several annotators, shape ``(annotators, rows, labels)``."""
_LEAST = 1e-6
"""Smallest probability that counts: files keep six digits."""
_PRIOR = 1.0
"""How strongly weights are drawn to an equal share, in rows: with few rows a fit would trust chance."""


def combine(posteriors: Posteriors, weights: Sequence[float]) -> NDArray[np.float64]:
    """Return the weighted geometric mean of several posteriors, shape ``(rows, labels)``; each row sums to 1.

    A weight is how far an annotator is trusted: a single one's is an inverse temperature. After Genest & Zidek (1986).

    >>> combine(np.array([[[0.8, 0.2]], [[0.5, 0.5]]]), [1.0, 1.0]).round(3).tolist()
    [[0.8, 0.2]]
    """
    # Not by a matrix product, whose sums may end otherwise when other rows stand beside a row.
    scores = np.zeros(posteriors.shape[1:])
    for weight, one in zip(weights, posteriors, strict=True):
        scores += weight * logs_of(one)
    scores -= scores.max(axis=1, keepdims=True)
    shares = np.exp(scores)
    return shares / shares.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def fit_weights(posteriors: Posteriors, targets: NDArray[np.int64]) -> list[float]:
    """Return the weights, 0 or more, under which the known labels are likeliest.

    With one annotator this is temperature scaling (Guo et al. 2017).

    Args:
        posteriors: Of rows that no annotator has learnt from.
        targets: Index of the true label, shape ``(rows,)``.
    """
    logs = logs_of(posteriors)
    equal = np.full(len(logs), 1 / len(logs))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        shares = combine(posteriors, weights.tolist())
        rows = np.arange(len(targets))
        away = weights - equal
        gradient = np.einsum("rl,arl->a", shares, logs) - logs[:, rows, targets].sum(axis=1)
        value = -np.log(shares[rows, targets].clip(1e-300)).sum() + _PRIOR / 2 * away @ away
        return float(value), gradient + _PRIOR * away

    found = minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=[(0.0, 20.0)] * len(logs))
    weights: list[float] = found.x.tolist()
    return weights


def cross_fit(posteriors: Posteriors, targets: NDArray[np.int64], folds: int = 5) -> NDArray[np.float64]:
    """Return combined probabilities of rows by weights that were fitted on the other folds, ``(rows, labels)``.

    So a figure made of them is none of rows that the weights have seen.
    """
    whole = np.empty(posteriors.shape[1:])
    for held, rest in folds_of(len(targets), folds):
        whole[held] = combine(posteriors[:, held], fit_weights(posteriors[:, rest], targets[rest]))
    return whole


def folds_of(rows: int, folds: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the rows held out and the rest, for every fold, in an order drawn from a fixed seed."""
    order = np.random.default_rng(0).permutation(rows)
    for held in np.array_split(order, min(folds, rows)):
        yield held, np.setdiff1d(order, held)


def logs_of(posteriors: Posteriors) -> Posteriors:
    """Return natural logarithms, of 0 as of the smallest probability that counts."""
    return np.log(posteriors.clip(_LEAST))  # type: ignore[no-any-return]
