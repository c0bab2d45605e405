"""Optimizer and step schedule, shared by every module."""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.cli import OptimizerCallable
from lightning.pytorch.plugins.precision import MixedPrecision
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def default_optimizer(params: Any) -> Optimizer:
    """Return AdamW in its fused form, the fastest that torch has on any device."""
    return torch.optim.AdamW(params, lr=1e-4, weight_decay=0.01, fused=True)


def warm_up_and_decay(step: int, steps: int, warmup: float, decay: bool) -> float:
    """Return the factor on the learning rate: linear up over ``warmup * steps``, then linear down to 0 or constant.

    >>> [round(warm_up_and_decay(step, 10, 0.2, True), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.12]
    """
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return max(0.0, (steps - step) / max(1, steps - rise)) if decay else 1.0


def configure(module: L.LightningModule, optimizer: OptimizerCallable, warmup: float, decay: bool) -> dict[str, Any]:
    """Return what ``configure_optimizers`` returns, over the parameters that are trained.

    Args:
        module: Attached to a trainer, which knows the number of steps.
        optimizer: Makes the optimizer from parameters.
        warmup: Share of the steps in which the learning rate rises.
        decay: Whether it falls to 0 at the last step.
    """
    chosen = optimizer([parameter for parameter in module.parameters() if parameter.requires_grad])
    steps = int(module.trainer.estimated_stepping_batches)
    schedule = LambdaLR(chosen, lambda step: warm_up_and_decay(step, steps, warmup, decay))
    return {"optimizer": chosen, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def clip(module: L.LightningModule, optimizer: Any, most: float | None, algorithm: str | None) -> None:
    """Clip gradients as Lightning does, also those of a fused optimizer in bfloat16.

    Lightning refuses that for the sake of gradients that are still scaled; in bfloat16 none are.
    """
    plugin = module.trainer.precision_plugin
    if most and algorithm in (None, "norm") and isinstance(plugin, MixedPrecision) and plugin.scaler is None:
        torch.nn.utils.clip_grad_norm_(plugin.main_params(optimizer), most)
    else:
        module.clip_gradients(optimizer, gradient_clip_val=most, gradient_clip_algorithm=algorithm)
