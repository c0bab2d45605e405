"""What a label counts by, against a plain forward pass a label; the tokenizer is one that marks where a text begins."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from lit_synth.decoding.decoders import LocalTeacher
from lit_synth.decoding.trie import LabelScore
from lit_synth.modules.label_scores import LabelScorer
from lit_synth.task import Task

TASK = Task("asks", ("text",), "intent", ("email", "email query", "weather", "alarm set for a morning"))
TEXTS = ("will it rain in London on Friday?", "mail")


@pytest.fixture(scope="module")
def model(tiny_causal: Path) -> Any:
    found = AutoModelForCausalLM.from_pretrained(tiny_causal).eval()
    with torch.no_grad():
        found.get_output_embeddings().weight.mul_(8)  # nearly as sharp as a trained model's
    return found


@pytest.fixture(scope="module")
def tokenizer(tiny_causal: Path) -> Any:
    found = AutoTokenizer.from_pretrained(tiny_causal)
    start = (found.eos_token, found.eos_token_id)
    found.backend_tokenizer.post_processor = TemplateProcessing(single=f"{start[0]} $A", special_tokens=[start])
    assert len(found("mail")["input_ids"]) == 1 + len(found("mail", add_special_tokens=False)["input_ids"])
    return found


def alone(model: Any, tokenizer: Any, text: str) -> tuple[Tensor, Tensor]:
    """Return each label's summed log probability behind an input's prompt, and by how many tokens it is scored."""
    words = [tokenizer(TASK.completion(label), add_special_tokens=False)["input_ids"] for label in TASK.labels]
    start = tokenizer(TASK.prompt({"text": text}), add_special_tokens=False)["input_ids"]
    sums, lengths = [], []
    for word in words:
        longer = any(other[: len(word)] == word and other != word for other in words)
        answer = [*word, *([tokenizer.eos_token_id] if longer else [])]
        with torch.no_grad():
            logs = model(torch.tensor([start + answer])).logits[0].log_softmax(dim=-1)
        sums.append(sum(logs[len(start) - 1 + place, token] for place, token in enumerate(answer)))
        lengths.append(len(answer))
    return torch.stack(sums), torch.tensor(lengths)


@pytest.mark.parametrize("score", ["sum", "mean", "content_free"])
@torch.no_grad()
def test_every_score_equals_that_of_each_label_alone(model: Any, tokenizer: Any, score: LabelScore) -> None:
    scorer = LabelScorer(TASK, tokenizer, score, one_line=False)
    found, expected = [], []
    for text in TEXTS:
        ids = torch.tensor([tokenizer(TASK.prompt({"text": text}), add_special_tokens=False)["input_ids"]])
        found.append(scorer.probabilities(LocalTeacher(model), ids, torch.ones_like(ids))[0])
        sums, lengths = alone(model, tokenizer, text)
        without, _ = alone(model, tokenizer, "N/A")
        corrected = {"sum": sums, "mean": sums / lengths, "content_free": sums - without.log_softmax(dim=0)}
        expected.append(corrected[score].softmax(dim=0))
    torch.testing.assert_close(torch.stack(found), torch.stack(expected), atol=1e-4, rtol=0)
