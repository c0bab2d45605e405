"""What the pipeline reads back from a stage that learns: the development curve and the exported model."""

import json
import math
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint

from lit_synth.whole_files import write_whole


class DevelopmentCurve(L.Callback):
    """Appends the development figures of every validation to a JSON Lines file.

    Args:
        path: Lines hold ``step`` and every logged ``val_`` figure.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget what an earlier attempt wrote of steps that are done again, and a line that it left half written."""
        if trainer.is_global_zero and self.path.exists():
            kept = [line for line in self.path.read_text().splitlines() if _step(line) <= trainer.global_step]
            write_whole(self.path, "".join(f"{line}\n" for line in kept))

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write one line."""
        if trainer.is_global_zero and not trainer.sanity_checking:
            found = {key: float(value) for key, value in trainer.callback_metrics.items() if key.startswith("val_")}
            # Of a direction that is not learnt there is no loss.
            figures = {key: value for key, value in found.items() if not math.isnan(value)}
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a") as lines:
                lines.write(json.dumps({"step": trainer.global_step, **figures}) + "\n")


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, LookupError, TypeError):
        return math.inf


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
        whole = not getattr(pl_module, "is_sharded", False)  # else all processes give their parts
        if (trainer.is_global_zero or not whole) and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            pl_module.export(self.folder)
