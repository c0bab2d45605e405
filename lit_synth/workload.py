"""What the stages of a run cost, from the sizes of its parts: operations and tokens. Nothing heavy is imported."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lit_synth.settings import STUDENTS, SYNTHETIC, RunSettings, Until

SHARE_OF_PEAK = 0.6
"""Part of the rate of a large matrix product that a large model reaches on a GPU."""
TEACHES, READS, WRITES, LEARNS = 0.25, 0.25, 0.35, 0.4
"""The same of the embedded models on a processor: of a teacher that learns, reads and writes, and of a student.

Measured as CPU seconds of whole stages, on one thread, against those of a product: rows of 13 words.
"""

PROCESSOR_SIZE = 384
"""Of a matrix whose product fits between two turns of other programs: the best of many is that of a quiet machine."""
GPU_SIZE = 1024
"""The same on a GPU."""
_TRIED = 0.5
"""Seconds for which products are tried."""


@dataclass(frozen=True)
class Step:
    """One line of the plan.

    Args:
        name: Stage.
        what: Its size in words.
        operations: Floating-point operations.
        tokens: Read, learnt from or written.
        stages: Folders that share this work.
        share: Part of the rate of a large matrix product that it reaches.
        part: Of the run, behind which it can end.
    """

    name: str
    what: str
    operations: float
    tokens: float
    stages: int = 1
    share: float = SHARE_OF_PEAK
    part: Until = "synthesis"


@dataclass(frozen=True)
class Teaching:
    """What a teacher meets.

    Args:
        weights: A token is multiplied with: all but the input embeddings.
        pairs: Rows that it learns in an epoch, one a direction and gold row.
        pair_tokens: Tokens of all these.
        prompt: Tokens of an input that it reads, on average.
        written: The same of an input that it writes.
    """

    weights: int
    pairs: int
    pair_tokens: int
    prompt: float
    written: float


@dataclass(frozen=True)
class Learning:
    """What a student meets.

    Args:
        weights: As of a teacher.
        length: Tokens of an input, on average.
    """

    weights: int
    length: float


def teacher_steps(run: RunSettings, size: Teaching, pool: int, test: int, has_labels: bool) -> Iterator[Step]:
    """Yield the stages of a teacher: 2 operations a weight and token forward, 4 more backward.

    Args:
        run: The settings.
        size: Of what it meets.
        pool: Rows.
        test: Rows.
        has_labels: Whether the task is classification.
    """
    settings, weights, many = run.teacher, size.weights, run.curation.teachers
    # With adapters the gradients of the frozen weights are not computed; checkpointing goes forward twice.
    training = (4 if settings.lora else 6) + (2 if settings.gradient_checkpointing else 0)
    tokens = settings.max_epochs * size.pair_tokens
    epochs = f"{size.pairs:,} rows, {settings.max_epochs} epochs at most"
    name = "teacher" if many == 1 else f"{many} teachers"
    readers = many + (run.curation.students if has_labels else 0)
    yield Step(name, epochs, many * training * weights * tokens, many * tokens, many, TEACHES, "teacher")
    if run.annotates:
        read = many * size.prompt * pool
        yield Step("annotate", f"{pool:,} rows", 2 * weights * read, read, readers, READS)
    if run.generates:
        # Every row is written once and read once; one token at a time reaches a third of the rate of many at once.
        cost = 2 * weights * (3 * size.written + many * size.prompt) * run.amount
        yield Step("generate", f"{run.amount:,} rows", cost, size.written * run.amount, 1 + readers, WRITES)
    if "teacher" in run.strategies:
        read = size.prompt * test
        yield Step("test the teacher", f"{test:,} rows", 2 * weights * read, read, share=READS)


def student_steps(run: RunSettings, size: Learning, test: int, has_labels: bool) -> Iterator[Step]:
    """Yield the stages of all students; the arguments are those of `teacher_steps`."""
    settings, weights, length = run.student, size.weights, size.length
    if has_labels and run.curation.students and (run.annotates or run.generates):
        choice = settings.chosen.get("gold")
        steps = run.curation.students * (choice.max_steps if choice else settings.search.max_steps)
        learnt = length * steps * settings.batch_size
        what = f"{steps} steps at most"
        yield Step("annotating students", what, 6 * weights * learnt, learnt, run.curation.students, LEARNS)
    for strategy in run.strategies:
        if strategy not in STUDENTS:
            continue
        choice = settings.chosen.get(strategy)
        search = settings.search
        many = 1 + (len(run.amounts) if strategy in SYNTHETIC else 0)
        each = choice.max_steps if choice else search.max_steps
        steps = many * each + (0 if choice else each * len(search.learning_rates))
        what = f"{steps} steps" if choice else f"{steps} steps at most, search included"
        if many > 1:
            what += f"; {many} amounts"
        learnt, tested = length * steps * settings.batch_size, length * many * test
        stages = many + (0 if choice else len(search.learning_rates))
        operations = weights * (6 * learnt + 2 * tested)
        yield Step(f"student on {strategy}", what, operations, learnt + tested, stages, LEARNS, "students")


def minutes(steps: list[Step], rate: float) -> list[float]:
    """Return about how long each stage takes at a matrix rate in operations a second."""
    return [step.operations / rate / step.share / 60 for step in steps]


def best_rate(product: Callable[[], object], size: int) -> float:
    """Return the highest rate of a square matrix product, in operations a second.

    Args:
        product: Does one.
        size: Of each side.
    """
    best, end = 0.0, time.monotonic() + _TRIED
    while time.monotonic() < end:
        started = time.perf_counter()
        product()
        best = max(best, 2 * size**3 / (time.perf_counter() - started))
    return best
