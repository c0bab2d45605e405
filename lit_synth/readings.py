"""What several annotators made of the same rows, read from their files side by side, some rows at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from lit_synth.curation.choice import Rule, choose
from lit_synth.curation.faithful import share
from lit_synth.curation.pooling import Posteriors, combine
from lit_synth.curation.shares import shifted
from lit_synth.examples import Example, read_examples
from lit_synth.on_disk import ById, Kept
from lit_synth.task import Task

AT_ONCE = 1024
"""Rows that are combined together."""


@dataclass(frozen=True)
class Readings:
    """Files of the same rows as several annotators read them, the first teacher first.

    Args:
        names: Of the annotators.
        development: Rows whose labels are known.
        rows: Rows that a student may learn from.
        teacher: Folder of the first teacher's model.
        prompts: Of the teachers by name.
        others: Folders of the other annotators' models, by name.
    """

    names: list[str]
    development: list[Path]
    rows: list[Path]
    teacher: Path
    prompts: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Path] = field(default_factory=dict)


def side_by_side(paths: Sequence[Path]) -> Iterator[tuple[Example | None, ...]]:
    """Yield each row of the first file, and what the others made of it; ``None`` where they lack it."""
    first, *others = paths
    known = [ById(Kept(read_examples(path))) for path in others]
    for row in read_examples(first):
        yield row, *(one.get(row.id) for one in known)


def posteriors_of(task: Task, rows: Iterable[Sequence[Example | None]], annotators: int) -> Posteriors:
    """Return the probabilities of rows that all annotators have read, shape ``(annotators, rows, labels)``."""
    values = [[[(one.probabilities or {})[label] for label in task.labels] for one in row if one] for row in rows]
    found = np.array(values, dtype=np.float64).reshape(-1, annotators, len(task.labels))
    return np.ascontiguousarray(found.transpose(1, 0, 2))


def known_posteriors(task: Task, paths: Sequence[Path]) -> tuple[Posteriors, list[str]]:
    """Return every annotator's probabilities, ``(annotators, rows, labels)``, and the ids of the rows all have read."""
    rows = [row for row in side_by_side(paths) if None not in row]
    return posteriors_of(task, rows, len(paths)), [row[0].id for row in rows if row[0]]


def combined(
    task: Task,
    readings: Readings,
    weights: Sequence[float],
    offsets: Posteriors,
    lacking: Callable[[Example], object] = lambda _: None,
) -> Iterator[Example]:
    """Yield the rows with the pool's probabilities; each annotator's own label goes to the provenance.

    Args:
        task: Its labels.
        readings: Rows of the first annotator, and what the others made of them.
        weights: Of the annotators.
        offsets: What their log probabilities are shifted by, shape ``(annotators, 1, labels)``.
        lacking: Takes a row that some annotator has not read; it is left out.
    """
    whole = _whole(readings.rows, lacking)
    while several := list(islice(whole, AT_ONCE)):
        posteriors = shifted(posteriors_of(task, several, len(readings.rows)), offsets)
        for place, (own, shares) in enumerate(zip(several, combine(posteriors, weights), strict=True)):
            labels = (task.labels[index] for index in posteriors[:, place].argmax(1))
            votes = dict(zip(readings.names, labels, strict=True))
            probabilities = dict(zip(task.labels, shares.tolist(), strict=True))
            (row, *_), label = own, task.labels[int(shares.argmax())]
            assert row is not None  # noqa: S101 - those were left out above
            provenance = {**row.provenance, "annotators": votes}
            yield replace(row, target=label, probabilities=probabilities, provenance=provenance)


def _whole(paths: Sequence[Path], lacking: Callable[[Example], object]) -> Iterator[tuple[Example | None, ...]]:
    for row in side_by_side(paths):
        if None not in row:
            yield row
        elif row[0]:
            lacking(row[0])


def answered(readings: Readings) -> Iterator[dict[str, Example]]:
    """Yield each row that the first teacher has a text for as every teacher answered it, by the teacher's name."""
    for rows in side_by_side(readings.rows):
        yield {who: row for who, row in zip(readings.names, rows, strict=True) if row}


def chosen(task: Task, answers: Mapping[str, Example], rule: Rule) -> list[Example]:
    """Return the row with each text that is kept of those that teachers wrote for it."""
    row = next(iter(answers.values()))
    made = row.provenance
    if len(answers) > 1:
        made = {**made, "annotators": {name: str(one.target) for name, one in answers.items()}}
    likeliest = [(str(one.target), float(one.provenance["confidence"])) for one in answers.values()]
    drawn = [(text, value) for one in answers.values() for text, value in one.provenance.get("samples", ())]
    candidates = [*likeliest, *drawn]
    kept = choose(candidates, rule, partial(share, task, row.fields))
    confidence = dict(reversed(candidates))
    return [
        replace(
            row,
            id=row.id if number == 0 else f"{row.id}-{number}",
            target=text,
            weight=weight,
            provenance={**made, "confidence": confidence[text], **({"further": number} if number else {})},
        )
        for number, (text, weight) in enumerate(kept)
    ]
