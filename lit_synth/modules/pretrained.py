"""Pretrained models, loaded the same way on a laptop and under a sharding strategy."""

import shutil
from pathlib import Path
from typing import Any, TypeVar

import lightning as L
import torch
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.strategies import DeepSpeedStrategy
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.integrations.deepspeed import HfDeepSpeedConfig, unset_hf_deepspeed_config

from lit_synth.decoding.decoders import close_served
from lit_synth.embedded import resolve
from lit_synth.errors import InputError
from lit_synth.hub import why_absent
from lit_synth.permissions import may_unpickle

Model = TypeVar("Model")


def load_pretrained(
    auto_class: Any, name: str, trainer: L.Trainer | None = None, weights: bool = True, **config: Any
) -> PreTrainedModel:
    """Load a model from a folder, the hub, or an ``embedded:`` name.

    Under DeepSpeed ZeRO-3 every rank loads only its own part: transformers looks for a living `HfDeepSpeedConfig`,
    which Lightning does not make, so it is made here and kept on the model.

    Args:
        auto_class: For example ``AutoModelForCausalLM``.
        name: Folder, hub name, or ``embedded:teacher``, ``embedded:student``.
        trainer: Whose strategy is asked; ``None`` outside a trainer.
        weights: Without, a model with random weights is made from the configuration alone.
        **config: Changes to the model's configuration.

    Raises:
        InputError: There is no such model, or it cannot be reached.
    """
    strategy = trainer.strategy if trainer is not None else None
    unset_hf_deepspeed_config()  # of an earlier stage's model, if that is there still
    partitioned = None
    if isinstance(strategy, DeepSpeedStrategy) and strategy.zero_stage_3:
        partitioned = HfDeepSpeedConfig(strategy.config)
    path = resolve(name)
    half, fits = _is_half(trainer), _fits(trainer)
    close_served()  # its memory is wanted here
    # Said, since transformers would ask on a terminal whether a model's own code may run.
    config["trust_remote_code"] = False
    try:
        if weights:
            tensors = None if may_unpickle() else True
            model = auto_class.from_pretrained(path, dtype=dtype_of(trainer), use_safetensors=tensors, **config)
        else:
            model = auto_class.from_config(AutoConfig.from_pretrained(path, **config))
    except (OSError, ValueError) as error:
        raise InputError(_reason(name, error)) from None
    model.hf_deepspeed_config = partitioned
    if half and fits and isinstance(trainer.accelerator, CPUAccelerator):  # type: ignore[union-attr]
        # The fused attention's backward pass is a quarter of a step in bfloat16 on a CPU; short rows need no fusing.
        model.set_attn_implementation("eager")
    # It comes in evaluation mode, which Lightning keeps: dropout and gradient checkpointing would be off in training.
    model.train()
    return model  # type: ignore[no-any-return]


def dtype_of(trainer: L.Trainer | None) -> torch.dtype:
    """Return the type of the weights for what a trainer does.

    Where nothing is learnt, weights that are halved once need not be halved for every token.
    """
    return torch.bfloat16 if _is_half(trainer) and not _fits(trainer) else torch.float32


def save_pretrained(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Save a model with its tokenizer as safetensors, whole or not at all, for ``from_pretrained``.

    An earlier export in the folder is replaced: a stage that goes on after a kill exports once more.

    Raises:
        InputError: The folder holds other files too.
    """
    partial = folder.with_name(folder.name + ".partial")
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    for weights in partial.glob("*.safetensors"):  # which are written for their owner alone
        weights.chmod((partial / "config.json").stat().st_mode)
    if folder.exists():
        others = {path.name for path in folder.iterdir()} - {path.name for path in partial.iterdir()}
        if others:
            raise InputError(f"{folder}: holds {min(others)}, which is no part of this model; it is saved in {partial}")
        shutil.rmtree(folder)
    partial.replace(folder)


def loaded(model: Model | None) -> Model:
    """Return the model; a module has none before ``configure_model``."""
    if model is None:
        raise RuntimeError("the model is not loaded: configure_model has not run")
    return model


def _is_half(trainer: L.Trainer | None) -> bool:
    return trainer is not None and trainer.precision == "bf16-mixed"


def _fits(trainer: L.Trainer | None) -> bool:
    return trainer is not None and trainer.state.fn == "fit"


def _reason(name: str, error: Exception) -> str:
    if not may_unpickle() and any(Path(name).glob("*.bin")) and not any(Path(name).glob("*.safetensors")):
        return (
            f"model {name}: its weights are pickles, which can run code; save them as safetensors, or give "
            "--allow_pickle if you trust them"
        )
    return why_absent(name, error)
