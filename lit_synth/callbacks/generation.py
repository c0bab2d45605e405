"""The generation callback: what a teacher predicts becomes a synthetic data set, a line a record, as it is written."""

import gc
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch

from lit_synth.callbacks.predictions import gather
from lit_synth.curation.rules import Rules
from lit_synth.curation.verdicts import judge, judge_round_trip
from lit_synth.data import Requests, TaskDataModule
from lit_synth.download import say
from lit_synth.examples import Example, InputError, sealed, unsealed, write_examples, write_whole
from lit_synth.shortage import is_out_of_memory

SHARED = "give an output folder on a file system that all nodes share"


class Generation(L.Callback):
    """Appends every record to a shard, flushed batch by batch, and keeps the verdicts beside it.

    The folder is the data module's ``requests.folder``. ``records-<rank>.jsonl`` holds what was written, and
    ``accepted.jsonl`` and ``rejected.jsonl`` what became of it; after a kill, `predict` asks for the missing rows only.

    Args:
        rules: For what a row is rejected.
    """

    def __init__(self, rules: Rules = Rules()) -> None:
        self.rules = rules

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
        """Append one batch of records, in one write."""
        append_records(_shard(trainer, trainer.global_rank), outputs)

    def on_predict_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Judge all records so far."""
        self._settle(trainer)

    def _settle(self, trainer: L.Trainer) -> None:
        if trainer.world_size > 1:
            wait_for_shards(trainer)
        if trainer.is_global_zero:
            datamodule: TaskDataModule = trainer.datamodule  # type: ignore[attr-defined]
            requests = _requests(trainer)
            records, task, splits = list(read_records(requests.folder)), datamodule.task, datamodule.splits
            if requests.kind == "generate":
                verdicts = judge(task, records, splits.labelled, self.rules)
            else:
                verdicts = judge_round_trip(task, records, splits.gold, self.rules)
            for name, rows in zip(("accepted", "rejected"), verdicts, strict=True):
                write_examples(requests.folder / f"{name}.jsonl", rows)
        if trainer.world_size > 1:
            trainer.strategy.barrier()
            agree(_requests(trainer).folder)


def predict_all(trainer: L.Trainer, module: L.LightningModule, datamodule: TaskDataModule) -> None:
    """Predict in rounds until nothing is missing: a rejected row is asked for again, up to the limit of attempts.

    Where memory does not suffice, the batch is halved; the size that fits is kept in the folder of the answers.

    Raises:
        InputError: A round answered nothing of what was asked.
    """
    fitting = datamodule.requests.folder / "batch_size.json" if datamodule.requests else None
    if fitting and fitting.exists() and (size := fitting.read_text(errors="replace").strip()).isdecimal():
        datamodule.predict_batch_size = min(datamodule.predict_batch_size, max(1, int(size)))
    asked: list[Example] | None = None
    while asked is None or (left := datamodule.pending()):
        if asked is not None and left == asked:
            raise InputError("predict wrote no record: trainer.callbacks needs lit_synth.callbacks.Generation")
        asked = datamodule.pending()
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


def append_records(path: Path, records: Sequence[Example]) -> None:
    """Append records to a shard in one write, each with its sum, and hand it to the operating system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as shard:
        shard.write("".join(map(sealed, records)).encode())
        shard.flush()


def read_records(folder: Path) -> Iterator[Example]:
    """Yield the records of all shards, each id once.

    A last line that a kill left half written is cut off, and so is one that was damaged later: both are asked for
    again, and since a record has its own seed, they come out as they were.
    """
    seen: set[str] = set()
    for path in sorted(folder.glob("records-*.jsonl")):
        for record in _whole_records(path):
            if record.id not in seen:
                seen.add(record.id)
                yield record


def _whole_records(path: Path) -> list[Example]:
    whole, records, damaged = list[bytes](), list[Example](), 0
    *lines, half = path.read_bytes().split(b"\n")
    for line in lines:
        try:
            records.append(unsealed(json.loads(line)))
            whole.append(line + b"\n")
        except (ValueError, TypeError, AttributeError, RecursionError):
            damaged += 1
    if damaged or half:
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")  # ranks may meet here
        partial.write_bytes(b"".join(whole))
        partial.replace(path)
    if damaged:
        say(f"{path}: {damaged:,} damaged rows are left out and asked for again")
    return records


def wait_for_shards(trainer: L.Trainer, seconds: int = 60) -> None:
    """Let the first rank go on once it sees all that the others have written: a shared file system may tell it later.

    Raises:
        InputError: It does not see it.
    """
    own = _shard(trainer, trainer.global_rank)
    sizes = gather(own.stat().st_size if own.exists() else 0)
    for rank, size in enumerate(sizes if trainer.is_global_zero else ()):
        path = _shard(trainer, rank)
        for _ in range(seconds):
            if size == 0 or (path.exists() and path.stat().st_size >= size):
                break
            time.sleep(1)
        else:
            raise InputError(f"{path}: rank {rank} wrote it, rank 0 does not see it; {SHARED}")


def agree(folder: Path, seconds: int = 60) -> None:
    """Wait until all ranks read the same verdicts, since each of them works out from these what is to be asked next.

    Raises:
        InputError: They do not.
    """
    paths = folder / "accepted.jsonl", folder / "rejected.jsonl"
    for _ in range(seconds):
        sums = gather([_sum(path) if path.exists() else None for path in paths])
        if all(one == sums[0] for one in sums):
            return
        time.sleep(1)
    raise InputError(f"{folder}: ranks see different rows there; {SHARED}")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shard(trainer: L.Trainer, rank: int) -> Path:
    return _requests(trainer).folder / f"records-{rank}.jsonl"


def _requests(trainer: L.Trainer) -> Requests:
    requests: Requests | None = trainer.datamodule.requests  # type: ignore[attr-defined]
    if requests is None:
        raise InputError("predict needs data.requests: a folder, and annotate or generate")
    return requests
