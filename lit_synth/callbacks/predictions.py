"""What a test stage leaves: predictions, scores and figures, whoever predicted."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch

from lit_synth.examples import Example
from lit_synth.metrics import Scored, score, unit_scores
from lit_synth.task import Task

Probabilities = dict[str, float]
"""Of every label, by name."""


class Predictions(L.Callback):
    """Scores a whole test set at its end, by the task's metrics, and writes what each row got.

    Figures are made of all rows at once, on one process: F1 a question or a corpus BLEU is no mean over batches.

    Args:
        folder: Gets ``predictions.jsonl``, ``scores.jsonl`` and ``metrics.json``; see `write_results`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Scored] = []
        self.probabilities: dict[str, Probabilities] = {}

    def on_test_start(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Forget an earlier test."""
        self.rows, self.probabilities = [], {}

    def on_test_batch_end(
        self, trainer: L.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Collect one batch; ``outputs`` hold ``probabilities`` of shape ``(batch, labels)``, or ``texts``."""
        labels = pl_module.task.labels
        answers = outputs["probabilities"].tolist() if labels else outputs["texts"]
        for example, found in zip(batch["example"], answers, strict=True):
            if labels:
                self.probabilities[example.id] = dict(zip(labels, found, strict=True))
                found = max(self.probabilities[example.id], key=self.probabilities[example.id].__getitem__)
            self.rows.append(scored(example, found))

    def on_test_epoch_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Gather the rows of all ranks, score them, log the figures and write the files."""
        parts = gather((self.rows, self.probabilities))
        # A sampler for several ranks repeats rows to give each as many.
        rows = {row.id: row for part, _ in parts for row in part}
        probabilities = {name: found for _, part in parts for name, found in part.items()}
        figures = score(pl_module.task.metrics, list(rows.values()))
        for name, value in figures.items():
            pl_module.log(f"test_{name}", value, rank_zero_only=False)
        if trainer.is_global_zero:
            write_results(self.folder, pl_module.task, list(rows.values()), figures, probabilities)


def scored(example: Example, predicted: str | None) -> Scored:
    """Return a test row with what was predicted for it; ``None`` where there was no usable answer."""
    references = example.references or (str(example.target),)
    return Scored(example.id, example.fields, references, predicted)


def write_results(
    folder: Path,
    task: Task,
    rows: Sequence[Scored],
    figures: Mapping[str, float],
    probabilities: Mapping[str, Probabilities],
) -> None:
    """Write what a test stage leaves, in the order of the rows' ids.

    Args:
        folder: Gets ``predictions.jsonl`` (gold, predicted, probabilities where known), ``scores.jsonl`` (the headline
            metric of each independent unit, for intervals and paired tests) and ``metrics.json``.
        task: Names the headline metric.
        rows: Test rows with their predictions.
        figures: From `score`.
        probabilities: Of every label, by row.
    """
    lines = []
    for row in sorted(rows, key=lambda row: row.id):
        line: dict[str, Any] = {"id": row.id, "gold": row.references[0], "predicted": row.predicted}
        if not task.labels:
            line["references"] = list(row.references)
        if row.id in probabilities:
            line["probabilities"] = {label: round(value, 6) for label, value in probabilities[row.id].items()}
        lines.append(line)
    units = [{"id": name, "score": value} for name, value in unit_scores(task.headline, rows).items()]
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("predictions", lines), ("scores", units)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in content)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps(figures, indent=2))


def gather(part: Any) -> list[Any]:
    """Return the parts of all ranks on every rank."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return [part]
    parts: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(parts, part)
    return parts
