"""A loss that is no number ends a training at once, with the step and the rows; it would spoil every weight."""

from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor

from lit_synth.errors import InputError


def check_finite(module: LightningModule, loss: Tensor, batch: dict[str, Any]) -> None:
    """Look at a training step's loss.

    Raises:
        InputError: It is infinite, or no number.
    """
    if torch.isfinite(loss):
        return
    names = batch.get("id", [])
    rows = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    raise InputError(
        f"step {module.global_step + 1}: the loss is {float(loss)} on rows {rows or 'of the batch'}; "
        "lower the learning rate, or look at these rows"
    )
