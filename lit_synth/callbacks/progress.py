"""How far a trainer has come, with rate and time left: told to the display, and where it can be stopped."""

import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException

from lit_synth.data import TaskDataModule
from lit_synth.data.collate import Place
from lit_synth.data.spare import ForAllRanks
from lit_synth.display.board import Reached
from lit_synth.display.choice import display, showing
from lit_synth.stopping import in_batches, is_asked, stop_if_asked


class Progress(L.Callback):
    """Tells every few seconds how far training, testing or predicting has come: one line, or more often a panel.

    A trainer with a bar of its own gets no panel, unless it is part of a run that shows one.

    Args:
        name: What is being done.
        every: Seconds between two lines.
    """

    def __init__(self, name: str = "", every: float = 10.0) -> None:
        self.name = name
        self.every = every
        self.total = 0
        self.first = 0
        self.started = self.shown = 0.0
        self.shows = ExitStack()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Progress":
        """Stay the one: who copies a student, to average it, copies all that it refers to, and a display is no such."""
        return self

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Choose a display where there is none yet, as for a stage that is done by hand."""
        self.shows.close()
        if trainer.is_global_zero and trainer.progress_bar_callback is None:
            self.shows.enter_context(showing())

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock; a resumed run counts from where it goes on."""
        if isinstance(data := getattr(trainer, "datamodule", None), TaskDataModule):
            _count_as_here(trainer, data.place)
        self._start(int(trainer.estimated_stepping_batches), trainer.global_step)

    def on_train_batch_end(self, trainer: L.Trainer, *rest: Any) -> None:
        """Report steps; stop behind one, if asked to, with a checkpoint to go on from."""
        self._tell(trainer, trainer.global_step, "steps", learns=True)
        if trainer.world_size > 1 or is_asked():
            _stop_behind(trainer, batch_index=rest[-1])

    def on_test_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock."""
        self._start(_rows(trainer.test_dataloaders))

    def on_test_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Report rows."""
        self._tell(trainer, min(self.total, self.done + _rows_of(trainer, batch)), "test rows")

    def on_predict_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock."""
        self._start(_rows(trainer.predict_dataloaders))

    def on_predict_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int, *_: Any
    ) -> None:
        """Report rows."""
        self._tell(trainer, min(self.total, self.done + _rows_of(trainer, batch)), "rows")

    def on_train_batch_start(self, trainer: L.Trainer, *_: Any) -> None:
        """Stop, if asked to; several ranks do so together, behind a batch."""
        if trainer.world_size == 1:
            _stop_if_asked(trainer)

    def on_test_batch_start(self, trainer: L.Trainer, *_: Any) -> None:
        """Stop, if asked to."""
        _stop_if_asked(trainer)

    def on_predict_batch_start(self, trainer: L.Trainer, *_: Any) -> None:
        """Stop, if asked to: here, since behind a batch another callback has yet to write what it brought."""
        _stop_if_asked(trainer)

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Leave the batches; what was asked for during the last of them is done now."""
        in_batches(False)
        self.shows.close()
        if not trainer.interrupted:
            _stop_if_asked(trainer)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Give the terminal back: what follows is a message."""
        self.shows.close()

    def _start(self, total: int, first: int = 0) -> None:
        in_batches(True)
        self.total, self.first, self.done = total, first, first
        self.started = self.shown = time.monotonic()

    def _tell(self, trainer: L.Trainer, done: int, unit: str, learns: bool = False) -> None:
        self.done = done
        now = time.monotonic()
        is_due = now - self.shown >= min(self.every, display().every) or done >= self.total > 0
        if trainer.is_global_zero and is_due:
            self.shown = now
            figures = _figures(trainer) if learns else {}
            display().reached(
                Reached(self.name, done, self.total, unit, now - self.started, first=self.first, **figures)
            )


def _figures(trainer: L.Trainer) -> dict[str, Any]:
    """Return what is known of a model that learns; reading a figure waits for the device, so not at every step."""
    found = trainer.callback_metrics
    scores = {name.removeprefix("val_"): float(value) for name, value in found.items() if name.startswith("val_")}
    told = {"tokens_per_second": "tokens_per_second", "loss": "train_loss"}
    known: dict[str, Any] = {name: float(found[key]) for name, key in told.items() if key in found}
    # Of a direction that is not learnt there is no loss.
    return known | {"scores": {name: value for name, value in scores.items() if not math.isnan(value)}}


def _count_as_here(trainer: L.Trainer, place: Place) -> None:
    """Count what was done of an epoch in batches of this number of ranks: Lightning tells the epoch's end by that."""
    moved = place.rescale(int(trainer.num_training_batches))
    now = trainer.fit_loop.epoch_loop.batch_progress.current
    for name in ("ready", "started", "processed", "completed"):
        setattr(now, name, getattr(now, name) + moved)


def _stop_behind(trainer: L.Trainer, batch_index: int) -> None:
    """Stop all ranks behind the same batch, where one of them was asked to."""
    # Gradients that wait for a step are in no checkpoint, and behind the last batch of an epoch comes its own.
    if (batch_index + 1) % trainer.accumulate_grad_batches or trainer.is_last_batch:
        return
    if not trainer.strategy.reduce_boolean_decision(is_asked(), all=False):
        return
    kept = trainer.checkpoint_callback
    if isinstance(kept, ModelCheckpoint) and kept.save_last and kept.dirpath:
        trainer.save_checkpoint(Path(kept.dirpath) / f"{kept.CHECKPOINT_NAME_LAST}{kept.FILE_EXTENSION}")
    raise KeyboardInterrupt


def _stop_if_asked(trainer: L.Trainer) -> None:
    stop_if_asked()
    if trainer.received_sigterm:
        # Lightning looks at this in training only: a kill would be ignored while testing or predicting.
        raise SIGTERMException


def _rows_of(trainer: L.Trainer, batch: Any) -> int:
    # Every rank counts for all: the ranks go at about the same pace, and the total is that of all.
    return len(batch["input_ids"]) * trainer.world_size


def _rows(loader: Any) -> int:
    return len(loader.dataset.rows if isinstance(loader.dataset, ForAllRanks) else loader.dataset)
