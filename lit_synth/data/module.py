"""The data module of every task: splits, synthetic rows, and batches for whichever encoder it is given."""

import hashlib
import json
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import lightning as L
import torch
from torch.utils.data import DataLoader

from lit_synth.data.collate import Collate, LengthSampler, Place, ResumableLoader
from lit_synth.data.encoders import Encoder
from lit_synth.data.mixture import Mixture, mixed
from lit_synth.data.one_file import TEST_SHARE, read_file
from lit_synth.data.pool import WITHOUT_TEXT, Joined, read_pool
from lit_synth.data.requests import Requests, missing
from lit_synth.data.sources import find_split, read_hub, read_split
from lit_synth.data.spare import ForAllRanks
from lit_synth.data.splits import Partition, Splits, make_splits
from lit_synth.embedded import resolve
from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples
from lit_synth.on_disk import Kept
from lit_synth.tables import Row
from lit_synth.task import Task

_Rows = tuple[Sequence[Example], Sequence[Example], Sequence[Example], dict[str, int]]
"""Train, test and unlabelled rows, and how many were left out, by reason."""


class TaskDataModule(L.LightningDataModule):
    """Serves one task to teacher and students alike; a task's file subclasses it to name the task and its columns.

    Args:
        task: What the columns, labels and prompts are.
        encoder: Makes batches for the teacher or for a student.
        data_dir: Folder with ``train`` and ``test`` (or ``validation``) as JSON Lines, CSV, TSV or Parquet; or one such
            file, of which test rows are held out.
        dataset: Data set of the hub, instead of a folder: ``owner/name`` or ``owner/name/configuration``.
        revision: Of the data set: branch, tag or commit.
        pool: File of rows without labels, in any of these formats, which join the pool.
        partition: How train is split into gold, development and pool, and with which seed.
        mixture: Which rows to train on.
        requests: What to predict.
        batch_size: Rows a batch and rank.
        predict_batch_size: The same where nothing is learnt.
    """

    evaluation: ClassVar[str] = "test"
    """Split of the hub that is scored; ``validation`` where a benchmark hides its test labels."""

    def __init__(
        self,
        task: Task,
        encoder: Encoder,
        data_dir: str | None = None,
        dataset: str | None = None,
        revision: str | None = None,
        pool: str | None = None,
        partition: Partition = Partition(),
        mixture: Mixture = Mixture(),
        requests: Requests | None = None,
        batch_size: int = 32,
        predict_batch_size: int = 64,
    ) -> None:
        super().__init__()
        self.task = task
        self.encoder = encoder
        self.data_dir = data_dir
        self.dataset = dataset
        self.revision = revision
        self.pool = pool
        self.partition = partition
        self.mixture = mixture
        self.requests = requests
        self.batch_size = batch_size
        self.predict_batch_size = predict_batch_size
        self.place = Place()
        self._splits: Splits | None = None

    def normalise(self, row: Row) -> Row:
        """Return a row with the task's columns, whatever spelling of the data set it comes in."""
        return row

    @property
    def splits(self) -> Splits:
        """The parts of the data, read once.

        Raises:
            InputError: A file is missing, a row is bad, or the fraction does not fit.
        """
        if self._splits is None:
            if (self.data_dir is None) == (self.dataset is None):
                given = "neither" if self.dataset is None else "both"
                raise InputError(
                    f"task {self.task.name}: give a folder (data_dir) or a data set of the hub, not {given}"
                )
            train, test, unlabelled, left_out = self._rows_of_folder() if self.data_dir else self._rows_of_hub()
            if self.pool is not None:
                more, without_text = read_pool(self.task, Path(self.pool), self.normalise)
                unlabelled = Joined(unlabelled, more)
                left_out = left_out | ({WITHOUT_TEXT: without_text} if without_text else {})
            splits = make_splits(self.task, train, test, self.partition, unlabelled)
            self._splits = replace(splits, removed=splits.removed | left_out)
        return self._splits

    def fingerprint(self) -> str:
        """Return a hash of the task and of every row, wherever they come from: what a stage's result depends on."""
        splits = self.splits
        parts = splits.gold, splits.development, splits.pool_gold, splits.test, splits.unlabelled
        digest = hashlib.sha256(json.dumps(asdict(self.task)).encode())
        for example in chain.from_iterable(parts):
            digest.update(json.dumps(example.to_dict(), sort_keys=True).encode())
        return digest.hexdigest()

    def _rows_of_folder(self) -> _Rows:
        folder, share = Path(resolve(str(self.data_dir))), self.partition.test_share
        if folder.is_file():
            return read_file(self.task, folder, TEST_SHARE if share is None else share, self.normalise)
        if share is not None:
            raise InputError(f"test_share {share:g}: {folder} is a folder, with test rows of its own; leave it out")
        train = find_split(folder, "train")
        # Where a benchmark hides its test labels, validation is scored; nothing is tuned on it here.
        test = find_split(folder, "test") or find_split(folder, "validation")
        if train is None or test is None:
            absent = "train" if train is None else "test"
            raise InputError(f"data_dir {folder}: no {absent}.jsonl (or .jsonl.gz, .csv, .tsv, .parquet)")
        return read_split(self.task, train, self.normalise), read_split(self.task, test, self.normalise), (), {}

    def _rows_of_hub(self) -> _Rows:
        splits = "train", self.evaluation
        train, test = (read_hub(self.task, str(self.dataset), self.revision, name, self.normalise) for name in splits)
        return train, test, (), {}

    def training_examples(self) -> Iterator[Example]:
        """Yield gold, development, truly labelled pool and synthetic rows, as far as they are asked for."""
        return mixed(self.task, self.splits, self.mixture)

    def pending(self) -> Iterator[Example]:
        """Yield what the teacher has still to be asked for; what was answered is looked up when the first is taken.

        Raises:
            InputError: Nothing is asked for.
        """
        requests = self.requests
        if requests is None:
            raise InputError("predict needs data.requests: a folder, and annotate or generate")
        rows: Iterable[Example] = read_examples(requests.source) if requests.source else self.splits.pool
        if requests.source and requests.kind == "generate":
            rows = Kept(rows)
        return missing(requests, self.task, rows, self.splits.gold, self.partition.seed)

    def train_dataloader(self) -> DataLoader[Any]:
        """Return shuffled batches of like length."""
        lengths = array("i")

        def encoded() -> Iterator[dict[str, Any]]:
            for example in self.training_examples():
                for row in self.encoder.training_rows(self.task, example):
                    lengths.append(len(row["input_ids"]))
                    yield row | {"id": example.id}

        rows = Kept(encoded())
        sampler = LengthSampler(lengths, self.batch_size, self.partition.seed)
        collate = Collate(int(self.encoder.tokenizer.pad_token_id))
        return ResumableLoader(rows, batch_size=self.batch_size, sampler=sampler, collate_fn=collate, place=self.place)

    def state_dict(self) -> dict[str, int]:
        """Return for a checkpoint how much of the epoch was learnt from: nothing of the next one behind its end."""
        trainer = self.trainer
        if trainer is None or trainer.is_last_batch:
            return asdict(Place())
        return asdict(Place(trainer.fit_loop.batch_idx + 1, int(trainer.num_training_batches)))

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Go on from there."""
        self.place.done, self.place.batches = state_dict["done"], state_dict["batches"]

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the development part, longest rows first; a student meets each input once, whatever its references."""
        encoded = (self.encoder.training_rows(self.task, part) for part in self.splits.development)
        rows = (row for rows in encoded for row in (rows if self.encoder.writes else rows[:1]))
        return self._loader(Kept(rows, key=_longest_first))

    def test_dataloader(self) -> DataLoader[Any]:
        """Return the test rows, longest first."""
        return self._loader(self._prediction_rows(self.splits.test), left=self.encoder.writes)

    def predict_dataloader(self) -> DataLoader[Any]:
        """Return what is pending, longest rows first, and no fewer rows than ranks."""
        ranks = self.trainer.world_size if self.trainer else 1
        return self._loader(ForAllRanks(self._prediction_rows(self.pending()), ranks), left=self.encoder.writes)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move the tensors; examples stay as they are."""
        return {key: value.to(device) if isinstance(value, torch.Tensor) else value for key, value in batch.items()}

    def _prediction_rows(self, examples: Iterable[Example]) -> Kept[dict[str, Any]]:
        rows = (self.encoder.prediction_row(self.task, example, self.splits.gold) for example in examples)
        return Kept(rows, key=_longest_first)

    def _loader(self, rows: Sequence[dict[str, Any]], left: bool = False) -> DataLoader[Any]:
        collate = Collate(int(self.encoder.tokenizer.pad_token_id), left)
        return DataLoader(rows, batch_size=self.predict_batch_size, collate_fn=collate)  # type: ignore[arg-type]


def _longest_first(row: dict[str, Any]) -> tuple[int, bytes]:
    # Longest first: a batch that does not fit in memory fails at once, and the estimate of the time left is safe.
    # Prompts that are alike side by side, so that a teacher reads them once.
    ids = row["input_ids"]
    return -len(ids), struct.pack(f">{len(ids)}I", *ids)
