"""A student of several runs as cells of a table: the same for the page and for Markdown."""

from collections.abc import Sequence

from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.wording import count, p_value, points, span, whole_percent

Cell = tuple[str, str]
"""A figure, and what stands beneath it: its interval."""


def headers(task: TaskOutcomes) -> list[str]:
    """Return the names of the columns, the first of which is the student."""
    given = "examples" if task.is_text else "labels"
    return [
        "student",
        "synthetic rows",
        task.metric.column,
        "to gold, points",
        "p, corrected",
        f"worth, {given}",
        "gap",
        "seeds",
    ]


def cells(task: TaskOutcomes, outcome: Outcome) -> list[Cell]:
    """Return a student's cells, one a column of `headers`."""
    summary, difference, worth, gap = outcome.summary, outcome.difference, outcome.worth, outcome.recovery
    bounds = [whole_percent(bound) for bound in gap.interval] if gap and gap.interval else []
    given = "examples" if task.is_text else "labels"
    return [
        (outcome.strategy, f"{count(outcome.labels)} {given}" if outcome.strategy == "full" else ""),
        (count(summary.n_synthetic) if summary.n_synthetic else "", ""),
        (task.metric.show(summary.mean), span(summary.interval)),
        (points(difference.mean), span(difference.interval, sign=True)) if difference else ("", ""),
        (p_value(difference.p) if difference and difference.p is not None else "", ""),
        (worth.words, worth.span) if worth else ("", ""),
        (whole_percent(gap.share), " to ".join(bound.removesuffix(" %") for bound in bounds)) if gap else ("", ""),
        (str(len(summary.per_seed)), ""),
    ]


def values(outcome: Outcome) -> list[float | None]:
    """Return the numbers by which a student's cells are sorted; ``None`` for words and where there is none."""
    summary, difference, worth, gap = outcome.summary, outcome.difference, outcome.worth, outcome.recovery
    return [
        None,
        summary.n_synthetic or None,
        summary.mean,
        difference.mean if difference else None,
        difference.p if difference else None,
        worth.rows if worth else None,
        gap.share if gap else None,
        len(summary.per_seed),
    ]


def group_title(task: TaskOutcomes, run: str) -> str:
    """Name a run by its labels, its fraction where that is a share, and itself where another run has as many."""
    own = [outcome for outcome in task.of(run) if outcome.strategy != "full"] or task.of(run)
    first = own[0]
    told = f"{count(first.labels)} {'labelled examples' if task.is_text else 'labels'}"
    told += f", {100 * first.fraction:g} % of train" if first.fraction < 1 else ""
    alike = {o.run for o in task.outcomes if o.strategy != "full" and round(o.labels) == round(first.labels)}
    return f"{told} ({run})" if len(alike) > 1 else told


def about_students(task: TaskOutcomes) -> str:
    """Say what the columns mean."""
    parts: Sequence[str] = [
        f"Test {task.metric.column}; beneath a figure its 95 % interval.",
        f"To gold: paired difference to gold only of the same run; p corrected by Holm for {task.compared} comparisons."
        if task.compared
        else "",
        "Worth: with how many labels a student on gold alone scores as well."
        if any(outcome.worth for outcome in task.outcomes)
        else "",
        "Gap: the share of the way from gold only to every true label, where that way is beyond chance."
        if any(outcome.recovery for outcome in task.outcomes)
        else "",
    ]
    return " ".join(filter(None, parts))
