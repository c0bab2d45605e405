"""About how long a run on a table will take, from rows and tokenizers alone: no large library is imported."""

import json
import os
import struct
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from statistics import fmean
from typing import Any

from lit_synth.embedded import resolve
from lit_synth.examples import Example
from lit_synth.settings import STUDENTS, RunSettings
from lit_synth.task import Task
from lit_synth.workload import (
    PROCESSOR_SIZE,
    Learning,
    Step,
    Teaching,
    best_rate,
    minutes,
    student_steps,
    teacher_steps,
)

LOOKED_AT = 100
"""Rows whose tokens are counted."""
_END = 1
"""Token behind a row that a teacher learns."""


def whole_minutes(run: RunSettings, task: Task, rows: Sequence[Example], gold: int, pool: int, test: int) -> float:
    """Return about how many minutes a run takes on this machine's processor.

    Args:
        run: The settings; its models are at hand, as embedded ones or folders.
        task: What is learnt.
        rows: Some labelled rows.
        gold: Rows to learn from and for development.
        pool: Rows to annotate.
        test: Rows to test on.
    """
    learnt = round(gold * (1 - run.development_share))
    some = rows[:: max(1, len(rows) // LOOKED_AT)][:LOOKED_AT]
    steps: list[Step] = []
    if run.needs_teacher:
        steps += teacher_steps(run, _teaching(run, task, some, learnt), pool, test, bool(task.labels))
    if set(run.strategies) & set(STUDENTS):
        steps += student_steps(run, _learning(run, task, some), test, bool(task.labels))
    return sum(minutes(steps, processor_rate())) * len(run.seeds)


def processor_rate() -> float:
    """Return how many floating-point operations a second a square matrix product reaches on the processor.

    On one thread, times the cores: several threads wait for each other where other programs run, each time.
    """
    import joblib
    import numpy as np
    from threadpoolctl import threadpool_limits

    left = np.random.default_rng(0).random((PROCESSOR_SIZE, PROCESSOR_SIZE), dtype=np.float32)
    cores = joblib.cpu_count(only_physical_cores=True)
    with threadpool_limits(1):
        one = best_rate(lambda: left @ left, PROCESSOR_SIZE)
    threads: int = min(cores, int(os.environ.get("OMP_NUM_THREADS") or cores))
    return one * threads


def weights_in(folder: Path) -> int:
    """Return the weights of a model that a token is multiplied with: all but those with a row for each sign it knows.

    Read from the heads of its safetensors files, whose length stands in their first eight bytes.
    """
    vocabulary = _vocabulary(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    total = 0
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as lines:
            (length,) = struct.unpack("<Q", lines.read(8))
            heads = json.loads(lines.read(length))
        shapes = (head["shape"] for name, head in heads.items() if name != "__metadata__")
        total += sum(prod(shape) for shape in shapes if shape[:1] != [vocabulary])
    return total


def _vocabulary(config: dict[str, Any]) -> int:
    return int(config["vocab_size"] if "vocab_size" in config else config["encoder"]["vocab_size"])


def _teaching(run: RunSettings, task: Task, rows: Sequence[Example], gold: int) -> Teaching:
    folder = Path(resolve(run.teacher.model))
    count = _counter(folder, run.teacher.max_length)
    writes = range(len(task.ways)) if run.teacher.directions == "both" else ()
    learnt, read = [], []
    for row in rows:
        prompt = task.prompt(row.fields)
        read.append(count(prompt))
        learnt.append(count(f"{prompt}{task.completion(str(row.target))}") + _END)
        learnt += [count(f"{task.request(way, row)}{task.written(way, row)}") + _END for way in writes]
    pairs = gold * (1 + len(writes))
    return Teaching(weights_in(folder), pairs, round(pairs * fmean(learnt)), fmean(read), fmean(read))


def _learning(run: RunSettings, task: Task, rows: Sequence[Example]) -> Learning:
    folder = Path(resolve(run.student.name(task)))
    count = _counter(folder, run.student.max_length)
    return Learning(weights_in(folder), fmean(count(" ".join(row.fields.values())) for row in rows))


def _counter(folder: Path, most: int) -> Callable[[str], int]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: min(most, len(tokenizer.encode(text).ids))
