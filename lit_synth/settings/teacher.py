"""The model that is fine-tuned, and the one that is prompted only."""

from dataclasses import dataclass
from typing import Literal

from lit_synth.decoding.endpoint import Endpoint
from lit_synth.decoding.engine import Engine
from lit_synth.decoding.trie import LabelScore
from lit_synth.errors import InputError
from lit_synth.modules.adapters import Lora
from lit_synth.settings.ranges import above_zero, at_least


@dataclass(frozen=True)
class TeacherSettings:
    """How the teacher is fine-tuned and written with.

    Args:
        model: Folder, hub name, or ``embedded:teacher``.
        lora: Adapters; ``null`` trains in full.
        learning_rate: Highest rate of the schedule.
        max_epochs: Most passes over gold.
        monitor: Development loss by which it stops and the best epoch is kept: of both directions, or of one.
        patience: Epochs without a lower one after which it stops.
        batch_size: Rows a batch; a gold row gives two, one a direction.
        max_length: Longest row in tokens.
        freeze_embeddings: Leave the token embeddings as they are.
        gradient_checkpointing: Trade time for memory.
        generate_weight: Weight of rows that teach writing in the loss, against 1 of those that teach annotation; at 0
            they are left out, which halves the time of a run that only annotates.
        max_new_tokens: Text to text: longest annotation in tokens.
        label_score: Classification: what a label counts by in annotation, ``sum``, ``mean`` or ``content_free``.
        samples: Text to text: further texts that are drawn for an input beside the likeliest; see `curation.choice`.
        sample_temperature: Of these.
        annotate_batch_size: Rows a batch while annotating.
        engine: What runs it once it is fine-tuned.
    """

    model: str = "embedded:teacher"
    lora: Lora | None = Lora()
    learning_rate: float = 1e-3
    max_epochs: int = 4
    monitor: Literal["val_loss", "val_annotate_loss", "val_generate_loss"] = "val_loss"
    patience: int = 2
    batch_size: int = 8
    max_length: int = 512
    freeze_embeddings: bool = True
    gradient_checkpointing: bool = False
    generate_weight: float = 1.0
    max_new_tokens: int = 64
    label_score: LabelScore = "sum"
    samples: int = 0
    sample_temperature: float = 0.7
    annotate_batch_size: int = 64
    engine: Engine = Engine()

    def __post_init__(self) -> None:
        counts = ("max_epochs", "batch_size", "max_new_tokens", "annotate_batch_size")
        at_least("teacher.", self, 1, *counts)
        at_least("teacher.", self, 8, "max_length")
        at_least("teacher.", self, 0, "patience", "samples", "generate_weight", "sample_temperature")
        above_zero("teacher.", self, "learning_rate")
        if self.directions == "annotate" and self.monitor == "val_generate_loss":
            raise InputError("teacher.monitor val_generate_loss: at teacher.generate_weight 0 no writing is learnt")

    @property
    def directions(self) -> Literal["annotate", "both"]:
        """What it learns."""
        return "both" if self.generate_weight else "annotate"


@dataclass(frozen=True)
class FewShotSettings:
    """The baseline without fine-tuning: examples in the prompt.

    Args:
        model: Folder or hub name of a local model; the teacher's by default.
        endpoint: An OpenAI-compatible server that is asked instead.
        shots: Numbers of examples to try on the development part; the best is tested. Of each, as many as fit.
        max_length: Longest prompt in tokens, of a local model.
        batch_size: Rows a batch, of a local model.
    """

    model: str | None = None
    endpoint: Endpoint | None = None
    shots: tuple[int, ...] = (0, 4, 8)
    max_length: int = 1024
    batch_size: int = 16

    def __post_init__(self) -> None:
        at_least("few_shot.", self, 1, "batch_size")
        at_least("few_shot.", self, 8, "max_length")
        if not self.shots or min(self.shots) < 0:
            raise InputError(f"few_shot.shots {list(self.shots)}: give one number of examples or more, each 0 or more")
