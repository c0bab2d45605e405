"""One step of a causal language model over left-padded rows with a cache; all decoding goes through it."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.distributed.fsdp import FSDPModule
from transformers import DynamicCache, PreTrainedModel

SCALES = ("logits_scaling", "logit_scale", "final_logit_softcapping")
"""Settings of models that change the head's output, and so are asked for it as a whole."""

WORTH = 128
"""Tokens to save for which a step of its own is made: on a CPU a step costs about what some dozens of tokens do."""


@dataclass
class Prefixes:
    """What a model has read so far, a row a sequence.

    Args:
        cache: Keys and values of every layer.
        mask: 1 for a token, 0 for padding; shape ``(batch, read)``.
        log_probabilities: Of the next token, over the whole vocabulary; shape ``(batch, vocabulary)``.
    """

    cache: DynamicCache
    mask: Tensor
    log_probabilities: Tensor

    def select(self, rows: Tensor) -> None:
        """Keep the given rows, in that order; a row may be kept several times. ``rows`` has shape ``(new batch,)``."""
        self.keep(rows)
        self.log_probabilities = self.log_probabilities[rows]

    def keep(self, rows: Tensor) -> None:
        """Keep what was read of the given rows alone, where the next token is told anew."""
        self.cache.batch_select_indices(rows)
        self.mask = self.mask[rows]


def prefill(model: PreTrainedModel, input_ids: Tensor, mask: Tensor) -> Prefixes:
    """Read whole prompts, padded on the left; both tensors have shape ``(batch, sequence)``.

    What all prompts begin with, such as the examples shown in front of them, is read once.
    """
    shared = shared_beginning(input_ids, mask)
    if shared * (len(mask) - 1) < WORTH:
        return read_apart(model, input_ids, mask)
    first = input_ids[:1, mask[0].bool()][:, :shared]
    prefixes = read_apart(model, first, torch.ones_like(first))
    prefixes.keep(torch.zeros(len(mask), dtype=torch.long, device=mask.device))
    # A row's rest is at the right still; what was read of it counts as padding.
    _forward(model, prefixes, input_ids[:, shared:], (mask * (mask.cumsum(dim=1) > shared))[:, shared:])
    return prefixes


def read_apart(model: PreTrainedModel, input_ids: Tensor, mask: Tensor) -> Prefixes:
    """Read whole prompts, each by itself, whatever stands in them."""
    prefixes = Prefixes(DynamicCache(config=model.config), mask[:, :0], torch.empty(0))
    _forward(model, prefixes, input_ids, mask)
    return prefixes


def shared_beginning(input_ids: Tensor, mask: Tensor) -> int:
    """Return how many tokens all prompts begin with; one is left to each.

    >>> shared_beginning(torch.tensor([[0, 5, 6, 7], [5, 6, 8, 9]]), torch.tensor([[0, 1, 1, 1], [1, 1, 1, 1]]))
    2
    """
    width = mask.shape[1]
    lengths = mask.sum(dim=1)
    places = (width - lengths)[:, None] + torch.arange(width, device=mask.device)
    from_left = input_ids.gather(1, places.clamp(max=width - 1))
    alike = int((from_left == from_left[0]).all(dim=0).long().cumprod(dim=0).sum())
    return min(alike, int(lengths.min()) - 1)


def extend(model: PreTrainedModel, prefixes: Prefixes, tokens: Tensor, rows: Tensor | None = None) -> None:
    """Read one more token a row, in place; ``tokens`` has shape ``(batch,)``, as have ``rows`` if others are kept."""
    if rows is not None:
        prefixes.keep(rows)
    _forward(model, prefixes, tokens[:, None], torch.ones_like(tokens)[:, None])


def _forward(model: PreTrainedModel, prefixes: Prefixes, input_ids: Tensor, new_mask: Tensor) -> None:
    prefixes.mask = torch.cat([prefixes.mask, new_mask], dim=1)
    # Positions count tokens, not columns, so that padding on the left does not shift a row.
    positions = (prefixes.mask.cumsum(dim=1) - 1).clamp(min=0)[:, -input_ids.shape[1] :]
    inputs = {
        "input_ids": input_ids,
        "attention_mask": prefixes.mask,
        "position_ids": positions,
        "past_key_values": prefixes.cache,
        "use_cache": True,
    }
    prefixes.log_probabilities = score(model, inputs)


def score(model: PreTrainedModel, inputs: dict[str, Any], places: Tensor | None = None) -> Tensor:
    """Return log probabilities of the next token, of shape ``(scored, vocabulary)``; every forward pass is made here.

    Args:
        model: A causal language model in evaluation mode.
        inputs: What it is called with.
        places: In the one row that is read, behind which to score; by default behind the last token of each row.
    """
    if lockstep := getattr(model, "lockstep", None):
        lockstep.step()
    if has_plain_head(model):
        hidden = getattr(model, model.base_model_prefix)(**inputs).last_hidden_state
        # Two dimensions: with a third, of one token, the product first copies the head's weights for every row.
        logits = model.get_output_embeddings()(hidden[:, -1].contiguous() if places is None else hidden[0, places])
    else:
        logits = model(**inputs, logits_to_keep=1 if places is None else places).logits
        logits = logits[:, -1] if places is None else logits[0]
    found: Tensor = logits.float().log_softmax(dim=-1)
    return found


def has_plain_head(model: PreTrainedModel) -> bool:
    """Tell whether logits are what the head makes of the last hidden states, and nothing is done to them after."""
    # In parts, a model gathers its weights when it is called as a whole.
    return not isinstance(model, FSDPModule) and not any(getattr(model.config, name, None) for name in SCALES)
