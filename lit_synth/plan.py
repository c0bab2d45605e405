"""What a run will do and about how long it will take, before it starts."""

import re
from collections.abc import Iterator
from typing import get_args

import torch
from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM

from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TaskDataModule, TeacherEncoder
from lit_synth.data.encoders import Encoder
from lit_synth.embedded import resolve
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.hub import why_absent
from lit_synth.outlook import Outlook
from lit_synth.settings import STUDENTS, RunSettings, Until
from lit_synth.workload import (
    GPU_SIZE,
    PROCESSOR_SIZE,
    Learning,
    Step,
    Teaching,
    best_rate,
    minutes,
    student_steps,
    teacher_steps,
)


def plan(run: RunSettings, module: TaskDataModule, until: Until = "report") -> list[Step]:
    """Return the stages of one seed with their cost: 2 operations a weight and token forward, 4 more backward.

    Args:
        run: The settings.
        module: Knows the rows of the first seed; other seeds cost about the same.
        until: The last part that is done.
    """
    steps = [*_teacher_steps(run, module), *_few_shot_steps(run, module), *_student_steps(run, module)]
    parts = get_args(Until)
    return [step for step in steps if parts.index(step.part) <= parts.index(until)]


def _teacher_steps(run: RunSettings, module: TaskDataModule) -> Iterator[Step]:
    if not run.needs_teacher:
        return
    settings, splits = run.teacher, module.splits
    encoder = TeacherEncoder(settings.model, settings.directions, settings.max_length)
    pairs = [row for example in splits.gold for row in encoder.training_rows(module.task, example)]
    size = Teaching(
        weights=body_weights(settings.model),
        pairs=len(pairs),
        pair_tokens=sum(len(row["input_ids"]) for row in pairs),
        prompt=_mean_length(module, encoder, splits.test),
        written=_mean_length(module, encoder, splits.gold) if run.generates else 0.0,
    )
    yield from teacher_steps(run, size, len(splits.pool), len(splits.test), bool(module.task.labels))


def _few_shot_steps(run: RunSettings, module: TaskDataModule) -> Iterator[Step]:
    settings, splits = run.few_shot, module.splits
    if "few_shot" not in run.strategies or settings.endpoint is not None:
        return
    model = settings.model or run.teacher.model
    # Each number of examples is tried on the development part; the test may be done with the most of them.
    parts = [(number, splits.development) for number in settings.shots] + [(max(settings.shots), splits.test)]
    tokens = sum(
        len(rows) * _mean_length(module, TeacherEncoder(model, max_length=settings.max_length, shots=number), rows)
        for number, rows in parts
    )
    yield Step("few_shot", f"{len(splits.test):,} rows", 2 * body_weights(model) * tokens, tokens, len(parts))


def _student_steps(run: RunSettings, module: TaskDataModule) -> Iterator[Step]:
    if not set(run.strategies) & set(STUDENTS):
        return
    name = run.student.name(module.task)
    kind = ClassifierEncoder if module.task.labels else Seq2SeqEncoder
    encoder = kind(name, run.student.max_length)
    size = Learning(body_weights(name), _mean_length(module, encoder, module.splits.test))
    yield from student_steps(run, size, len(module.splits.test), bool(module.task.labels))


def step_of(stage: str) -> str | None:
    """Return the name of the step that a stage's folder is part of; ``None`` where the plan has none for it.

    >>> step_of("annotation_teacher_2"), step_of("gold_search_0.0003"), step_of("curation_annotate")
    ('annotate', 'student on gold', None)
    """
    if stage == "teacher":
        return "test the teacher"
    begins: dict[str, str] = {
        "teacher_fit": "teacher",
        "annotation": "annotate",
        "generation": "generate",
        "round_trip": "generate",
        "annotator": "annotating students",
        "few_shot": "few_shot",
        **{name: f"student on {name}" for name in STUDENTS},
    }
    return next((step for start, step in begins.items() if re.match(rf"{start}(_|$)", stage)), None)


def part_of(step: Step) -> str:
    """Return the name that `step_of` has for a step: that of several teachers tells their number besides."""
    return re.sub(r"^\d+ teachers$", "teacher", step.name)


def outlook_of(run: RunSettings, steps: list[Step], rate: float) -> Outlook:
    """Return what progress lines tell of the time that the whole run may take, at a matrix rate."""
    estimates = zip(steps, minutes(steps, rate), strict=True)
    parts = {part_of(step): (60 * each, step.stages) for step, each in estimates}
    return Outlook(parts, len(run.seeds), step_of)


def body_weights(model: str) -> int:
    """Return the number of weights a token is multiplied with: all but the input embeddings; none are loaded."""
    try:
        config = AutoConfig.from_pretrained(resolve(model), trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise InputError(why_absent(model, error)) from None
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModel
    with torch.device("meta"):
        network = kind.from_config(config)  # type: ignore[no-untyped-call]
    embeddings = network.get_input_embeddings().weight
    return sum(int(parameter.numel()) for parameter in network.parameters() if parameter is not embeddings)


def matrix_rate() -> float:
    """Return how many floating-point operations a second a square matrix product reaches on the device at hand."""
    device, size = ("cuda", GPU_SIZE) if torch.cuda.is_available() else ("cpu", PROCESSOR_SIZE)
    left = torch.rand(size, size, device=device)
    return best_rate(lambda: (left @ left).sum().item(), size)


def _mean_length(module: TaskDataModule, encoder: Encoder, examples: list[Example]) -> float:
    gold = module.splits.gold
    rows = [encoder.prediction_row(module.task, example, gold) for example in examples[:100]]
    return sum(len(row["input_ids"]) for row in rows) / max(1, len(rows))
