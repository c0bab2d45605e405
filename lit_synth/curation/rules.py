"""What makes a synthetic row unwanted, as a value; `verdicts` applies it, and loads what that takes."""

from dataclasses import dataclass
from typing import Literal

from lit_synth.errors import InputError
from lit_synth.examples import Origin
from lit_synth.task import Task


@dataclass(frozen=True)
class Rules:
    """For what a synthetic row is rejected, beside what is never kept: no whole row, or a row that is there already.

    Args:
        disagreement: What becomes of a generated row that the teacher reads as another label than was asked for:
            ``keep`` it with the probabilities, or ``reject`` it.
        near_duplicates: Similarity from which on an input is too near to one of gold or to an earlier one, up to 1;
            ``null`` allows all.
        leakage: Reject written inputs that share a run of 8 words with a development or test row, or are nearly one.
        pool_leakage: Reject such inputs of the pool, too; without it they are kept. Counted and listed they are anyway.
        schema: Reject structured inputs with a name, such as a slot or relation, that no row of gold has.
        faithful: Reject texts that hold a smaller share of their input's values than nine in ten rows of gold.
    """

    disagreement: Literal["keep", "reject"] = "keep"
    near_duplicates: float | None = None
    leakage: bool = True
    pool_leakage: bool = True
    schema: bool = True
    faithful: bool = True

    def active(self, task: Task, origin: Origin) -> list[str]:
        """Return the names of the rules that can reject a row of a task, one that was written or one of a pool."""
        written = origin == "generated"
        on = {
            "disagreement": self.disagreement == "reject" and bool(task.labels) and written,
            "near_duplicates": self.near_duplicates is not None and written,
            "leakage": self.leakage if written else self.pool_leakage,
            "schema": self.schema and bool(task.schema) and written,
            "faithful": self.faithful and bool({"slot_error_rate", "coverage"} & set(task.metrics)),
        }
        return [name for name, is_on in on.items() if is_on]

    def __post_init__(self) -> None:
        if self.near_duplicates is not None and not 0 < self.near_duplicates <= 1:
            raise InputError(f"near_duplicates {self.near_duplicates:g}: give a similarity up to 1, as 0.8, or null")
