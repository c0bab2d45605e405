"""Rows of different lengths to one batch, and an order of rows that wastes little padding."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch.utils.data import DataLoader, Sampler

from lit_synth.data.encoders import IGNORED

_FILL = {"labels": IGNORED, "token_type_ids": 0}
_TYPES = {"target_probabilities": torch.float32, "weight": torch.float32, "synthetic": torch.bool}


class Collate:
    """Pads token lists to the longest of the batch; everything else is stacked or listed.

    Args:
        pad_token_id: Fills ``input_ids``.
        left: Pad before the tokens, as decoding wants it.
    """

    def __init__(self, pad_token_id: int, left: bool = False) -> None:
        self.pad_token_id = pad_token_id
        self.left = left

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return tensors of shape ``(batch, sequence)``, with ``attention_mask``, and lists for the rest."""
        batch: dict[str, Any] = {}
        for key in rows[0]:
            values = [row[key] for row in rows]
            if key in ("input_ids", "labels", "token_type_ids"):
                batch[key] = self._pad(values, _FILL.get(key, self.pad_token_id))
            elif key in _TYPES:
                batch[key] = torch.tensor(values, dtype=_TYPES[key])
            else:
                batch[key] = values
        batch["attention_mask"] = self._pad([[1] * len(row["input_ids"]) for row in rows], 0)
        return batch

    def _pad(self, values: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        longest = max(map(len, values))
        padding = [[fill] * (longest - len(value)) for value in values]
        return torch.tensor(
            [[*pad, *value] if self.left else [*value, *pad] for pad, value in zip(padding, values, strict=True)]
        )


@dataclass
class Place:
    """Where a checkpoint was saved in an epoch.

    Args:
        done: Batches that were learnt from.
        batches: Of the whole epoch.
    """

    done: int = 0
    batches: int = 1

    def rescale(self, batches: int) -> int:
        """Count in batches of another size, such as those of another number of ranks; return by how many it moved.

        Args:
            batches: Of the whole epoch now.

        >>> Place(50, 100).rescale(40), Place().rescale(40)
        (-30, 0)
        """
        before, self.done = self.done, self.done * batches // max(1, self.batches)
        self.batches = batches
        return self.done - before


class ResumableLoader(DataLoader[Any]):
    """Begins the first epoch behind what is done of it already.

    Args:
        *args: As for a `DataLoader`.
        place: Read when the first batch is asked for, and forgotten then.
        **kwargs: As for a `DataLoader`.
    """

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """Yield the batches that are left of the epoch."""
        first, self.place.done = self.place.done, 0
        yield from islice(super().__iter__(), first, None)


class LengthSampler(Sampler[int]):
    """A shuffled order in which neighbours have like lengths, so that a batch holds little padding.

    Rows are shuffled, sorted by length inside windows of 50 batches, and the batches shuffled again.

    Args:
        lengths: Length of every row.
        batch_size: Rows a batch.
        seed: The order of epoch n depends on ``(seed, n)`` only.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int = 0) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Let Lightning tell the epoch, also after a resume."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Yield every index once."""
        rng = random.Random(f"{self.seed} {self.epoch}")
        order = rng.sample(range(len(self.lengths)), len(self.lengths))
        window = 50 * self.batch_size
        batches = []
        for start in range(0, len(order), window):
            part = sorted(order[start : start + window], key=lambda index: self.lengths[index])
            batches += [part[i : i + self.batch_size] for i in range(0, len(part), self.batch_size)]
        last = batches.pop() if batches and len(batches[-1]) < self.batch_size else []
        rng.shuffle(batches)
        for batch in batches:
            yield from batch
        yield from last
