"""Model FLOP utilisation of teachers and students in Lightning's trainer, on made-up batches."""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import lightning as L
import torch
from floor import matrices
from gpu_shapes import BART, HUGE, LARGE, ROBERTA, TINY, TINY_BART, TINY_ROBERTA, Shape
from setting import quiet_trainer
from torch.utils.data import DataLoader

from lit_synth.modules import Classifier, Lora, Seq2Seq, Teacher
from lit_synth.task import Task
from lit_synth.tasks.slurp import SLURP
from lit_synth.tasks.webnlg import WEBNLG

Line = partial[list[str]]
WARM, STEPS = 2, 6


class Seconds(L.Callback):
    """Counts the seconds of the steps after the first ones."""

    started = seconds = 0.0

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Start behind the warm-up."""
        if batch_idx == WARM:
            self.started = self._now(pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop."""
        self.seconds = self._now(pl_module) - self.started

    @staticmethod
    def _now(module: L.LightningModule) -> float:
        if module.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def seconds_of(module: Any, batch: dict[str, Any], device: str) -> float:
    """Fit some steps on one batch, and return the seconds of those after the warm-up."""
    watch = Seconds()
    loop = quiet_trainer(
        accelerator=device, devices=1, precision="bf16-true", max_steps=WARM + STEPS, callbacks=[watch]
    )
    # Not the list itself: its members would be loaders.
    rows: Any = [batch] * (WARM + STEPS)
    loop.fit(module, train_dataloaders=DataLoader(rows, batch_size=None))
    return watch.seconds


def teacher(shape: Shape, lora: Lora | None, device: str, rows: int, ceiling: float) -> list[str]:
    """Train a teacher: rows of 128 tokens, of which the last 32 are learnt."""
    ids = torch.randint(shape.sizes["vocab_size"], (rows, 128))
    labels = ids.masked_fill(torch.arange(128) < 96, -100)
    batch = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "labels": labels,
        "direction": ["generate"] * rows,
    }
    module, seconds = _fitted(Teacher, SLURP, shape, batch, device, lora=lora, gradient_checkpointing=True)
    model = module.language_model
    head = model.get_output_embeddings().weight.numel()
    # Forward, and backward to the inputs; full training has the weights' gradients too. Nothing counts twice.
    factor = 4.0 if lora else 6.0
    operations = factor * rows * (128 * (matrices(model) - head) + 32 * head)
    by = f"LoRA, rank {lora.rank}" if lora else "in full"
    return _line(f"{shape.name}, {by}", f"{STEPS * ids.numel() / seconds:.0f} tokens/s", operations, seconds, ceiling)


def classifier(shape: Shape, device: str, rows: int, ceiling: float) -> list[str]:
    """Train a student of a classification task on rows of 64 tokens."""
    ids = torch.randint(3, shape.sizes["vocab_size"], (rows, 64))
    wanted = torch.full((rows, len(SLURP.labels)), 1 / len(SLURP.labels))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "target_probabilities": wanted}
    batch |= {"weight": torch.ones(rows), "synthetic": torch.zeros(rows, dtype=torch.bool)}
    module, seconds = _fitted(Classifier, SLURP, shape, batch, device)
    operations = 6.0 * matrices(module.model) * ids.numel()
    return _line(shape.name, f"{STEPS * rows / seconds:.0f} rows/s", operations, seconds, ceiling)


def seq2seq(shape: Shape, device: str, rows: int, ceiling: float) -> list[str]:
    """Train a student that reads 64 tokens and writes 64."""
    ids = torch.randint(3, shape.sizes["vocab_size"], (rows, 64))
    batch = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "labels": ids.clone(),
        "weight": torch.ones(rows),
    }
    module, seconds = _fitted(Seq2Seq, WEBNLG, shape, batch, device)
    # Every matrix meets 64 tokens a row, those of the reader, of the writer and of the writer's look at the reader.
    operations = 6.0 * matrices(module.model) * ids.numel()
    return _line(shape.name, f"{STEPS * rows / seconds:.0f} rows/s", operations, seconds, ceiling)


def _fitted(kind: Any, task: Task, shape: Shape, batch: dict[str, Any], device: str, **more: Any) -> tuple[Any, float]:
    """Make the module's model on its device, and fit it."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        module = kind(task, shape.saved(Path(folder)), weights=False, **more)
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)
        try:
            with torch.device(device):
                module.configure_model()
        finally:
            torch.set_default_dtype(before)
    return module, seconds_of(module, batch, device)


def _line(name: str, rate: str, operations: float, seconds: float, ceiling: float) -> list[str]:
    used = STEPS * operations / seconds / ceiling
    return [name, "train", "lit_synth", rate, f"{100 * used:.0f} %", f"{seconds:.2f}"]


def trainings(tiny: bool, device: str) -> Iterator[Line]:
    """Yield what makes a line each, given the rate of a large product."""
    if tiny:
        yield partial(teacher, TINY, None, device, 2)
        yield partial(teacher, TINY, Lora(), device, 2)
        yield partial(classifier, TINY_ROBERTA, device, 2)
        yield partial(seq2seq, TINY_BART, device, 2)
        return
    yield partial(teacher, LARGE, None, device, 32)
    yield partial(teacher, HUGE, Lora(), device, 16)
    yield partial(classifier, ROBERTA, device, 256)
    yield partial(seq2seq, BART, device, 256)
