"""What is generated, and what becomes of synthetic rows."""

from dataclasses import dataclass
from typing import Literal

from lit_synth.curation.verdicts import Rules
from lit_synth.decoding.sampling import Sampling
from lit_synth.examples import InputError
from lit_synth.settings.ranges import at_least


@dataclass(frozen=True)
class GenerationSettings:
    """What is generated, and what is kept of it.

    Args:
        amount: Rows to accept.
        amounts: Rising numbers to try instead: more is generated only while the development score of a student that
            learns from the rows rises by more than its standard error.
        balance: ``equal`` shares for the labels, or as in ``gold``.
        attempts: Most requests for each row of a label's quota.
        sampling: Temperature, top-p, length.
        batch_size: Rows decoded at once.
    """

    amount: int = 1000
    amounts: tuple[int, ...] = ()
    balance: Literal["equal", "gold"] = "equal"
    attempts: float = 3.0
    sampling: Sampling = Sampling()
    batch_size: int = 128

    def __post_init__(self) -> None:
        at_least("generation.", self, 1, "batch_size")


@dataclass(frozen=True)
class CurationSettings:
    """What becomes of synthetic rows before a student learns from them.

    Args:
        teachers: Teachers fine-tuned from different seeds, whose probabilities are combined; the first one writes.
        students: Students trained on gold alone that annotate beside the teachers; classification only.
        calibrate: Fit the annotators' weights on the development part; else all count alike.
        labels: ``soft`` targets are the combined probabilities, ``hard`` ones the likeliest label.
        confidence: Probability of the likeliest label, or mean probability of a text's tokens, below which a row is
            left out; ``auto`` chooses it for labels on the development part, ``null`` keeps every row.
        weigh: Weigh a row in the student's loss by that probability.
        choice: Text to text, where the teacher draws several texts: its ``likeliest``, the ``consensus`` (the one most
            like the others), or ``all`` of them, which share a row's weight.
        rules: For what a row is rejected.
    """

    teachers: int = 1
    students: int = 0
    calibrate: bool = False
    labels: Literal["soft", "hard"] = "soft"
    confidence: float | Literal["auto"] | None = None
    weigh: bool = False
    choice: Literal["likeliest", "consensus", "all"] = "likeliest"
    rules: Rules = Rules()

    def __post_init__(self) -> None:
        if self.teachers < 1 or self.students < 0:
            raise InputError(f"curation: teachers {self.teachers}, students {self.students}: give 1 or more, 0 or more")
        if isinstance(self.confidence, float) and not 0 <= self.confidence < 1:
            raise InputError(f"curation.confidence {self.confidence:g}: give a probability below 1, auto or null")
