"""Each synthetic row is accepted, or rejected with a reason; nothing is dropped without a word."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from lit_synth.curation.faithful import LACKS, least, readable, share
from lit_synth.curation.rules import Rules
from lit_synth.curation.schema import known_names, unseen
from lit_synth.curation.written import Nearby, WrittenLeaks
from lit_synth.examples import Example
from lit_synth.on_disk import Hashes
from lit_synth.task import Task

Verdict = tuple[bool, Example]
"""Whether a row is accepted, and the row."""
OUTSIDE_TEMPLATE = "outside the template"
UNFINISHED = "did not end within max_new_tokens"
REPEATED = "repeats an accepted row"
NEARLY_REPEATED = "nearly repeats an earlier row"
DISAGREES = "the teacher reads another label"
EMPTY = "an empty text"
LEAKS = "leaks a row of"
"""How the reason begins; the part follows."""


def by_attempt(record: Example) -> tuple[int, bytes]:
    """Return the turn of a generated record: its attempt, then its id."""
    return record.provenance["attempt"], record.id.encode()


def by_id(record: Example) -> tuple[int, bytes]:
    """Return the turn of an annotated record."""
    return 0, record.id.encode()


def judge(
    task: Task, records: Iterable[Example], parts: Mapping[str, Sequence[Example]], rules: Rules = Rules()
) -> Iterator[Verdict]:
    """Tell of each generated record whether it is accepted; of those before it memory holds hashes.

    Args:
        task: Says when two inputs are the same.
        records: Generated rows in the order of `by_attempt`, not in that in which they were written, so that verdicts
            do not depend on batches, ranks, or a resume; ``fields`` is empty where a text did not follow the template.
        parts: Examples that are no new ones by the name of their part: ``gold``, ``development`` and ``test``.
        rules: What else is rejected.

    Yields:
        Whether a row is accepted, and the row; a rejected one's provenance holds the ``reason``.
    """
    copies = {task.key(example): f"copies a row of {name}" for name, rows in parts.items() for example in rows}
    seen = Hashes()
    leaks = WrittenLeaks(task, parts)
    near = Nearby(task, parts.get("gold", ()), rules.near_duplicates) if rules.near_duplicates is not None else None
    known = known_names(task, parts.get("gold", ())) if rules.schema else None
    for record in records:
        reason = unusable_writing(record)
        if reason is None and not readable(task, record.fields):
            reason = OUTSIDE_TEMPLATE  # whatever the rules: texts are chosen by these values, too
        if reason is None:
            key = task.key(record)
            fresh = seen.add(key)
            reason = copies.get(key)
            if reason is None and rules.leakage:
                # Before repeats: a reader may yet keep one of those.
                reason = leaking(leaks, record)
            reason = reason or (None if fresh else REPEATED)
            if near:
                # Rejected ones too: a record that is judged later must not turn an earlier verdict.
                closest = near.find(record)
                near.add(record, NEARLY_REPEATED)
                reason = reason or closest
            reason = reason or (unseen(task, record, known) if known is not None else None)
        yield (True, record) if reason is None else (False, reject(record, reason))


def leaking(leaks: WrittenLeaks, record: Example) -> str | None:
    """Return the reason to leave out what leaks a row, of test before one of development; ``None`` for other rows."""
    return next((f"{LEAKS} {leak.part}" for leak in reversed(leaks.of(record))), None)


def unusable_writing(record: Example) -> str | None:
    """Return why there is nothing to judge in a generated record; ``None`` where there is."""
    if record.fields:
        return None
    return UNFINISHED if record.provenance["text"] is None else OUTSIDE_TEMPLATE


def unusable_answer(record: Example) -> str | None:
    """Return why there is nothing to judge in an annotated record; ``None`` where there is."""
    if record.target:
        return None
    return UNFINISHED if record.target is None else EMPTY


def reject(record: Example, reason: str) -> Example:
    """Return the row with the reason of its rejection."""
    return replace(record, provenance={**record.provenance, "reason": reason})


def judge_round_trip(
    task: Task, records: Iterable[Example], gold: Sequence[Example], rules: Rules = Rules()
) -> Iterator[Verdict]:
    """Tell of each annotated record whether it is accepted: one without a whole text is not, others by the rules.

    Args:
        task: What was annotated.
        records: Rows with the teacher's label or text, in the order of `by_id`.
        gold: Says how much of an input a text has to hold.
        rules: What is rejected.

    Yields:
        As `judge` does.
    """
    bar = least(task, gold) if rules.faithful and not task.labels else 0.0
    strict = rules.disagreement == "reject" and bool(task.labels)
    for record in records:
        asked = record.provenance.get("requested", record.target)
        if (reason := unusable_answer(record)) is not None:
            yield False, reject(record, reason)
        elif strict and asked != record.target:
            yield False, reject(record, DISAGREES)
        elif bar and (held := _held(task, record)) is not None and held < bar:
            yield False, reject(record, LACKS)
        else:
            yield True, record


def _held(task: Task, record: Example) -> float | None:
    """Return the largest share of the input's values in any text that was written for it; ``None`` without values."""
    texts = [str(record.target), *(text for text, _ in record.provenance.get("samples", ()))]
    shares = [share(task, record.fields, text) for text in texts]
    return max((found for found in shares if found is not None), default=None)
