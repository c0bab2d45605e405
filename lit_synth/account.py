"""What a run says of its rows: how right annotations are, and which inputs were too long."""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from statistics import fmean
from typing import Any

from lit_synth.callbacks.predictions import scored
from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TaskDataModule, TeacherEncoder
from lit_synth.data.encoders import Encoder
from lit_synth.data.splits import Splits
from lit_synth.examples import Example
from lit_synth.metrics import unit_scores
from lit_synth.on_disk import ById
from lit_synth.settings import STUDENTS, RunSettings
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer

READ = 500
"""Gold rows that are looked at for signs that a student does not know."""
MOST_UNKNOWN = 0.1
"""Share of unknown tokens from which it is told: single emoji or names are less."""

_AT_ONCE = 1000
"""Texts that are scored together."""


def annotation_figures(task: Task, rows: Iterable[Example], hidden: Sequence[Example]) -> dict[str, Any]:
    """Hold annotations against the pool's hidden targets; the figures are for the report alone.

    Args:
        task: Labels or texts.
        rows: The annotated rows, read once; of several texts for one input the first has its id, and counts.
        hidden: Rows with their true targets; an annotated row that is none of them is not judged.

    Returns:
        Labels: ``rows``, ``accuracy``, ``covered`` (share of rows with a probability of 0.9 or more) and
        ``covered_accuracy``. Texts: ``rows``, ``metric`` and ``score``. Nothing where no row can be judged.
    """
    known = ById(hidden)
    if not task.labels:
        values = array("d")
        told = (scored(true, row.target) for row in rows if (true := known.get(row.id)))
        while several := list(islice(told, _AT_ONCE)):
            values.extend(unit_scores(task.headline, several).values())
        return {"rows": len(values), "metric": task.headline, "score": fmean(values)} if values else {}
    hits: Counter[tuple[bool, bool]] = Counter(
        (max((row.probabilities or {"": 0}).values()) >= 0.9, row.target == true.target)
        for row in rows
        if (true := known.get(row.id))
    )
    if not hits:
        return {}
    sure, right = hits[True, True] + hits[True, False], hits[True, True] + hits[False, True]
    return {
        "rows": hits.total(),
        "accuracy": right / hits.total(),
        "covered": sure / hits.total(),
        "covered_accuracy": hits[True, True] / max(1, sure),
    }


def headline_figures(task: Task, rows: Iterable[Example], known: Sequence[Example]) -> dict[str, Any]:
    """Hold labels against the true ones by the task's own metric, where that is not accuracy.

    Args:
        task: With labels.
        rows: As they were read.
        known: All rows with their true targets; one that was not read has no answer.

    Returns:
        ``metric``, ``score``, and ``rows``, the number of its units, such as questions.
    """
    read = {row.id: row.target for row in rows}
    units = unit_scores(task.headline, [scored(row, read.get(row.id)) for row in known])
    return {"rows": len(units), "metric": task.headline, "score": fmean(units.values())}


def parts_told(splits: Splits) -> list[str]:
    """Say how many rows each part has, and how many were left out of all, for which reasons."""
    gold, kept = len(splits.gold) + len(splits.development), len(splits.development)
    parts = [f"{gold:,} gold rows, {kept:,} of them kept for development"]
    if splits.pool:
        hidden = f", the labels of {len(splits.pool_gold):,} hidden" if splits.pool_gold else ""
        parts.append(f"{len(splits.pool):,} pool rows{hidden}")
    told = ["; ".join([*parts, f"{len(splits.test):,} test rows"])]
    if removed := ", ".join(f"{count:,} {reason}" for reason, count in splits.removed.items() if count):
        told.append(f"left out: {removed}")
    return told


def cut_inputs(run: RunSettings, module: TaskDataModule) -> dict[str, dict[str, int]]:
    """Count the inputs, over all parts, that are too long for teacher and student, so that their long field is cut.

    Returns:
        ``rows``, ``cut`` and ``max_length`` by model.
    """
    task, splits = module.task, module.splits
    parts = splits.gold, splits.development, splits.pool, splits.test
    encoders: dict[str, Encoder] = {}
    if set(run.strategies) & set(STUDENTS):
        model, length = run.student.name(task), run.student.max_length
        encoders["student"] = ClassifierEncoder(model, length) if task.labels else Seq2SeqEncoder(model, length)
    if run.needs_teacher:
        encoders["teacher"] = TeacherEncoder(run.teacher.model, max_length=run.teacher.max_length)
    return {
        name: {
            "rows": sum(map(len, parts)),
            "cut": sum(encoder.is_cut(task, row) for row in chain.from_iterable(parts)),
            "max_length": encoder.max_length,
        }
        for name, encoder in encoders.items()
    }


def all_cut(found: dict[str, dict[str, int]], earlier: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return what `cut_inputs` has found, with the models that an earlier call on as many rows has asked.

    >>> few, many = {"rows": 2, "cut": 0, "max_length": 8}, {"rows": 9, "cut": 1, "max_length": 8}
    >>> list(all_cut({"student": few}, {"teacher": few})), list(all_cut({"student": few}, {"teacher": many}))
    (['teacher', 'student'], ['student'])
    """
    rows = {one["rows"] for one in found.values()}
    return {name: one for name, one in earlier.items() if not rows or one["rows"] in rows} | found


def unknown_share(model: str, rows: Sequence[Example]) -> float:
    """Return which share of the tokens of inputs stands for signs that a model's tokenizer does not know."""
    tokenizer = load_tokenizer(model)
    if tokenizer.unk_token_id is None:
        return 0.0
    texts = [text for row in rows for text in row.fields.values()]
    tokens = [token for ids in tokenizer(texts, add_special_tokens=False)["input_ids"] for token in ids]
    return _share([token == tokenizer.unk_token_id for token in tokens])


def foreign(run: RunSettings, task: Task, gold: Sequence[Example]) -> str:
    """Say that the student cannot read the language of the rows, where that is so; else nothing."""
    model = run.student.name(task)
    share = unknown_share(model, gold[:READ]) if set(run.strategies) & set(STUDENTS) else 0.0
    if share < MOST_UNKNOWN:
        return ""
    return (
        f"student: {share:.0%} of the tokens in gold are unknown to {model}, which cannot tell such texts apart; "
        "give --student.model one that was trained on their language, and look at the teacher's, too"
    )


def _share(hits: list[bool]) -> float:
    return sum(hits) / max(1, len(hits))
