"""Low-rank adapters: put on a model, and taken off again; `Lora` is a setting too, and loads no torch until used."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import nn
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters on every linear layer (Hu et al., arXiv 2106.09685).

    Args:
        rank: Width of an adapter.
        alpha: Its scale is ``alpha / rank``.
        dropout: On the adapter's input.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0

    def on(self, model: "PreTrainedModel") -> "PeftModel":
        """Put fresh adapters on a model and freeze everything else."""
        from peft import LoraConfig, get_peft_model

        adapters = LoraConfig(
            task_type="CAUSAL_LM",
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules="all-linear",
        )
        return get_peft_model(model, adapters)


def bare(model: "nn.Module") -> "PreTrainedModel":
    """Return the model itself, without the wrapper of its adapters."""
    from peft import PeftModel

    return model.get_base_model() if isinstance(model, PeftModel) else model  # type: ignore[return-value]


def merged(model: "nn.Module") -> "PreTrainedModel":
    """Return the model with what its adapters have learnt in its own weights."""
    from peft import PeftModel

    return model.merge_and_unload() if isinstance(model, PeftModel) else model  # type: ignore[return-value]
