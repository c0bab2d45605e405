"""Do more synthetic rows still help? Every smaller amount is held against all rows there are, on the same test rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from lit_synth.report.conclusions.differences import compare
from lit_synth.report.conclusions.findings import CANDIDATES, Difference
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.metric import Metric
from lit_synth.report.statistics.comparisons import holm
from lit_synth.report.wording import count, points, span


@dataclass(frozen=True)
class Step:
    """From a smaller amount to all rows.

    Args:
        rows: Synthetic rows of the smaller amount.
        difference: All rows against them; p is corrected for the amounts of the curve.
    """

    rows: float
    difference: Difference


def saturation(task: TaskOutcomes, run: str) -> list[str]:
    """Say of every strategy of a run with several amounts whether more rows still help, or hurt."""
    curves = ([o for o in task.of(run) if o.strategy == name] for name in CANDIDATES)
    return [_sentence(task.metric, curve) for curve in curves if len(curve) > 1]


def steps(curve: Sequence[Outcome], lower: bool) -> list[Step]:
    """Compare all rows with every smaller amount, the smallest first.

    Args:
        curve: Students of one strategy, by amount.
        lower: Whether lower is better.
    """
    *smaller, last = sorted(curve, key=_place)
    found = [step for outcome in smaller if (step := _step(outcome, last, lower))]
    tested = [step.difference.p for step in found]
    known = iter(holm([p for p in tested if p is not None]))
    corrected = (next(known) if p is not None else None for p in tested)
    return [replace(s, difference=replace(s.difference, p=p)) for s, p in zip(found, corrected, strict=True)]


def _place(outcome: Outcome) -> tuple[bool, float]:
    """Order by rows, all rows last: on a seed that has few, smaller amounts are left out, and the mean of all falls."""
    return outcome.amount is None, outcome.summary.n_synthetic


def _step(smaller: Outcome, last: Outcome, lower: bool) -> Step | None:
    one, other = smaller.summary, last.summary
    seeds = sorted(set(one.per_seed) & set(other.per_seed))
    if not seeds:
        return None
    found = compare(one, other, seeds, {one.name: smaller.units, other.name: last.units})
    before, after = (fmean(summary.per_seed[seed] for seed in seeds) for summary in (one, other))
    interval, p, test = (found.interval, found.p, found.test) if found else (None, None, None)
    return Step(one.n_synthetic, Difference(before, after, interval, p, test, lower))


def _sentence(metric: Metric, curve: Sequence[Outcome]) -> str:
    last = _most(curve)
    found = steps(curve, metric.lower)
    name = f"{curve[0].strategy}: "
    if not found or any(step.difference.interval is None for step in found):
        return f"{name}one seed and no predictions, so nothing can be said of {last} rows against fewer."
    if hurt := [step for step in found if _is_loss(step.difference)]:
        best = max(hurt, key=lambda step: -step.difference.gain)
        return f"{name}more rows hurt: {last} are worse than {count(best.rows)} ({_change(best)})."
    enough = next((step for step in found if not step.difference.paid), None)
    if enough is None:
        return f"{name}it still rises at {last} rows ({_change(found[-1])} from {count(found[-1].rows)} on)."
    told = f"{name}more rows than {count(enough.rows)} are not shown to help"
    return f"{told}: {last} changed it by {_change(enough)}."


def _most(curve: Sequence[Outcome]) -> str:
    """Count all rows; where their mean over seeds is no more than a smaller amount's, say that it is a mean."""
    *smaller, last = sorted(curve, key=_place)
    rows = last.summary.n_synthetic
    return f"all (on average {count(rows)})" if any(o.summary.n_synthetic >= rows for o in smaller) else count(rows)


def _is_loss(difference: Difference) -> bool:
    interval = difference.gain_interval
    return interval is not None and interval.high < 0 and (difference.p is None or difference.p < 0.05)


def _change(step: Step) -> str:
    return f"{points(step.difference.mean)} points, {span(step.difference.interval, sign=True)}"
