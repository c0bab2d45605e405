"""Each synthetic row is accepted, or rejected with a reason; nothing is dropped without a word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lit_synth.curation.duplicates import NearDuplicates
from lit_synth.curation.faithful import LACKS, least, share
from lit_synth.curation.leakage import NGRAM_SIZE, Leak, find_leaks, words
from lit_synth.curation.rules import Rules
from lit_synth.curation.schema import known_names, unseen
from lit_synth.examples import Example
from lit_synth.task import Task

OUTSIDE_TEMPLATE = "outside the template"
UNFINISHED = "did not end within max_new_tokens"
REPEATED = "repeats an accepted row"
NEARLY_REPEATED = "nearly repeats an earlier row"
DISAGREES = "the teacher reads another label"
EMPTY = "an empty text"


def judge(
    task: Task, records: Iterable[Example], parts: Mapping[str, Sequence[Example]], rules: Rules = Rules()
) -> tuple[list[Example], list[Example]]:
    """Split generated records into accepted and rejected.

    Records are judged in the order of their attempts, whatever the order in which they were written, so that the
    verdicts do not depend on batches, ranks, or a resume.

    Args:
        task: Says when two inputs are the same.
        records: Generated rows; ``fields`` is empty where the text did not follow the template.
        parts: Examples that are no new ones by the name of their part: ``gold``, ``development`` and ``test``.
        rules: What else is rejected.

    Returns:
        Accepted and rejected rows; a rejected row's provenance holds the ``reason``.
    """
    ordered = sorted(records, key=lambda row: (row.provenance["attempt"], row.id))
    seen = {task.key(example): f"copies a row of {name}" for name, rows in parts.items() for example in rows}
    leaks = _leaks(task, ordered, parts) if rules.leakage else {}
    near = _Near(task, parts.get("gold", ()), rules.near_duplicates)
    known = known_names(task, parts.get("gold", ())) if rules.schema else None
    accepted, rejected = [], []
    for record in ordered:
        if not record.fields:
            reason: str | None = UNFINISHED if record.provenance["text"] is None else OUTSIDE_TEMPLATE
        else:
            key = task.key(record)
            reason = seen.get(key) or leaks.get(record.id) or near.find(record)
            reason = reason or (unseen(task, record, known) if known is not None else None)
            seen.setdefault(key, REPEATED)
            # Rejected ones too: a record that is judged later must not turn an earlier verdict.
            near.add(record)
        if reason is None:
            accepted.append(record)
        else:
            rejected.append(reject(record, reason))
    return accepted, rejected


def reject(record: Example, reason: str) -> Example:
    """Return the row with the reason of its rejection."""
    return replace(record, provenance={**record.provenance, "reason": reason})


def judge_round_trip(
    task: Task, records: Iterable[Example], gold: Sequence[Example], rules: Rules = Rules()
) -> tuple[list[Example], list[Example]]:
    """Split annotated records; one without a whole text is rejected, and others may be by the rules.

    Args:
        task: What was annotated.
        records: Rows with the teacher's label or text.
        gold: Says how much of an input a text has to hold.
        rules: What is rejected.
    """
    bar = least(task, gold) if rules.faithful and not task.labels else 0.0
    strict = rules.disagreement == "reject" and bool(task.labels)
    accepted, rejected = [], []
    for record in sorted(records, key=lambda row: row.id):
        asked = record.provenance.get("requested", record.target)
        if not record.target:
            rejected.append(reject(record, UNFINISHED if record.target is None else EMPTY))
        elif strict and asked != record.target:
            rejected.append(reject(record, DISAGREES))
        elif bar and (held := _held(task, record)) is not None and held < bar:
            rejected.append(reject(record, LACKS))
        else:
            accepted.append(record)
    return accepted, rejected


def _held(task: Task, record: Example) -> float | None:
    """Return the largest share of the input's values in any text that was written for it; ``None`` without values."""
    texts = [str(record.target), *(text for text, _ in record.provenance.get("samples", ()))]
    shares = [share(task, record.fields, text) for text in texts]
    return max((found for found in shares if found is not None), default=None)


def written_part(task: Task, way: int, row: Example) -> tuple[str, str]:
    """Return the fields that a way of writing is given, and those that it writes, each as one text."""
    given = task.given(way)
    shown = "\n".join(row.fields[name] for name in task.fields if name in given)
    return shown, "\n".join(row.fields[name] for name in task.fields if name not in given)


def _leaks(task: Task, records: Sequence[Example], parts: Mapping[str, Sequence[Example]]) -> dict[str, str]:
    """Return the reason for each record that leaks a part which students are judged by."""
    return {leak.id: f"leaks a row of {leak.part}" for leak in leaks_of(task, records, parts)}


def leaks_of(task: Task, records: Sequence[Example], parts: Mapping[str, Sequence[Example]]) -> list[Leak]:
    """Return what generated rows have of development and test in what was written of them."""
    judging = {name: rows for name, rows in parts.items() if name != "gold"}
    found = []
    for way in range(len(task.ways)):
        rows = [(row.id, written_part(task, way, row)[1]) for row in records if row.fields and _way(row) == way]
        if task.given(way):
            # A short answer to one paragraph is often the answer to another too, and tells nothing of it.
            rows = [(name, text) for name, text in rows if len(words(text)) >= NGRAM_SIZE]
        if rows:
            texts = {name: [written_part(task, way, row)[1] for row in part] for name, part in judging.items()}
            found += find_leaks(rows, texts)
    return found


def _way(record: Example) -> int:
    return int(record.provenance["writing"])


class _Near:
    """Inputs by what was given for them: a second question about one passage is near to the first in all but itself."""

    def __init__(self, task: Task, gold: Sequence[Example], threshold: float | None) -> None:
        self.task = task
        self.threshold = threshold
        self.known: dict[tuple[int, str], NearDuplicates] = {}
        if threshold is not None:
            for way in range(len(task.ways)):
                for row in gold:
                    self._add(way, row, "nearly copies a row of gold")

    def add(self, record: Example) -> None:
        if self.threshold is not None:
            self._add(_way(record), record, NEARLY_REPEATED)

    def find(self, record: Example) -> str | None:
        shown, written = written_part(self.task, _way(record), record)
        near = self.known.get((_way(record), shown))
        found = near.find(written) if near else None
        return found[0] if found else None

    def _add(self, way: int, row: Example, reason: str) -> None:
        shown, written = written_part(self.task, way, row)
        if self.threshold is not None:
            self.known.setdefault((way, shown), NearDuplicates(self.threshold)).add(written, reason)
