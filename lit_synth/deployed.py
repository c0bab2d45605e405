"""A finished student at work: it reads rows as it did when it was tested, and answers with labels or texts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from inspect import signature
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import yaml
from transformers import AutoModelForSeq2SeqLM, AutoModelForSequenceClassification

from lit_synth.data.collate import Collate
from lit_synth.data.encoders import ClassifierEncoder, Encoder, Seq2SeqEncoder
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.modules.first_token import read_first_token_alone
from lit_synth.modules.pretrained import load_pretrained
from lit_synth.permissions import class_at
from lit_synth.task import Task

READING = "lit_synth.json"
"""File of a student that was exported: how it reads a row."""
BATCHES = 16
"""Batches that are sorted by length together: so many rows are in memory at once."""


@dataclass(frozen=True)
class Reading:
    """How a student reads a row.

    Args:
        task: Columns, labels and, for text to text, the prompt.
        max_length: Longest input in tokens.
    """

    task: Task
    max_length: int

    def save(self, folder: Path) -> None:
        """Write it into a student's folder."""
        content = json.dumps(asdict(self), indent=2, ensure_ascii=False)
        (folder / READING).write_text(content + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Answer:
    """What a student says of a row.

    Args:
        target: The likeliest label, or the text that was written.
        probabilities: Of every label, likeliest first; empty for a text.
    """

    target: str
    probabilities: Mapping[str, float]

    @property
    def probability(self) -> float | None:
        """Of the likeliest label; ``None`` for a text."""
        return self.probabilities.get(self.target)


def reading_of(folder: Path) -> Reading:
    """Return how the student in a folder reads: from its own file, or from the stage of the run that made it.

    Raises:
        InputError: The folder holds no student that says so.
    """
    if not (folder / "config.json").is_file():
        inner = next(iter(sorted(folder.glob("**/model/config.json"))), None) if folder.is_dir() else None
        hint = f"; there is one in {inner.parent}" if inner else "; give seed0/<strategy>/model of a run, or an export"
        raise InputError(f"{folder}: no student there{hint}")
    own, stage = folder / READING, folder.resolve().parent / "config.yaml"
    path = own if own.is_file() else stage
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else "{}"
        if path == own:
            found = json.loads(text)
            return Reading(_task(found["task"]), int(found["max_length"]))
        return _of_stage(folder, yaml.safe_load(text).get("data", {}))
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path}: does not tell how a student reads; give another student, or make it again") from None


def _of_stage(folder: Path, data: Mapping[str, Any]) -> Reading:
    encoder = data.get("init_args", {}).get("encoder", {})
    if not str(encoder.get("class_path", "")).endswith(("ClassifierEncoder", "Seq2SeqEncoder")):
        raise InputError(
            f"{folder}: neither {READING} nor the config.yaml of a student's stage is there, which tell how it reads; "
            "give seed0/<strategy>/model of a run, or what lit_synth export made of one"
        )
    given = data["init_args"].get("task")
    task: Task = _task(given) if given else signature(class_at(data["class_path"])).parameters["task"].default
    return Reading(task, int(encoder["init_args"]["max_length"]))


class Student:
    """A finished student of a run, or one that was exported.

    Args:
        folder: ``seed0/<strategy>/model`` of a run, or what `export` made of one.
        device: For example ``cuda``; the GPU where there is one, by default.
        batch_size: Rows a batch.

    Raises:
        InputError: There is no student in the folder, or no such device.
    """

    def __init__(self, folder: str | Path, device: str | None = None, batch_size: int = 64) -> None:
        path = Path(folder)
        reading = reading_of(path)
        self.task = reading.task
        self.batch_size = batch_size
        self.device = _device(device)
        kind = AutoModelForSequenceClassification if self.task.labels else AutoModelForSeq2SeqLM
        encoder = ClassifierEncoder if self.task.labels else Seq2SeqEncoder
        self.encoder: Encoder = encoder(str(path), reading.max_length)
        self.model: Any = load_pretrained(kind, str(path.resolve())).eval().to(self.device)
        if self.task.labels:
            read_first_token_alone(self.model)
        known = tuple(self.model.config.id2label.values()) if self.task.labels else ()
        if known != self.task.labels:
            raise InputError(
                f"{path}: the model has the labels {list(known)[:5]}, its task {list(self.task.labels)[:5]}"
            )

    def predict(self, rows: Iterable[Mapping[str, str] | str]) -> Iterator[Answer]:
        """Yield an answer for every row, in order; some hundreds of rows are in memory at once.

        Args:
            rows: Texts, or columns by name where the task has several.

        Raises:
            InputError: A row has no text in one of the task's columns.
        """
        examples = (self._example(number, row) for number, row in enumerate(rows, start=1))
        while chunk := list(islice(examples, self.batch_size * BATCHES)):
            encoded = [self.encoder.prediction_row(self.task, example) for example in chunk]
            order = sorted(range(len(chunk)), key=lambda index: -len(encoded[index]["input_ids"]))
            answers: dict[int, Answer] = {}
            for start in range(0, len(order), self.batch_size):
                part = order[start : start + self.batch_size]
                answers.update(zip(part, self._answer([encoded[index] for index in part]), strict=True))
            yield from (answers[index] for index in range(len(chunk)))

    def _example(self, number: int, row: Mapping[str, str] | str) -> Example:
        names = self.task.fields
        if isinstance(row, str) and len(names) > 1:
            raise InputError(f"row {number}: one text, where the student reads {', '.join(names)}; give them by name")
        fields = {names[0]: row} if isinstance(row, str) else {name: str(row.get(name) or "") for name in names}
        if empty := [name for name, text in fields.items() if not text.strip()]:
            raise InputError(f"row {number}: no text in column {empty[0]!r}")
        return Example(str(number), {name: text.strip() for name, text in fields.items()})

    @torch.inference_mode()
    def _answer(self, rows: Sequence[dict[str, Any]]) -> list[Answer]:
        batch = Collate(int(self.encoder.tokenizer.pad_token_id))(rows)
        tensors = {key: value.to(self.device) for key, value in batch.items() if isinstance(value, torch.Tensor)}
        if not self.task.labels:
            tensors.pop("token_type_ids", None)
            texts = self.encoder.tokenizer.batch_decode(self.model.generate(**tensors), skip_special_tokens=True)
            return [Answer(text.strip(), {}) for text in texts]
        probabilities = self.model(**tensors).logits.softmax(dim=1).tolist()
        return [_labelled(self.task, found) for found in probabilities]


def _device(name: str | None) -> torch.device:
    chosen = name or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=chosen).device
    except (RuntimeError, AssertionError, NotImplementedError):
        raise InputError(f"device {chosen}: is not there; give cpu, or leave it out") from None


def _labelled(task: Task, probabilities: Sequence[float]) -> Answer:
    ranked = sorted(zip(task.labels, probabilities, strict=True), key=lambda pair: -pair[1])
    return Answer(ranked[0][0], dict(ranked))


def _task(plain: Mapping[str, Any]) -> Task:
    """Return a task from what YAML or JSON holds, which know no tuples."""
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in plain.items()}
    return Task(**values)
