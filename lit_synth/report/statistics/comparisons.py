"""Whether one strategy beats another: paired differences with their p-values, and the correction for many of them."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lit_synth.report.statistics.intervals import (
    Interval,
    as_table,
    crossed_error,
    is_outcomes,
    mean_interval,
    seed_interval,
    share_interval,
)

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

    One seed: Newcombe's interval with p by the exact McNemar test where every score is 0 or 1, else the bootstrap over
    units with p by the paired t-test over them. Several: as in `mean_interval`, on the table of differences, with p
    from the same t distribution, so that interval and p never contradict each other; where no difference varies, which
    is no certainty, interval and p as for one seed.

    Raises:
        ValueError: The tables have different shapes.

    >>> round(paired_difference([1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]).difference, 2)
    0.67
    """
    first, second = as_table(baseline), as_table(other)
    if first.shape != second.shape:
        raise ValueError(f"paired tables need one shape, found {first.shape} and {second.shape}")
    differences = second - first
    mean = float(differences.mean())
    if differences.size == 1:
        return Comparison(mean, _possible(mean_interval(differences)), 1.0, "units")  # no spread, and no proof
    error, freedom = crossed_error(differences)
    outcomes = is_outcomes(first) and is_outcomes(second)
    alike = outcomes and (len(differences) == 1 or not error)
    interval = newcombe(first[0], second[0], confidence) if alike else mean_interval(differences, confidence)
    interval = _possible(interval)
    if alike:
        return Comparison(mean, interval, mcnemar(first[0], second[0]), "mcnemar")
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


def newcombe(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the interval of the difference of two shares of the same rows, with a width where none differs.

    Wilson's intervals of the two, joined with the correlation of their outcomes: method 10 of Newcombe (1998), improved
    confidence intervals for the difference between binomial proportions based on paired data.

    >>> low, high = newcombe([1] * 60, [1] * 60)
    >>> round(low, 2), round(high, 2)
    (-0.06, 0.06)
    """
    one, two = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    before, after = float(one.mean()), float(two.mean())
    low1, high1 = share_interval(before, one.size, confidence)
    low2, high2 = share_interval(after, two.size, confidence)
    both, neither = int((one & two).sum()), int((~one & ~two).sum())
    product = both * neither - int((one & ~two).sum()) * int((~one & two).sum())
    spread = one.size**2 * (before * (1 - before) * after * (1 - after)) ** 0.5
    # With the correction for continuity, as in the paper, where outcomes go together.
    related = (max(product - one.size / 2, 0.0) if product > 0 else product) / spread if spread else 0.0

    def joined(own: float, other: float) -> float:
        return math.sqrt(max(own**2 - 2 * related * own * other + other**2, 0.0))

    mean = after - before
    return Interval(mean - joined(after - low2, high1 - before), mean + joined(high2 - after, before - low1))


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
