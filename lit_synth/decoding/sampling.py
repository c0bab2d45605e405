"""Nucleus sampling with a random stream of its own for every record."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lit_synth.decoding.forward import extend, prefill
from lit_synth.decoding.writing import Sampling


class Completion(NamedTuple):
    """What was written for a prompt.

    Args:
        tokens: Without the one that ended them; ``None`` where the end did not come in time.
        confidence: Geometric mean of the model's probabilities of all tokens, the end included.
    """

    tokens: list[int] | None
    confidence: float


def record_seed(seed: int, record: str) -> int:
    """Return a record's own seed, so that its text is the same in any batch, on any rank, after any resume."""
    return int.from_bytes(hashlib.sha256(f"{seed} {record}".encode()).digest()[:6])


@torch.inference_mode()
def sample(
    model: PreTrainedModel,
    input_ids: Tensor,
    mask: Tensor,
    seeds: Sequence[int],
    sampling: Sampling,
    end_tokens: Sequence[int],
) -> list[Completion]:
    """Sample one completion or several a prompt.

    A record's text depends on its prompt and seed, not on its neighbours: every record draws from its own stream.

    Args:
        model: A causal language model in evaluation mode.
        input_ids: Prompts, padded on the left, shape ``(batch, sequence)``.
        mask: 1 for a token, 0 for padding, same shape.
        seeds: As many for each prompt, one prompt's after another's: one is one completion.
        sampling: Temperature, top-p and length.
        end_tokens: Any of them ends a completion.

    Returns:
        A completion a seed.
    """
    device = input_ids.device
    draws = torch.stack([_stream(seed, sampling.max_new_tokens) for seed in seeds]).to(device)
    written: list[list[int]] = [[] for _ in seeds]
    ended = [False] * len(seeds)
    alive = torch.arange(len(seeds), device=device)
    ends = torch.tensor(end_tokens, device=device)
    # A prompt is read once, however often it is answered: requests for one label are all alike.
    distinct, place = torch.unique(torch.stack([input_ids, mask], dim=1), dim=0, return_inverse=True)
    prefixes = prefill(model, distinct[:, 0], distinct[:, 1])
    prefixes.select(place.repeat_interleave(len(seeds) // len(input_ids)))
    logs = torch.zeros(len(seeds), device=device)
    for step in range(sampling.max_new_tokens):
        tokens = pick(prefixes.log_probabilities, draws[alive, step], sampling)
        over = torch.isin(tokens, ends)
        logs[alive] += prefixes.log_probabilities.gather(1, tokens[:, None])[:, 0]
        for row, token, end in zip(alive.tolist(), tokens.tolist(), over.tolist(), strict=True):
            ended[row] = end
            if not end:
                written[row].append(token)
        going = (~over).nonzero()[:, 0]
        if not len(going) or step + 1 == sampling.max_new_tokens:
            break
        ends_some = len(going) < len(alive)
        alive, tokens = alive[going], tokens[going]
        extend(model, prefixes, tokens, going if ends_some else None)
    lengths = torch.tensor([len(tokens) + done for tokens, done in zip(written, ended, strict=True)], device=device)
    confidences = (logs / lengths.clamp(min=1)).exp().tolist()
    return [
        Completion(tokens if done else None, confidence)
        for tokens, done, confidence in zip(written, ended, confidences, strict=True)
    ]


def pick(log_probabilities: Tensor, draws: Tensor, sampling: Sampling, likeliest: int = 512) -> Tensor:
    """Choose one token a row by inverting the cumulative distribution of the nucleus at a uniform draw.

    Only the likeliest tokens are sorted; a row whose nucleus may reach further is done again over the whole
    vocabulary, so the result is that of a full sort.

    Args:
        log_probabilities: Shape ``(batch, vocabulary)``.
        draws: Uniform numbers in [0, 1), shape ``(batch,)``.
        sampling: Temperature and top-p.
        likeliest: How many tokens to sort at first.

    Returns:
        Token ids of shape ``(batch,)``.
    """
    if sampling.temperature == 0:
        return log_probabilities.argmax(dim=-1)
    scaled, total = log_probabilities, torch.zeros((), device=draws.device)  # its sum is 1
    if sampling.temperature != 1:
        scaled = log_probabilities / sampling.temperature
        total = scaled.logsumexp(dim=-1, keepdim=True)
    values, ids = scaled.topk(min(likeliest, scaled.shape[-1]), dim=-1)
    cumulative = (values - total).exp().cumsum(dim=-1)
    short = cumulative[:, -1] < sampling.top_p
    if ids.shape[-1] < scaled.shape[-1] and short.any():
        tokens = torch.empty_like(ids[:, 0])
        tokens[~short] = _invert(cumulative[~short], ids[~short], draws[~short], sampling.top_p)
        tokens[short] = pick(log_probabilities[short], draws[short], sampling, scaled.shape[-1])
        return tokens
    return _invert(cumulative, ids, draws, sampling.top_p)


def _invert(cumulative: Tensor, ids: Tensor, draws: Tensor, top_p: float) -> Tensor:
    # The nucleus is the shortest prefix that holds top_p: its size counts the tokens before that point, and one more.
    size = ((cumulative < top_p).sum(dim=-1, keepdim=True)).clamp(max=ids.shape[-1] - 1)
    mass = cumulative.gather(-1, size)
    place = torch.searchsorted(cumulative, draws[:, None] * mass, right=True).minimum(size)
    return ids.gather(-1, place)[:, 0]


def _stream(seed: int, count: int) -> Tensor:
    return torch.rand(count, generator=torch.Generator().manual_seed(seed))
