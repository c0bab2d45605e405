"""`lit_synth run --preview`: the whole path on a handful of rows, in a folder of its own that is removed again."""

import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from lit_synth.account import foreign
from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TeacherEncoder
from lit_synth.data.encoders import Encoder
from lit_synth.data.splits import Splits
from lit_synth.examples import read_examples
from lit_synth.pipeline import Pipeline, module_of
from lit_synth.plan import matrix_rate, plan
from lit_synth.settings import STUDENTS, SYNTHETIC, Choice, RunSettings, Strategy
from lit_synth.stages import quiet
from lit_synth.task import Task
from lit_synth.workload import minutes

GOLD = 16
"""Gold rows to learn from; more where there are more labels."""
ROWS = 10
"""Rows that are annotated, written and tested."""
STEPS = 2


def preview(run: RunSettings, tell: Callable[[str], None]) -> None:
    """Tell what a run would show, write and cost; nothing is left of it.

    Args:
        run: The settings of the whole run.
        tell: Gets lines of text.

    Raises:
        InputError: What the run itself would raise.
    """
    quiet()
    module = module_of(run, run.seeds[0])
    whole = sum(minutes(plan(run, module), matrix_rate())) * len(run.seeds)
    task, gold = module.task, module.splits.gold
    tell("What the models read, from their tokens; a teacher learns to go on behind the arrow:")
    for name, text in _shown(run, task, gold[0]):
        tell(f"\n[{name}]\n{text}")
    if strange := foreign(run, task, gold):
        tell(f"\n{strange}")
    with tempfile.TemporaryDirectory(prefix="lit_synth_preview_") as folder:
        output = Path(folder) / "run"
        small = _small(run, task, output, module.splits)
        tell(f"\nThe path on {small.fraction:g} gold rows, {STEPS} steps a student:")
        only = _stages(tell)
        # Its plan, progress and figures are of a handful of rows.
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            Pipeline(small, tell=only).execute()
        for line in _made(output, task, small):
            tell(line)
        tell("They come from a teacher that has hardly learnt: the run's own are better.\n")
        tell(f"Time    about {max(1, round(whole)):,} minutes for the whole run on this machine")
        tell(f"Memory  {_peak()}; longer rows and full batches need more")
        free = shutil.disk_usage(next(one for one in (run.output, *run.output.parents) if one.exists())).free
        tell(f"Disk    {_size(_disk(run, output))} in {run.output}, where {_size(free)} are free")


def _small(run: RunSettings, task: Task, output: Path, splits: Splits) -> RunSettings:
    """Return the same run on a handful of rows: a student on gold, and on one source of synthetic rows."""
    source = ("generate",) if run.generates else ("annotate",) if run.annotates else ()
    rows = len(splits.gold) + len(splits.development) + len(splits.pool_gold)
    # Of few rows some are left to be annotated.
    most = rows - max(1, rows // 4) if source == ("annotate",) and not splits.unlabelled else rows
    strategies: tuple[Strategy, ...] = ("gold", *source)
    return replace(
        run,
        output=output,
        reuse=None,
        fraction=float(min(most, max(GOLD, len(task.labels) + 2))),
        seeds=run.seeds[:1],
        strategies=strategies,
        amounts=(),
        limit=ROWS,
        teacher=replace(run.teacher, max_epochs=1),
        generation=replace(run.generation, amount=ROWS, amounts=(), attempts=1.0),
        curation=replace(run.curation, teachers=1, prompts=(), students=0, calibrate=False, confidence=None),
        student=replace(run.student, chosen=dict.fromkeys(strategies, Choice(1e-4, STEPS)), two_stages=False),
        # Several nodes are reached through SLURM; a look is taken here.
        trainer=run.trainer | ({"num_nodes": 1} if "num_nodes" in run.trainer else {}),
    )


def _shown(run: RunSettings, task: Task, example: Any) -> Iterator[tuple[str, str]]:
    """Yield a name and a text for each way in which a model meets one gold row, decoded from its tokens."""
    teacher = TeacherEncoder(run.teacher.model, max_length=run.teacher.max_length)
    names = ["teacher, to annotate", *(f"teacher, to write ({number + 1})" for number in range(len(task.ways)))]
    for name, row in zip(names, teacher.training_rows(task, example), strict=False):
        learnt = [label >= 0 for label in row["labels"]]
        first = learnt.index(True) if True in learnt else len(learnt)
        parts = (str(teacher.tokenizer.decode(row["input_ids"][part])) for part in (slice(first), slice(first, None)))
        yield name, " ⟶".join(parts)
    kind = ClassifierEncoder if task.labels else Seq2SeqEncoder
    student: Encoder = kind(run.student.name(task), run.student.max_length)
    yield "student", str(student.tokenizer.decode(student.prediction_row(task, example)["input_ids"]))


def _stages(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Pass on the lines of a run that name a stage as it starts."""
    shown = sys.stdout

    def only(line: str) -> None:
        if line.endswith(": starts"):
            with redirect_stdout(shown):
                tell(f"  {line.removesuffix(': starts')}")

    return only


def _made(output: Path, task: Task, run: RunSettings) -> Iterator[str]:
    files = sorted(output.glob("synthetic/*/*.jsonl")) + sorted(output.glob("rejected/*/*.jsonl"))
    rows = [(path.parts[-3] == "rejected", row) for path in files for row in read_examples(path)]
    yield f"\n{len(rows)} {'annotated pool' if run.annotates else 'synthetic'} rows:"
    for refused, row in rows[:ROWS]:
        text = " | ".join(" ".join(row.fields.get(name, "").split()) for name in task.fields)
        reason = f"  [rejected: {row.provenance.get('reason', 'no reason')}]" if refused else ""
        yield f"  {row.target}: {text[:160]}{reason}"


def _peak() -> str:
    scale = 1 if sys.platform == "darwin" else 1024
    told = f"{_size(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale)} at its highest here"
    if torch.cuda.is_available():
        told += f", {_size(torch.cuda.max_memory_allocated())} on the GPU"
    return told


def _disk(run: RunSettings, output: Path) -> int:
    """Return the bytes that all stages of the run leave, by those that were done here."""
    teacher = _bytes(output / f"seed{run.seeds[0]}" / "teacher_fit") * run.curation.teachers
    small = [_bytes(path.parent) for path in output.glob("seed*/*/model") if path.parent.name != "teacher_fit"]
    students = sum(1 + (len(run.amounts) if name in SYNTHETIC else 0) for name in run.strategies if name in STUDENTS)
    return len(run.seeds) * (teacher + students * max(small, default=0))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _size(number: float) -> str:
    """Return bytes in the unit that suits them.

    >>> _size(91_000_000), _size(2_700_000_000)
    ('91 MB', '2.7 GB')
    """
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
