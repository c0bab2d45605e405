"""Computes what is said of several runs: differences with one correction, label equivalence, gaps recovered."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from lit_synth.errors import InputError
from lit_synth.report.conclusions.findings import CANDIDATES
from lit_synth.report.conclusions.gather import gather, only
from lit_synth.report.conclusions.outcomes import CURVE, Outcome, TaskOutcomes
from lit_synth.report.folders.collection import Collection
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.metric import named
from lit_synth.report.statistics.comparisons import holm
from lit_synth.report.statistics.draws import Scored, draw_means, have_same_units, on_common_seeds, quantiles
from lit_synth.report.statistics.equivalence import Equivalence, equivalence, gold_curve
from lit_synth.report.statistics.intervals import Table
from lit_synth.report.statistics.recovery import Recovery, recovery


def appraise(collection: Collection) -> list[TaskOutcomes]:
    """Compute the figures of every task, in the order of the runs.

    Raises:
        InputError: Runs of a task are judged by different metrics, a run holds several tasks or fractions, or a file
            of a run is not what it should be.
    """
    by_task: dict[str, list[RunFolder]] = defaultdict(list)
    for run in collection.runs:
        by_task[str(only(run, "task"))].append(run)
    return [_task(task, runs, collection.names) for task, runs in by_task.items()]


def _task(task: str, runs: Sequence[RunFolder], names: Mapping[Path, str]) -> TaskOutcomes:
    first, *others = runs
    for run in others:
        if run.headline != first.headline:
            raise InputError(f"{run.path}: {task} is judged by {run.headline}, in {first.path} by {first.headline}")
    metric = named(first.headline)
    read = [gather(run, names[run.path]) for run in runs]
    outcomes = [outcome for run in sorted(read, key=lambda found: found[0].labels) for outcome in run]
    scored = [_scored(outcome, metric.lower) for outcome in outcomes]
    drawn, is_paired = draw_means(scored), have_same_units(scored)
    outcomes = _corrected(_worth(outcomes, scored, drawn))
    outcomes = [found for run in dict.fromkeys(o.run for o in outcomes) for found in _gaps(run, outcomes, metric.lower)]
    return TaskOutcomes(task, metric, first.is_text, outcomes, [run.limits for run in runs], is_paired)


def _scored(outcome: Outcome, lower: bool) -> Scored:
    """Return the scores with more being better."""
    if not lower:
        return Scored(outcome.summary.per_seed, outcome.units)
    turned = {seed: {name: -score for name, score in scores.items()} for seed, scores in outcome.units.items()}
    return Scored({seed: -value for seed, value in outcome.summary.per_seed.items()}, turned)


def _corrected(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Correct the p-values of all synthetic students of the task for their number; references have none."""
    tested = [o.difference.p for o in outcomes if o.is_synthetic and o.difference and o.difference.p is not None]
    corrected = iter(holm(tested))
    results = []
    for outcome in outcomes:
        difference = outcome.difference
        if difference and difference.p is not None:
            p = next(corrected) if outcome.is_synthetic else None
            outcome = replace(outcome, summary=replace(outcome.summary, difference=replace(difference, p=p)))
        results.append(outcome)
    return results


def _worth(outcomes: Sequence[Outcome], scored: Sequence[Scored], drawn: Table | None) -> list[Outcome]:
    """Add what synthetic students are worth in labels, where more labels are shown to help at all."""
    points = [place for place, outcome in enumerate(outcomes) if outcome.strategy in CURVE]
    rows = [outcomes[place].labels for place in points]
    means = [fmean(student.per_seed.values()) for student in scored]
    if len(set(rows)) < 2 or not _rises(rows, [means[p] for p in points], None if drawn is None else drawn[:, points]):
        return list(outcomes)
    weights = [len(scored[place].per_seed) for place in points]
    curve = gold_curve(rows, [means[place] for place in points], weights)
    every = None if drawn is None else gold_curve(rows, drawn[:, points], weights)

    def appraised(place: int) -> Equivalence:
        both = None if drawn is None or every is None else (every, drawn[:, place])
        return equivalence(curve, means[place], both)

    return [
        replace(outcome, worth=appraised(place)) if outcome.is_synthetic else outcome
        for place, outcome in enumerate(outcomes)
    ]


def _rises(rows: Sequence[float], means: Sequence[float], drawn: Table | None) -> bool:
    """Tell whether the curve's last point lies above its first one, beyond chance where that is known."""
    first, last = rows.index(min(rows)), rows.index(max(rows))
    return means[last] > means[first] if drawn is None else quantiles(drawn[:, last] - drawn[:, first]).low > 0


def _gaps(run: str, outcomes: Sequence[Outcome], lower: bool) -> list[Outcome]:
    """Return a run's students with the share of the gap; a gap that may be chance has no shares.

    A share is of three students on the seeds that all of them have: others would move the ends apart, or together.
    """
    own = [outcome for outcome in outcomes if outcome.run == run]
    ends = {outcome.strategy: outcome for outcome in own if outcome.strategy in CURVE}
    full = ends.get("full")
    if full is None or full.difference is None or not full.difference.paid:
        return own

    def share(outcome: Outcome) -> Recovery | None:
        three = on_common_seeds([_scored(one, lower) for one in (ends["gold"], outcome, ends["full"])])
        if not three[0].per_seed:
            return None
        gold, middle, top = (fmean(one.per_seed.values()) for one in three)
        return recovery(gold, middle, top, draw_means(three)) if top > gold else None

    return [replace(outcome, recovery=share(outcome)) if outcome.strategy in CANDIDATES else outcome for outcome in own]
