"""From what annotators read to the rows a student learns from, with figures of both: the last stage of synthesis."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from lit_synth.curation.annotators import judge_annotators
from lit_synth.curation.choice import choose
from lit_synth.curation.faithful import share
from lit_synth.curation.measures import measure
from lit_synth.curation.pooling import Posteriors, combine
from lit_synth.curation.verdicts import reject
from lit_synth.data import TaskDataModule
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.ledger import write_json
from lit_synth.settings import CurationSettings
from lit_synth.task import Task

UNSURE = "below the threshold of confidence"


@dataclass(frozen=True)
class Readings:
    """Files of the same rows as several annotators read them, the first teacher first.

    Args:
        names: Of the annotators.
        development: Rows whose labels are known.
        rows: Rows that a student may learn from.
        teacher: Folder of the first teacher's model.
        prompts: Of the teachers by name, where not all of them were asked in the task's own words.
    """

    names: list[str]
    development: list[Path]
    rows: list[Path]
    teacher: Path
    prompts: Mapping[str, str] = field(default_factory=dict)


def curate(
    folder: Path, settings: CurationSettings, module: TaskDataModule, readings: Readings, rejected: Sequence[Path]
) -> None:
    """Combine the annotators, leave unsure rows out, and write what is kept, what is not, and figures.

    Args:
        folder: Gets ``accepted.jsonl``, ``rejected.jsonl`` and ``curation.json``.
        settings: How.
        module: Its development part holds the labels that annotators are held against.
        readings: What the annotators read.
        rejected: Files of rows that were rejected on the way.
    """
    task = module.task
    found: dict[str, Any] = {}
    if task.labels:
        true = {row.id: task.labels.index(str(row.target)) for row in module.splits.development}
        known, ids = _posteriors(task, readings.development)
        targets = np.array([true[name] for name in ids])
        judgement = judge_annotators(readings.names, known, targets, settings.calibrate, settings.confidence)
        found, threshold = judgement.found, judgement.threshold
        accepted = _combined(task, readings, judgement.weights)
    else:
        accepted, threshold = [part for rows in _answers(readings) for part in _chosen(task, rows, settings)], 0.0
        if isinstance(settings.confidence, float):
            threshold = settings.confidence
    unsure = [reject(row, UNSURE) for row in accepted if _confidence(row) < threshold]
    accepted = [_as_target(row, settings) for row in accepted if _confidence(row) >= threshold]
    told: dict[str, Any] = {"teacher": _hash(readings.teacher), "passed": settings.rules.active(task)}
    if readings.prompts:
        told["prompts"] = found["prompts"] = dict(readings.prompts)
    accepted = [replace(row, provenance={**row.provenance, **told}) for row in accepted]
    left_out = [*chain.from_iterable(map(read_examples, rejected)), *unsure]
    write_examples(folder / "accepted.jsonl", accepted)
    write_examples(folder / "rejected.jsonl", left_out)
    reasons = Counter(str(row.provenance["reason"]) for row in left_out)
    sizes = {"requested": len(accepted) + len(left_out), "accepted": len(accepted), "rejected": dict(reasons)}
    more: dict[str, Any] = {"labels": len({row.target for row in accepted})} if task.labels else {}
    if any(row.origin == "generated" for row in accepted):
        more |= measure(task, module.splits.labelled, module.splits.pool, accepted, left_out) | _agreement(
            task, readings.rows[0]
        )
    found |= {"teacher_hash": told["teacher"], "strategy": sizes | more}
    write_json(folder / "curation.json", found)


def _combined(task: Task, readings: Readings, weights: list[float]) -> list[Example]:
    """Return the rows with the pool's probabilities; each annotator's own label goes to the provenance."""
    posteriors, ids = _posteriors(task, readings.rows)
    rows = {row.id: row for row in read_examples(readings.rows[0])}
    pooled = combine(posteriors, weights)
    combined = []
    for place, name in enumerate(ids):
        votes = {
            one: task.labels[index] for one, index in zip(readings.names, posteriors[:, place].argmax(1), strict=True)
        }
        probabilities = dict(zip(task.labels, pooled[place].tolist(), strict=True))
        row = rows[name]
        label = task.labels[int(pooled[place].argmax())]
        provenance = {**row.provenance, "annotators": votes}
        combined.append(replace(row, target=label, probabilities=probabilities, provenance=provenance))
    return combined


def _posteriors(task: Task, paths: Sequence[Path]) -> tuple[Posteriors, list[str]]:
    """Return every annotator's probabilities, ``(annotators, rows, labels)``, and the ids of the rows."""
    read = [{row.id: row.probabilities or {} for row in read_examples(path)} for path in paths]
    ids = [name for name in read[0] if all(name in one for one in read)]
    values = [[[one[name][label] for label in task.labels] for name in ids] for one in read]
    shape = (len(paths), len(ids), len(task.labels))
    return np.array(values, dtype=np.float64).reshape(shape), ids


def _answers(readings: Readings) -> Iterator[dict[str, Example]]:
    """Yield each row that the first teacher has a text for as every teacher answered it, by the teacher's name."""
    first, *others = ({row.id: row for row in read_examples(path)} for path in readings.rows)
    for name in first:
        read = [first, *others]
        yield {who: rows[name] for who, rows in zip(readings.names, read, strict=True) if name in rows}


def _chosen(task: Task, answers: Mapping[str, Example], settings: CurationSettings) -> list[Example]:
    """Return the row with each text that is kept of those that teachers wrote for it."""
    row = next(iter(answers.values()))
    made = row.provenance
    if len(answers) > 1:
        made = {**made, "annotators": {name: str(one.target) for name, one in answers.items()}}
    likeliest = [(str(one.target), float(one.provenance["confidence"])) for one in answers.values()]
    drawn = [(text, value) for one in answers.values() for text, value in one.provenance.get("samples", ())]
    # Of several teachers the surest comes first; sorting leaves equals as they are.
    candidates = [*sorted(likeliest, key=lambda one: -one[1]), *drawn]
    kept = choose(candidates, settings.choice, partial(share, task, row.fields))
    confidence = dict(reversed(candidates))
    return [
        replace(
            row,
            id=row.id if number == 0 else f"{row.id}-{number}",
            target=text,
            weight=weight,
            provenance={**made, "confidence": confidence[text]},
        )
        for number, (text, weight) in enumerate(kept)
    ]


def _agreement(task: Task, path: Path) -> dict[str, float]:
    """Return the share of generated rows that the teacher reads as the label it was asked to write for."""
    asked = [row.target == row.provenance["requested"] for row in read_examples(path) if row.origin == "generated"]
    return {"agreement": sum(asked) / len(asked)} if asked and task.labels else {}


def _as_target(row: Example, settings: CurationSettings) -> Example:
    weight = row.weight * (_confidence(row) if settings.weigh else 1.0)
    if settings.labels == "soft" or row.probabilities is None:
        return replace(row, weight=weight)
    return replace(row, weight=weight, probabilities={label: float(label == row.target) for label in row.probabilities})


def _confidence(row: Example) -> float:
    return max(row.probabilities.values()) if row.probabilities else float(row.provenance["confidence"])


def _hash(model: Path) -> str:
    """Return the start of the SHA-256 of a model's weights."""
    digest = hashlib.sha256()
    for path in sorted(model.glob("*.safetensors")):
        with path.open("rb") as weights:
            while block := weights.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def read_curation(folder: Path) -> dict[str, Any]:
    """Return what `curate` has found."""
    found: dict[str, Any] = json.loads((folder / "curation.json").read_text())
    return found
