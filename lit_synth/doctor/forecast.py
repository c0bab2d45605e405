"""Memory and time of every stage of a run, on devices that need not be there."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TaskDataModule, TeacherEncoder
from lit_synth.data.encoders import Encoder
from lit_synth.decoding.trie import Node
from lit_synth.doctor.machine import Machine
from lit_synth.doctor.sharding import Sharding, States, count
from lit_synth.doctor.workloads import Held, Lengths, Module, decoding, largest_batch, make, training, unreal
from lit_synth.embedded import resolve
from lit_synth.modules import Classifier, Seq2Seq, Teacher
from lit_synth.plan import plan
from lit_synth.settings import RunSettings
from lit_synth.workload import SHARE_OF_PEAK, Step


@dataclass(frozen=True)
class Forecast:
    """What a stage will need.

    Args:
        kind: Stages of one kind need the same memory.
        step: Of the plan.
        states: Bytes of weights, gradients and optimizer on a device.
        held: Bytes of a batch.
        batch: Rows on a device at once.
        largest: About how many would fit.
        devices: That work on it.
        hours: By the clock.
    """

    kind: str
    step: Step
    states: States
    held: Held
    batch: int
    largest: int
    devices: int
    hours: float

    @property
    def total(self) -> int:
        """Bytes on a device."""
        return self.states.weights + self.states.gradients + self.states.optimizer + self.held.peak


@dataclass(frozen=True)
class Workload:
    """How a stage uses a model.

    Args:
        module: Without its model yet.
        learns: Or else it decodes.
        batch: Rows at once.
        measure: Bytes of a batch, once the model is there.
    """

    module: Module
    learns: bool
    batch: int
    measure: Callable[[Sharding, int], Held]


def forecast(run: RunSettings, data: TaskDataModule, sharding: Sharding, machine: Machine) -> Iterator[Forecast]:
    """Yield a forecast for every stage of one seed's plan; stages that do the same with a model are measured once."""
    alone = Sharding("none", sharding.half, pure=sharding.pure)

    @cache
    def need(kind: str) -> tuple[States, Held, int, int]:
        work = _workload(kind, run, data)
        split = alone if kind == "student" else sharding
        with unreal():
            make(work.module, split, work.learns)
            states = split.states(count(work.module), work.learns)
            free = machine.memory - states.weights - states.gradients - states.optimizer
            held = work.measure(split, work.batch)
            largest = largest_batch(partial(work.measure, split), work.batch, free)
        return states, held, work.batch, largest

    for step in plan(run, data):
        kind = _kind(step.name)
        devices = 1 if kind == "student" else sharding.world
        states, held, batch, largest = need(kind)
        seconds = step.operations / machine.rate / SHARE_OF_PEAK / devices
        if kind == "generate":
            rounds = math.ceil(run.amount / batch / devices) * run.generation.sampling.max_new_tokens
            # A token at a time reads all weights for every one.
            seconds = max(seconds, rounds * states.weights / machine.bandwidth)
        yield Forecast(kind, step, states, held, batch, largest, devices, seconds / 3600)


def _kind(name: str) -> str:
    if "student" in name:
        return "student"
    same = {"annotate": "annotate", "test the teacher": "annotate", "few_shot": "few_shot", "generate": "generate"}
    return same.get(name, "teacher")


def _workload(kind: str, run: RunSettings, data: TaskDataModule) -> Workload:
    if kind == "student":
        return _student(run, data)
    if kind == "teacher":
        return _teacher(run, data)
    settings, asked, rows = run.teacher, run.few_shot, data.splits.gold
    few = kind == "few_shot"
    name = (asked.model or settings.model) if few else settings.model
    resolve(name)  # an embedded model is unpacked here; within `unreal` nothing can be
    module = Teacher(data.task, name, weights=False)
    if kind == "generate":
        # What is asked for is shorter than a whole row; a given field may be as long as one.
        encoder = TeacherEncoder(name, max_length=settings.max_length)
        lengths = Lengths(_learnt(encoder, data).read, run.generation.sampling.max_new_tokens)
        return Workload(module, False, run.generation.batch_size, lambda _, size: decoding(module, lengths, size))
    shots, most = (max(asked.shots), asked.max_length) if few else (0, settings.max_length)
    encoder = TeacherEncoder(name, max_length=most, shots=shots)
    read = max(len(encoder.prediction_row(data.task, row, rows if shots else ())["input_ids"]) for row in rows)
    written, branches = settings.max_new_tokens, 1
    if data.task.labels:
        written, branches = max(map(len, module.scorer.label_tokens)), widest(module.scorer.trie)
    lengths = Lengths(read, written)
    size = asked.batch_size if few else settings.annotate_batch_size
    return Workload(module, False, size, lambda _, rows: decoding(module, lengths, rows, branches))


def _teacher(run: RunSettings, data: TaskDataModule) -> Workload:
    settings = run.teacher
    resolve(settings.model)
    module = Teacher(
        data.task,
        settings.model,
        lora=settings.lora,
        freeze_embeddings=settings.freeze_embeddings,
        gradient_checkpointing=settings.gradient_checkpointing,
        weights=False,
    )
    lengths = _learnt(TeacherEncoder(settings.model, max_length=settings.max_length), data)
    return Workload(module, True, settings.batch_size, lambda split, size: training(module, split, lengths, size))


def _student(run: RunSettings, data: TaskDataModule) -> Workload:
    settings, task = run.student, data.task
    name, freeze = settings.name(task), settings.freeze_embeddings
    resolve(name)
    encoder: Encoder
    module: Module
    if task.labels:
        encoder = ClassifierEncoder(name, settings.max_length)
        module = Classifier(task, name, freeze_embeddings=freeze, weights=False)
    else:
        encoder = Seq2SeqEncoder(name, settings.max_length, settings.max_target_length)
        module = Seq2Seq(task, name, freeze_embeddings=freeze, weights=False)
    lengths = _learnt(encoder, data)
    return Workload(module, True, settings.batch_size, lambda split, size: training(module, split, lengths, size))


def _learnt(encoder: Encoder, data: TaskDataModule) -> Lengths:
    """Return the longest gold row, and the most tokens that one learns."""
    rows = [row for example in data.splits.gold for row in encoder.training_rows(data.task, example)]
    learnt = [sum(label >= 0 for label in row["labels"]) for row in rows if "labels" in row]
    return Lengths(max(len(row["input_ids"]) for row in rows), max(learnt, default=0))


def widest(trie: Node) -> int:
    """Return the most nodes of one level that have to be read: the labels that share no beginning, at worst.

    >>> from lit_synth.decoding.trie import build_trie
    >>> widest(build_trie([[5, 6, 7], [8, 9], [4]], end_token=0))
    2
    """
    most, level = 1, [trie]
    while level:
        level = [child for node in level for child in node.children.values() if child.ends is None]
        most = max(most, len(level))
    return most
