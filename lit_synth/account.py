"""What a run says of its rows: how right annotations are, and which inputs were too long."""

from collections.abc import Sequence
from typing import Any

from lit_synth.callbacks.predictions import scored
from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TaskDataModule, TeacherEncoder
from lit_synth.data.encoders import Encoder
from lit_synth.examples import Example
from lit_synth.metrics import score
from lit_synth.settings import STUDENTS, RunSettings
from lit_synth.task import Task


def annotation_figures(task: Task, rows: Sequence[Example], hidden: Sequence[Example]) -> dict[str, Any]:
    """Hold annotations against the pool's hidden targets; the figures are for the report alone.

    Args:
        task: Labels or texts.
        rows: The annotated rows.
        hidden: The same rows with their true targets, and more.

    Returns:
        Labels: ``rows``, ``accuracy``, ``covered`` (share of rows with a probability of 0.9 or more) and
        ``covered_accuracy``. Texts: ``rows``, ``metric`` and ``score``.
    """
    true = {row.id: row for row in hidden}
    if not task.labels:
        found = score([task.headline], [scored(true[row.id], row.target) for row in rows])
        return {"rows": len(rows), "metric": task.headline, "score": found[task.headline]}
    right = [row.target == true[row.id].target for row in rows]
    pairs = zip(right, rows, strict=True)
    sure = [hit for hit, row in pairs if max((row.probabilities or {"": 0}).values()) >= 0.9]
    return {
        "rows": len(rows),
        "accuracy": _share(right),
        "covered": len(sure) / max(1, len(rows)),
        "covered_accuracy": _share(sure),
    }


def cut_inputs(run: RunSettings, module: TaskDataModule) -> dict[str, dict[str, int]]:
    """Count the inputs, over all parts, that are too long for teacher and student, so that their long field is cut.

    Returns:
        ``rows``, ``cut`` and ``max_length`` by model.
    """
    task, splits = module.task, module.splits
    rows = [*splits.gold, *splits.development, *splits.pool, *splits.test]
    encoders: dict[str, Encoder] = {}
    if set(run.strategies) & set(STUDENTS):
        model, length = run.student.name(task), run.student.max_length
        encoders["student"] = ClassifierEncoder(model, length) if task.labels else Seq2SeqEncoder(model, length)
    if run.needs_teacher:
        encoders["teacher"] = TeacherEncoder(run.teacher.model, max_length=run.teacher.max_length)
    return {
        name: {
            "rows": len(rows),
            "cut": sum(encoder.is_cut(task, row) for row in rows),
            "max_length": encoder.max_length,
        }
        for name, encoder in encoders.items()
    }


def _share(hits: list[bool]) -> float:
    return sum(hits) / max(1, len(hits))
