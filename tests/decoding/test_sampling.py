"""Nucleus sampling against a full sort, token by token and in the long run."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from lit_synth.data.collate import Collate
from lit_synth.decoding.sampling import pick, sample
from lit_synth.decoding.writing import Sampling
from lit_synth.errors import InputError

SEEDS = [11, 22, 33, 44]
PROMPTS = ["Sentiment: positive\nReview:", "Review:", "Sentiment: negative\nReview:", "Intent: alarm set\nUtterance:"]


def nucleus(log_probabilities: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """Return tokens from the likeliest down and their renormalised mass, by a plain full sort of one row."""
    probabilities = (log_probabilities / sampling.temperature).softmax(dim=-1)
    mass, tokens = probabilities.sort(descending=True)
    size = int((mass.cumsum(dim=-1) < sampling.top_p).sum()) + 1
    return tokens[:size], mass[:size] / mass[:size].sum()


@pytest.mark.parametrize("likeliest", [4, 40, 1000])
@pytest.mark.parametrize("sampling", [Sampling(1.0, 0.95), Sampling(0.5, 0.9), Sampling(1.5, 1.0), Sampling(1.0, 0.3)])
def test_pick_is_that_of_a_full_sort(sampling: Sampling, likeliest: int) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = (3 * torch.randn(300, 200, generator=generator)).log_softmax(dim=-1)
    draws = torch.rand(300, generator=generator)
    found = pick(scores, draws, sampling, likeliest)
    for row, token in enumerate(found.tolist()):
        tokens, mass = nucleus(scores[row].double(), sampling)
        place = int((mass.cumsum(dim=-1) <= draws[row]).sum())
        # A draw within rounding of a boundary may fall to either side.
        near = tokens[max(0, place - 1) : place + 2].tolist()
        assert token == tokens[min(place, len(tokens) - 1)] or (
            token in near and (mass.cumsum(dim=-1) - draws[row]).abs().min() < 1e-5
        )


def test_pick_is_that_of_a_full_sort_at_any_temperature() -> None:
    generator = torch.Generator().manual_seed(2)
    for temperature, top_p in torch.rand(60, 2, generator=generator).tolist():
        sampling = Sampling(0.2 + 2 * temperature, 0.05 + 0.95 * top_p)
        scores = (3 * torch.randn(20, 200, generator=generator)).log_softmax(dim=-1)
        draws = torch.rand(20, generator=generator)
        for row, token in enumerate(pick(scores, draws, sampling, likeliest=16).tolist()):
            tokens, mass = nucleus(scores[row].double(), sampling)
            ends = mass.cumsum(dim=-1)
            rank = (tokens == token).nonzero()
            assert len(rank), "outside the nucleus"
            # The draw lies in the token's own stretch of the distribution, but for rounding.
            place = int(rank[0, 0])
            assert ends[place] - mass[place] - 1e-5 <= draws[row] <= ends[place] + 1e-5


def test_a_flat_row_needs_the_whole_vocabulary_and_its_sharp_neighbour_does_not() -> None:
    rows = torch.stack([torch.zeros(100), 50 * torch.eye(100)[7]]).log_softmax(dim=-1)
    draws = torch.linspace(0, 1, 101)[:-1]
    found = pick(rows.repeat(100, 1), draws.repeat_interleave(2), Sampling(top_p=1.0), likeliest=5)
    assert len(set(found[0::2].tolist())) > 90
    assert set(found[1::2].tolist()) == {7}


def test_a_record_of_another_seed_or_prompt_is_another_text(tiny_causal: Path) -> None:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tiny_causal), AutoTokenizer.from_pretrained(tiny_causal)
    ids = torch.tensor([tokenizer(PROMPTS[0])["input_ids"]] * 3)
    never = -1
    plain = model.forward
    seen: list[Tensor] = []

    def watched(**words: Any) -> Any:
        seen.append(words["input_ids"][:, -1])
        return plain(**words)

    model.forward = watched
    model.config.logit_scale = 1.0  # so that the model is asked for its logits as a whole
    sample(model.eval(), ids, torch.ones_like(ids), [1, 2, 1], Sampling(max_new_tokens=12), [never])
    written = torch.stack(seen[1:], dim=1).tolist()
    assert written[0] == written[2] != written[1]


@pytest.mark.parametrize("wrong", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.1}, {"max_new_tokens": 0}])
def test_what_cannot_be_sampled_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Sampling(**wrong)


def test_frequencies_follow_the_nucleus() -> None:
    sampling = Sampling(temperature=0.8, top_p=0.9)
    generator = torch.Generator().manual_seed(1)
    row = (2 * torch.randn(50, generator=generator)).log_softmax(dim=-1)
    count = 20_000
    found = pick(row.expand(count, -1), torch.rand(count, generator=generator), sampling, likeliest=8)
    tokens, mass = nucleus(row, sampling)
    observed = found.bincount(minlength=50)
    assert observed[tokens].sum() == count, "a token outside the nucleus was drawn"
    assert chisquare(observed[tokens].numpy(), (mass * count).double().numpy() * 1.0, sum_check=False).pvalue > 0.001


def write(model: Any, tokenizer: Any, rows: list[int], sampling: Sampling) -> list[list[int] | None]:
    batch = Collate(tokenizer.pad_token_id, left=True)(
        [{"input_ids": tokenizer(PROMPTS[row])["input_ids"]} for row in rows]
    )
    seeds = [SEEDS[row] for row in rows]
    ends = [tokenizer.eos_token_id]
    return [each.tokens for each in sample(model, batch["input_ids"], batch["attention_mask"], seeds, sampling, ends)]


def test_several_texts_of_a_prompt_are_those_of_their_seeds_and_know_their_probability(tiny_causal: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_causal).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_causal)
    rows = [{"input_ids": tokenizer(PROMPTS[row])["input_ids"]} for row in (0, 1)]
    batch = Collate(tokenizer.pad_token_id, left=True)(rows)
    sampling, ends = Sampling(max_new_tokens=6), [tokenizer.eos_token_id]
    together = sample(model, batch["input_ids"], batch["attention_mask"], [1, 2, 3, 4], sampling, ends)
    for (row, seed), found in zip([(0, 1), (0, 2), (1, 3), (1, 4)], together, strict=True):
        ids = torch.tensor([rows[row]["input_ids"]])
        assert sample(model, ids, torch.ones_like(ids), [seed], sampling, ends)[0].tokens == found.tokens
    assert len({found.confidence for found in together}) == 4


def test_prompts_that_are_alike_are_read_once(tiny_causal: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_causal).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_causal)
    alone = [write(model, tokenizer, [row], Sampling(max_new_tokens=6))[0] for row in (0, 1, 2)]
    read: list[torch.Size] = []
    body = model.base_model
    body.register_forward_pre_hook(lambda _, __, words: read.append(words["input_ids"].shape), with_kwargs=True)
    order = [2, 0, 1, 0, 2, 2, 1]
    assert write(model, tokenizer, order, Sampling(max_new_tokens=6)) == [alone[row] for row in order]
    assert read[0][0] == 3
    assert {tuple(shape) for shape in read[1:]} == {(7, 1)}


def test_confidence_is_the_mean_probability_of_what_was_written(tiny_causal: Path) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_causal).eval()
    prompt = torch.tensor([[70, 71, 72]])
    ids, logs = prompt, []
    for _ in range(3):
        step = model(ids).logits[0, -1].log_softmax(dim=0)
        logs.append(step.max().item())
        ids = torch.cat([ids, step.argmax()[None, None]], dim=1)
    *said, end = ids[0, 3:].tolist()
    assert end not in said
    found = sample(model, prompt, torch.ones_like(prompt), [0], Sampling(temperature=0.0, max_new_tokens=5), [end])[0]
    assert found.tokens == said
    assert found.confidence == pytest.approx(math.exp(sum(logs) / 3), rel=1e-4)


@pytest.mark.parametrize("tiny_causal", ["gpt_neox", "llama", "gpt2"], indirect=True)
def test_a_text_depends_on_its_prompt_and_seed_alone(tiny_causal: Path) -> None:
    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(tiny_causal).eval(),
        AutoTokenizer.from_pretrained(tiny_causal),
    )
    plain = model.forward

    def ending(**words: Any) -> Any:
        output = plain(**words)
        output.logits[:, -1, tokenizer.eos_token_id] += 4.0  # so that some texts end, and others go on
        return output

    model.forward = ending
    model.config.logit_scale = 1.0  # so that the model is asked for its logits as a whole
    sampling = Sampling(top_p=0.9, max_new_tokens=24)
    together = write(model, tokenizer, [0, 1, 2, 3], sampling)
    assert len({str(text) for text in together if text}) > 1
    assert write(model, tokenizer, [3, 1, 0, 2], sampling) == [together[row] for row in (3, 1, 0, 2)]
    for row, text in enumerate(together):
        assert write(model, tokenizer, [row], sampling) == [text]


def test_a_text_stops_at_the_end_token_or_is_none(tiny_causal: Path) -> None:
    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(tiny_causal).eval(),
        AutoTokenizer.from_pretrained(tiny_causal),
    )
    plain = model.forward
    length = {"wanted": 3}

    def forced(**words: Any) -> Any:
        output = plain(**words)
        written = words["attention_mask"].sum(dim=1) - length["prompt"]
        output.logits.zero_()
        output.logits[:, -1, 65] = 50.0
        output.logits[written >= length["wanted"], -1, tokenizer.eos_token_id] = 100.0
        return output

    model.forward = forced
    model.config.logit_scale = 1.0  # so that the model is asked for its logits as a whole
    length["prompt"] = len(tokenizer(PROMPTS[1])["input_ids"])
    assert write(model, tokenizer, [1], Sampling(max_new_tokens=8)) == [[65, 65, 65]]
    length["wanted"] = 7
    assert write(model, tokenizer, [1], Sampling(max_new_tokens=8)) == [[65] * 7], "the end may be the last token"
    length["wanted"] = 8
    assert write(model, tokenizer, [1], Sampling(max_new_tokens=8)) == [None]
