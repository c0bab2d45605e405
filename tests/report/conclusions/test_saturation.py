"""Whether more rows still help, on curves whose course is known."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest

from lit_synth.report.conclusions.findings import StrategySummary
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.conclusions.saturation import saturation, steps
from lit_synth.report.limits import Limits
from lit_synth.report.metric import named
from lit_synth.report.statistics.intervals import Interval

AMOUNTS = (100, 400, 1600)
UNITS = 300


def curve(shares: Sequence[float], seeds: int = 3, scored: bool = True) -> list[Outcome]:
    """Return students whose share of right rows is known; each meets the same hard and easy ones."""
    hard = np.random.default_rng(1).uniform(size=UNITS)
    found = []
    for place, (rows, share) in enumerate(zip(AMOUNTS, shares, strict=True)):
        units = {}
        for seed in range(seeds):
            order = (hard + np.random.default_rng([seed, place]).normal(0, 0.05, UNITS)).argsort().argsort()
            units[seed] = {f"t{i}": float(right) for i, right in enumerate(order < round(share * UNITS))}
        means = {seed: fmean(scores.values()) for seed, scores in units.items()}
        amount = None if rows == AMOUNTS[-1] else rows
        name = f"annotate_{amount}" if amount else "annotate"
        summary = StrategySummary(name, means, Interval(0, 1), 64, rows, {})
        found.append(Outcome("run", 64, 64, "annotate", amount, summary, units if scored else {}))
    return found


def said(outcomes: Sequence[Outcome], metric: str = "accuracy") -> str:
    (sentence,) = saturation(TaskOutcomes("reviews", named(metric), False, outcomes, [Limits()], True), "run")
    return sentence


@pytest.mark.parametrize(
    ("shares", "metric", "told"),
    [
        ((0.6, 0.7, 0.8), "accuracy", "annotate: it still rises at 1,600 rows (+10.0 points, "),
        ((0.6, 0.8, 0.8), "accuracy", "annotate: more rows than 400 are not shown to help: 1,600 changed it by 0.0 "),
        ((0.8, 0.8, 0.8), "accuracy", "annotate: more rows than 100 are not shown to help"),
        ((0.6, 0.8, 0.7), "accuracy", "annotate: more rows hurt: 1,600 are worse than 400 (−10.0 points, "),  # noqa: RUF001
        # Of what is better low, the curve that falls is the one that rises.
        ((0.8, 0.7, 0.6), "slot_error_rate", "annotate: it still rises at 1,600 rows (−10.0 points, "),  # noqa: RUF001
        ((0.7, 0.6, 0.7), "slot_error_rate", "annotate: more rows hurt: 1,600 are worse than 400 (+10.0 points, "),
    ],
)
@pytest.mark.parametrize("seeds", [1, 3])
def test_the_course_of_a_curve_is_told(shares: Sequence[float], metric: str, told: str, seeds: int) -> None:
    assert said(curve(shares, seeds), metric).startswith(told)


def test_p_is_corrected_for_the_amounts_of_the_curve() -> None:
    outcomes = curve((0.6, 0.75, 0.8), seeds=1)
    first, second = steps(outcomes, lower=False)
    last = np.array(list(outcomes[2].units[0].values()))
    plain = []
    for smaller in outcomes[:2]:
        own = np.array(list(smaller.units[0].values()))
        gained, lost = int((last > own).sum()), int((last < own).sum())
        plain.append(min(1.0, 2 * sum(_binomial(gained + lost, k) for k in range(min(gained, lost) + 1))))
    assert plain[0] < plain[1]
    assert first.difference.p == pytest.approx(2 * plain[0])
    assert second.difference.p == pytest.approx(max(plain[1], 2 * plain[0]))


def _binomial(number: int, successes: int) -> float:
    from math import comb

    return float(comb(number, successes) / 2**number)


def test_without_scores_of_one_seed_nothing_is_claimed() -> None:
    assert said(curve((0.6, 0.7, 0.8), seeds=1, scored=False)).endswith(
        "nothing can be said of 1,600 rows against fewer."
    )
    assert "it still rises at 1,600" in said(curve((0.6, 0.7, 0.8), seeds=3, scored=False))


def test_one_amount_is_no_curve() -> None:
    (*_, last) = curve((0.6, 0.7, 0.8))
    assert saturation(TaskOutcomes("reviews", named("accuracy"), False, [last], [Limits()], True), "run") == []


@pytest.mark.parametrize("rows", [450, 500])
@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.6, 0.7, 0.8), "annotate: it still rises at all (on average 450) rows (+10.0 points, "),
        ((0.6, 0.8, 0.8), "annotate: more rows than {} are not shown to help: all (on average 450) changed it by 0.0 "),
        ((0.6, 0.8, 0.7), "annotate: more rows hurt: all (on average 450) are worse than {} (−10.0 points, "),  # noqa: RUF001
    ],
)
def test_all_rows_come_last_whatever_their_mean(shares: Sequence[float], told: str, rows: int) -> None:
    """Seeds of 600 and of 300 rows: the second has no student of a larger amount."""
    small, large, every = curve(shares, seeds=2)
    first = {0: large.summary.per_seed[0]}
    large = replace(
        large,
        amount=rows,
        summary=replace(large.summary, name=f"annotate_{rows}", per_seed=first, n_synthetic=rows),
        units={0: large.units[0]},
    )
    every = replace(every, summary=replace(every.summary, n_synthetic=450))
    assert said([small, large, every]).startswith(told.format(rows))
    assert [step.rows for step in steps([every, large, small], lower=False)] == [100, rows]
    assert said([large, every])  # two students are a curve, though their mean rows may be the same
