"""Against known values and second implementations."""

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lit_synth.report.statistics import intervals as ours

RNG = np.random.default_rng(3)


def test_seed_interval_is_the_t_interval_of_scipy() -> None:
    values = [0.71, 0.75, 0.74, 0.79]
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert ours.seed_interval(values) == pytest.approx((expected.low, expected.high))


def test_seed_interval_needs_two_seeds() -> None:
    with pytest.raises(ValueError, match="two of them or more, found 1"):
        ours.seed_interval([0.7])


def test_seed_interval_of_equal_seeds_has_no_width() -> None:
    assert ours.seed_interval([0.7, 0.7]) == pytest.approx((0.7, 0.7))


@pytest.mark.parametrize("rows", [RNG.random(300) < 0.8, RNG.normal(size=60)], ids=["outcomes", "numbers"])
def test_bootstrap_agrees_with_scipy(rows: NDArray[Any]) -> None:
    values = rows.astype(float)
    found = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=10_000, rng=1, vectorized=True)
    expected = found.confidence_interval
    assert ours.bootstrap_interval(values) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_bootstrap_repeats_itself_and_refuses_nothing_to_draw() -> None:
    assert ours.bootstrap_interval([1, 0, 1]) == ours.bootstrap_interval([1, 0, 1])
    with pytest.raises(ValueError, match="one row or more"):
        ours.bootstrap_interval([])


@pytest.mark.parametrize(("right", "rows"), [(80, 100), (60, 60), (0, 7), (1, 33)])
def test_interval_of_a_share_is_that_of_scipy(right: int, rows: int) -> None:
    expected = stats.binomtest(right, rows).proportion_ci(0.95, method="wilson")
    assert ours.share_interval(right / rows, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert ours.table_interval([1] * right + [0] * (rows - right)) == ours.share_interval(right / rows, rows)


def test_all_right_is_no_certainty_with_one_seed_or_several() -> None:
    one = ours.share_interval(1.0, 60)
    assert ours.table_interval(np.ones((1, 60))) == ours.table_interval(np.ones((3, 60))) == one
    assert one == pytest.approx((0.940, 1.0), abs=0.0005)
    nearly = np.ones((3, 60))
    nearly[0, 0] = 0
    low, high = ours.table_interval(nearly)
    assert low < 0.96
    assert high < 1
    middling = RNG.random((3, 60)) < 0.7
    assert ours.table_interval(middling) == ours.mean_interval(middling)


@pytest.mark.parametrize("share", [0.9, 0.97, 0.99])
def test_interval_of_outcomes_covers_the_truth_near_the_edge(share: float) -> None:
    rng = np.random.default_rng(1)

    def covers() -> bool:
        seeds = (rng.random((3, 60)) < 0.5) | (rng.random(60) < 2 * share - 1)  # a row that is hard is hard for all
        low, high = ours.table_interval(seeds)
        return low <= share <= high

    assert np.mean([covers() for _ in range(400)]) >= 0.93


def test_interval_of_a_table_covers_the_truth_over_new_seeds_and_rows() -> None:
    rng = np.random.default_rng(0)

    def covers() -> bool:
        seeds, rows = rng.normal(0, 0.05, (3, 1)), rng.normal(0, 0.4, (1, 80))
        low, high = ours.mean_interval(0.1 + seeds + rows + rng.normal(0, 0.2, (3, 80)))
        return low < 0.1 < high

    assert np.mean([covers() for _ in range(400)]) >= 0.93


def test_interval_of_a_table_without_seed_effect_is_that_of_the_rows() -> None:
    rows = RNG.normal(size=200)
    expected = stats.ttest_1samp(rows, 0.0).confidence_interval(0.95)
    assert ours.table_interval([rows, rows]) == pytest.approx((expected.low, expected.high))


def test_a_table_has_two_axes() -> None:
    with pytest.raises(ValueError, match=r"shape \(seeds, rows\), found \(1, 1, 1\)"):
        ours.table_interval([[[1]]])


def test_bootstrap_of_scores_draws_units_in_blocks() -> None:
    scores = RNG.beta(2, 5, size=5_000)
    tracemalloc.start()
    began = time.process_time()
    low, high = ours.bootstrap_interval(scores)
    taken, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    half = 1.96 * scores.std() / 5_000**0.5
    assert (low, high) == pytest.approx((scores.mean() - half, scores.mean() + half), abs=0.0005)
    assert most < 20e6  # bytes; all draws at once would be 400 MB
    assert taken < 2


def test_bootstrap_of_outcomes_and_of_scores_that_are_nearly_so_agree() -> None:
    outcomes = (RNG.random(300) < 0.7).astype(float)
    nearly = outcomes + RNG.normal(0, 1e-6, 300)
    assert ours.bootstrap_interval(outcomes) == pytest.approx(ours.bootstrap_interval(nearly), abs=0.007)
