"""Whether one strategy beats another: paired differences with their p-values, and the correction for many of them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lit_synth.report.statistics.intervals import Interval, as_table, crossed_error, seed_interval, table_interval

Test = Literal["mcnemar", "units", "seeds and units", "seeds"]
"""McNemar's test, or the t-test over what it names."""


class Comparison(NamedTuple):
    """A difference with its interval, the two-sided p-value of no difference, and the test that gave it."""

    difference: float
    interval: Interval
    p: float
    test: Test


def paired_difference(baseline: ArrayLike, other: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Compare two strategies on the same test units and seeds; positive where ``other`` has more.

    One seed: paired bootstrap over units, with p by the exact McNemar test where every score is 0 or 1, else by the
    paired t-test over units. Several: as in `table_interval`, on the table of differences, with p from the same t
    distribution, so that interval and p never contradict each other.

    Raises:
        ValueError: The tables have different shapes.

    >>> round(paired_difference([1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]).difference, 2)
    0.67
    """
    first, second = as_table(baseline), as_table(other)
    if first.shape != second.shape:
        raise ValueError(f"paired tables need one shape, found {first.shape} and {second.shape}")
    differences = second - first
    mean, interval = float(differences.mean()), _possible(table_interval(differences, confidence))
    if differences.size == 1:
        return Comparison(mean, interval, 1.0, "units")  # one result has no spread, and proves nothing
    if len(differences) == 1 and np.isin([first, second], [0, 1]).all():
        return Comparison(mean, interval, mcnemar(first[0], second[0]), "mcnemar")
    error, freedom = crossed_error(differences)
    test: Test = "units" if len(differences) == 1 else "seeds and units"
    return Comparison(mean, interval, _two_sided(mean, error, freedom), test)


def paired_seeds(baseline: ArrayLike, other: ArrayLike, confidence: float = 0.95) -> Comparison:
    """Compare two strategies by their figures a seed alone: for seeds with different test rows, or none on disk.

    >>> round(paired_seeds([0.70, 0.72, 0.74], [0.75, 0.78, 0.78]).p, 3)
    0.013
    """
    differences = np.asarray(other, dtype=float) - np.asarray(baseline, dtype=float)
    mean, error = float(differences.mean()), float(stats.sem(differences))
    p = _two_sided(mean, error, differences.size - 1)
    return Comparison(mean, _possible(seed_interval(differences, confidence)), p, "seeds")


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


def _possible(interval: Interval) -> Interval:
    """Scores lie between 0 and 1, so no difference of theirs is larger than 1."""
    return Interval(max(interval.low, -1.0), min(interval.high, 1.0))


def _two_sided(mean: float, error: float, freedom: float) -> float:
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, freedom))
