"""Weights in parts, one a device: FSDP2 as Lightning's strategy, whole weights for an export, and decoding in step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
import torch
from lightning.pytorch.strategies import DeepSpeedStrategy, ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from lit_synth.decoding.lockstep import Lockstep
from lit_synth.modules.adapters import Lora, bare


class FullySharded(ModelParallelStrategy):
    """FSDP2 over all devices of all nodes, however many they are.

    Lightning's strategy takes the number as an argument and by default splits layers over the devices of a node; here
    each device gets rows of its own and a part of every weight (Zhao et al., arXiv 2304.11277).

    Args:
        process_group_backend: ``nccl`` or ``gloo``; by default what suits the device.
    """

    def __init__(self, process_group_backend: str | None = None) -> None:
        super().__init__(1, 1, process_group_backend=process_group_backend)

    def setup_environment(self) -> None:
        """Count the devices, which are known by now."""
        self._data_parallel_size = self.num_processes * self.num_nodes
        super().setup_environment()


def shards_weights(trainer: L.Trainer | None) -> bool:
    """Tell whether each device of a trainer holds a part of the weights only."""
    strategy = trainer.strategy if trainer is not None else None
    if isinstance(strategy, DeepSpeedStrategy):
        return bool(strategy.zero_stage_3)
    return isinstance(strategy, ModelParallelStrategy)


def sharded(model: nn.Module, trainer: L.Trainer | None) -> nn.Module:
    """Split a model over the devices, layer by layer, where the strategy leaves that to us; return it.

    Args:
        model: With its adapters, if it has any; every process has loaded it.
        trainer: Whose strategy is asked.
    """
    if trainer is None or not shards_weights(trainer):
        return model
    plain = bare(model)
    if isinstance(trainer.strategy, ModelParallelStrategy):
        half = trainer.precision in ("bf16-mixed", "bf16-true")
        policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if half else MixedPrecisionPolicy()
        options: dict[str, Any] = {"mesh": trainer.strategy.device_mesh["data_parallel"], "mp_policy": policy}
        for layer in _layers(plain):
            fully_shard(layer, **options)
        fully_shard(plain, **options)
    plain.lockstep = Lockstep(lambda: _pass(plain), trainer.strategy.root_device)  # type: ignore[assignment]
    return model


@contextmanager
def kept_whole(trainer: L.Trainer | None) -> Iterator[None]:
    """Make what is made in the block whole on every device, as adapters are first; the strategy splits them later.

    Lightning makes models in a context of DeepSpeed's in which a parameter is split as soon as it is there; peft would
    then set nothing to zero, and adapters would change the model before they have learnt.
    """
    if trainer is None or not isinstance(trainer.strategy, DeepSpeedStrategy) or not trainer.strategy.zero_stage_3:
        yield
        return
    from deepspeed.runtime.zero.partition_parameters import restore_init_context, shutdown_init_context

    shutdown_init_context()
    try:
        yield
    finally:
        restore_init_context()


def whole_weights(model: nn.Module) -> dict[str, Tensor]:
    """Gather the weights of a model that is in parts: all processes call this, the first gets them on its CPU."""
    if any(hasattr(one, "ds_id") for one in model.parameters()):
        return _gathered(model)
    weights: dict[str, Any] = get_model_state_dict(
        model, options=StateDictOptions(full_state_dict=True, cpu_offload=True)
    )
    return weights


def rebuilt(model: nn.Module, weights: dict[str, Tensor], lora: Lora | None) -> nn.Module:
    """Return a model like another one, whole and on the CPU.

    Args:
        model: It is in parts.
        weights: From `whole_weights`.
        lora: Its adapters.
    """
    unset_hf_deepspeed_config()  # it would split this one too, and wait for processes that make none
    with torch.device("meta"):
        plain: PreTrainedModel = AutoModelForCausalLM.from_config(bare(model).config)
        made: nn.Module = lora.on(plain) if lora else plain
    made.load_state_dict(weights, assign=True, strict=False)
    plain.tie_weights()
    absent = [name for name, one in made.named_parameters() if one.is_meta]
    if absent:
        raise RuntimeError(f"{absent[0]}: was not gathered")
    return made


def _gathered(model: nn.Module) -> dict[str, Tensor]:
    import deepspeed

    first = torch.distributed.get_rank() == 0
    weights = {}
    for name, one in model.named_parameters():
        # One at a time: together they need not fit on a device.
        with deepspeed.zero.GatheredParameters([one], enabled=hasattr(one, "ds_id")):
            if first:
                weights[name] = one.detach().cpu().clone()
    return weights


def _layers(model: PreTrainedModel) -> list[nn.Module]:
    """Return the blocks that a model is a stack of: the longest list of modules."""
    stacks = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    return list(max(stacks, key=len, default=[]))


def _pass(model: PreTrainedModel) -> None:
    one = torch.ones((1, 1), dtype=torch.long, device=model.device)
    with torch.inference_mode():  # as all decoding: gathered weights are reused
        model(input_ids=one, attention_mask=one, use_cache=False)
