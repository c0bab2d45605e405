"""From an example to token ids: a transform for the teacher and one for each student; a data module is given one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

from transformers import PreTrainedTokenizerBase

from lit_synth.data.fitting import Fields, fit
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer

IGNORED = -100
"""Label id that a loss leaves out; torch's own default for ``ignore_index``."""
Rows = list[dict[str, Any]]


class Encoder(Protocol):
    """Turns examples into rows of a batch.

    Args:
        writes: Whether a model goes on writing behind a prediction row: such rows are padded on the left.
        max_length: Longest row in tokens.
    """

    writes: ClassVar[bool]
    max_length: int

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Gives the padding token."""
        ...

    def training_rows(self, task: Task, example: Example) -> Rows:
        """Return the rows to train on, one or several an example."""
        ...

    def prediction_row(self, task: Task, example: Example, gold: Sequence[Example] = ()) -> dict[str, Any]:
        """Return the row to predict from; it keeps the example itself under ``example``."""
        ...

    def is_cut(self, task: Task, example: Example) -> bool:
        """Tell whether an input is too long, so that its long field is cut."""
        ...


@dataclass
class ClassifierEncoder:
    """Text, or a pair of texts, with a probability for every label, for an encoder with a classification head.

    The first field is the first text of a pair, the others together are the second; of an input that is too long, the
    task's long field is cut.

    Args:
        model: Whose tokenizer to use.
        max_length: Longest input in tokens.
    """

    writes: ClassVar[bool] = False
    model: str = "embedded:student"
    max_length: int = 128

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.model)

    def training_rows(self, task: Task, example: Example) -> Rows:
        """Return one row: the input, ``target_probabilities``, ``weight``, and whether it is ``synthetic``."""
        known = example.probabilities or {str(example.target): 1.0}
        probabilities = [known.get(label, 0.0) for label in task.labels]
        return [self._inputs(task, example) | {"target_probabilities": probabilities} | _standing(example)]

    def prediction_row(self, task: Task, example: Example, gold: Sequence[Example] = ()) -> dict[str, Any]:
        """Return the input alone."""
        return self._inputs(task, example) | {"example": example}

    def is_cut(self, task: Task, example: Example) -> bool:
        """Tell whether an input is too long."""
        return len(self._tokens(task, example.fields)["input_ids"]) > self.max_length

    def _inputs(self, task: Task, example: Example) -> dict[str, Any]:
        whole = self._tokens(task, example.fields)
        if len(whole["input_ids"]) <= self.max_length:
            return whole
        fields = fit(task, example.fields, lambda found: len(self._tokens(task, found)["input_ids"]), self.max_length)
        return self._tokens(task, fields, truncation=True, max_length=self.max_length)

    def _tokens(self, task: Task, fields: Fields, **options: Any) -> dict[str, Any]:
        first, *rest = (fields[name] for name in task.fields)
        pair = " ".join(rest) if rest else None
        return dict(self.tokenizer(first, pair, split_special_tokens=True, return_attention_mask=False, **options))


@dataclass
class Seq2SeqEncoder:
    """The teacher's annotation prompt as source and the text as target, for an encoder with a decoder.

    Args:
        model: Whose tokenizer to use.
        max_length: Longest source in tokens; of a longer one the task's long field is cut.
        max_target_length: Longest target in tokens.
    """

    writes: ClassVar[bool] = False
    model: str = "embedded:seq2seq"
    max_length: int = 128
    max_target_length: int = 64

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.model)

    def training_rows(self, task: Task, example: Example) -> Rows:
        """Return a row for every known text: the source, ``labels`` with the end token, and how it counts."""
        source = self._source(task, example)
        targets = example.references or (str(example.target),)
        return [
            # Of a target that is too long the end goes, end token and all: it does not teach to stop there.
            {"input_ids": source, "labels": self._encode(text)[: self.max_target_length], "example": example}
            | _standing(example)
            for text in targets
        ]

    def prediction_row(self, task: Task, example: Example, gold: Sequence[Example] = ()) -> dict[str, Any]:
        """Return the source alone."""
        return {"input_ids": self._source(task, example), "example": example}

    def is_cut(self, task: Task, example: Example) -> bool:
        """Tell whether a source is too long."""
        return len(self._encode(task.prompt(example.fields))) > self.max_length

    def _source(self, task: Task, example: Example) -> list[int]:
        fields = fit(task, example.fields, lambda found: len(self._encode(task.prompt(found))), self.max_length)
        return self._encode(task.prompt(fields), self.max_length)

    def _encode(self, text: str, max_length: int | None = None) -> list[int]:
        cut = {"truncation": True, "max_length": max_length} if max_length else {}
        ids: list[int] = self.tokenizer(text, split_special_tokens=True, **cut)["input_ids"]
        return ids


def _standing(example: Example) -> dict[str, Any]:
    return {"weight": example.weight, "synthetic": example.origin != "gold"}
