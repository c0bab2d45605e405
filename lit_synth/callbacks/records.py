"""What the pipeline reads back from a stage that learns: the development curve and the exported model."""

import json
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint


class DevelopmentCurve(L.Callback):
    """Appends the development figures of every validation to a JSON Lines file.

    Args:
        path: Lines hold ``step`` and every logged ``val_`` figure.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write one line."""
        if trainer.is_global_zero and not trainer.sanity_checking:
            figures = {key: float(value) for key, value in trainer.callback_metrics.items() if key.startswith("val_")}
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as lines:
                lines.write(json.dumps({"step": trainer.global_step, **figures}) + "\n")


class Export(L.Callback):
    """Saves the trained model with its best weights as a folder for ``from_pretrained``.

    Args:
        folder: Where to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_fit_end(self, trainer: L.Trainer, pl_module: Any) -> None:
        """Load the best checkpoint, where a figure was monitored, and save."""
        checkpoint = trainer.checkpoint_callback
        if isinstance(checkpoint, ModelCheckpoint) and checkpoint.monitor and checkpoint.best_model_path:
            best = trainer.strategy.load_checkpoint(checkpoint.best_model_path, weights_only=True)
            if "state_dict" in best:  # DeepSpeed has put the weights back itself
                pl_module.load_state_dict(best["state_dict"], strict=False)
        # A debug run of a few batches leaves the real model alone.
        if trainer.is_global_zero and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            pl_module.export(self.folder)
