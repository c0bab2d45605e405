"""What is said of generated rows as a whole: copies, leaks, and how they differ from real ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from lit_synth.curation.base_rates import leakage
from lit_synth.curation.diversity import compare
from lit_synth.curation.leakage import memorised
from lit_synth.curation.schema import names
from lit_synth.curation.written import WrittenLeaks
from lit_synth.examples import Example
from lit_synth.on_disk import Kept
from lit_synth.task import Task

Read = Callable[[], Iterable[Example]]
"""Starts anew at the first row: rows are read several times, and never held."""


def measure(
    task: Task, parts: Mapping[str, Sequence[Example]], pool: Sequence[Example], kept: Read, left_out: Read
) -> dict[str, Any]:
    """Return ``memorised``, ``leakage`` and ``diversity`` of generated rows, as ``run.json`` keeps them.

    Args:
        task: What makes two inputs the same.
        parts: ``gold``, ``development`` and ``test``.
        pool: Unlabelled rows, if any.
        kept: Reads accepted rows.
        left_out: Reads rejected rows; those without an input count for nothing.
    """

    def whole() -> Iterator[Example]:
        return chain(kept(), filter(task.is_written, left_out()))

    gold = [*parts["gold"], *parts["development"]]
    leaked = leakage(WrittenLeaks(task, parts), whole(), parts, pool)
    copied = memorised((task.key(row) for row in whole()), map(task.key, parts["gold"]))
    asked, named = zip(*(_counts(task, rows) for rows in (gold, kept())), strict=True)
    return {
        "memorised": {"rows": leaked["rows"], "copied": copied},
        "leakage": leaked,
        "diversity": compare(
            [_text(task, row) for row in gold],
            Kept(_text(task, row) for row in kept()),
            labels=asked,
            names=named if task.schema else None,
        ),
    }


def _counts(task: Task, rows: Iterable[Example]) -> tuple[Counter[str], Counter[str]]:
    """Count what was asked for, and names."""
    asked: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for row in rows:
        asked[task.asked(row)] += 1
        for column, pattern in task.schema.items():
            named.update(sorted(names(pattern, row.fields[column])))
    return asked, named


def _text(task: Task, row: Example) -> str:
    return "\n".join(row.fields[name] for name in task.fields)
