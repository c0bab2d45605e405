"""Synthetic rows that are like an evaluation row, beside the real rows that are: train and test are of one kind."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lit_synth.curation.leakage import Leak
from lit_synth.curation.written import WrittenLeaks, way_of
from lit_synth.examples import Example

HITS = 20
"""Leaks that are listed; all are counted."""
LONG = 1000
"""Characters of a text that is listed."""
SAMPLE = 1000
"""Most rows of the pool that are looked at; a share of 3 % of so many is known to about one point."""


def leakage(
    leaks: WrittenLeaks, synthetic: Iterable[Example], parts: Mapping[str, Sequence[Example]], pool: Sequence[Example]
) -> dict[str, Any]:
    """Count synthetic rows that leak a part, and tell which share of real rows the same rule would catch.

    A real row is judged as if a teacher had written it, in every way in which rows were generated; its shares are
    weighed by how many were generated in each. Of an annotated row, and of real ones beside it, all of the input
    counts. Real rows that repeat a test row as a whole are not in train any more, so the shares of real rows leave
    those out, and the counts of generated rows do not.

    Args:
        leaks: Knows the parts.
        synthetic: Rows with an input, each with an id of its own; read once.
        parts: ``gold``, ``development`` and ``test``.
        pool: Unlabelled rows; some `SAMPLE` of them are looked at.

    Returns:
        ``rows`` (synthetic ones), how many of them leak each part by its name, ``hits`` (the first of these, by way of
        writing), and ``real``: for ``gold`` and ``pool``, where they have rows, their ``rows`` and the share that leaks
        each part.
    """
    ways: Counter[int] = Counter()
    leaking: Counter[str] = Counter()
    first: dict[int, list[Leak]] = defaultdict(list)
    for row in synthetic:
        ways[way_of(row)] += 1
        found = leaks.of(row)
        leaking.update(leak.part for leak in found)
        first[way_of(row)] += found[: HITS - len(first[way_of(row)])]
    real = {"gold": list(parts.get("gold", ()))}
    real["pool"] = random.Random("base rate").sample(pool, min(SAMPLE, len(pool)))
    caught: Counter[tuple[str, str, int]] = Counter()
    for source, way, row in _as_written(real, ways):
        caught.update((leak.part, source, way) for leak in leaks.of(row))

    def share(source: str, part: str) -> float:
        weighed = sum(many * caught[part, source, way] for way, many in ways.items())
        return weighed / (ways.total() * len(real[source]))

    judging = [name for name in parts if name != "gold"]
    hits = [leak for way in sorted(first) for leak in first[way]]
    return {
        "rows": ways.total(),
        **{part: leaking[part] for part in judging},
        "hits": [
            {"id": leak.id, "text": leak.text[:LONG], "part": leak.part, "match": leak.match[:LONG], "how": leak.how}
            for leak in hits[:HITS]
        ],
        "real": {
            source: {"rows": len(rows), **{part: share(source, part) for part in judging}}
            for source, rows in real.items()
            if rows and ways
        },
    }


def _as_written(real: Mapping[str, Sequence[Example]], ways: Mapping[int, int]) -> Iterator[tuple[str, int, Example]]:
    for source, rows in real.items():
        for way in ways:
            for row in rows:
                yield source, way, replace(row, provenance={"writing": way})
