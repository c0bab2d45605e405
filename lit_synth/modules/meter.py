"""Counts the tokens that a model meets, and keeps the count in the folder of its stage while it works."""

import time
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch import Tensor

from lit_synth.spending import write_part


class Meter(L.Callback):
    """Counts tokens of training, test and prediction, padding left out; every module has one.

    While training those that are learnt from count, not those of validation. Nothing is written for a stage that is
    done by hand: only the pipeline has a place for it, a ``stage.json``.

    Args:
        targets: Whether ``labels`` are tokens of their own, which a decoder reads, and not those of ``input_ids``.
        every: Seconds between two writings.

    Attributes:
        devices: Devices a rank, where an engine works over several.
    """

    def __init__(self, targets: bool = False, every: float = 10.0) -> None:
        self.targets = targets
        self.every = every
        self.writes = False
        self.devices = 1
        self.tokens: Tensor | int = 0
        self.name = ""
        self.started = self.shown = 0.0

    def wrote(self, tokens: Tensor | int) -> None:
        """Count tokens that a model has written; what it writes on development rows as it learns is none."""
        if self.writes:
            self.tokens = self.tokens + tokens

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Start the clock, once for everything that a stage does."""
        if not self.name:
            # The clock of the wall names this attempt, and may be set anew: times are taken from one that may not.
            self.name, self.started = str(time.time_ns()), time.monotonic()
        self.writes = stage in ("test", "predict")

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count a batch that was learnt from."""
        self._count(trainer, batch)

    def on_test_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Count a batch that was read."""
        self._count(trainer, batch)

    def on_predict_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Count a batch that was read."""
        self._count(trainer, batch)

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Write the last count."""
        self._write(trainer)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Write what was spent until then."""
        self._write(trainer)

    def _count(self, trainer: L.Trainer, batch: dict[str, Any]) -> None:
        # Sums stay on the device: asking for them at every step would have the host wait for it.
        self.tokens = self.tokens + batch["attention_mask"].sum()
        if self.targets and "labels" in batch:
            self.tokens = self.tokens + (batch["labels"] >= 0).sum()
        if time.monotonic() - self.shown >= self.every:
            self._write(trainer)

    def _write(self, trainer: L.Trainer) -> None:
        self.shown = time.monotonic()
        folder = Path(trainer.default_root_dir)
        if not (folder / "stage.json").exists():
            return
        device, seconds = trainer.strategy.root_device, time.monotonic() - self.started
        kind = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()
        count = trainer.world_size * self.devices
        write_part(folder, f"{self.name}-{trainer.global_rank}", int(self.tokens), seconds, kind, count)
