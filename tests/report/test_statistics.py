"""Against known values and second implementations."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from lit_synth.report import statistics as ours

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


def test_interval_of_a_table_covers_the_truth_over_new_seeds_and_rows() -> None:
    rng = np.random.default_rng(0)

    def covers() -> bool:
        seeds, rows = rng.normal(0, 0.05, (3, 1)), rng.normal(0, 0.4, (1, 80))
        low, high = ours.table_interval(0.1 + seeds + rows + rng.normal(0, 0.2, (3, 80)))
        return low < 0.1 < high

    assert np.mean([covers() for _ in range(400)]) >= 0.93


def test_interval_of_a_table_without_seed_effect_is_that_of_the_rows() -> None:
    rows = RNG.normal(size=200)
    expected = stats.ttest_1samp(rows, 0.0).confidence_interval(0.95)
    assert ours.table_interval([rows, rows]) == pytest.approx((expected.low, expected.high))


def test_paired_difference_of_one_seed_is_a_bootstrap_of_row_differences_with_mcnemar() -> None:
    gold, other = RNG.random(400) < 0.7, RNG.random(400) < 0.8
    found = ours.paired_difference(gold, other)
    assert found.difference == pytest.approx(other.mean() - gold.mean())
    assert found.interval == ours.bootstrap_interval(other.astype(float) - gold)
    assert found.p == ours.mcnemar(gold, other)


def test_paired_interval_is_narrower_than_an_unpaired_one() -> None:
    gold = RNG.random(400) < 0.7
    other = gold.copy()
    other[:10] = True
    low, high = ours.paired_difference(gold, other).interval
    assert high - low < 0.5 * np.subtract(*ours.bootstrap_interval(gold)[::-1])


def test_over_seeds_interval_and_p_agree() -> None:
    rng = np.random.default_rng(5)
    for gain in (0.0, 0.02, 0.04, 0.08, 0.2):
        gold, other = rng.random((3, 200)) < 0.7, rng.random((3, 200)) < 0.7 + gain
        found = ours.paired_difference(gold, other)
        assert (found.p < 0.05) == (not found.interval.low <= 0 <= found.interval.high)


def test_paired_difference_of_the_same_results_is_none() -> None:
    for table in ([[1, 0, 1]], [[1, 0, 1], [1, 1, 1]]):
        assert ours.paired_difference(table, table) == (0.0, (0.0, 0.0), 1.0)


def test_paired_difference_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"one shape, found \(1, 2\) and \(1, 3\)"):
        ours.paired_difference([1, 0], [1, 0, 1])


def test_paired_seeds_is_the_paired_t_test() -> None:
    gold, other = [0.70, 0.72, 0.69], [0.75, 0.74, 0.77]
    expected = stats.ttest_rel(other, gold)
    found = ours.paired_seeds(gold, other)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_mcnemar_known_values() -> None:
    # 2 lost, 10 gained: 2 * sum(C(12, k), k = 0..2) / 2^12
    first, second = [1] * 2 + [0] * 10 + [1] * 30, [0] * 2 + [1] * 10 + [1] * 30
    assert ours.mcnemar(first, second) == pytest.approx(2 * (1 + 12 + 66) / 2**12)
    assert ours.mcnemar([1, 0], [1, 0]) == 1.0


def test_holm_known_values() -> None:
    # the example of R's p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm")
    assert ours.holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert ours.holm([0.9, 0.8]) == [1.0, 1.0]
    assert ours.holm([]) == []


def test_calibration_error_against_a_loop_over_bins() -> None:
    sure, right = RNG.random(500), RNG.random(500) < 0.6
    expected = 0.0
    for low in np.arange(10) / 10:
        inside = (sure > low) & (sure <= low + 0.1)
        if inside.any():
            expected += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    assert ours.expected_calibration_error(sure, right) == pytest.approx(expected)


def test_calibration_error_at_the_edges() -> None:
    assert ours.expected_calibration_error([1.0, 0.0], [1, 0]) == 0.0
    assert ours.expected_calibration_error([1.0, 1.0], [0, 0]) == 1.0


def test_a_table_has_two_axes() -> None:
    with pytest.raises(ValueError, match=r"shape \(seeds, rows\), found \(1, 1, 1\)"):
        ours.table_interval([[[1]]])
