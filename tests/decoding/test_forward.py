"""The cache against plain forward passes over whole rows."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lit_synth.data.collate import Collate
from lit_synth.decoding import forward
from lit_synth.decoding.forward import extend, prefill

PROMPTS = ["Intent:", "Utterance: will it rain in London on Friday?\nIntent:", "Review: a warm and funny film"]


def load(folder: Path) -> tuple[Any, list[list[int]], dict[str, Any]]:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(40.0)  # else all is near uniform, and any mistake small
    ids = [tokenizer(text)["input_ids"] for text in PROMPTS]
    assert len({len(row) for row in ids}) == 3, "padding differs from row to row"
    return model, ids, Collate(tokenizer.pad_token_id, left=True)([{"input_ids": row} for row in ids])


@pytest.mark.parametrize("tiny_causal", ["gpt_neox", "llama", "gpt2"], indirect=True)
@torch.no_grad()
def test_every_cached_step_is_a_full_forward(tiny_causal: Path) -> None:
    model, ids, batch = load(tiny_causal)
    prefixes = prefill(model, batch["input_ids"], batch["attention_mask"])
    for tokens in ([50, 60, 70], [51, 61, 71], [52, 62, 72], None):
        for row, read in enumerate(ids):
            full = model(torch.tensor([read])).logits[0, -1].log_softmax(dim=-1)
            torch.testing.assert_close(prefixes.log_probabilities[row], full, atol=1e-4, rtol=0)
        if tokens is not None:
            extend(model, prefixes, torch.tensor(tokens))
            ids = [[*read, token] for read, token in zip(ids, tokens, strict=True)]


@pytest.mark.parametrize("tiny_causal", ["gpt_neox", "gpt2"], indirect=True)
@torch.no_grad()
def test_more_padding_changes_nothing(tiny_causal: Path) -> None:
    model, _, batch = load(tiny_causal)
    wider = {key: torch.nn.functional.pad(value, (9, 0), value=0) for key, value in batch.items()}
    found = [prefill(model, one["input_ids"], one["attention_mask"]).log_probabilities for one in (batch, wider)]
    torch.testing.assert_close(found[0], found[1], atol=1e-4, rtol=0)


@torch.no_grad()
def test_a_row_kept_twice_goes_on_in_two_ways(tiny_causal: Path) -> None:
    model, ids, batch = load(tiny_causal)
    prefixes = prefill(model, batch["input_ids"], batch["attention_mask"])
    prefixes.select(torch.tensor([1, 1, 0]))
    extend(model, prefixes, torch.tensor([80, 81, 82]))
    for row, (prompt, token) in enumerate([(1, 80), (1, 81), (0, 82)]):
        full = model(torch.tensor([[*ids[prompt], token]])).logits[0, -1].log_softmax(dim=-1)
        torch.testing.assert_close(prefixes.log_probabilities[row], full, atol=1e-4, rtol=0)
    assert prefixes.mask.sum(dim=1).tolist() == [len(ids[1]) + 1, len(ids[1]) + 1, len(ids[0]) + 1]


@pytest.mark.parametrize("tiny_causal", ["gpt_neox", "llama", "gpt2"], indirect=True)
@torch.no_grad()
def test_what_prompts_begin_with_is_read_once(tiny_causal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, ids, _ = load(tiny_causal)
    tokenizer = AutoTokenizer.from_pretrained(tiny_causal)
    ids = [ids[1] + row for row in ids]
    batch = Collate(tokenizer.pad_token_id, left=True)([{"input_ids": row} for row in ids])
    monkeypatch.setattr(forward, "WORTH", 1)
    read: list[torch.Size] = []
    body = model.base_model
    hook = body.register_forward_pre_hook(lambda _, __, words: read.append(words["input_ids"].shape), with_kwargs=True)
    prefixes = prefill(model, batch["input_ids"], batch["attention_mask"])
    hook.remove()
    alike = next(place for place, tokens in enumerate(zip(*ids, strict=False)) if len({*tokens}) > 1)
    assert read == [(1, alike), (3, max(map(len, ids)) - alike)]
    for tokens in ([50, 60, 70], None):
        for row, whole in enumerate(ids):
            full = model(torch.tensor([whole])).logits[0, -1].log_softmax(dim=-1)
            torch.testing.assert_close(prefixes.log_probabilities[row], full, atol=1e-4, rtol=0)
        if tokens:
            extend(model, prefixes, torch.tensor(tokens))
            ids = [[*whole, token] for whole, token in zip(ids, tokens, strict=True)]


def test_a_prompt_that_is_the_beginning_of_all_keeps_a_token() -> None:
    ids = torch.tensor([[0, 0, 5, 6], [5, 6, 7, 8], [0, 5, 6, 9]])
    assert forward.shared_beginning(ids, (ids > 0).long()) == 1
