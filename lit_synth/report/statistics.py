"""How sure a figure is: intervals, paired comparisons, correction for many, calibration.

A table of results is an array of shape ``(seeds, rows)``: 1 where the model trained with that seed is right on that
test row, 0 where it is wrong.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Table = NDArray[np.float64]


class Interval(NamedTuple):
    """Lower and upper bound, in the unit of the figure."""

    low: float
    high: float


class Comparison(NamedTuple):
    """A difference with its interval and the two-sided p-value of no difference."""

    difference: float
    interval: Interval
    p: float


def seed_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Student's interval of the mean over seeds: mean ± t · s / √n, with n − 1 degrees of freedom.

    Raises:
        ValueError: Fewer than two seeds.

    >>> low, high = seed_interval([0.80, 0.82, 0.84])
    >>> round(low, 4), round(high, 4)
    (0.7703, 0.8697)
    """  # noqa: RUF002
    seeds = np.asarray(values, dtype=float)
    if seeds.size < 2:
        raise ValueError(f"an interval over seeds needs two of them or more, found {seeds.size}")
    return _around(float(seeds.mean()), float(stats.sem(seeds)), seeds.size - 1, confidence)


def bootstrap_interval(values: ArrayLike, confidence: float = 0.95, resamples: int = 10_000, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of a mean over test rows (Efron & Tibshirani 1993, chapter 13).

    Rows with equal values are drawn together by one multinomial: the same distribution as drawing row by row, and no
    ``resamples * rows`` array for outcomes of 0 and 1.

    Raises:
        ValueError: No rows.

    >>> low, high = bootstrap_interval([1] * 80 + [0] * 20)
    >>> round(low, 2), round(high, 2)
    (0.72, 0.88)
    """
    rows = np.asarray(values, dtype=float)
    if rows.size == 0:
        raise ValueError("a bootstrap needs one row or more, found none")
    distinct, counts = np.unique(rows, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(rows.size, counts / rows.size, size=resamples)
    low, high = np.quantile(draws @ distinct / rows.size, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def table_interval(table: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the interval of the mean of a ``(seeds, rows)`` table.

    One seed: bootstrap over rows. Several: an interval for new seeds *and* new rows, because three seeds on the same
    test rows share the luck of those rows. The two variances add up, s² (seed means) / seeds + s² (row means) / rows,
    which is slightly too wide, never too narrow (McCullagh 2000, resampling exchangeable arrays); the degrees of
    freedom follow Satterthwaite (1946).

    >>> low, high = table_interval([[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 0, 1]])
    >>> round(low, 2), round(high, 2)
    (-0.05, 1.38)
    """
    results = _results(table)
    if len(results) == 1:
        return bootstrap_interval(results[0], confidence)
    error, freedom = _crossed_error(results)
    return _around(float(results.mean()), error, freedom, confidence)


def paired_difference(baseline: ArrayLike, other: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Compare two strategies on the same test rows and seeds; positive where ``other`` is better.

    One seed: paired bootstrap over rows, p by the exact McNemar test. Several: as in `table_interval`, on the table
    of differences, with p from the same t distribution, so that interval and p never contradict each other.

    Raises:
        ValueError: The tables have different shapes.

    >>> round(paired_difference([1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]).difference, 2)
    0.67
    """
    first, second = _results(baseline), _results(other)
    if first.shape != second.shape:
        raise ValueError(f"paired tables need one shape, found {first.shape} and {second.shape}")
    differences = second - first
    interval = table_interval(differences, confidence)
    if len(differences) == 1:
        return Comparison(float(differences.mean()), interval, mcnemar(first[0], second[0]))
    error, freedom = _crossed_error(differences)
    return Comparison(float(differences.mean()), interval, _two_sided(float(differences.mean()), error, freedom))


def paired_seeds(baseline: ArrayLike, other: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Compare two strategies by their figures a seed alone: for seeds with different test rows, or none on disk.

    >>> round(paired_seeds([0.70, 0.72, 0.74], [0.75, 0.78, 0.78]).p, 3)
    0.013
    """
    differences = np.asarray(other, dtype=float) - np.asarray(baseline, dtype=float)
    mean, error = float(differences.mean()), float(stats.sem(differences))
    return Comparison(mean, seed_interval(differences, confidence), _two_sided(mean, error, differences.size - 1))


def mcnemar(first: ArrayLike, second: ArrayLike) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947): a sign test on the rows where just one is right.

    >>> mcnemar([1, 0, 0, 0, 0, 0], [0, 1, 1, 1, 1, 1])
    0.21875
    """
    one, two = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    gained, changed = int((~one & two).sum()), int((one ^ two).sum())
    return float(stats.binomtest(gained, changed).pvalue) if changed else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's step-down procedure (1979), in the order given.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


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


def _results(table: ArrayLike) -> Table:
    results = np.atleast_2d(np.asarray(table, dtype=float))
    if results.ndim != 2 or results.size == 0:
        raise ValueError(f"expected a table of shape (seeds, rows), found {results.shape}")
    return results


def _crossed_error(results: Table) -> tuple[float, float]:
    """Return the standard error of the mean over seeds and rows, and its degrees of freedom."""
    parts = [results.mean(axis=axis) for axis in (1, 0)]
    variances = [float(part.var(ddof=1) / part.size) if part.size > 1 else 0.0 for part in parts]
    shares = sum(v**2 / (part.size - 1) for v, part in zip(variances, parts, strict=True) if v > 0)
    return sum(variances) ** 0.5, sum(variances) ** 2 / shares if shares else 1.0


def _around(mean: float, error: float, freedom: float, confidence: float) -> Interval:
    half: Any = stats.t.ppf((1 + confidence) / 2, freedom) * error
    return Interval(mean - float(half), mean + float(half))


def _two_sided(mean: float, error: float, freedom: float) -> float:
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, freedom))
