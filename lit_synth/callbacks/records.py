"""What the pipeline reads back from a stage: the development curve, test predictions, metrics, the exported model."""

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


class Predictions(L.Callback):
    """Writes each test row's gold label, predicted label and probabilities, and the test metrics.

    Args:
        folder: Gets ``predictions.jsonl`` and ``metrics.json``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[dict[str, Any]] = []

    def on_test_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Collect one batch; ``outputs`` are probabilities of shape ``(batch, labels)``."""
        for example, row in zip(batch["example"], outputs.tolist(), strict=True):
            probabilities = dict(zip(pl_module.task.labels, row, strict=True))
            predicted = max(probabilities, key=probabilities.__getitem__)
            rounded = {label: round(value, 6) for label, value in probabilities.items()}
            line = {"id": example.id, "gold": example.target, "predicted": predicted, "probabilities": rounded}
            self.rows.append(line)

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write both files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = sorted(self.rows, key=lambda row: str(row["id"]))
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (self.folder / f"predictions{_part(trainer)}.jsonl").write_text(lines, encoding="utf-8")
        if trainer.is_global_zero:
            found = {key.removeprefix("test_"): float(value) for key, value in trainer.callback_metrics.items()}
            (self.folder / "metrics.json").write_text(json.dumps(found, indent=2))


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


def _part(trainer: L.Trainer) -> str:
    return f"-{trainer.global_rank}" if trainer.world_size > 1 else ""
