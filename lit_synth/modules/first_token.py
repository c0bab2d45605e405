"""The last layer of a student that classifies: its head reads the first token alone, so no other need be worked out."""

from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

KINDS = frozenset({"bert", "camembert", "deberta", "deberta-v2", "electra", "roberta", "xlm-roberta"})
"""Models whose head reads the first token, and whose layers are laid out alike; tried in the tests."""


def read_first_token_alone(model: PreTrainedModel) -> None:
    """Let all that comes behind the last layer's attention be done for the first token of a row.

    What the head is given stays the same. Nine in twelve of a layer's products are saved: one eighth of all with six
    layers. Other kinds of models are left as they are.

    Args:
        model: With a head that classifies sequences, changed in place; what is saved of it is not changed.
    """
    if model.config.model_type in KINDS:
        encoder: Any = model.base_model.encoder
        encoder.layer[-1].attention.output.register_forward_pre_hook(_first)


def _first(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(one[:, :1] for one in inputs)
