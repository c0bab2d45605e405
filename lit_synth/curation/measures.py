"""What is said of generated rows as a whole: copies, leaks, and how they differ from real ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from lit_synth.curation.base_rates import leakage
from lit_synth.curation.diversity import compare
from lit_synth.curation.leakage import memorised
from lit_synth.curation.schema import names
from lit_synth.examples import Example
from lit_synth.task import Task


def measure(
    task: Task,
    parts: Mapping[str, Sequence[Example]],
    pool: Sequence[Example],
    kept: Sequence[Example],
    left_out: Sequence[Example],
) -> dict[str, Any]:
    """Return ``memorised``, ``leakage`` and ``diversity`` of generated rows, as ``run.json`` keeps them.

    Args:
        task: What makes two inputs the same.
        parts: ``gold``, ``development`` and ``test``.
        pool: Unlabelled rows, if any.
        kept: Accepted rows.
        left_out: Rejected rows; those without an input count for nothing.
    """
    whole = [*kept, *(row for row in left_out if task.is_written(row))]
    gold = [*parts["gold"], *parts["development"]]
    copied = memorised(map(task.key, whole), map(task.key, parts["gold"]))
    asked = [[task.asked(row) for row in rows] for rows in (gold, kept)]
    named = [[name for row in rows for name in _names(task, row)] for rows in (gold, kept)]
    return {
        "memorised": {"rows": len(whole), "copied": copied},
        "leakage": leakage(task, whole, parts, pool),
        "diversity": compare(
            [_text(task, row) for row in gold],
            [_text(task, row) for row in kept],
            labels=(asked[0], asked[1]),
            names=(named[0], named[1]) if task.schema else None,
        ),
    }


def _text(task: Task, row: Example) -> str:
    return "\n".join(row.fields[name] for name in task.fields)


def _names(task: Task, row: Example) -> list[str]:
    return [name for column, pattern in task.schema.items() for name in sorted(names(pattern, row.fields[column]))]
