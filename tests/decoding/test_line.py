"""Rows as one line against the same rows side by side, for every kind of model that reads lines."""

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from lit_synth.decoding import forward
from lit_synth.decoding.annotate import label_probabilities
from lit_synth.decoding.forward import prefill
from lit_synth.decoding.line import KINDS, Line, begin, branch, stands_in_line
from lit_synth.decoding.trie import build_trie

SHAPE = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
PROMPTS = [[5, 6, 7, 8], [5, 6, 7, 9, 10, 11, 12], [5, 6, 7, 9], [5, 6, 7, 13, 14]]
LABELS = [[20], [20, 21], [20, 21, 22, 23], [20, 24], [25, 26], [25, 27, 28], [29, 20], [30]]


def made(kind: str, **more: Any) -> Any:
    """Return a model of random weights that is as sure as a trained one."""
    shape = SHAPE | ({} if kind == "gpt2" else {"intermediate_size": 48})
    shape |= {} if kind in ("gpt2", "gpt_neox") else {"num_key_value_heads": 2}
    ends = {"bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 0}
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, max_position_embeddings=64, **shape, **ends, **more)
    config.sliding_window = None
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(30 if kind != "granite" else 6)
    return model


def batch(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
    return ids, (ids > 0).long()


ROWS = {"a beginning is shared": PROMPTS, "none is": [*PROMPTS, [15, 16]]}


@pytest.mark.parametrize("start", ROWS)
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", sorted(KINDS))
@torch.no_grad()
def test_every_branch_is_a_full_forward(kind: str, attention: str, start: str) -> None:
    model = made(kind)
    model.set_attn_implementation(attention)
    assert stands_in_line(model)
    rows = ROWS[start]
    read = begin(model, *batch(rows))
    assert isinstance(read, Line)
    # Branches of a row need not stand side by side, a row may be left out, and one may have more than the others.
    for behind, tokens in (
        ([2, 0, 2, 3, 2], [31, 32, 33, 34, 35]),
        ([4, 1, 1], [36, 37, 38]),
        ([0, 2], [39, 40]),
        ((), ()),
    ):
        for place, known in enumerate(rows):
            full = model(torch.tensor([known])).logits[0, -1].log_softmax(dim=-1)
            torch.testing.assert_close(read.log_probabilities[place], full, atol=1e-4, rtol=1e-4)
        rows = [[*rows[place], token] for place, token in zip(behind, tokens, strict=True)]
        if rows:
            branch(model, read, torch.tensor(tokens), torch.tensor(behind))
    assert model.config._attn_implementation == attention


def test_heads_may_lie_behind_tokens_in_memory_as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, model, trie = batch(PROMPTS), made("llama"), build_trie(LABELS, 1)
    expected = label_probabilities(model, *rows, trie, 0.0)
    attend = torch.nn.functional.scaled_dot_product_attention

    def as_on_a_gpu(*args: Any, **kwargs: Any) -> Tensor:
        found: Tensor = attend(*args, **kwargs)
        return found.transpose(1, 2).contiguous().transpose(1, 2)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", as_on_a_gpu)
    torch.testing.assert_close(label_probabilities(model, *rows, trie, 0.0), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("start", ROWS)
@pytest.mark.parametrize("tolerance", [0.0, 1e-4])
def test_labels_have_the_same_probabilities_in_both_ways(
    start: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = batch(ROWS[start])
    model, trie = made("llama"), build_trie(LABELS, 1)
    line = label_probabilities(model, *rows, trie, tolerance)
    monkeypatch.setattr("lit_synth.decoding.line.KINDS", frozenset())
    assert type(begin(model, *rows)) is type(prefill(model, *rows))
    torch.testing.assert_close(line, label_probabilities(model, *rows, trie, tolerance), atol=1e-5, rtol=0)


@torch.no_grad()
def test_no_padding_is_read_and_a_beginning_once() -> None:
    model = made("gpt_neox")
    lengths: list[int] = []
    model.gpt_neox.register_forward_pre_hook(
        lambda _, __, words: lengths.append(words["input_ids"].numel()), with_kwargs=True
    )
    read = begin(model, *batch(PROMPTS))
    branch(model, read, torch.tensor([31, 32, 33]), torch.tensor([1, 1, 0]))
    assert lengths == [3 + sum(len(row) - 3 for row in PROMPTS), 3]


@torch.no_grad()
def test_a_model_that_is_called_as_a_whole_scores_the_same_places() -> None:
    """Granite scales its logits, so its head is not called by itself: places are handed over."""
    model = made("granite", logits_scaling=2.0)
    assert not forward.has_plain_head(model)
    read = begin(model, *batch(PROMPTS))
    branch(model, read, torch.tensor([31, 32]), torch.tensor([1, 0]))
    full = model(torch.tensor([[*PROMPTS[1], 31]])).logits[0, -1].log_softmax(dim=-1)
    torch.testing.assert_close(read.log_probabilities[0], full, atol=1e-4, rtol=1e-4)


def test_models_that_look_at_some_tokens_only_read_rows_side_by_side() -> None:
    sliding = made("mistral")
    sliding.config.sliding_window = 8
    assert not stands_in_line(sliding)
