"""How fast a model learns, how much of its device it uses, and how much memory: in the logs and the progress lines."""

import resource
import sys
import time
from typing import Any

import lightning as L
import torch
from lightning.fabric.utilities.throughput import Throughput as Window
from lightning.fabric.utilities.throughput import get_available_flops
from torch import Tensor

from lit_synth.modules.operations import Operations

H200 = 9.895e14
"""Peak of NVIDIA's H200 (SXM) in bfloat16, without sparsity, by its data sheet; Lightning's table has other names."""


class Throughput(L.Callback):
    """Logs ``tokens_per_second`` of all devices, ``mfu`` and ``memory_gb`` while a model learns.

    Tokens are those that are there, padding left out. ``mfu`` is the share of the device's peak that the model's own
    operations make (see `Operations`); where the peak is not known, as on a CPU, there is none. ``memory_gb`` is the
    most that a device had allocated, or on a CPU the process. Time in validation does not count.

    Args:
        window: Times of logging over which a rate is taken.
    """

    def __init__(self, window: int = 3) -> None:
        self.window = window

    def on_train_start(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Count the model's operations, and look up the device's peak."""
        device = trainer.strategy.root_device
        self.operations = Operations(pl_module.model)
        peak = peak_operations(device, str(trainer.precision))
        self.rates = Window(available_flops=peak, world_size=trainer.world_size, window_size=self.window)
        self.tokens: Tensor | int = 0
        self.work: Tensor | float = 0.0
        self.seconds, self.batches, self.total = 0.0, 0, 0
        self.last, self.logged = time.perf_counter(), trainer.global_step

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count a batch; log when Lightning does, since asking for a sum has the host wait for the device."""
        tokens, work = self.operations.of(batch)
        self.tokens, self.work = self.tokens + tokens, self.work + work
        self.batches += 1
        every, step = trainer.log_every_n_steps, trainer.global_step  # type: ignore[attr-defined]
        if every and step % every == 0 and step > self.logged:  # several batches may make one step
            self.logged = step
            self._log(trainer, pl_module)

    def on_validation_start(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Stop the clock."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self.seconds += time.perf_counter() - self.last

    def on_validation_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Let it go on."""
        self.last = time.perf_counter()

    def _log(self, trainer: L.Trainer, pl_module: Any) -> None:
        self.total += int(self.tokens)
        now = time.perf_counter()
        self.seconds, self.last = self.seconds + now - self.last, now
        self.rates.update(
            time=self.seconds,
            batches=self.batches,
            samples=self.batches,
            lengths=self.total,
            flops=int(self.work),
        )
        self.tokens, self.work = 0, 0.0
        found = self.rates.compute()
        figures = {"memory_gb": memory_gb(trainer.strategy.root_device)}
        if (rate := found.get("device/items_per_sec")) is not None:
            figures["tokens_per_second"] = rate * trainer.world_size
        if (mfu := found.get("device/mfu")) is not None:
            figures["mfu"] = mfu
        pl_module.log_dict(figures, on_step=True, on_epoch=False, batch_size=1)


def peak_operations(device: torch.device, precision: str) -> float | None:
    """Return the operations a second that a device can do at most in a trainer's precision; ``None`` if not known.

    >>> peak_operations(torch.device("cpu"), "32-true")
    """
    if device.type != "cuda":
        return None
    half = "16" in precision
    name = torch.cuda.get_device_name(device).lower()
    if half and "h200" in name and "nvl" not in name:
        return H200
    dtype: Any = torch.bfloat16 if "bf16" in precision else torch.float16 if half else torch.float32
    return get_available_flops(device, dtype)


def memory_gb(device: torch.device) -> float:
    """Return the most memory that was in use so far, in GB."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
