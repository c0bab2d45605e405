"""The one interface through which a teacher reads and writes, whatever runs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lit_synth.decoding.annotate import label_probabilities
from lit_synth.decoding.engine import Engine
from lit_synth.decoding.sampling import Completion, sample
from lit_synth.decoding.served_teacher import ServedTeacher
from lit_synth.decoding.trie import Node
from lit_synth.decoding.writing import Sampling


class Decoder(Protocol):
    """A language model that tells the probabilities of labels, and writes."""

    def label_probabilities(
        self,
        input_ids: Tensor,
        mask: Tensor,
        trie: Node,
        tolerance: float | None = None,
        lengths: Tensor | None = None,
        prior: Tensor | None = None,
    ) -> Tensor:
        """Return probabilities of shape ``(batch, labels)``; see `label_probabilities`."""
        ...

    def sample(
        self, input_ids: Tensor, mask: Tensor, seeds: Sequence[int], sampling: Sampling, end_tokens: Sequence[int]
    ) -> list[Completion]:
        """Return a completion a seed; see `sample`."""
        ...


class LocalTeacher:
    """A model of this process, that of the trainer.

    Args:
        model: In evaluation mode.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model

    def label_probabilities(
        self,
        input_ids: Tensor,
        mask: Tensor,
        trie: Node,
        tolerance: float | None = None,
        lengths: Tensor | None = None,
        prior: Tensor | None = None,
    ) -> Tensor:
        """Walk the tree of labels with the cache of the prompts."""
        return label_probabilities(self.model, input_ids, mask, trie, tolerance, lengths, prior)

    def sample(
        self, input_ids: Tensor, mask: Tensor, seeds: Sequence[int], sampling: Sampling, end_tokens: Sequence[int]
    ) -> list[Completion]:
        """Write token by token, every record from its own stream of random numbers."""
        return sample(self.model, input_ids, mask, seeds, sampling, end_tokens)


_open: dict[tuple[str, int, Engine, torch.dtype], ServedTeacher] = {}


def served(engine: Engine, model: str, dtype: torch.dtype) -> ServedTeacher:
    """Return the engine that runs a model, opened where it is not: stages behind each other share one.

    Args:
        engine: Which one, and over how many GPUs.
        model: A folder, or a hub name.
        dtype: Of its weights.

    Raises:
        InputError: The engine is not installed, or cannot run the model.
    """
    config = Path(model) / "config.json"
    # A folder that was exported anew holds another model.
    key = model, config.stat().st_mtime_ns if config.exists() else 0, engine, dtype
    if key not in _open:
        close_served()
        engine.check()
        _open[key] = ServedTeacher(engine, model, dtype)
    return _open[key]


def close_served() -> None:
    """End the engine that is open, if any: another model needs the memory."""
    while _open:
        _open.popitem()[1].close()
