"""What a teacher is asked for: rows to annotate, or labels to write inputs for."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from lit_synth.examples import Example, read_examples


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

    def answered(self) -> tuple[list[Example], list[Example]]:
        """Return the rows accepted and rejected so far."""
        paths = self.folder / "accepted.jsonl", self.folder / "rejected.jsonl"
        accepted, rejected = (list(read_examples(path)) if path.exists() else [] for path in paths)
        return accepted, rejected


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


def record_seed(seed: int, record: str) -> int:
    """Return a record's own seed, so that its text is the same in any batch, on any rank, after any resume."""
    return int.from_bytes(hashlib.sha256(f"{seed} {record}".encode()).digest()[:6])


def missing(
    requests: Requests, rows: Sequence[Example], gold: Sequence[Example], labels: Sequence[str], seed: int
) -> list[Example]:
    """Return what is still to be asked for, in the order in which it is asked.

    Args:
        requests: The order.
        rows: Rows to annotate.
        gold: For quotas in proportion.
        labels: Labels of the task.
        seed: Of the run; every record derives its own.
    """
    accepted, rejected = requests.answered()
    if requests.kind == "annotate":
        done = {example.id for example in (*accepted, *rejected)}
        return [row for row in rows if row.id not in done]
    wanted = quotas(labels, Counter(str(example.target) for example in gold), requests.amount, requests.balance)
    have = Counter(_requested(example) for example in accepted)
    # On several ranks a kill leaves gaps among the attempts, so their count does not say which ones are done.
    tried = {example.id for example in (*accepted, *rejected)}
    asked = []
    for label in labels:
        most = math.ceil(requests.attempts * wanted[label])
        open_attempts = (attempt for attempt in range(most) if f"generated-{label}-{attempt}" not in tried)
        for attempt in islice(open_attempts, max(0, wanted[label] - have[label])):
            name = f"generated-{label}-{attempt}"
            provenance = {"requested": label, "attempt": attempt, "seed": record_seed(seed, name)}
            asked.append(Example(name, {}, label, "generated", provenance=provenance))
    # By attempt, then label: a record's place does not depend on the amounts of other labels.
    return sorted(asked, key=lambda example: example.provenance["attempt"])


def _requested(example: Example) -> str:
    return str(example.provenance["requested"])
