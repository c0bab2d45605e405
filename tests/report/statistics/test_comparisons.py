"""Against known values and second implementations."""

import numpy as np
import pytest
from scipy import stats

from lit_synth.report.statistics import comparisons as ours
from lit_synth.report.statistics.intervals import bootstrap_interval

RNG = np.random.default_rng(3)


def test_paired_difference_of_one_seed_is_newcombes_with_mcnemar() -> None:
    gold, other = RNG.random(400) < 0.7, RNG.random(400) < 0.8
    found = ours.paired_difference(gold, other)
    assert found.difference == pytest.approx(other.mean() - gold.mean())
    assert found.interval == ours.newcombe(gold, other)
    # With many rows, and both shares far from the edges, all methods agree.
    assert found.interval == pytest.approx(bootstrap_interval(other.astype(float) - gold), abs=0.01)
    assert found.p == ours.mcnemar(gold, other)
    assert found.test == "mcnemar"


def test_paired_difference_of_scores_is_the_paired_t_test() -> None:
    gold = RNG.beta(2, 3, size=300)
    other = np.clip(gold + RNG.normal(0.02, 0.1, 300), 0, 1)
    found = ours.paired_difference(gold, other)
    assert found.p == pytest.approx(stats.ttest_rel(other, gold).pvalue)
    assert found.interval == bootstrap_interval(other - gold)
    assert found.test == "units"


def test_one_score_proves_nothing() -> None:
    assert ours.paired_difference([0.2], [0.9]).p == 1.0


def test_paired_interval_is_narrower_than_an_unpaired_one() -> None:
    gold = RNG.random(400) < 0.7
    other = gold.copy()
    other[:10] = True
    low, high = ours.paired_difference(gold, other).interval
    assert high - low < 0.5 * np.subtract(*bootstrap_interval(gold)[::-1])


def test_over_seeds_interval_and_p_agree() -> None:
    rng = np.random.default_rng(5)
    for gain in (0.0, 0.02, 0.04, 0.08, 0.2):
        gold, other = rng.random((3, 200)) < 0.7, rng.random((3, 200)) < 0.7 + gain
        found = ours.paired_difference(gold, other)
        assert (found.p < 0.05) == (not found.interval.low <= 0 <= found.interval.high)


def test_paired_difference_of_the_same_results_is_none() -> None:
    for table in ([[1, 0, 1]], [[1, 0, 1], [1, 1, 1]], [[1, 1, 1]]):
        found = ours.paired_difference(table, table)
        assert (found.difference, found.p) == (0.0, 1.0)
        assert found.interval.low == -found.interval.high < 0, "three rows are no proof of it"
    scores = [[0.2, 0.4], [0.3, 0.5]]
    assert ours.paired_difference(scores, scores).interval == (0.0, 0.0)


def test_a_difference_that_is_the_same_on_all_rows_of_all_seeds_is_no_certainty() -> None:
    wrong, right = np.zeros((3, 2)), np.ones((3, 2))
    assert ours.paired_difference(wrong, right).p == ours.mcnemar(wrong[0], right[0]) == 0.5
    wrong, right = np.zeros((3, 60)), np.ones((3, 60))
    assert 0 < ours.paired_difference(wrong, right).p < 1e-9


@pytest.mark.parametrize("share", [0.8, 0.95, 0.99])
def test_paired_interval_covers_the_truth_near_the_edge(share: float) -> None:
    rng = np.random.default_rng(1)

    def covers() -> bool:
        hard = rng.random(60)
        first, second = ((0.5 * hard + 0.5 * rng.random(60)) < _cut(share) for _ in range(2))
        low, high = ours.newcombe(first, second)
        return low <= 0 <= high

    assert np.mean([covers() for _ in range(500)]) >= 0.93


def _cut(share: float) -> float:
    """Return what the mean of two uniform numbers is below with a probability above one half."""
    return 1 - float(np.sqrt((1 - share) / 2))


def test_a_paired_interval_turns_with_its_sides() -> None:
    first, second = RNG.random(80) < 0.9, RNG.random(80) < 0.95
    low, high = ours.newcombe(first, second)
    assert ours.newcombe(second, first) == pytest.approx((-high, -low))


def test_paired_difference_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match=r"one shape, found \(1, 2\) and \(1, 3\)"):
        ours.paired_difference([1, 0], [1, 0, 1])


def test_paired_seeds_is_the_paired_t_test() -> None:
    gold, other = [0.70, 0.72, 0.69], [0.75, 0.74, 0.77]
    expected = stats.ttest_rel(other, gold)
    found = ours.paired_seeds(gold, other)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.test == "seeds"


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


def test_no_difference_of_shares_is_larger_than_one() -> None:
    assert ours.paired_seeds([0.0, 0.6], [0.6, 0.0]).interval == (-1.0, 1.0)
    assert ours.paired_difference([[0.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]]).interval == (-1.0, 1.0)
