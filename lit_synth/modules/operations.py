"""Floating-point operations that a model's training asks for, by the tokens that are there and not by padding."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from lit_synth.modules.adapters import bare


class Operations:
    """Counts the operations of batches that a model learns from.

    Two a weight and token forward, two for the gradient of what goes in, and two for the gradient of a weight that is
    trained (Kaplan et al., arXiv 2001.08361, section 2.1). Embeddings are looked up and cost none, a vocabulary's head
    counts where there is a target, and attention's products of tokens with tokens are left out, as is what gradient
    checkpointing does twice (Chowdhery et al., arXiv 2204.02311, appendix B).

    Args:
        model: With its adapters, if it has any.
    """

    def __init__(self, model: nn.Module) -> None:
        plain: PreTrainedModel = bare(model)
        looked_up = {id(layer.weight) for layer in plain.modules() if isinstance(layer, nn.Embedding)}
        head = plain.get_output_embeddings()
        behind = set[int]()
        if isinstance(head, nn.Linear):
            behind.add(id(head.weight))
        if plain.config.is_encoder_decoder:
            behind |= {id(one) for one in plain.get_decoder().parameters()} - looked_up
        body = [one for one in model.parameters() if id(one) not in looked_up | behind]
        self.a_token = _cost(body)
        self.a_target = _cost(one for one in model.parameters() if id(one) in behind)

    def of(self, batch: dict[str, Any]) -> tuple[Tensor, Tensor | float]:
        """Return a batch's tokens, padding left out, and its operations; both stay on the device.

        Args:
            batch: Holds ``attention_mask`` of shape ``(batch, sequence)``; ``labels`` where the vocabulary is scored.
        """
        tokens = batch["attention_mask"].sum()
        targets = (batch["labels"] >= 0).sum() if "labels" in batch else 0
        return tokens, tokens.double() * self.a_token + targets * float(self.a_target)


def _cost(weights: Iterable[nn.Parameter]) -> int:
    # A part that ZeRO-3 keeps elsewhere counts whole.
    return sum(getattr(one, "ds_numel", one.numel()) * (6 if one.requires_grad else 4) for one in weights)
