"""What a teacher is asked for: rows to annotate, or labels to write inputs for."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice, starmap
from pathlib import Path
from typing import Literal

from lit_synth.decoding.sampling import record_seed
from lit_synth.examples import Example, read_examples
from lit_synth.on_disk import Hashes
from lit_synth.task import Task


@dataclass(frozen=True)
class Requests:
    """The order given to a teacher, and the folder where its answers go.

    Args:
        folder: Holds ``accepted.jsonl`` and ``rejected.jsonl``; what stands there is not asked for again.
        kind: ``annotate`` labels rows; ``generate`` writes new inputs.
        source: Rows to annotate, as examples; ``None`` for the pool.
        amount: Rows to generate.
        balance: ``equal`` asks for as many rows of each label, ``gold`` for as many as gold has in proportion.
        attempts: Most requests for each row of a label's quota, since some answers are rejected.
    """

    folder: Path
    kind: Literal["annotate", "generate"] = "annotate"
    source: Path | None = None
    amount: int = 1000
    balance: Literal["equal", "gold"] = "equal"
    attempts: float = 3.0

    def answers(self, verdict: str) -> Iterator[Example]:
        """Yield the rows ``accepted`` or ``rejected`` so far."""
        path = self.folder / f"{verdict}.jsonl"
        return read_examples(path) if path.exists() else iter(())


def quotas(labels: Sequence[str], gold: Mapping[str, int], amount: int, balance: str) -> dict[str, int]:
    """Share out an amount over the labels, by largest remainder; the shares add up to it.

    >>> quotas(["a", "b", "c"], {"a": 8, "b": 1, "c": 1}, 7, "equal")
    {'a': 3, 'b': 2, 'c': 2}
    >>> quotas(["a", "b", "c"], {"a": 8, "b": 1, "c": 1}, 7, "gold")
    {'a': 5, 'b': 1, 'c': 1}
    """
    weights = {label: 1.0 if balance == "equal" else gold.get(label, 0) for label in labels}
    exact = {label: amount * weight / sum(weights.values()) for label, weight in weights.items()}
    shares = {label: math.floor(value) for label, value in exact.items()}
    by_remainder = sorted(labels, key=lambda label: shares[label] - exact[label])
    for label in by_remainder[: amount - sum(shares.values())]:
        shares[label] += 1
    return shares


def missing(
    requests: Requests, task: Task, rows: Iterable[Example], gold: Sequence[Example], seed: int
) -> Iterator[Example]:
    """Yield what is still to be asked for, in the order in which it is asked.

    Args:
        requests: The order.
        task: Its labels or conditions, and its ways of writing.
        rows: Rows to annotate; when generating, a sequence: the pool, from which grounded ways of writing take their
            given fields.
        gold: For quotas in proportion, for the conditions of text to text, and in place of an empty pool.
        seed: Of the run; every record derives its own.
    """
    have: Counter[str] = Counter()
    done = Hashes(row.id for row in requests.answers("rejected"))
    for row in requests.answers("accepted"):
        done.add(row.id)
        have[str(row.provenance.get("requested"))] += 1
    if requests.kind == "annotate":
        yield from (row for row in rows if row.id not in done)
        return
    sources = rows if isinstance(rows, Sequence) and rows else gold
    counts = Counter(map(task.asked, gold))
    wanted = quotas(task.labels or sorted(counts), counts, requests.amount, requests.balance)
    ways = usable_writings(task, grounded=sources is not gold)

    def of_value(value: str, quota: int) -> Iterator[Example]:
        # On several ranks a kill leaves gaps among the attempts, so their count does not say which ones are done.
        most = range(math.ceil(requests.attempts * quota))
        still = (attempt for attempt in most if _name(value, attempt) not in done)
        for attempt in islice(still, max(0, quota - have[value])):
            yield _request(task, value, attempt, ways[attempt % len(ways)], sources, seed)

    # By attempt, then label: a record's place does not depend on the amounts of other labels.
    yield from merge(*starmap(of_value, wanted.items()), key=lambda example: example.provenance["attempt"])


def usable_writings(task: Task, grounded: bool) -> list[int]:
    """Return the ways of writing to take turns: grounded ones where there is a pool, the others where there is none."""
    ways = list(range(len(task.writings)))
    return [way for way in ways if bool(task.given(way)) == grounded] or ways


def _request(task: Task, value: str, attempt: int, way: int, sources: Sequence[Example], seed: int) -> Example:
    name = _name(value, attempt)
    own = record_seed(seed, name)
    provenance = {"requested": value, "attempt": attempt, "seed": own, "writing": way}
    fields = {task.condition: value} if task.condition else {}
    if given := task.given(way):
        source = random.Random(f"source {own}").choice(sources)
        fields |= {column: source.fields[column] for column in given}
        provenance["source"] = source.id
    return Example(name, fields, value if task.labels else None, "generated", provenance=provenance)


def _name(value: str, attempt: int) -> str:
    return f"generated-{value}-{attempt}"
