"""Generated rows that are like an evaluation row, beside the real rows that are: train and test are of one kind."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lit_synth.curation.verdicts import leaks_of
from lit_synth.examples import Example
from lit_synth.task import Task

HITS = 20
"""Leaks that are listed; all are counted."""
SAMPLE = 1000
"""Most rows of the pool that are looked at; a share of 3 % of so many is known to about one point."""


def leakage(
    task: Task, written: Sequence[Example], parts: Mapping[str, Sequence[Example]], pool: Sequence[Example]
) -> dict[str, Any]:
    """Count generated rows that leak a part, and tell which share of real rows the same rule would catch.

    A real row is judged as if a teacher had written it, in every way in which rows were generated; its shares are
    weighed by how many were generated in each. Real rows that repeat a test row as a whole are not in train any more,
    so the shares of real rows leave those out, and the counts of generated rows do not.

    Args:
        task: Its ways of writing.
        written: Generated rows with an input.
        parts: ``gold``, ``development`` and ``test``.
        pool: Unlabelled rows; some `SAMPLE` of them are looked at.

    Returns:
        ``rows`` (generated ones), how many of them leak each part by its name, ``hits`` (the first of these), and
        ``real``: for ``gold`` and ``pool``, where they have rows, their ``rows`` and the share that leaks each part.
    """
    real = {"gold": list(parts.get("gold", ()))}
    real["pool"] = random.Random("base rate").sample(list(pool), min(SAMPLE, len(pool)))
    ways = Counter(int(row.provenance["writing"]) for row in written)
    judging = [name for name in parts if name != "gold"]
    # All rows at once: what is known of the parts is indexed a single time.
    leaks = leaks_of(task, [*written, *_as_written(real, ways)], parts)
    names = {row.id for row in written}
    hits = [leak for leak in leaks if leak.id in names]
    caught = Counter((leak.part, *leak.id.split("/", 2)[:2]) for leak in leaks if leak.id not in names)

    def share(source: str, part: str) -> float:
        weighed = sum(many * caught[part, source, str(way)] for way, many in ways.items())
        return weighed / (ways.total() * len(real[source]))

    return {
        "rows": len(written),
        **{part: len({leak.id for leak in hits if leak.part == part}) for part in judging},
        "hits": [
            {"id": leak.id, "text": leak.text, "part": leak.part, "match": leak.match, "how": leak.how}
            for leak in hits[:HITS]
        ],
        "real": {
            source: {"rows": len(rows), **{part: share(source, part) for part in judging}}
            for source, rows in real.items()
            if rows and ways
        },
    }


def _as_written(real: Mapping[str, Sequence[Example]], ways: Mapping[int, int]) -> Iterator[Example]:
    for source, rows in real.items():
        for way in ways:
            for place, row in enumerate(rows):
                yield replace(row, id=f"{source}/{way}/{place}", provenance={"writing": way})
