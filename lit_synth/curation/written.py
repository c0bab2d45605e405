"""What was written of a row counts, not what was given for it: leaks and near duplicates of that part."""

from collections.abc import Mapping, Sequence

from lit_synth.curation.duplicates import NearDuplicates
from lit_synth.curation.leakage import NGRAM_SIZE, Leak, Leaks, words
from lit_synth.examples import Example
from lit_synth.task import Task

POOL = -1
"""The way of a row that nobody has written: all of its input counts."""


def written_part(task: Task, way: int, row: Example) -> tuple[str, str]:
    """Return the fields that a way of writing is given, and those that it writes, each as one text."""
    given = given_in(task, way)
    shown = "\n".join(row.fields[name] for name in task.fields if name in given)
    return shown, "\n".join(row.fields[name] for name in task.fields if name not in given)


def way_of(record: Example) -> int:
    """Return the number of the way in which a row was written, or `POOL`."""
    return int(record.provenance.get("writing", POOL))


def given_in(task: Task, way: int) -> Sequence[str]:
    """Return the fields that a way of writing is given."""
    return () if way == POOL else task.given(way)


class WrittenLeaks:
    """Finds what synthetic rows have of development and test in what was written of them.

    Args:
        task: Its ways of writing.
        parts: ``gold``, whose phrases are no leak, ``development`` and ``test``; indexed once for each way that is met.
    """

    def __init__(self, task: Task, parts: Mapping[str, Sequence[Example]]) -> None:
        self._task = task
        self._parts = parts
        self._known: dict[int, Leaks] = {}

    def of(self, record: Example) -> list[Leak]:
        """Return what a row leaks, in the order of the parts."""
        way = way_of(record)
        text = written_part(self._task, way, record)[1]
        # A short answer to one paragraph is often the answer to another too, and tells nothing of it.
        if given_in(self._task, way) and len(words(text)) < NGRAM_SIZE:
            return []
        if way not in self._known:
            texts = {
                name: [written_part(self._task, way, row)[1] for row in rows] for name, rows in self._parts.items()
            }
            gold = texts.pop("gold", ())
            self._known[way] = Leaks(texts, known=gold)
        return self._known[way].of(record.id, text)


class Nearby:
    """Inputs by what was given for them: a second question about one passage is near to the first in all but itself.

    Args:
        task: Its ways of writing.
        gold: Rows that are there from the start.
        threshold: Of `NearDuplicates`.
    """

    def __init__(self, task: Task, gold: Sequence[Example], threshold: float) -> None:
        self._task = task
        self._known = NearDuplicates(threshold)
        for way in range(len(task.ways)):
            for row in gold:
                self._add(way, row, "nearly copies a row of gold")

    def add(self, record: Example, reason: str) -> None:
        """Keep a row, and what is to be said of those that are near to it."""
        self._add(way_of(record), record, reason)

    def find(self, record: Example) -> str | None:
        """Return what is to be said of a row that is near to another."""
        shown, written = written_part(self._task, way_of(record), record)
        found = self._known.find(written, f"{way_of(record)} {shown}")
        return found[0] if found else None

    def _add(self, way: int, row: Example, reason: str) -> None:
        shown, written = written_part(self._task, way, row)
        self._known.add(written, reason, f"{way} {shown}")
