"""What several processes do together: each starts this file anew. For tests/modules/test_sharding.py and tests/gpu."""

import json
import sys
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.strategies import DeepSpeedStrategy

from lit_synth.callbacks import Export, Generation
from lit_synth.callbacks.generation import predict_all
from lit_synth.data import Partition, Requests, TeacherEncoder
from lit_synth.decoding.writing import Sampling
from lit_synth.modules import Lora, Teacher
from lit_synth.modules.sharding import FullySharded
from lit_synth.tasks.reviews import REVIEWS, Reviews

GPU = {"accelerator": "gpu", "devices": 1, "precision": "bf16-mixed"}
CPU = {"accelerator": "cpu", "devices": 2}


def strategy(name: str) -> Any:
    return FullySharded() if name == "fsdp2" else DeepSpeedStrategy(stage=int(name[-1]))


def optimizer(params: Any) -> Any:
    return torch.optim.AdamW(params, lr=1e-2)


def main(name: str, model: str, rows: str, folder: Path, device: str, lora: bool) -> None:
    """Fit for two epochs, go on for two more, export, annotate and write."""
    adapters = Lora(rank=4) if lora else None

    def data(name: str, **requests: Any) -> Reviews:
        encoder, partition = TeacherEncoder(name, max_length=64), Partition(24, pool_limit=9)
        sizes = {"batch_size": 4, "predict_batch_size": 3}
        return Reviews(encoder, data_dir=rows, partition=partition, **sizes, **requests)  # type: ignore[arg-type]

    def trainer(epochs: int, *callbacks: L.Callback) -> L.Trainer:
        given = GPU if device == "gpu" else CPU
        quiet: dict[str, Any] = {"enable_progress_bar": False, "enable_model_summary": False, "num_sanity_val_steps": 0}
        options: dict[str, Any] = {**given, **quiet, "gradient_clip_val": 1.0, "default_root_dir": folder}
        return L.Trainer(strategy=strategy(name), max_epochs=epochs, logger=False, callbacks=list(callbacks), **options)

    steps = []
    for epochs in (2, 4):
        L.seed_everything(0)
        kept = ModelCheckpoint(folder / "checkpoints", save_last=True, monitor="val_loss")
        fits = trainer(epochs, kept, Export(folder / "model"))
        teacher = Teacher(REVIEWS, model, optimizer=optimizer, lora=adapters, freeze_embeddings=False)
        fits.fit(teacher, datamodule=data(model), ckpt_path="last", weights_only=True)
        steps.append(fits.global_step)
    if fits.is_global_zero:
        found = {"steps": steps, "best": float(kept.best_model_score or torch.nan)}
        (folder / "found.json").write_text(json.dumps(found))
    exported = str(folder / "model")
    for kind in ("annotate", "generate"):
        requests = Requests(folder / kind, kind, amount=6, attempts=1.0)
        teacher = Teacher(REVIEWS, exported, sampling=Sampling(0.7, max_new_tokens=40))
        predict_all(trainer(1, Generation()), teacher, data(exported, requests=requests))


if __name__ == "__main__":
    kind, model, rows, folder, device, lora = sys.argv[1:]
    main(kind, model, rows, Path(folder), device, lora == "lora")
