"""Draws of means against intervals that have a formula."""

import numpy as np
import pytest

from lit_synth.report.statistics import draws as ours
from lit_synth.report.statistics.comparisons import paired_difference
from lit_synth.report.statistics.intervals import Table, bootstrap_interval, seed_interval

RNG = np.random.default_rng(5)


def scored(table: object, first: int = 0, prefix: str = "") -> ours.Scored:
    rows = np.atleast_2d(np.asarray(table, dtype=float))
    units = {seed: {f"{prefix}{i}": float(v) for i, v in enumerate(row)} for seed, row in enumerate(rows, first)}
    return ours.Scored({seed: float(row.mean()) for seed, row in enumerate(rows, first)}, units)


def draw(*students: ours.Scored, draws: int = ours.DRAWS, seed: int = 0) -> Table:
    drawn = ours.draw_means(students, draws, seed)
    assert drawn is not None
    return drawn


def test_one_seed_is_the_bootstrap_over_units() -> None:
    rows = RNG.random(300) < 0.7
    drawn = draw(scored(rows))
    assert ours.quantiles(drawn[:, 0]) == pytest.approx(bootstrap_interval(rows), abs=0.005)


def test_seeds_alone_are_the_t_interval() -> None:
    values = {0: 0.71, 1: 0.75, 2: 0.74, 3: 0.79}
    drawn = draw(ours.Scored(values, {}), draws=40_000)
    assert ours.quantiles(drawn[:, 0]) == pytest.approx(seed_interval(list(values.values())), abs=0.003)


def test_differences_over_seeds_and_units_are_paired() -> None:
    unit, seed = RNG.normal(0, 0.3, 200), RNG.normal(0, 0.02, (5, 1))
    gold = 0.5 + unit + seed + RNG.normal(0, 0.05, (5, 200))
    other = 0.55 + unit + seed + RNG.normal(0, 0.05, (5, 200)) + RNG.normal(0, 0.01, (5, 1))
    drawn = draw(scored(gold), scored(other), draws=20_000)
    low, high = ours.quantiles(drawn[:, 1] - drawn[:, 0])
    assert (low, high) == pytest.approx(paired_difference(gold, other).interval, abs=0.004)
    apart = ours.quantiles(drawn[:, 0])
    assert high - low < 0.6 * (apart.high - apart.low)


def test_an_interval_over_three_seeds_covers_the_truth_where_resampled_seeds_do_not() -> None:
    rng = np.random.default_rng(1)

    def covers() -> tuple[bool, bool]:
        values = rng.normal(0.7, 0.02, 3)
        drawn = draw(ours.Scored(dict(enumerate(values)), {}), draws=500, seed=int(rng.integers(10**6)))
        low, high = ours.quantiles(drawn[:, 0])
        least, most = ours.quantiles(values[rng.integers(3, size=(500, 3))].mean(axis=1))
        return bool(low < 0.7 < high), bool(least < 0.7 < most)

    drawn, resampled = np.mean([covers() for _ in range(500)], axis=0)
    assert drawn >= 0.92
    assert resampled < 0.85


def test_students_may_lack_seeds() -> None:
    full, part = scored(RNG.random((3, 50))), scored(RNG.random((2, 50)), first=1)
    drawn = draw(full, part)
    assert drawn.mean(axis=0)[0] == pytest.approx(np.mean(list(full.per_seed.values())), abs=0.02)


def test_other_units_leave_the_seeds() -> None:
    one, other = scored(RNG.random((2, 50))), scored(RNG.random((2, 50)), prefix="other")
    assert not ours.have_same_units([one, other])
    drawn = draw(one, other)
    seeds_only = draw(*(ours.Scored(student.per_seed, {}) for student in (one, other)))
    assert np.array_equal(drawn, seeds_only)


def test_nothing_to_draw() -> None:
    assert ours.draw_means([ours.Scored({0: 0.7}, {}), ours.Scored({0: 0.8}, {})]) is None
    assert ours.draw_means([scored([1, 0]), ours.Scored({0: 0.8}, {})]) is None


def test_draws_repeat_themselves() -> None:
    student = scored(RNG.random((2, 50)))
    assert np.array_equal(draw(student, draws=50), draw(student, draws=50))
