"""Which rows a student trains on, real and synthetic."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from lit_synth.data.splits import Splits
from lit_synth.data.synthetic import synthetic_rows
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.task import Task


@dataclass(frozen=True)
class Mixture:
    """Which rows a student trains on.

    Args:
        gold: The gold rows.
        development: The development part too, once the search is over.
        pool_gold: The pool with its true targets: the ceiling.
        synthetic: Files of synthetic rows.
        synthetic_limit: Most rows of each of these files; those of a smaller limit are among those of a larger one.
        gold_weight: Factor on the weight of a gold row in a student's loss, whichever part it comes from.

    Raises:
        InputError: A weight that is not above 0.
    """

    gold: bool = True
    development: bool = False
    pool_gold: bool = False
    synthetic: tuple[Path, ...] = ()
    synthetic_limit: int | None = None
    gold_weight: float = 1.0

    def __post_init__(self) -> None:
        if self.synthetic_limit is not None and self.synthetic_limit < 1:
            raise InputError(f"mixture.synthetic_limit {self.synthetic_limit}: give 1 or more, or leave it out")
        if not 0 < self.gold_weight < math.inf:
            raise InputError(
                f"mixture.gold_weight {self.gold_weight:g}: give a number above 0; gold: false leaves gold out"
            )


def mixed(task: Task, splits: Splits, mixture: Mixture) -> Iterator[Example]:
    """Yield gold, development, truly labelled pool and synthetic rows, as far as they are asked for.

    Raises:
        InputError: A synthetic row is none of the task.
    """
    parts = (
        splits.gold if mixture.gold else (),
        splits.development if mixture.development else (),
        splits.pool_gold if mixture.pool_gold else (),
    )
    for row in chain.from_iterable(parts):
        yield replace(row, weight=row.weight * mixture.gold_weight)
    for path in mixture.synthetic:
        for row in synthetic_rows(path, mixture.synthetic_limit):
            known = row.target in task.labels if task.labels else row.target
            if not known or set(row.fields) != set(task.columns):
                raise InputError(f"{path}: row {row.id!r} with target {row.target!r} is none of {task.name}")
            yield row
