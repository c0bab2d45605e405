"""Rows read as one line of tokens: none is padded, and all branches behind a prompt share its one cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from lit_synth.decoding.forward import Prefixes, extend, prefill, score, shared_beginning

KINDS = frozenset({"gpt2", "gpt_neox", "granite", "llama", "mistral", "olmo2", "phi3", "qwen2", "qwen3", "smollm3"})
"""Models in which tokens meet in one exchangeable function alone, and which are tried in the tests."""
NAME = "lit_synth_line"


class Line:
    """What a model has read of many rows, and of what branches off behind each.

    The model is given all tokens as one row, each with the position that it has in its own; attention alone is told
    what stands in front of which. So branches share a cache (Miao et al., arXiv 2305.09781, section 4.2), and what
    needs no attention is done for real tokens only.

    Args:
        model: For which `stands_in_line` holds.
        input_ids: Prompts, padded on the left, shape ``(batch, sequence)``.
        mask: 1 for a token, 0 for padding, same shape.

    Attributes:
        log_probabilities: Of the token behind each branch, shape ``(branches, vocabulary)``; at first behind a prompt.
    """

    def __init__(self, model: PreTrainedModel, input_ids: Tensor, mask: Tensor) -> None:
        self.model = model
        self.rows = torch.arange(len(mask), device=mask.device)
        self.cache: dict[int, tuple[Tensor, Tensor]] = {}
        known = mask.bool()
        shared = shared_beginning(input_ids, mask)
        beginning = input_ids[0, known[0]][:shared]
        known = (known & (mask.cumsum(dim=1) > shared))[:, shared:]
        width = known.shape[1]
        # Padding sees what is shared, if anything, and itself, since one that sees nothing gives no number.
        causal = torch.ones(width, width, device=mask.device).tril().bool()
        sees = (known[:, None] | torch.eye(width, device=mask.device).bool()) & causal
        sees = nn.functional.pad(sees, (shared, 0), value=True)
        self.sees = sees[:, -1]
        tokens = torch.cat([beginning, input_ids[:, shared:][known]])
        self._read(tokens, known.flatten().nonzero()[:, 0], sees, shared + known.sum(dim=1).cumsum(dim=0) - 1)

    def extend(self, tokens: Tensor, branches: Tensor) -> None:
        """Read a token behind each of some branches, which it takes the place of; both have shape ``(new branches,)``.

        A branch may be gone on with several times, and rows may be left out.
        """
        self.rows = self.rows[branches]
        in_order, order = self.rows.sort(stable=True)
        slots = torch.empty_like(order)
        slots[order] = torch.arange(len(order), device=order.device) - torch.searchsorted(in_order, in_order)
        width = int(slots.max()) + 1
        own = nn.functional.one_hot(slots, width).bool()
        self.sees = torch.cat([self.sees[branches], own], dim=1)
        count = len(self.cache[0][0])
        places = self.rows * width + slots
        # A place that no token stands at sees everything: what it finds is not looked at.
        sees = self.sees.new_ones(count * width, self.sees.shape[1])
        sees[places] = self.sees
        self._read(tokens, places, sees.view(count, width, -1), torch.arange(len(tokens), device=tokens.device))

    def _read(self, tokens: Tensor, places: Tensor, sees: Tensor, wanted: Tensor) -> None:
        """Read tokens that stand at ``places`` of the grid of ``sees``, of shape ``(batch, new, read and new)``.

        What all rows begin with comes first, and has no place.
        """
        self.places, self.grid, self.shared = places, sees, len(tokens) - len(places)
        self.mask: Tensor | None = None
        beginning = torch.arange(self.shared, device=tokens.device)
        positions = torch.cat([beginning, sees.flatten(0, 1)[places].sum(dim=1) - 1])
        inputs = {"input_ids": tokens[None], "position_ids": positions[None], "use_cache": False, "line": self}
        with _attention(self.model, NAME):
            self.log_probabilities = score(self.model, inputs, wanted)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Tensor:
        """Return what the new tokens find in those that they see.

        Args:
            layer: Its number.
            query: Of shape ``(1, heads, tokens, size)``.
            key: The same, of as many heads or fewer.
            value: The same.
            scaling: Of the products.

        Returns:
            Shape ``(1, tokens, heads, size)``.
        """
        batch, new, _ = self.grid.shape
        groups = query.shape[1] // key.shape[1]
        own, *first = (one[:, :, : self.shared] for one in (query, key, value))
        queries, keys, values = (self._apart(one[:, :, self.shared :]) for one in (query, key, value))
        before = self.cache.get(layer, first)
        keys, values = (
            torch.cat([one.expand(batch, -1, -1, -1), other], dim=2)
            for one, other in zip(before, (keys, values), strict=True)
        )
        # Behind a prompt, heads that share keys are queries of one head, so that keys need no copies; of whole prompts
        # copies are smaller than the mask.
        folds = groups if layer in self.cache else 1
        self.cache[layer] = keys, values
        if folds < groups:
            keys, values = (one.repeat_interleave(groups, dim=1) for one in (keys, values))
        if self.mask is None:
            hidden = torch.zeros_like(self.grid, dtype=query.dtype).masked_fill(~self.grid, -torch.inf)
            self.mask = hidden.repeat(1, folds, 1)[:, None]
        queries = queries.reshape(batch, keys.shape[1], folds * new, -1)
        found = nn.functional.scaled_dot_product_attention(queries, keys, values, self.mask, scale=scaling)
        # On a GPU its heads lie behind its tokens in memory, so that a view could not part them.
        found = found.reshape(batch, query.shape[1], new, -1).transpose(1, 2).flatten(0, 1)
        found = found[self.places][None]
        return torch.cat([_among_themselves(own, first[0], first[1], scaling), found], dim=1) if self.shared else found

    def _apart(self, line: Tensor) -> Tensor:
        """Return tokens of shape ``(1, heads, tokens, size)`` as rows, of shape ``(batch, heads, new, size)``."""
        batch, new, _ = self.grid.shape
        _, heads, _, size = line.shape
        apart = line.new_zeros(batch * new, heads, size)
        apart[self.places] = line[0].transpose(0, 1)
        return apart.view(batch, new, heads, size).transpose(1, 2)


def _among_themselves(query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Tensor:
    groups = query.shape[1] // key.shape[1]
    key, value = (one.repeat_interleave(groups, dim=1) for one in (key, value))
    return nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling).transpose(1, 2)


def stands_in_line(model: PreTrainedModel) -> bool:
    """Tell whether a model can read a `Line`."""
    return model.config.model_type in KINDS and getattr(model.config, "sliding_window", None) is None


def begin(model: PreTrainedModel, input_ids: Tensor, mask: Tensor) -> Line | Prefixes:
    """Read prompts, padded on the left, in the way that costs least; both tensors have shape ``(batch, sequence)``."""
    return (Line if stands_in_line(model) else prefill)(model, input_ids, mask)


def branch(model: PreTrainedModel, read: Line | Prefixes, tokens: Tensor, rows: Tensor) -> None:
    """Go on behind some of what was read, in place, with a token each; both have shape ``(branches,)``."""
    if isinstance(read, Line):
        read.extend(tokens, rows)
    else:
        extend(model, read, tokens, rows)


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *_: Any, line: Line, **more: Any
) -> tuple[Tensor, None]:
    return line.attend(module.layer_idx, query, key, value, more.get("scaling")), None  # type: ignore[arg-type]


AttentionInterface.register(NAME, _attend)


@contextmanager
def _attention(model: PreTrainedModel, name: str) -> Iterator[None]:
    before = model.config._attn_implementation
    model.config._attn_implementation = name
    try:
        yield
    finally:
        model.config._attn_implementation = before
