"""The posterior against an independent reference: every label scored alone by a plain forward pass."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from lit_synth.data.collate import Collate
from lit_synth.decoding.annotate import label_probabilities
from lit_synth.decoding.forward import extend, prefill
from lit_synth.decoding.trie import build_trie, lengths_of
from lit_synth.tasks.slurp import SLURP

ARCHITECTURES = pytest.mark.parametrize("tiny_causal", ["gpt_neox", "llama", "gpt2"], indirect=True)
LABELS = [" email query", " email query contact", " email", " weather", " alarm set", " alarm remove"]
PROMPTS = ["Utterance: will it rain in London on Friday?\nIntent:", "Utterance: mail\nIntent:", "Intent:"]


def load(folder: Path, spread: float = 1.0) -> tuple[Any, Any]:
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.no_grad():
        # Random weights say next to nothing; larger ones make the distribution as sharp as a trained model's.
        model.get_output_embeddings().weight.mul_(spread)
    return model, AutoTokenizer.from_pretrained(folder)


def batch_of(tokenizer: Any, texts: list[str]) -> dict[str, Any]:
    return Collate(tokenizer.pad_token_id, left=True)([{"input_ids": tokenizer(text)["input_ids"]} for text in texts])


def reference(
    model: Any, tokenizer: Any, prompt: str, labels: Sequence[str] = LABELS, lengths: Tensor | float = 1.0
) -> Tensor:
    words = [tokenizer(label)["input_ids"] for label in labels]
    scores = []
    for word in words:
        longer = any(other[: len(word)] == word and other != word for other in words)
        answer = [*word, *([tokenizer.eos_token_id] if longer else [])]
        start = tokenizer(prompt)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([start + answer])).logits[0].log_softmax(dim=-1)
        scores.append(sum(logits[len(start) - 1 + place, token] for place, token in enumerate(answer)))
    return (torch.stack(scores) / lengths).softmax(dim=0)


@ARCHITECTURES
@pytest.mark.parametrize("tolerance", [0.0, 1e-4])
@pytest.mark.parametrize("spread", [1.0, 60.0])
def test_equals_scoring_every_label_alone(tiny_causal: Path, tolerance: float, spread: float) -> None:
    model, tokenizer = load(tiny_causal, spread)
    trie = build_trie([tokenizer(label)["input_ids"] for label in LABELS], tokenizer.eos_token_id)
    batch = batch_of(tokenizer, PROMPTS)
    found = label_probabilities(model, batch["input_ids"], batch["attention_mask"], trie, tolerance)
    expected = torch.stack([reference(model, tokenizer, prompt) for prompt in PROMPTS])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(found.sum(dim=1), torch.ones(len(PROMPTS)))


def test_scores_are_corrected_for_length_and_for_what_is_likely_anyway(tiny_causal: Path) -> None:
    model, tokenizer = load(tiny_causal, 8.0)
    words = [tokenizer(label)["input_ids"] for label in LABELS]
    trie, batch = build_trie(words, tokenizer.eos_token_id), batch_of(tokenizer, PROMPTS)
    inputs = model, batch["input_ids"], batch["attention_mask"], trie
    plain = torch.stack([reference(model, tokenizer, prompt) for prompt in PROMPTS])
    prior = reference(model, tokenizer, "Utterance: N/A\nIntent:")
    corrected = plain / prior
    found = label_probabilities(*inputs, prior=prior)
    torch.testing.assert_close(found, corrected / corrected.sum(dim=1, keepdim=True), atol=1e-4, rtol=1e-3)
    # A label that begins another one is scored by its end, too.
    begins = [any(other[: len(word)] == word != other for other in words) for word in words]
    assert any(begins)
    lengths = torch.tensor([len(word) + more for word, more in zip(words, begins, strict=True)])
    assert lengths.tolist() == lengths_of(trie)
    found = label_probabilities(*inputs, lengths=lengths)
    mean = torch.stack([reference(model, tokenizer, prompt, lengths=lengths) for prompt in PROMPTS])
    torch.testing.assert_close(found, mean, atol=1e-4, rtol=0)
    assert not torch.allclose(found, plain, atol=1e-3)


def test_a_branch_that_only_looked_impossible_is_walked_after_all(
    tiny_causal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first branch takes nearly all mass, then loses it behind its first token: the other must be walked."""
    monkeypatch.setattr("lit_synth.decoding.line.KINDS", frozenset())  # a token that is forced is one of a row
    model, tokenizer = load(tiny_causal)
    start, first, second, tail, other = 40, 41, 42, 43, 44
    plain = model.forward
    # Not walked, the two labels behind the second token would share its mass; walked, the last one has it all.
    biases = {start: {first: 30.0, second: 10.0}, first: {other: 60.0}, second: {other: 60.0}}

    def forced(**words: Any) -> Any:
        output = plain(**words)
        output.logits.zero_()
        for row, token in enumerate(words["input_ids"][:, -1].tolist()):
            for wanted, bias in biases.get(token, {}).items():
                output.logits[row, -1, wanted] = bias
        return output

    model.forward = forced
    model.config.logit_scale = 1.0  # so that the model is asked for its logits as a whole
    trie = build_trie([[first, tail], [second, tail], [second, other]], tokenizer.eos_token_id)
    ids = torch.tensor([[start]])
    pruned = label_probabilities(model, ids, torch.ones_like(ids), trie, tolerance=1e-4)
    whole = label_probabilities(model, ids, torch.ones_like(ids), trie, tolerance=0.0)
    torch.testing.assert_close(pruned, whole, atol=1e-4, rtol=0)
    torch.testing.assert_close(whole, torch.tensor([[0.0, 0.0, 1.0]]))


@ARCHITECTURES
def test_a_cached_step_is_a_full_forward(tiny_causal: Path) -> None:
    model, tokenizer = load(tiny_causal)
    batch = batch_of(tokenizer, PROMPTS)
    tokens = torch.tensor([7, 8, 9])
    with torch.no_grad():
        prefixes = prefill(model, batch["input_ids"], batch["attention_mask"])
        prefixes.select(torch.tensor([2, 0, 0]))
        extend(model, prefixes, tokens)
        for row, (prompt, token) in enumerate(zip((2, 0, 0), tokens.tolist(), strict=True)):
            ids = torch.tensor([[*tokenizer.encode(PROMPTS[prompt]), token]])
            full = model(ids).logits[0, -1].log_softmax(dim=-1)
            torch.testing.assert_close(prefixes.log_probabilities[row], full, atol=1e-4, rtol=0)


@pytest.mark.parametrize("tolerance", [0.0, 1e-4])
def test_slurps_sixty_labels_equal_scoring_each_alone(tiny_causal: Path, tolerance: float) -> None:
    model, tokenizer = load(tiny_causal, spread=40.0)
    labels = [SLURP.completion(label) for label in SLURP.labels]
    trie = build_trie([tokenizer(label)["input_ids"] for label in labels], tokenizer.eos_token_id)
    batch = batch_of(tokenizer, PROMPTS)
    found = label_probabilities(model, batch["input_ids"], batch["attention_mask"], trie, tolerance)
    expected = torch.stack([reference(model, tokenizer, prompt, labels) for prompt in PROMPTS])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_a_row_reads_the_same_alone_and_in_any_batch(tiny_causal: Path) -> None:
    model, tokenizer = load(tiny_causal, spread=10.0)
    trie = build_trie([tokenizer(label)["input_ids"] for label in LABELS], tokenizer.eos_token_id)

    def ask(prompts: list[str]) -> Tensor:
        batch = batch_of(tokenizer, prompts)
        return label_probabilities(model, batch["input_ids"], batch["attention_mask"], trie)

    together = ask(PROMPTS)
    assert not torch.allclose(together[0], together[1], atol=1e-2)
    torch.testing.assert_close(ask(PROMPTS[::-1]).flip(0), together, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.cat([ask([prompt]) for prompt in PROMPTS]), together, atol=1e-5, rtol=0)


def test_only_the_doubtful_row_is_walked_again(tiny_causal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row loses the mass of its first branch, its neighbour keeps it; both end at the exact figures."""
    monkeypatch.setattr("lit_synth.decoding.line.KINDS", frozenset())  # a token that is forced is one of a row
    model, tokenizer = load(tiny_causal)
    doubtful, sure, first, second, tail, other = 39, 40, 41, 42, 43, 44
    plain = model.forward
    told = {doubtful: {first: 30.0, second: 10.0}, sure: {first: 30.0, second: -30.0}, second: {other: 60.0}}
    prompts: list[list[int]] = []

    def forced(**words: Any) -> Any:
        output = plain(**words)
        output.logits.zero_()
        if words["input_ids"].shape[1] > 1:
            prompts.append(words["input_ids"][:, -1].tolist())
        # The doubtful row is the one without padding.
        lost = words["attention_mask"].all(dim=1).tolist()
        for row, token in enumerate(words["input_ids"][:, -1].tolist()):
            wanted = {other if lost[row] else tail: 60.0} if token == first else told.get(token, {})
            for answer, bias in wanted.items():
                output.logits[row, -1, answer] = bias
        return output

    model.forward = forced
    model.config.logit_scale = 1.0  # so that the model is asked for its logits as a whole
    trie = build_trie([[first, tail], [second, tail], [second, other]], tokenizer.eos_token_id)
    ids, mask = torch.tensor([[5, 5, sure], [5, 5, doubtful]]), torch.tensor([[0, 1, 1], [1, 1, 1]])
    found = label_probabilities(model, ids, mask, trie, tolerance=1e-4)
    assert prompts == [[sure, doubtful], [doubtful]]
    torch.testing.assert_close(found, label_probabilities(model, ids, mask, trie, tolerance=0.0), atol=1e-4, rtol=0)
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
