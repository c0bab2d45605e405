"""The baseline without fine-tuning: a model is shown examples in its prompt and answers, on this machine or served."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from lit_synth import recipes
from lit_synth.callbacks.predictions import scored, write_results
from lit_synth.decoding.answers import read_answer
from lit_synth.decoding.served import ask
from lit_synth.display.choice import display
from lit_synth.examples import Example, read_examples
from lit_synth.json_lines import read_json_lines
from lit_synth.metrics import Scored, score
from lit_synth.seed import Seed
from lit_synth.stages import run_stage
from lit_synth.task import Task


class FewShot:
    """Tries numbers of examples on the development part, and tests the best.

    Args:
        seed: Whose rows; its folder gets a stage for every number of examples, and ``few_shot``.
    """

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.task = seed.task
        self.settings = seed.run.few_shot

    def execute(self) -> dict[str, Any]:
        """Return ``shots``, ``model``, ``tried`` (headline by number), and of the test ``rows`` and ``outside``."""
        seed = self.seed
        tried = {shots: self._try(shots) for shots in self.settings.shots}
        # Of two that are as good the smaller is cheaper.
        shots = max(sorted(tried), key=tried.__getitem__)
        seed.tell(f"{seed.name}/few_shot: {shots} examples are best on development, {100 * tried[shots]:.1f}")
        stage = seed.folder / "few_shot"
        if self.settings.endpoint is None:
            config = recipes.few_shot(seed.run, seed.number, stage, shots, None)
            seed.ledger.do(stage, config, [seed.data], partial(run_stage, config, ("test",)))
        else:
            seed.ledger.do(stage, self._asked(shots), [seed.data], partial(self._test_served, stage, shots))
        return {
            "shots": shots,
            "model": self.settings.endpoint.model if self.settings.endpoint else self._local_model,
            "tried": {str(number): value for number, value in tried.items()},
            "rows": len(seed.module.splits.test),
            "outside": _outside(stage / "predictions.jsonl"),
        }

    @property
    def _local_model(self) -> str:
        return self.settings.model or self.seed.run.teacher.model

    def _try(self, shots: int) -> float:
        seed, development = self.seed, self.seed.module.splits.development
        stage = seed.folder / f"few_shot_{shots}"
        if self.settings.endpoint is not None:
            display().begins(f"{seed.name}/{stage.name}")
            rows = self._ask(development, shots)
        else:
            config = recipes.few_shot(seed.run, seed.number, stage, shots, seed.development)
            seed.ledger.do(stage, config, [seed.data], partial(run_stage, config, ("predict",)))
            # Rejected ones too, as in the test: they are answers, if poor ones; what did not end has no target.
            files = (stage / "accepted.jsonl", stage / "rejected.jsonl")
            answers = {row.id: row.target for row in chain.from_iterable(map(read_examples, files))}
            rows = [scored(row, answers.get(row.id)) for row in development]
        return score([self.task.headline], rows)[self.task.headline]

    def _asked(self, shots: int) -> dict[str, Any]:
        endpoint = self.settings.endpoint
        assert endpoint is not None  # noqa: S101 - the caller has looked
        # What an answer depends on; how long it is waited for is not part of it.
        names = ("base_url", "model", "temperature", "max_tokens", "chat", "parameters")
        return {"endpoint": {name: getattr(endpoint, name) for name in names}, "shots": shots}

    def _test_served(self, stage: Path, shots: int) -> None:
        rows = self._ask(self.seed.module.splits.test, shots)
        write_results(stage, self.task, rows, score(self.task.metrics, rows), {})

    def _ask(self, examples: Sequence[Example], shots: int) -> list[Scored]:
        endpoint = self.settings.endpoint
        assert endpoint is not None  # noqa: S101 - the callers have looked
        shown = self.seed.module.splits.gold[:shots]
        prompts: list[Any] = [conversation(self.task, example, shown) for example in examples]
        if not endpoint.chat:
            prompts = ["\n\n".join(_said(messages)) for messages in prompts]
        cache = self.seed.run.output / "answers.jsonl"
        found = ask(endpoint, prompts, cache, lambda line: self.seed.tell(f"  {'few_shot':<24} {line}"))
        words = {label: self.task.word(label) for label in self.task.labels}
        # Prompts end in what the answer is, such as "Intent:"; many models repeat it.
        prefix = self.task.annotate_prompt.splitlines()[-1]
        read = [read_answer(text, words, prefix) if words else (text or "").strip() or None for text in found]
        return [scored(example, answer) for example, answer in zip(examples, read, strict=True)]


def conversation(task: Task, example: Example, shown: Sequence[Example]) -> list[dict[str, str]]:
    """Return the messages for a chat model: what is wanted, examples as earlier turns, and the input.

    >>> task = Task("mood", ("text",), "mood", ("good", "bad"))
    >>> conversation(task, Example("1", {"text": "oh no"}), [])[0]["content"]
    'Complete with one of: good, bad. Write nothing else.'
    """
    words = ", ".join(map(task.word, task.labels))
    wanted = f"Complete with one of: {words}." if words else "Complete with the text, in one line."
    rule = " ".join(filter(None, [task.instruction, wanted, "Write nothing else."]))
    messages = [{"role": "system", "content": rule}]
    for row in reversed(shown):  # as in a local prompt: what stands first in gold is nearest to the question
        messages.append({"role": "user", "content": task.prompt(row.fields)})
        messages.append({"role": "assistant", "content": task.completion(str(row.target)).strip()})
    return [*messages, {"role": "user", "content": task.prompt(example.fields)}]


def _said(messages: Sequence[dict[str, str]]) -> list[str]:
    """Return a conversation as parts of one text, for a model that completes texts: each answer behind its prompt."""
    parts = [messages[0]["content"]]
    for message in messages[1:]:
        if message["role"] == "assistant":
            parts[-1] += f" {message['content']}"
        else:
            parts.append(message["content"])
    return parts


def _outside(path: Path) -> int:
    """Count answers that are no label, or no text that ended: wrong, never guessed."""
    return sum(row["predicted"] is None for _, row in read_json_lines(path))
