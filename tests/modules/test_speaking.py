"""What is kept of the texts that a teacher says."""

from pathlib import Path
from typing import Any

import torch

from lit_synth.data import TeacherEncoder
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import Example
from lit_synth.modules.meter import Meter
from lit_synth.modules.speaking import Speaker
from lit_synth.task import Task

TELL = Task("tell", ("facts",), "text")
SAID = ["a warm film", "a cold cast", " ", "\n", " a warm film ", None, "a film", " "]
"""The likeliest text of two rows, then three further ones for each."""


class Scripted:
    """Stands for a decoder: gives these texts in turn, ``None`` for one that did not end."""

    def __init__(self, tokenizer: Any, texts: list[str | None]) -> None:
        self.tokenizer, self.texts = tokenizer, iter(texts)

    def sample(self, ids: Any, mask: Any, seeds: list[int], *_: Any) -> list[tuple[list[int] | None, float]]:
        texts = (next(self.texts) for _ in seeds)
        return [(None if text is None else self.tokenizer(text)["input_ids"], 0.5) for text in texts]


def test_only_samples_that_say_something_are_kept(tiny_causal: Path) -> None:
    tokenizer = TeacherEncoder(str(tiny_causal)).tokenizer
    decoder: Any = Scripted(tokenizer, SAID)
    scorer: Any = None
    speaker = Speaker(TELL, decoder, tokenizer, scorer, Sampling(), 3, [], Meter())
    rows = [Example(name, {"facts": "plot"}) for name in ("1", "2")]
    blank = torch.zeros(2, 1, dtype=torch.long)
    found = speaker.records({"example": rows, "input_ids": blank, "attention_mask": blank})
    assert [row.target for row in found] == ["a warm film", "a cold cast"]
    assert [row.provenance["samples"] for row in found] == [[["a warm film", 0.5]], [["a film", 0.5]]]
