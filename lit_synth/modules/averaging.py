"""An average of a student's weights over its steps, which forgets: steadier under wrong targets than the last step."""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lit_synth.errors import InputError


class Averaging(WeightAveraging):
    """Lightning's callback with an exponential moving average (Tarvainen and Valpola, arXiv 1703.01780).

    It keeps the average beside the student, so neither the optimizer nor the student's own state knows of it; it
    validates and saves with the average, and leaves it in the student when training ends, to be tested and exported.

    Args:
        decay: Share of the average that stays at every step.
    """

    _average_model: AveragedModel | None

    def __init__(self, decay: float) -> None:
        # Buffers are copied: averaged, whole numbers such as positions are cut to the next lower one.
        super().__init__(use_buffers=False, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Follow the student, which is moved to its device after this was made.

        Raises:
            InputError: The student's weights are of a type in which small steps are lost.
        """
        found = {parameter.dtype for parameter in pl_module.parameters()} - {torch.float32}
        if found:
            raise InputError(f"average: not with trainer.precision {trainer.precision}; give 32-true or bf16-mixed")
        self.average.to(pl_module.device).eval()

    @property
    def average(self) -> AveragedModel:
        """The averaged student, without dropout."""
        if self._average_model is None:
            raise RuntimeError("there is no average: training has not begun")
        return self._average_model

    @torch.no_grad()
    def read(self, batch: dict[str, Any]) -> Tensor:
        """Return the label that the average gives each row, of shape ``(batch,)``."""
        labels: Tensor = self.average(batch).argmax(dim=1)
        return labels
