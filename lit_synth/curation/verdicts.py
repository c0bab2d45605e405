"""Each synthetic row is accepted, or rejected with a reason; nothing is dropped without a word."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lit_synth.examples import Example
from lit_synth.task import Task

OUTSIDE_TEMPLATE = "outside the template"
UNFINISHED = "did not end within max_new_tokens"
REPEATED = "repeats an accepted row"
DISAGREES = "the teacher reads another label"
EMPTY = "an empty text"


def known_inputs(task: Task, parts: Mapping[str, Iterable[Example]]) -> dict[str, str]:
    """Return the reason for which a generated input is no new one, by its normalised text.

    Args:
        task: Says when two inputs are the same.
        parts: Examples by the name of their part, for example ``gold`` and ``test``.
    """
    return {task.key(example): f"copies a row of {name}" for name, rows in parts.items() for example in rows}


def judge(task: Task, records: Iterable[Example], known: Mapping[str, str]) -> tuple[list[Example], list[Example]]:
    """Split generated records into accepted and rejected.

    Records are judged in the order of their attempts, whatever the order in which they were written, so that the
    verdicts do not depend on batches, ranks, or a resume.

    Args:
        task: Says when two inputs are the same.
        records: Generated rows; ``fields`` is empty where the text did not follow the template.
        known: From `known_inputs`.

    Returns:
        Accepted and rejected rows; a rejected row's provenance holds the ``reason``.
    """
    accepted, rejected = [], []
    seen = dict(known)
    for record in sorted(records, key=lambda row: (row.provenance["attempt"], row.id)):
        if record.fields:
            key = task.key(record)
            reason = seen.get(key)
            seen.setdefault(key, REPEATED)
        else:
            reason = UNFINISHED if record.provenance["text"] is None else OUTSIDE_TEMPLATE
        if reason is None:
            accepted.append(record)
        else:
            rejected.append(reject(record, reason))
    return accepted, rejected


def reject(record: Example, reason: str) -> Example:
    """Return the row with the reason of its rejection."""
    return replace(record, provenance={**record.provenance, "reason": reason})


def judge_round_trip(records: Iterable[Example], strict: bool) -> tuple[list[Example], list[Example]]:
    """Split annotated records; one without a whole text is rejected, and a generated one may be where labels differ.

    Args:
        records: Rows with the teacher's label.
        strict: Whether to reject where the teacher reads another label than was asked for; otherwise such a row is
            kept with the teacher's probabilities.
    """
    accepted, rejected = [], []
    for record in sorted(records, key=lambda row: row.id):
        asked = record.provenance.get("requested", record.target)
        if not record.target:
            rejected.append(reject(record, UNFINISHED if record.target is None else EMPTY))
        elif strict and asked != record.target:
            rejected.append(reject(record, DISAGREES))
        else:
            accepted.append(record)
    return accepted, rejected
