"""Shapes of real models, made with random weights on a device, where there is no hub to load them from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

PEAKED = 8.0
"""Factor on the head of random weights, so that the next token is as sure as in a trained model."""


@dataclass(frozen=True)
class Shape:
    """A configuration.

    Args:
        name: Shown.
        kind: Of transformers, such as ``gpt_neox``.
        sizes: What differs from the kind's defaults.
    """

    name: str
    kind: str
    sizes: dict[str, Any]

    def config(self) -> Any:
        """Return the configuration of transformers."""
        return AutoConfig.for_model(self.kind, dtype="bfloat16", **self.sizes)

    def saved(self, folder: Path) -> str:
        """Save the configuration alone, and return the folder."""
        self.config().save_pretrained(folder)
        return str(folder)


def _neox(name: str, hidden: int, layers: int, heads: int) -> Shape:
    sizes = {"hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads, "vocab_size": 50432}
    return Shape(name, "gpt_neox", {**sizes, "intermediate_size": 4 * hidden})


SMALL = Shape(
    "SmolLM2, 135M",
    "llama",
    {
        "hidden_size": 576,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "vocab_size": 49152,
        "tie_word_embeddings": True,
    },
)
MIDDLE = _neox("GPT-NeoX, 1.4B", 2048, 24, 16)
LARGE = _neox("GPT-NeoX, 6.9B", 4096, 32, 32)
HUGE = _neox("GPT-NeoX, 20B", 6144, 44, 64)
ROBERTA = Shape(
    "RoBERTa-Large",
    "roberta",
    {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "vocab_size": 50265,
        "max_position_embeddings": 514,
    },
)
BART = Shape("BART-Large", "bart", {"vocab_size": 50265, "forced_eos_token_id": None})
_TWO = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 256}
TINY = Shape("tiny GPT-NeoX", "gpt_neox", _TWO)
TINY_ROBERTA = Shape("tiny RoBERTa", "roberta", _TWO)
_SIDES = {
    f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in (("layers", 1), ("ffn_dim", 64))
}
TINY_BART = Shape("tiny BART", "bart", {**_SIDES, "d_model": 32, "vocab_size": 256, "forced_eos_token_id": None})


def decoders() -> list[Shape]:
    """Return what annotates and generates, the smallest first."""
    return [SMALL, MIDDLE, LARGE]


def made(shape: Shape, device: str) -> PreTrainedModel:
    """Make a causal model on its device, without a copy elsewhere."""
    torch.manual_seed(0)
    with torch.device(device):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(shape.config(), dtype=torch.bfloat16)
    return model
