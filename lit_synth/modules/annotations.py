"""What an annotator leaves, teacher or student: the row it read with a target, as a synthetic record."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from lit_synth.examples import Example, Origin
from lit_synth.task import Task


def labelled(task: Task, examples: Sequence[Example], probabilities: Tensor) -> list[Example]:
    """Return each row with the likeliest label and the probabilities of all.

    Args:
        task: Names the labels.
        examples: Rows that were read.
        probabilities: Of shape ``(batch, labels)``.
    """
    records = []
    for example, row in zip(examples, probabilities.tolist(), strict=True):
        found = dict(zip(task.labels, row, strict=True))
        label = max(found, key=found.__getitem__)
        records.append(replace(example, target=label, origin=_origin(example), probabilities=found))
    return records


def answered(example: Example, text: str | None, **made: Any) -> Example:
    """Return a row with a text as its target; provenance keeps it too, since a target may be replaced later.

    Args:
        example: Row that was read.
        text: ``None`` where it did not end in time.
        **made: More for the row's provenance.
    """
    target = text.strip() if text is not None else None
    provenance = {**example.provenance, "answer": target, **made}
    return replace(example, target=target, origin=_origin(example), provenance=provenance)


def _origin(example: Example) -> Origin:
    # A generated row stays one: its input is synthetic, whoever names its target.
    return "annotated" if example.origin == "gold" else example.origin
