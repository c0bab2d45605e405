"""The generation callback: what a teacher predicts becomes a synthetic data set, a line a record, as it is written."""

import gc
import hashlib
from typing import Any

import lightning as L
import torch

from lit_synth.callbacks.agreement import agree, wait_for_shards
from lit_synth.callbacks.shards import append_records, read_records, sizes
from lit_synth.callbacks.tally import Tally
from lit_synth.curation.rules import Rules
from lit_synth.curation.verdicts import by_attempt, by_id, judge, judge_round_trip
from lit_synth.data import Requests, TaskDataModule
from lit_synth.download import say
from lit_synth.errors import InputError
from lit_synth.examples import writing
from lit_synth.shortage import is_out_of_memory
from lit_synth.whole_files import write_whole


class Generation(L.Callback):
    """Appends every record to a shard, flushed batch by batch, and keeps the verdicts beside it.

    The folder is the data module's ``requests.folder``. ``records-<rank>.jsonl`` holds what was written, and
    ``accepted.jsonl`` and ``rejected.jsonl`` what became of it; after a kill, `predict` asks for the missing rows only.

    Args:
        rules: For what a row is rejected.
    """

    def __init__(self, rules: Rules = Rules()) -> None:
        self.rules = rules
        self._judged: dict[str, int] | None = None
        self._tally: Tally | None = None

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Judge what an earlier, interrupted run has left, before anything is asked for."""
        if stage == "predict":
            self._settle(trainer)

    def on_predict_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Append one batch of records, in one write; a row that another rank answers too is left to that one."""
        own = [record for record, is_spare in zip(outputs, batch["is_spare"], strict=True) if not is_spare]
        if own:
            append_records(_requests(trainer).folder / f"records-{trainer.global_rank}.jsonl", own)
        if trainer.is_global_zero and self._tally is not None:
            self._tally.write(own, whole=trainer.world_size == 1)

    def on_predict_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Judge all records so far."""
        self._settle(trainer)

    def _settle(self, trainer: L.Trainer) -> None:
        folder, alone = _requests(trainer).folder, trainer.world_size == 1
        if not alone:
            wait_for_shards(folder, trainer.global_rank)
        if trainer.is_global_zero and sizes(folder) != self._judged:
            datamodule: TaskDataModule = trainer.datamodule  # type: ignore[attr-defined]
            requests, task, splits = _requests(trainer), datamodule.task, datamodule.splits
            if requests.kind == "generate":
                verdicts = judge(task, read_records(requests.folder, by_attempt), splits.labelled, self.rules)
            else:
                verdicts = judge_round_trip(task, read_records(requests.folder, by_id), splits.gold, self.rules)
            accepted, rejected = (requests.folder / f"{name}.jsonl" for name in ("accepted", "rejected"))
            tally = self._tally = Tally(requests, last=self._tally.last if self._tally else "")
            with writing(accepted) as accept, writing(rejected) as refuse:
                for is_accepted, row in verdicts:
                    (accept if is_accepted else refuse)(row)
                    tally.judge(is_accepted, row)
            tally.tell()
            self._judged = sizes(requests.folder)
        if not alone:
            trainer.strategy.barrier()
            agree(folder)


def predict_all(trainer: L.Trainer, module: L.LightningModule, datamodule: TaskDataModule) -> None:
    """Predict in rounds until nothing is missing: a rejected row is asked for again, up to the limit of attempts.

    Where memory does not suffice, the batch is halved; the size that fits is kept in the folder of the answers.

    Raises:
        InputError: A round answered nothing of what was asked.
    """
    fitting = datamodule.requests.folder / "batch_size.json" if datamodule.requests else None
    if fitting and fitting.exists() and (size := fitting.read_text(errors="replace").strip()).isdecimal():
        datamodule.predict_batch_size = min(datamodule.predict_batch_size, max(1, int(size)))
    asked: str | None = None
    left = _pending(datamodule)
    while asked is None or left:
        if left == asked:
            raise InputError("predict wrote no record: trainer.callbacks needs lit_synth.callbacks.Generation")
        asked = left
        try:
            trainer.predict(module, datamodule=datamodule, return_predictions=False, weights_only=True)
        except (RuntimeError, MemoryError) as error:
            # On several ranks the others wait for this one: there is nothing to go on with.
            if datamodule.predict_batch_size == 1 or trainer.world_size > 1 or not is_out_of_memory(error):
                raise
            datamodule.predict_batch_size //= 2
            if fitting:
                write_whole(fitting, str(datamodule.predict_batch_size))
            say(f"not enough memory; going on with {datamodule.predict_batch_size} rows at a time")
            asked = None
        if asked is None:
            gc.collect()
            torch.cuda.empty_cache()
        left = _pending(datamodule)


def _pending(datamodule: TaskDataModule) -> str:
    """Return a hash of what is still to be asked for; an empty one where nothing is."""
    digest, empty = hashlib.sha256(), True
    for example in datamodule.pending():
        digest.update(f"{example.id}\n".encode())
        empty = False
    return "" if empty else digest.hexdigest()


def _requests(trainer: L.Trainer) -> Requests:
    requests: Requests | None = trainer.datamodule.requests  # type: ignore[attr-defined]
    if requests is None:
        raise InputError("predict needs data.requests: a folder, and annotate or generate")
    return requests
