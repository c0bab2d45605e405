"""The generation callback: what a teacher predicts becomes a synthetic data set, a line a record, as it is written."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import lightning as L

from lit_synth.curation.rules import Rules
from lit_synth.curation.verdicts import judge, judge_round_trip
from lit_synth.data import Requests, TaskDataModule
from lit_synth.examples import Example, InputError, read_examples, write_examples


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
        folder = _requests(trainer).folder
        append_records(folder / f"records-{trainer.global_rank}.jsonl", outputs)

    def on_predict_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Judge all records so far."""
        self._settle(trainer)

    def _settle(self, trainer: L.Trainer) -> None:
        trainer.strategy.barrier()
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
        trainer.strategy.barrier()


def predict_all(trainer: L.Trainer, module: L.LightningModule, datamodule: TaskDataModule) -> None:
    """Predict in rounds until nothing is missing: a rejected row is asked for again, up to the limit of attempts.

    Raises:
        InputError: A round answered nothing of what was asked.
    """
    asked: list[Example] | None = None
    while asked is None or (left := datamodule.pending()):
        if asked is not None and left == asked:
            raise InputError("predict wrote no record: trainer.callbacks needs lit_synth.callbacks.Generation")
        asked = datamodule.pending()
        trainer.predict(module, datamodule=datamodule, return_predictions=False, weights_only=True)


def append_records(path: Path, records: Sequence[Example]) -> None:
    """Append records to a shard in one write, and hand it to the operating system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record.to_dict(), ensure_ascii=False) + "\n" for record in records)
    with path.open("ab") as shard:
        shard.write(text.encode())
        shard.flush()


def read_records(folder: Path) -> Iterator[Example]:
    """Yield the records of all shards, each id once; a last line that a kill left half written is cut off."""
    seen: set[str] = set()
    for path in sorted(folder.glob("records-*.jsonl")):
        if not _ends_whole(path):
            whole = path.read_bytes()
            path.write_bytes(whole[: whole.rfind(b"\n") + 1])
        for record in read_examples(path):
            if record.id not in seen:
                seen.add(record.id)
                yield record


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        return size == 0 or file.read(1) == b"\n"


def _requests(trainer: L.Trainer) -> Requests:
    requests: Requests | None = trainer.datamodule.requests  # type: ignore[attr-defined]
    if requests is None:
        raise InputError("predict needs data.requests: a folder, and annotate or generate")
    return requests
