"""From what annotators read to the rows a student learns from, with figures of both: the last stage of synthesis."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from lit_synth.curation.annotators import judge_annotators
from lit_synth.curation.base_rates import leakage
from lit_synth.curation.faithful import least
from lit_synth.curation.measures import measure
from lit_synth.curation.shares import shifted
from lit_synth.curation.verdicts import DISAGREES, leaking, reject
from lit_synth.curation.written import WrittenLeaks
from lit_synth.data import TaskDataModule
from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples, writing
from lit_synth.leaning import leaning
from lit_synth.readings import Readings, answered, chosen, combined, known_posteriors
from lit_synth.settings import CurationSettings
from lit_synth.whole_files import write_json

UNSURE = "below the threshold of confidence"
UNREAD = "an annotator has no answer"
LOOKED_AT = 10_000
"""About how many rows of a pool are looked at, one in so many, for what they have of development and test."""


def curate(
    folder: Path,
    settings: CurationSettings,
    module: TaskDataModule,
    readings: Readings,
    rejected: Sequence[Path],
    asked: int | None = None,
) -> None:
    """Combine the annotators, leave unsure rows out, and write what is kept, what is not, and figures.

    Args:
        folder: Gets ``accepted.jsonl``, ``rejected.jsonl`` and ``curation.json``.
        settings: How.
        module: Its development part holds the labels that annotators are held against.
        readings: What the annotators read.
        rejected: Files of rows that were rejected on the way.
        asked: Rows that were asked for.

    Raises:
        InputError: Not as many have come to an end as were asked for.
    """
    task = module.task
    found: dict[str, Any] = {}
    of_strategy: dict[str, Any] = {}
    lacking: list[Example] = []
    if task.labels:
        true = {row.id: task.labels.index(str(row.target)) for row in module.splits.development}
        unshifted, ids = known_posteriors(task, readings.development)
        targets = np.array([true[name] for name in ids])
        offsets = judging = np.zeros((len(unshifted), 1, len(task.labels)))
        if settings.match_shares:
            lean = leaning(task, readings, unshifted, module.splits.gold, module.splits.development)
            offsets, judging, of_strategy = lean.offsets, lean.judging, {"shares": lean.found}
        known = shifted(unshifted, judging)
        how = settings.calibrate, settings.confidence
        judgement = judge_annotators(readings.names, known, targets, *how, unshifted)
        found, threshold = judgement.found, judgement.threshold
        rows = combined(task, readings, judgement.weights, offsets, lacking.append)
    else:
        rows = chain.from_iterable(chosen(task, answers, settings.choice) for answers in answered(readings))
        threshold = settings.confidence if isinstance(settings.confidence, float) else 0.0
        found["threshold"] = threshold or None
    told: dict[str, Any] = {"teacher": _hash(readings.teacher)}
    if readings.others:
        told["others"] = {name: _hash(model) for name, model in readings.others.items()}
    if readings.prompts:
        told["prompts"] = found["prompts"] = dict(readings.prompts)
    sizes, leaks = _Sizes(), WrittenLeaks(task, module.splits.labelled)
    because = partial(_because, leaks if settings.rules.pool_leakage else None, told)
    with writing(folder / "accepted.jsonl") as accept, writing(folder / "rejected.jsonl") as refuse:
        for row in chain.from_iterable(map(read_examples, rejected)):
            refuse(sizes.rejected(because(row, str(row.provenance["reason"]))))
        for row in map(sizes.read, rows):
            judged = because(row, UNSURE if _confidence(row) < threshold else None)
            if "reason" in judged.provenance:
                refuse(sizes.rejected(judged))
            else:
                kept = _as_target(judged, settings)
                passed = settings.rules.active(task, kept.origin)
                accept(sizes.accepted(replace(kept, provenance={**kept.provenance, "passed": passed})))
        for row in lacking:
            refuse(sizes.rejected(because(row, UNREAD)))
    if asked is not None and sizes.inputs != asked:
        raise InputError(
            f"{folder}: {asked:,} rows were asked for, and {sizes.inputs:,} are accepted or rejected; files beside it "
            f"were changed: delete {readings.rows[0].parent}, and the same command makes them anew"
        )
    if task.labels:
        of_strategy["labels"] = len(sizes.targets)
    elif "faithful" in settings.rules.active(task, "annotated"):
        of_strategy["least_held"] = least(task, module.splits.gold)
    kept_rows, left_out = (partial(read_examples, folder / f"{name}.jsonl") for name in ("accepted", "rejected"))
    if "generated" in sizes.origins:
        of_strategy |= measure(task, module.splits.labelled, module.splits.pool, kept_rows, left_out)
        of_strategy |= sizes.agreement()
    elif sizes.origins:
        read = (row for row in chain(kept_rows(), left_out()) if row.origin == "annotated")
        inputs = (next(texts) for _, texts in groupby(read, task.key))  # an input may have several texts
        of_strategy["leakage"] = leakage(leaks, islice(inputs, 0, None, sizes.every), module.splits.labelled, ())
    found |= {"teacher_hash": told["teacher"], "strategy": sizes.to_dict() | of_strategy}
    write_json(folder / "curation.json", found)


class _Sizes:
    """Counts rows as they go by."""

    def __init__(self) -> None:
        self.number = self.further = 0
        self.origins: set[str] = set()
        self.targets: set[str | None] = set()
        self.reasons: Counter[str] = Counter()
        self.asked, self.agreed, self.otherwise = Counter[str](), 0, Counter[str]()

    def read(self, row: Example) -> Example:
        """Count a row as it is read in the end, shifted and by all: so are the figures it is held against."""
        self.further += "further" in row.provenance
        if row.origin == "generated" and row.probabilities:
            self.asked[str(row.provenance["requested"])] += 1
            self.agreed += row.target == row.provenance["requested"]
        return row

    def accepted(self, row: Example) -> Example:
        self.number += 1
        self.origins.add(row.origin)
        if row.probabilities:  # of a label: texts are as many as rows
            self.targets.add(row.target)
            if row.origin == "generated" and row.target != row.provenance["requested"]:
                self.otherwise[str(row.provenance["requested"])] += 1
        return row

    def rejected(self, row: Example) -> Example:
        self.reasons[str(row.provenance["reason"])] += 1
        return row

    @property
    def inputs(self) -> int:
        """Rows as they were asked for: further texts for one input are none."""
        return self.number + self.reasons.total() - self.further

    @property
    def every(self) -> int:
        """Of how many accepted rows one is looked at, so that it is about `LOOKED_AT` of them."""
        return 1 + self.number // LOOKED_AT

    def to_dict(self) -> dict[str, Any]:
        requested = self.number + self.reasons.total()
        return {"requested": requested, "accepted": self.number, "rejected": dict(self.reasons)}

    def agreement(self) -> dict[str, Any]:
        """Return the share of generated rows that are read as the label they were written for.

        And of those that are read otherwise and kept: how many, by the label that was asked for, of how many.
        """
        if not self.asked:
            return {}
        read = self.asked.total() + self.reasons[DISAGREES]
        kept = {label: [rows, self.asked[label]] for label, rows in self.otherwise.items()}
        return {"agreement": self.agreed / read, "read_otherwise": kept}


def _because(leaks: WrittenLeaks | None, told: Mapping[str, Any], row: Example, reason: str | None) -> Example:
    """Return a row, rejected where there is a reason: of a pool a leak comes first, as no review may keep it then."""
    row = replace(row, provenance={**row.provenance, **told})
    if leaks and row.origin == "annotated":  # of written rows it was asked before
        reason = leaking(leaks, row) or reason
    return reject(row, reason) if reason else row


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
