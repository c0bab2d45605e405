"""What a teacher says to prompts: probabilities of labels, texts, and the synthetic records that they become."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from lit_synth.decoding.decoders import Decoder
from lit_synth.decoding.sampling import record_seed
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import Example
from lit_synth.modules.annotations import answered, labelled
from lit_synth.modules.label_scores import LabelScorer
from lit_synth.modules.meter import Meter
from lit_synth.modules.previews import MOST_TOKENS, Row
from lit_synth.task import Task


@dataclass
class Speaker:
    """A model that answers batches of prompts, which are padded on the left.

    Args:
        task: Names labels and fields.
        decoder: Reads and writes.
        tokenizer: The model's.
        scorer: Reads the probabilities of the task's labels.
        sampling: How it writes.
        samples: Text to text: further texts that are drawn for an input beside the likeliest one.
        ends: Tokens that end a text.
        meter: Counts what is written.
    """

    task: Task
    decoder: Decoder
    tokenizer: PreTrainedTokenizerBase
    scorer: LabelScorer
    sampling: Sampling
    samples: int
    ends: Sequence[int]
    meter: Meter

    def probabilities(self, batch: dict[str, Any]) -> Tensor:
        """Return the probabilities of the task's labels, of shape ``(batch, labels)``."""
        return self.scorer.probabilities(self.decoder, batch["input_ids"], batch["attention_mask"])

    def answers(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return ``probabilities`` of shape ``(batch, labels)``, or ``texts`` where the task has no labels."""
        return {"probabilities": self.probabilities(batch)} if self.task.labels else {"texts": self.texts(batch)}

    def texts(self, batch: dict[str, Any]) -> list[str | None]:
        """Return the likeliest text for each input, token by token; ``None`` where it did not end in time."""
        texts = self._sample(batch, [0] * len(batch["example"]), replace(self.sampling, temperature=0.0))
        return [text.strip() if text is not None else None for text, _ in texts]

    def records(self, batch: dict[str, Any]) -> list[Example]:
        """Return one synthetic record a row: annotated where the row has an input, generated where it has none."""
        if not self.task.is_written(batch["example"][0]):
            return self._generated(batch)
        if not self.task.labels:
            return self._answered(batch)
        return labelled(self.task, batch["example"], self.probabilities(batch))

    def preview(self, row: Row, device: torch.device) -> str:
        """Return what is said to a prompt now: the likeliest labels, or the beginning of a text."""
        direction, prompt = row
        ids = torch.tensor([prompt], device=device)
        batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if direction == "annotate" and self.task.labels:
            # Not the scorer of the predictions, which keeps what it has read once.
            scorer = LabelScorer(self.task, self.tokenizer, "sum", self.sampling.one_line)
            found = scorer.probabilities(self.decoder, ids, batch["attention_mask"])[0]
            best = found.topk(min(3, len(found)))
            named = zip(best.indices.tolist(), best.values.tolist(), strict=True)
            return ", ".join(f"{self.task.labels[number]} {value:.2f}" for number, value in named)
        temperature = 0.0 if direction == "annotate" else self.sampling.temperature
        most = min(self.sampling.max_new_tokens, MOST_TOKENS)
        [(text, _)] = self._sample(batch, [0], replace(self.sampling, temperature=temperature, max_new_tokens=most))
        return text.strip() if text is not None else f"(no end within {most} tokens)"

    def _answered(self, batch: dict[str, Any]) -> list[Example]:
        examples = batch["example"]
        likeliest = self._sample(batch, [0] * len(examples), replace(self.sampling, temperature=0.0))
        seeds = [record_seed(number, row.id) for row in examples for number in range(self.samples)]
        drawn = iter(self._sample(batch, seeds, self.sampling) if seeds else ())
        records = []
        for example, (text, confidence) in zip(examples, likeliest, strict=True):
            made: dict[str, Any] = {"confidence": round(confidence, 4)}
            if self.samples:
                further = islice(drawn, self.samples)
                # White space alone is no text that a student could learn from.
                kept = ((said, value) for other, value in further if (said := (other or "").strip()))
                made["samples"] = [[said, round(value, 4)] for said, value in kept]
            records.append(answered(example, text, **made))
        return records

    def _generated(self, batch: dict[str, Any]) -> list[Example]:
        seeds = [example.provenance["seed"] for example in batch["example"]]
        records = []
        # As they were asked: a given field that is too long is cut in them.
        asked = [ids[mask.bool()] for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)]
        prompts = self.tokenizer.batch_decode(asked, skip_special_tokens=True)
        texts = self._sample(batch, seeds, self.sampling)
        for example, prompt, (text, _) in zip(batch["example"], prompts, texts, strict=True):
            way = example.provenance["writing"]
            fields = self.task.parse(way, text) if text is not None else None
            made = {"prompt": prompt, "text": text}
            whole = {**example.fields, **fields} if fields else {}
            records.append(replace(example, fields=whole, provenance={**example.provenance, **made}))
        return records

    def _sample(self, batch: dict[str, Any], seeds: list[int], sampling: Sampling) -> list[tuple[str | None, float]]:
        written = self.decoder.sample(batch["input_ids"], batch["attention_mask"], seeds, sampling, self.ends)
        self.meter.wrote(sum(sampling.max_new_tokens if tokens is None else len(tokens) + 1 for tokens, _ in written))
        return [
            (str(self.tokenizer.decode(tokens)) if tokens is not None else None, confidence)
            for tokens, confidence in written
        ]
