"""From an example to token ids: one transform for the teacher, one for a classifier; each data module is given one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

from transformers import PreTrainedTokenizerBase

from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer

IGNORED = -100
"""Label id that a loss leaves out; torch's own default for ``ignore_index``."""


class Encoder(Protocol):
    """Turns examples into rows of a batch.

    Args:
        writes: Whether a model goes on writing behind a prediction row: such rows are padded on the left.
    """

    writes: ClassVar[bool]

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Gives the padding token."""
        ...

    def training_rows(self, task: Task, example: Example) -> list[dict[str, Any]]:
        """Return the rows to train on, one or several an example."""
        ...

    def prediction_row(self, task: Task, example: Example) -> dict[str, Any]:
        """Return the row to predict from; it keeps the example itself under ``example``."""
        ...


@dataclass
class TeacherEncoder:
    """Prompt and completion of both directions, tokenised apart, for a causal language model.

    Args:
        model: Whose tokenizer to use.
        directions: What to train: ``both``, ``annotate`` or ``generate``.
        max_length: Longest row in tokens; the start of a longer prompt is cut, its end and the completion are kept.
    """

    writes: ClassVar[bool] = True
    model: str = "embedded:teacher"
    directions: str = "both"
    max_length: int = 512

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.model)

    def training_rows(self, task: Task, example: Example) -> list[dict[str, Any]]:
        """Return ``input_ids``, ``labels`` (prompt ignored) and ``direction`` of each direction."""
        target = str(example.target)
        pairs = [
            ("annotate", task.prompt(example.fields), task.completion(target)),
            ("generate", task.request(target), task.generated(example.fields)),
        ]
        return [self._pair(a, b) | {"direction": name} for name, a, b in pairs if self.directions in (name, "both")]

    def prediction_row(self, task: Task, example: Example) -> dict[str, Any]:
        """Return the prompt's ``input_ids``: a request where the example has no input yet, else an annotation."""
        text = task.prompt(example.fields) if example.fields else task.request(str(example.target))
        return {"input_ids": self.encode(text)[-self.max_length :], "example": example}

    def encode(self, text: str) -> list[int]:
        """Return token ids; special tokens inside the text are read as plain text."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return ids

    def _pair(self, prompt: str, completion: str) -> dict[str, Any]:
        answer = [*self.encode(completion), self.tokenizer.eos_token_id][: self.max_length // 2]
        start = self.encode(prompt)[-(self.max_length - len(answer)) :]
        return {"input_ids": start + answer, "labels": [IGNORED] * len(start) + answer}


@dataclass
class ClassifierEncoder:
    """Text, or a pair of texts, with a probability for every label, for an encoder with a classification head.

    Args:
        model: Whose tokenizer to use.
        max_length: Longest input in tokens; of a pair, the longer text is cut.
    """

    writes: ClassVar[bool] = False
    model: str = "embedded:student"
    max_length: int = 128

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.model)

    def training_rows(self, task: Task, example: Example) -> list[dict[str, Any]]:
        """Return one row: ``input_ids``, ``token_type_ids`` where the model has them, ``target_probabilities``."""
        known = example.probabilities or {str(example.target): 1.0}
        return [
            self._inputs(task, example) | {"target_probabilities": [known.get(label, 0.0) for label in task.labels]}
        ]

    def prediction_row(self, task: Task, example: Example) -> dict[str, Any]:
        """Return the input alone."""
        return self._inputs(task, example) | {"example": example}

    def _inputs(self, task: Task, example: Example) -> dict[str, Any]:
        first, *rest = (example.fields[name] for name in task.fields)
        second = " ".join(rest) if rest else None
        encoded = self.tokenizer(
            first,
            second,
            truncation=True,  # of a pair, the longer text is cut
            max_length=self.max_length,
            split_special_tokens=True,
            return_attention_mask=False,
        )
        return dict(encoded)
