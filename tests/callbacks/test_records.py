"""The callbacks behind a real trainer, around a module that knows what each epoch is worth."""

import json
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from lit_synth.callbacks import DevelopmentCurve, Export, Progress
from lit_synth.examples import Example
from lit_synth.tasks.reviews import REVIEWS

LOSSES = (3.0, 1.0, 2.0)
TEXTS = [Example(f"t{n}", {"text": f"film {n}"}, "positive" if n % 3 else "negative") for n in range(10)]


class Known(L.LightningModule):
    """Adds one to its weight every step; the development loss is given."""

    task = REVIEWS

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch

    def training_step(self, batch: Any, batch_index: int) -> torch.Tensor:
        return -self.weight.sum()

    def validation_step(self, batch: Any, batch_index: int) -> None:
        self.log("val_loss", torch.tensor(LOSSES[self.current_epoch]))

    def test_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, torch.Tensor]:
        return {"probabilities": torch.tensor([[0.25, 0.75]] * len(batch["example"]))}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=1.0)

    def export(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "weight").write_text(f"{self.weight.item():g}")


def batches(rows: list[Example], size: int) -> DataLoader[Any]:
    collate = lambda part: {"input_ids": torch.zeros(len(part), 1), "example": part}  # noqa: E731
    return DataLoader(rows, batch_size=size, collate_fn=collate)  # type: ignore[arg-type]


def trainer_of(folder: Path, *callbacks: L.Callback, **arguments: Any) -> L.Trainer:
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    quiet |= {"accelerator": "cpu", "num_sanity_val_steps": 0, "default_root_dir": folder}
    return L.Trainer(callbacks=list(callbacks), **quiet, **arguments)


def fit(folder: Path, *callbacks: L.Callback, **arguments: Any) -> None:
    trainer = trainer_of(folder, *callbacks, max_epochs=len(LOSSES), **arguments)
    trainer.fit(Known(), batches(TEXTS[:4], 2), batches(TEXTS[4:6], 2))


@pytest.mark.parametrize(("monitored", "weight"), [({"monitor": "val_loss", "mode": "min"}, "4"), ({}, "6")])
def test_the_best_weights_are_exported_where_a_figure_is_watched_else_the_last(
    tmp_path: Path, monitored: dict[str, Any], weight: str
) -> None:
    """Two steps an epoch: the second epoch ends at weight 4, the third at 6."""
    fit(tmp_path, ModelCheckpoint(tmp_path / "checkpoints", save_last=True, **monitored), Export(tmp_path / "model"))
    assert (tmp_path / "model" / "weight").read_text() == weight


def test_a_model_is_exported_without_any_checkpoint(tmp_path: Path) -> None:
    fit(tmp_path, Export(tmp_path / "model"), enable_checkpointing=False)
    assert (tmp_path / "model" / "weight").read_text() == "6"


def test_the_curve_follows_every_validation(tmp_path: Path) -> None:
    fit(tmp_path, DevelopmentCurve(tmp_path / "curve.jsonl"), enable_checkpointing=False)
    lines = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    assert lines == [{"step": 2 * (n + 1), "val_loss": loss} for n, loss in enumerate(LOSSES)]


def test_progress_counts_steps_then_rows_and_ends_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fit(tmp_path, Progress("teacher", every=0.0), enable_checkpointing=False)
    trainer_of(tmp_path, Progress("score", every=0.0)).test(Known(), batches(TEXTS, 4), verbose=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    steps = [line[1] for line in lines if line[0] == "teacher"]
    assert steps == ["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]
    assert [line[1:4] for line in lines if line[0] == "score"] == [[f"{n}/10", "test", "rows"] for n in (4, 8, 10)]
    assert lines[-1][-2:] == ["0:00", "left"]
