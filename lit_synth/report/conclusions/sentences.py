"""Puts the figures of several runs into plain sentences."""

from collections.abc import Sequence

from lit_synth.report.conclusions.findings import Difference
from lit_synth.report.conclusions.outcomes import CURVE, Outcome, TaskOutcomes
from lit_synth.report.wording import count, listing, points, span

_ACTIONS = {"annotate": "annotating", "generate": "generating", "both": "annotating and generating"}


def best_of(task: TaskOutcomes, run: str) -> Outcome | None:
    """Return the synthetic student of a run that gained most, of those that learnt from all there was."""
    tried = [o for o in task.of(run) if o.is_synthetic and o.amount is None and o.difference]
    return max(tried, key=lambda outcome: outcome.difference.gain if outcome.difference else 0.0, default=None)


def sentence(task: TaskOutcomes, outcome: Outcome) -> str:
    """Say what a student's synthetic rows are worth, and whether it paid."""
    given = "labelled examples" if task.is_text else "labels"
    done = f"{_ACTIONS[outcome.strategy]} {count(outcome.summary.n_synthetic)} rows"
    difference = outcome.difference
    assert difference is not None  # noqa: S101 - the caller chose one that is held against gold only
    told = f"With {count(outcome.labels)} {given}, {done}"
    if outcome.worth is None:
        return f"{told} changed the student by {_change(task, difference)}: {_outcome(task, difference)}."
    within = f" ({outcome.worth.span})" if outcome.worth.span else ""
    return f"{told} is worth {outcome.worth.words} {given} in all{within}: {_outcome(task, difference)}."


def sentences(task: TaskOutcomes) -> list[str]:
    """Return one sentence a run, on its best synthetic student; the run with the fewest labels comes first."""
    found = [best_of(task, run) for run in task.runs]
    return [sentence(task, outcome) for outcome in found if outcome]


def headline(tasks: Sequence[TaskOutcomes]) -> str:
    """Say the most important thing in one sentence.

    Of one task, what synthetic rows are worth where labels are fewest, which is where they are made for: a choice that
    looks at no result. Of several, how often it paid.
    """
    found = [best for task in tasks for run in task.runs if (best := best_of(task, run))]
    judged = sum(any(best_of(task, run) for run in task.runs) for task in tasks)
    if not found:
        return "No verdict: no run has both a student on gold only and one on synthetic rows."
    if len(tasks) == 1:
        return sentence(tasks[0], found[0])
    paid = sum(bool(outcome.difference and outcome.difference.paid) for outcome in found)
    runs = f"{len(found)} runs" if len(found) > 1 else "1 run"
    return f"Synthetic rows are shown to pay in {paid} of {runs}, over {judged} task{'s' * (judged > 1)}."


def about_worth(tasks: Sequence[TaskOutcomes]) -> str:
    """Say what is meant by worth, and what its interval covers; empty where no student has any."""
    if not any(outcome.worth for task in tasks for outcome in task.outcomes):
        return ""
    seeds = {len(task.seeds) for task in tasks}
    over = "test rows only, one seed" if seeds == {1} else "seeds and test rows"
    if not all(task.is_paired for task in tasks):
        over = "seeds alone where test rows differ or are not known"
    return (
        "Worth: with how many labels in all, those at hand included, a student on gold alone scores as well. "
        f"In brackets the 95 % interval, over {over}. Of several kinds of synthetic rows each sentence names the best."
    )


def warnings(tasks: Sequence[TaskOutcomes]) -> list[str]:
    """Return what to know before believing a figure, with the tasks it holds for where not for all."""
    of: dict[str, list[str]] = {}
    for task in tasks:
        for told in _warnings(task):
            of.setdefault(told, []).append(task.task)
    return [
        told if len(names) == len(tasks) else f"{listing(names)}: {told[0].lower()}{told[1:]}"
        for told, names in of.items()
    ]


def _warnings(task: TaskOutcomes) -> list[str]:
    found = []
    if len(task.seeds) == 1:
        found.append("One seed: intervals leave out how another split or another training would come out.")
    if any(set(outcome.summary.per_seed) < _seeds(task, outcome.run) for outcome in task.outcomes):
        found.append("Some students lack a seed of their run; their means are over the others (column seeds).")
    if len(task.runs) > len({outcome.fraction for outcome in task.outcomes}):
        found.append("Runs of the same fraction share one curve of gold alone; worth mixes them where they differ.")
    if any(o.is_synthetic for o in task.outcomes) and not any(o.worth for o in task.outcomes):
        measured = {outcome.labels for outcome in task.outcomes if outcome.strategy in CURVE}
        found.append(
            "More labels are not shown to help a student on gold alone, so synthetic rows have no worth in labels."
            if len(measured) > 1
            else "One number of labels was measured; what rows are worth in labels takes a second one, or full."
        )
    return found


def _seeds(task: TaskOutcomes, run: str) -> set[int]:
    return {seed for outcome in task.of(run) for seed in outcome.summary.per_seed}


def _change(task: TaskOutcomes, difference: Difference) -> str:
    name = "" if task.metric.key == "accuracy" else f" of {task.metric.name}"
    interval = f" ({span(difference.interval, sign=True)})" if difference.interval else ""
    return f"{points(difference.mean)} points{name}{interval}"


def _outcome(task: TaskOutcomes, difference: Difference) -> str:
    if difference.paid:
        return "it paid"
    interval = difference.gain_interval
    if difference.gain <= 0:
        return "it did not pay" + (", a loss beyond chance" if interval and interval.high < 0 else "")
    if interval and interval.low > 0:
        return f"it is not shown to pay, within chance once corrected for {task.compared} comparisons"
    return "it is not shown to pay"
