"""Several runs for papers and scripts: Markdown, CSV and JSON with the figures of the page."""

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any

from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.conclusions.sentences import sentences, warnings
from lit_synth.report.folders.collection import Collection
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.sections.costs import costs, stage_work
from lit_synth.report.statistics.equivalence import Equivalence
from lit_synth.report.statistics.intervals import Interval
from lit_synth.report.students import about_students, cells, group_title, headers


def as_markdown(collection: Collection, tasks: Sequence[TaskOutcomes]) -> str:
    """Return sentences and a table a task."""
    parts = []
    for task in tasks:
        names = headers(task)
        lines = ["| labels | " + " | ".join(names) + " |", "| --- | --- |" + " ---: |" * (len(names) - 1)]
        for run in task.runs:
            for outcome in task.of(run):
                shown = (f"{value} ({under})" if under else value for value, under in cells(task, outcome))
                lines.append("| " + " | ".join(map(_escaped, (group_title(task, run), *shown))) + " |")
        notes = " ".join(filter(None, [about_students(task).replace("beneath a figure", "in brackets"), task.caption]))
        parts += [f"## {_escaped(task.task)}", *sentences(task), "\n".join(lines), notes]
    parts += warnings(tasks)
    parts += [
        f"Failed: {_escaped(job.sweep)}, fraction {job.fraction:g}, seed {job.seed}: {_escaped(job.error)}"
        for job in collection.failed
    ]
    return "\n\n".join(parts) + "\n"


def as_csv(collection: Collection, tasks: Sequence[TaskOutcomes]) -> str:
    """Return a line a student, with the columns of `record`."""
    lines = [record(task, outcome) for task in tasks for outcome in task.outcomes]
    buffer = StringIO()
    writer = csv.DictWriter(buffer, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return buffer.getvalue()


def as_json(collection: Collection, tasks: Sequence[TaskOutcomes]) -> str:
    """Return students, sentences, seconds and failed jobs as one object."""
    failed = [
        {"sweep": job.sweep, "fraction": job.fraction, "seed": job.seed, "error": job.error, "seconds": job.seconds}
        for job in collection.failed
    ]
    content = {
        "students": [record(task, outcome) for task in tasks for outcome in task.outcomes],
        "sentences": {task.task: sentences(task) for task in tasks},
        "seconds": costs(collection)[1],
        "work": {collection.names[run.path]: _works(run) for run in collection.runs},
        "failed": failed,
        "unfinished": [str(path) for path in collection.unfinished],
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _works(run: RunFolder) -> dict[str, Any]:
    return {stage: asdict(work) for stage, work in stage_work(run).items()}


def record(task: TaskOutcomes, outcome: Outcome) -> dict[str, Any]:
    """Return a student as one flat row; metrics are 0 to 1.

    ``worth`` and its bounds are gold rows; beyond the measured curve they are a text, such as ``>1200`` or ``<64``.
    ``gap`` is a share, whose bounds may be ``inf`` as a text.
    """
    summary, difference, gap = outcome.summary, outcome.difference, outcome.recovery
    low, high = _bounds(summary.interval)
    below, above = _bounds(difference.interval if difference else None)
    gap_low, gap_high = _bounds(gap.interval if gap else None)
    return {
        "task": task.task,
        "run": outcome.run,
        "fraction": outcome.fraction,
        "labels": outcome.labels,
        "strategy": outcome.strategy,
        "amount": outcome.amount,
        "n_gold": summary.n_gold,
        "n_synthetic": summary.n_synthetic,
        "seeds": len(summary.per_seed),
        "metric": task.metric.key,
        "mean": summary.mean,
        "low": low,
        "high": high,
        "difference": difference.mean if difference else None,
        "difference_low": below,
        "difference_high": above,
        "p_holm": difference.p if difference else None,
        "paid": difference.paid if difference and outcome.is_synthetic else None,
        **_worth(outcome.worth),
        "gap": gap.share if gap else None,
        "gap_low": gap_low,
        "gap_high": gap_high,
    }


def _worth(worth: Equivalence | None) -> dict[str, Any]:
    low, high = worth.interval or (None, None) if worth else (None, None)
    named = {"worth": worth.rows if worth else None, "worth_low": low, "worth_high": high}
    return {name: _beyond(worth, rows) for name, rows in named.items()}


def _beyond(worth: Equivalence | None, rows: float | None) -> float | str | None:
    if worth is None or rows is None:
        return None
    if rows <= 0:
        return f"<{worth.least:g}"
    return f">{worth.most:g}" if math.isinf(rows) else rows


def _bounds(interval: Interval | None) -> tuple[float | str | None, float | str | None]:
    low, high = interval or (None, None)
    return _finite(low), _finite(high)


def _finite(value: float | None) -> float | str | None:
    return str(value) if value is not None and math.isinf(value) else value


def _escaped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
