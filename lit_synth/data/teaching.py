"""The teacher's side of an example: prompts and completions of every direction, and examples shown in front."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from transformers import PreTrainedTokenizerBase

from lit_synth.data.encoders import IGNORED, Rows
from lit_synth.data.fitting import Fields, fit
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.templates import names_in
from lit_synth.tokenizer import load_tokenizer


@dataclass
class TeacherEncoder:
    """Prompt and completion of all directions, tokenised apart, for a causal language model.

    Args:
        model: Whose tokenizer to use.
        directions: What to train: ``both``, ``annotate`` or ``generate``.
        max_length: Longest row in tokens; of a longer input the task's long field is cut.
        shots: Gold examples in front of an annotation prompt, as many as there is room for.
    """

    writes: ClassVar[bool] = True
    model: str = "embedded:teacher"
    directions: str = "both"
    max_length: int = 512
    shots: int = 0

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.model)

    def training_rows(self, task: Task, example: Example) -> Rows:
        """Return ``input_ids``, ``labels`` (prompt ignored) and ``direction`` of every direction."""
        rows = []
        if self.directions in ("annotate", "both"):
            for text in example.references or (str(example.target),):
                rows.append(self._annotation(task, example, task.completion(text)) | {"direction": "annotate"})
        if self.directions in ("generate", "both"):
            ways = range(len(task.writings))
            rows += [self._writing(task, example, way) | {"direction": "generate"} for way in ways]
        return rows

    def prediction_row(self, task: Task, example: Example, gold: Sequence[Example] = ()) -> dict[str, Any]:
        """Return the prompt's ``input_ids``: a request where the input is still to be written, else an annotation."""
        if task.is_written(example):
            text = self.annotation_prompt(task, example, gold)
        else:
            text = task.request(example.provenance["writing"], self._fitted_request(task, example))
        return {"input_ids": self.encode(text)[-self.max_length :], "example": example}

    def annotation_prompt(self, task: Task, example: Example, gold: Sequence[Example] = ()) -> str:
        """Return the prompt of an input, behind as many shown examples as were asked for and fit."""
        fields = fit(task, example.fields, lambda found: len(self.encode(task.prompt(found))), self.max_length)
        prompt = task.prompt(fields)
        for shown in gold[: self.shots]:
            text = f"{task.prompt(shown.fields)}{task.completion(str(shown.target))}\n\n{prompt}"
            if len(self.encode(text)) <= self.max_length:
                prompt = text
        return prompt

    def is_cut(self, task: Task, example: Example) -> bool:
        """Tell whether an annotation prompt is too long."""
        return len(self.encode(task.prompt(example.fields))) > self.max_length

    def encode(self, text: str) -> list[int]:
        """Return token ids; special tokens inside the text are read as plain text."""
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return ids

    def _annotation(self, task: Task, example: Example, completion: str) -> dict[str, Any]:
        room = self.max_length - self._answer_length(completion)
        fields = fit(task, example.fields, lambda found: len(self.encode(task.prompt(found))), room)
        return self._pair(task.prompt(fields), completion)

    def _writing(self, task: Task, example: Example, way: int) -> dict[str, Any]:
        def length(fields: Fields) -> int:
            row = replace(example, fields=fields)
            return len(self.encode(task.request(way, row))) + len(self.encode(task.written(way, row))) + 1

        row = replace(example, fields=fit(task, example.fields, length, self.max_length))
        *_, last = names_in(task.ways[way][1])
        # A text that was cut at its end shall not teach to end there.
        ends = row.fields[last] == example.fields[last]
        return self._pair(task.request(way, row), task.written(way, row), ends)

    def _fitted_request(self, task: Task, example: Example) -> Example:
        way = example.provenance["writing"]
        if not task.given(way):
            return example

        def length(fields: Fields) -> int:
            return len(self.encode(task.request(way, replace(example, fields=fields))))

        return replace(example, fields=fit(task, example.fields, length, self.max_length))

    def _answer_length(self, completion: str) -> int:
        return min(len(self.encode(completion)) + 1, self.max_length // 2)

    def _pair(self, prompt: str, completion: str, ends: bool = True) -> dict[str, Any]:
        answer = [*self.encode(completion), *([self.tokenizer.eos_token_id] if ends else ())]
        start = self.encode(prompt)
        # Where both together are too long, neither takes more than half from the other.
        answer = answer[: max(self.max_length - len(start), self.max_length // 2)]
        start = start[-(self.max_length - len(answer)) :]
        return {"input_ids": start + answer, "labels": [IGNORED] * len(start) + answer}
