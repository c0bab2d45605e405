"""Label equivalence and the share of a gap, against second implementations and known cases."""

import numpy as np
import pytest
from scipy import stats
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]

from lit_synth.report.statistics.draws import Scored, draw_means
from lit_synth.report.statistics.equivalence import Equivalence, equivalence, gold_curve, rows_needed
from lit_synth.report.statistics.recovery import recovery

ROWS = [64, 128, 256, 512, 1200]
RNG = np.random.default_rng()


@pytest.fixture(autouse=True)
def _same_luck_for_every_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.RNG", np.random.default_rng(8))


def test_curve_is_the_isotonic_regression_of_scikit_learn() -> None:
    for _ in range(20):
        scores, weights = RNG.random(5), RNG.integers(1, 6, 5)
        expected = IsotonicRegression().fit_transform(np.log(ROWS), scores, sample_weight=weights)
        assert gold_curve(ROWS, scores, weights).scores[0] == pytest.approx(expected)


def test_rows_needed_are_the_root_of_the_interpolated_curve() -> None:
    scores = np.array([0.50, 0.61, 0.66, 0.74, 0.77])
    line = interp1d(np.log(ROWS), scores)
    curve = gold_curve(ROWS, scores, np.ones(5))
    for wanted in RNG.uniform(0.501, 0.769, 20):
        root = np.exp(brentq(lambda x, y=wanted: float(line(x)) - y, np.log(64), np.log(1200)))
        assert rows_needed(curve, wanted)[0] == pytest.approx(root)


def test_known_values() -> None:
    curve = gold_curve([100, 200, 400, 800], [0.5, 0.6, 0.6, 0.7], [1, 1, 1, 1])
    # Where the curve is level the fewest rows that reach the score; half-way in log is the geometric mean.
    wanted = [0.5, 0.55, 0.6, 0.65, 0.7]
    assert rows_needed(curve, wanted).tolist() == pytest.approx([100, 20000**0.5, 200, 320000**0.5, 800])


def test_a_dip_of_the_curve_is_levelled() -> None:
    curve = gold_curve([100, 200, 400], [0.5, 0.7, 0.6], [1, 1, 1])
    assert rows_needed(curve, [0.6499, 0.6501]).tolist() == pytest.approx([199.9, np.inf], abs=0.2)
    heavy = gold_curve([100, 200, 400], [0.5, 0.7, 0.6], [1, 1, 3])
    assert heavy.scores[0].tolist() == pytest.approx([0.5, 0.625, 0.625])


@pytest.mark.parametrize(("score", "words"), [(0.3, "fewer than 64"), (0.9, "more than 1,200"), (0.5, "64")])
def test_beyond_the_curve_is_said(score: float, words: str) -> None:
    assert equivalence(gold_curve(ROWS, [0.5, 0.6, 0.7, 0.75, 0.8], np.ones(5)), score).words == words


def test_one_point_has_two_sides() -> None:
    curve = gold_curve([64], [0.5], [3])
    assert rows_needed(curve, [0.4, 0.5, 0.6]).tolist() == [0, 64, np.inf]


def student(mean: float, unit: np.ndarray, seeds: int = 3) -> Scored:
    table = mean + unit + RNG.normal(0, 0.2, (seeds, unit.size)) + RNG.normal(0, 0.01, (seeds, 1))
    units = {seed: {str(i): float(value) for i, value in enumerate(row)} for seed, row in enumerate(table)}
    return Scored({seed: float(row.mean()) for seed, row in enumerate(table)}, units)


def appraise(score: float, seeds: int = 3) -> Equivalence:
    """Appraise a student beside a curve of 8 points a doubling from 50 %."""
    truth = [0.5 + 0.08 * np.log2(rows / 64) for rows in ROWS]
    unit = RNG.normal(0, 0.35, 300)
    students = [student(mean, unit, seeds) for mean in [*truth, score]]
    drawn = draw_means(students, draws=800, seed=int(RNG.integers(10**6)))
    assert drawn is not None
    means = [float(np.mean(list(one.per_seed.values()))) for one in students]
    weights = [seeds] * len(ROWS)
    return equivalence(
        gold_curve(ROWS, means[:-1], weights), means[-1], (gold_curve(ROWS, drawn[:, :-1], weights), drawn[:, -1])
    )


@pytest.mark.parametrize("seeds", [1, 3])
def test_interval_covers_the_truth(seeds: int) -> None:
    score, truth = 0.5 + 0.08 * 2.5, 64 * 2**2.5
    found = [appraise(score, seeds).interval for _ in range(60)]
    covered = [interval is not None and interval.low <= truth <= interval.high for interval in found]
    assert np.mean(covered) >= 0.85


def test_interval_says_where_it_leaves_the_curve() -> None:
    found = appraise(0.85)
    assert found.span.endswith("to more than 1,200")
    assert appraise(0.48).span.startswith("fewer than 64 to ")


def test_a_curve_drawn_with_its_student_gives_a_narrower_interval() -> None:
    unit = RNG.normal(0, 0.35, 300)
    students = [student(mean, unit, 1) for mean in (0.5, 0.7, 0.6)]
    drawn = draw_means(students)
    assert drawn is not None
    apart = drawn[RNG.permutation(len(drawn)), 2]
    widths = []
    for own in (drawn[:, 2], apart):
        found = equivalence(
            gold_curve([64, 512], [0.5, 0.7], [1, 1]), 0.6, (gold_curve([64, 512], drawn[:, :2], [1, 1]), own)
        )
        assert found.interval is not None
        widths.append(found.interval.high - found.interval.low)
    assert widths[0] < 0.8 * widths[1]


def fieller(gap: np.ndarray, gain: np.ndarray) -> list[float]:
    """Return the bounds of mean(gain) / mean(gap) by Fieller's theorem (1954): where gain - share · gap is within t."""
    limit = stats.t.ppf(0.975, gap.size - 1)

    def excess(share: float) -> float:
        rest = gain - share * gap
        return float(abs(rest.mean()) / stats.sem(rest) - limit)

    share = gain.mean() / gap.mean()
    return [brentq(excess, share, share - 3), brentq(excess, share, share + 3)]


def test_share_of_the_gap_agrees_with_fieller() -> None:
    gap = RNG.normal(0.10, 0.5, 800)
    gain = 0.6 * gap + RNG.normal(0.0, 0.3, 800)
    gold = RNG.normal(0.5, 0.5, 800)
    units = [{0: {str(i): float(value) for i, value in enumerate(row)}} for row in (gold, gold + gain, gold + gap)]
    means = [float(row.mean()) for row in (gold, gold + gain, gold + gap)]
    drawn = draw_means([Scored({0: mean}, unit) for mean, unit in zip(means, units, strict=True)], draws=20_000)
    assert drawn is not None
    found = recovery(means[0], means[1], means[2], drawn)
    assert found.share == pytest.approx(gain.mean() / gap.mean())
    assert found.interval == pytest.approx(fieller(gap, gain), abs=0.06)


def test_a_draw_without_a_gap_is_endless() -> None:
    drawn = np.array([[0.5, 0.6, 0.7], [0.5, 0.6, 0.4], [0.5, 0.4, 0.5]] * 10)
    found = recovery(0.5, 0.6, 0.7, drawn)
    assert found.interval == (-np.inf, np.inf)


def test_no_gap_has_no_share() -> None:
    with pytest.raises(ValueError, match="a share needs a gap"):
        recovery(0.7, 0.8, 0.7)
