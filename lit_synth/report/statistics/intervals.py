"""How sure a figure is: intervals of a mean over seeds, over test units, and over both.

A table of results is an array of shape ``(seeds, units)``: the score of the model trained with that seed on that unit
of the test part, which is a row or a question. Scores of accuracy are 1 and 0; others may be any number.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Table = NDArray[np.float64]

_FEW = 3
"""Distinct values of outcomes (0, 1) and of their differences (-1, 0, 1)."""
_ENOUGH = 5
"""Right and wrong rows from which on the mean of outcomes is near enough to normal."""
_AT_ONCE = 100_000
"""Draws held in memory, which fit a processor's cache."""


class Interval(NamedTuple):
    """Lower and upper bound, in the unit of the figure."""

    low: float
    high: float


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
    """Return the percentile bootstrap interval of a mean over test units (Efron & Tibshirani 1993, chapter 13).

    Outcomes are drawn by one multinomial a resample, the same distribution as drawing unit by unit; other scores are
    drawn unit by unit, a few resamples at a time.

    Raises:
        ValueError: No units.

    >>> low, high = bootstrap_interval([1] * 80 + [0] * 20)
    >>> round(low, 2), round(high, 2)
    (0.72, 0.88)
    """
    units = np.asarray(values, dtype=float)
    if units.size == 0:
        raise ValueError("a bootstrap needs one row or more, found none")
    generator = np.random.default_rng(seed)
    distinct, counts = np.unique(units, return_counts=True)
    if distinct.size <= _FEW:
        means = generator.multinomial(units.size, counts / units.size, size=resamples) @ distinct / units.size
    else:
        size = max(1, _AT_ONCE // units.size)
        blocks = [(min(size, resamples - start), units.size) for start in range(0, resamples, size)]
        means = np.concatenate([units[generator.integers(units.size, size=block)].mean(axis=1) for block in blocks])
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def share_interval(share: float, rows: float, confidence: float = 0.95) -> Interval:
    """Return the score interval of a share of independent rows (Wilson 1927), which has a width at 0 and 1 as well.

    Args:
        share: Of rows, 0 to 1.
        rows: Their number; of rows that depend on each other, of as many independent ones as they are worth.
        confidence: Share of such intervals that hold the truth.

    >>> low, high = share_interval(0.8, 100)
    >>> round(low, 3), round(high, 3), round(share_interval(1.0, 60).low, 2)
    (0.711, 0.867, 0.94)
    """
    z2 = float(stats.norm.ppf((1 + confidence) / 2)) ** 2
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    half = (z2 * (share * (1 - share) / rows + z2 / (4 * rows**2))) ** 0.5 / (1 + z2 / rows)
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))


def table_interval(table: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the interval of the mean of a ``(seeds, units)`` table of scores.

    Outcomes (0, 1) of one seed: Wilson's. Outcomes of several, of which nearly all are alike: Wilson's, too, for as
    many rows as give the same error (Korn & Graubard 1998), for else all right would be a certainty. The rest:
    `mean_interval`.

    >>> low, high = table_interval([[1, 1, 0, 1]])
    >>> round(low, 2), round(high, 2)
    (0.3, 0.95)
    """
    results = as_table(table)
    if not is_outcomes(results):
        return mean_interval(results, confidence)
    share, units = float(results.mean()), results.shape[1]
    if len(results) == 1:
        return share_interval(share, units, confidence)
    if min(share, 1 - share) * units >= _ENOUGH:
        return mean_interval(results, confidence)
    error, freedom = crossed_error(results)
    if not error:
        return share_interval(share, units, confidence)
    wider = float(stats.norm.ppf((1 + confidence) / 2) / stats.t.ppf((1 + confidence) / 2, freedom)) ** 2
    return share_interval(share, min(units, wider * share * (1 - share) / error**2), confidence)


def mean_interval(table: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the interval of the mean of a ``(seeds, units)`` table of any numbers, such as differences.

    One seed: bootstrap over units. Several: an interval for new seeds *and* new units, because three seeds on the same
    test rows share the luck of those rows. The two variances add up, s² (seed means) / seeds + s² (unit means) / units,
    which is slightly too wide, never too narrow (McCullagh 2000, resampling exchangeable arrays); the degrees of
    freedom follow Satterthwaite (1946).

    >>> low, high = mean_interval([[1, 1, 0, 1], [1, 0, 0, 1], [1, 1, 0, 1]])
    >>> round(low, 2), round(high, 2)
    (-0.05, 1.38)
    """
    results = as_table(table)
    if len(results) == 1:
        return bootstrap_interval(results[0], confidence)
    error, freedom = crossed_error(results)
    return _around(float(results.mean()), error, freedom, confidence)


def is_outcomes(results: Table) -> bool:
    """Tell whether every score is 0 or 1."""
    return bool(np.isin(results, [0, 1]).all())


def as_table(table: ArrayLike) -> Table:
    """Return a table of shape ``(seeds, units)``; one seed may come without the first axis.

    Raises:
        ValueError: It has more axes, or nothing in it.
    """
    results = np.atleast_2d(np.asarray(table, dtype=float))
    if results.ndim != 2 or results.size == 0:
        raise ValueError(f"expected a table of shape (seeds, rows), found {results.shape}")
    return results


def crossed_error(results: Table) -> tuple[float, float]:
    """Return the standard error of the mean over seeds and units, and its degrees of freedom.

    >>> error, freedom = crossed_error(as_table([1.0, 2.0, 3.0, 4.0]))
    >>> round(error, 3), round(freedom, 6)
    (0.645, 3.0)
    """
    parts = [results.mean(axis=axis) for axis in (1, 0)]
    variances = [float(part.var(ddof=1) / part.size) if part.size > 1 else 0.0 for part in parts]
    shares = sum(v**2 / (part.size - 1) for v, part in zip(variances, parts, strict=True) if v > 0)
    return sum(variances) ** 0.5, sum(variances) ** 2 / shares if shares else 1.0


def _around(mean: float, error: float, freedom: float, confidence: float) -> Interval:
    half: Any = stats.t.ppf((1 + confidence) / 2, freedom) * error
    return Interval(mean - float(half), mean + float(half))
