"""Decoding where each device holds a part of the weights: all devices run as many forward passes as each other."""

from collections.abc import Callable

import torch
from torch import Tensor


class Lockstep:
    """Lets a device that has nothing left to decode go on with passes of no use, until the others are done.

    Every pass gathers weights from all devices: one that ends first would leave the others waiting for ever. What
    transformers calls ``synced_gpus`` does this for its own `generate`.

    Args:
        idle: Runs one forward pass of no use.
        device: Of the messages.
    """

    def __init__(self, idle: Callable[[], None], device: torch.device) -> None:
        self.idle = idle
        self.device = device

    def step(self) -> None:
        """Say that a pass of use follows; every pass asks for this first."""
        self._working(1)

    def finish(self) -> None:
        """Return when no device has a pass of use left."""
        while self._working(0):
            self.idle()

    def _working(self, mine: int) -> int:
        count: Tensor = torch.tensor([mine], device=self.device)
        torch.distributed.all_reduce(count)
        return int(count)
