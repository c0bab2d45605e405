"""Draws of the means of many students at once, all with the same luck, for figures that have no simple formula."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from lit_synth.report.statistics.intervals import Interval, Table
from lit_synth.report.statistics.units import Units, same_units, table

DRAWS = 4_000
"""Enough that a bound of an interval moves little from one seed of the draws to another."""
_AT_ONCE = 4_000_000
"""Numbers of units held in memory."""


class Scored(NamedTuple):
    """A student's scores.

    Args:
        per_seed: Headline metric by seed.
        units: Scores of single units by seed; empty where there are none.
    """

    per_seed: Mapping[int, float]
    units: Units


def draw_means(students: Sequence[Scored], draws: int = DRAWS, seed: int = 0) -> Table | None:
    """Draw the mean of every student anew, the same units and seeds for all of them, so that differences are paired.

    Test units are drawn with replacement (Efron & Tibshirani 1993, chapter 13). Seeds are three or five: drawn with
    replacement they give intervals that are far too narrow. Their part is drawn from Student's t distribution about
    the mean over seeds instead, the one normal deviate of a seed shared by all students. The two parts add up as in
    `table_interval`. Where students were not all tested on the same units, seeds alone are drawn.

    Args:
        students: Not all need to have the same seeds.
        draws: Number of draws.
        seed: Of the draws.

    Returns:
        Means, shape ``(draws, students)``; ``None`` where nothing can be drawn: one seed, and no units in common.
    """
    generator = np.random.default_rng(seed)
    common = have_same_units(students)
    if not common and all(len(student.per_seed) < 2 for student in students):
        return None
    luck = _SeedLuck.draw(generator, sorted({name for student in students for name in student.per_seed}), draws)
    means = np.stack([np.mean(list(student.per_seed.values())) + luck.of(student) for student in students], axis=1)
    return means + _unit_luck(generator, students, draws) if common else means


def on_common_seeds(students: Sequence[Scored]) -> list[Scored]:
    """Return the students with the seeds alone that all of them have, which may be none.

    >>> on_common_seeds([Scored({0: 0.6, 1: 0.8}, {}), Scored({0: 0.7}, {})])
    [Scored(per_seed={0: 0.6}, units={}), Scored(per_seed={0: 0.7}, units={})]
    """
    seeds = sorted(set.intersection(*(set(student.per_seed) for student in students)))
    return [
        Scored(
            {seed: student.per_seed[seed] for seed in seeds},
            {seed: student.units[seed] for seed in seeds if seed in student.units},
        )
        for student in students
    ]


def have_same_units(students: Sequence[Scored]) -> bool:
    """Tell whether every seed of every student was tested on the same units."""
    if any(set(student.units) != set(student.per_seed) for student in students):
        return False
    every = [scores for student in students for scores in student.units.values()]
    return bool(every) and same_units(dict(enumerate(every)))


def quantiles(values: Table, confidence: float = 0.95) -> Interval:
    """Return the percentile interval of draws, of which some may be infinite.

    >>> quantiles(np.array([-np.inf, 1.0, 2.0, np.inf]), 0.5)
    Interval(low=-inf, high=2.0)
    """
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    # A bound that is one of the draws: between two of them, infinity less infinity would be no number.
    low, high = np.quantile(values, tails, method="inverted_cdf")
    return Interval(float(low), float(high))


class _SeedLuck(NamedTuple):
    """A normal deviate of every seed, shape ``(draws, seeds)``, and the one quantile of every spread."""

    seeds: list[int]
    normal: Table
    quantile: Table

    @classmethod
    def draw(cls, generator: np.random.Generator, seeds: list[int], draws: int) -> "_SeedLuck":
        return cls(seeds, generator.normal(size=(draws, len(seeds))), generator.uniform(size=draws))

    def of(self, student: Scored) -> Table:
        """Return t · s / √n, drawn, shape ``(draws,)``; none of it where there is one seed."""
        number = len(student.per_seed)
        if number < 2:
            return np.zeros(len(self.normal))
        own = self.normal[:, [self.seeds.index(name) for name in student.per_seed]]
        values = np.array(list(student.per_seed.values()))
        normal = own @ (values - values.mean()) / (number * (number - 1)) ** 0.5
        return np.asarray(normal * ((number - 1) / stats.chi2.ppf(self.quantile, number - 1)) ** 0.5)


def _unit_luck(generator: np.random.Generator, students: Sequence[Scored], draws: int) -> Table:
    """Return how far units drawn anew move every mean, shape ``(draws, students)``."""
    scores = np.stack([np.mean(table(one.units, list(one.per_seed)), axis=0) for one in students], axis=1)
    apart, number = scores - scores.mean(axis=0), len(scores)
    size = max(1, _AT_ONCE // number)
    blocks = [min(size, draws - start) for start in range(0, draws, size)]
    shares = np.full(number, 1 / number)
    return np.concatenate([generator.multinomial(number, shares, size=block) @ apart / number for block in blocks])
