"""How students are trained, and what is searched for them."""

import math
from dataclasses import dataclass, field

from lit_synth.errors import InputError
from lit_synth.modules.losses import Loss
from lit_synth.settings.ranges import above_zero, at_least
from lit_synth.task import Task


@dataclass(frozen=True)
class Choice:
    """Learning rate and number of steps of a student."""

    learning_rate: float
    max_steps: int

    def __post_init__(self) -> None:
        above_zero("student.chosen: ", self, "learning_rate")
        at_least("student.chosen: ", self, 1, "max_steps")


@dataclass(frozen=True)
class Search:
    """What is tried on the development part, for every strategy alike.

    Args:
        learning_rates: Each is trained once, at a constant rate, for the most steps.
        max_steps: The most steps.
        every: Steps between two looks at the development part.
    """

    learning_rates: tuple[float, ...] = (1e-4, 3e-4)
    max_steps: int = 600
    every: int = 60

    def __post_init__(self) -> None:
        if not all(0 < rate < math.inf for rate in self.learning_rates):
            raise InputError(f"student.search.learning_rates {list(self.learning_rates)}: give numbers above 0")
        if not self.learning_rates or not 1 <= self.every <= self.max_steps:
            raise InputError(
                f"student.search: give learning_rates, and every ({self.every}) from 1 to max_steps ({self.max_steps})"
            )


@dataclass(frozen=True)
class StudentSettings:
    """How students are trained; one way for every strategy.

    Args:
        model: Folder or hub name; by default ``embedded:student``, or ``embedded:seq2seq`` for text to text.
        batch_size: Rows a batch.
        predict_batch_size: Rows a batch while testing.
        max_length: Longest input in tokens.
        max_target_length: Text to text: longest target in tokens, while learning and while writing.
        num_beams: Text to text: beams of the search; 1 is greedy.
        freeze_embeddings: Leave the token embeddings as they are.
        dropout: Of every dropout layer; ``null`` leaves the model's own.
        search: What is tried where nothing is chosen.
        chosen: Learning rate and steps by strategy, from an earlier search.
        two_stages: Learn from the synthetic rows first, then from gold alone.
        gold_weight: Weight of a gold row in the loss, against that of a synthetic one.
        loss: Classification: loss of a row; see `Loss`.
        average: Classification: decay a step of an average of the weights, which takes the student's place.
        agreement: With ``average``: leave synthetic rows out of the loss where it reads another label.
    """

    model: str | None = None
    batch_size: int = 32
    predict_batch_size: int = 64
    max_length: int = 128
    max_target_length: int = 64
    num_beams: int = 1
    freeze_embeddings: bool = False
    dropout: float | None = None
    search: Search = Search()
    chosen: dict[str, Choice] = field(default_factory=dict)
    two_stages: bool = False
    gold_weight: float = 1.0
    loss: Loss = Loss()
    average: float | None = None
    agreement: bool = False

    def __post_init__(self) -> None:
        at_least("student.", self, 1, "batch_size", "predict_batch_size", "max_target_length", "num_beams")
        at_least("student.", self, 8, "max_length")
        above_zero("student.", self, "gold_weight")
        if self.average is not None and not 0 < self.average < 1:
            raise InputError(
                f"student.average {self.average:g}: give a decay between 0 and 1, such as 0.99, or leave it out"
            )
        if self.agreement and self.average is None:
            raise InputError("student.agreement: it asks an average of the student; give student.average, such as 0.99")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise InputError(f"student.dropout {self.dropout:g}: give a share below 1, or null")

    def name(self, task: Task) -> str:
        """Return the model for a task."""
        return self.model or ("embedded:student" if task.labels else "embedded:seq2seq")
