"""From labelled rows to gold, development, pool and test parts: nested, stratified, without repeats."""

import math
import random
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby, repeat

import numpy as np

from lit_synth.data.parts import Part, first_alike
from lit_synth.data.pool import Joined, fresh
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.on_disk import Kept
from lit_synth.task import Task


@dataclass(frozen=True)
class Partition:
    """How train is split.

    Args:
        fraction: Gold rows: a share of train up to 1, or a number of rows above 1.
        seed: One seed gives one split.
        development_share: Share of gold that is held out for early stopping and the search.
        pool_limit: Most rows of the pool, those that nobody has labelled before others; ``None`` for all.
        test_limit: Most rows of test, the same ones for every seed; ``None`` for all.
        test_share: Where all rows are in one file: share that is held out as test; ``None`` for 0.3.
    """

    fraction: float = 0.05
    seed: int = 0
    development_share: float = 0.2
    pool_limit: int | None = None
    test_limit: int | None = None
    test_share: float | None = None


@dataclass(frozen=True)
class Splits:
    """The parts of one task for one fraction and seed.

    Args:
        gold: Labelled rows to train on.
        development: Labelled rows held out from gold, for early stopping and the search.
        pool: The rest of train without its labels, as far as `Partition.pool_limit` leaves room, then unlabelled rows;
            read from disk when it is asked for, as are the next two.
        pool_gold: The first of these with their hidden targets; for the `full` ceiling and the report only.
        test: Rows of the final figure.
        removed: Rows left out of training, counted by reason.
        contradictions: Rows of train with one input and two labels: the first, which is kept, and one that is not.
        unlabelled: The rows of the pool whose targets nobody knows.
    """

    gold: list[Example]
    development: list[Example]
    pool: Sequence[Example]
    pool_gold: Sequence[Example]
    test: list[Example]
    removed: dict[str, int]
    contradictions: list[tuple[Example, Example]] = field(default_factory=list)
    unlabelled: Sequence[Example] = ()

    @property
    def labelled(self) -> dict[str, list[Example]]:
        """The parts of which an input that a teacher writes is no new one, by name."""
        return {"gold": self.gold, "development": self.development, "test": self.test}


def make_splits(
    task: Task,
    train: Sequence[Example],
    test: Sequence[Example],
    partition: Partition,
    unlabelled: Sequence[Example] = (),
) -> Splits:
    """Split train into gold, development and pool.

    Gold is a prefix of one seeded, stratified order of train, so a smaller fraction lies inside a larger one.

    Args:
        task: Names the labels and what makes two inputs the same.
        train: Labelled rows.
        test: Rows of the final figure; a train row with the same input is removed.
        partition: Sizes and seed.
        unlabelled: Further rows of the pool; one with an input that another row has is removed.

    Raises:
        InputError: Train holds one class only, the fraction leaves a class without rows, or a share is out of range.
    """
    fraction, seed = partition.fraction, partition.seed
    if not 0 < partition.development_share < 1:
        raise InputError(f"development_share {partition.development_share:g}: give a share between 0 and 1, as 0.2")
    if not 0 < fraction < math.inf:
        raise InputError(f"fraction {fraction:g}: give a share of train up to 1, or a number of rows above 1")
    kept, removed, contradictions = _without_repeats(task, train, test)
    count = round(fraction * len(kept)) if fraction <= 1 else int(fraction)
    _check(task, kept, count, fraction)
    order = _stratified_order(task, kept, random.Random(f"split {seed}"))
    gold, rest = list(Part(kept, order[:count])), order[count:]
    random.Random(f"pool {seed}").shuffle(rest)
    unlabelled, not_fresh = fresh(task, unlabelled, train, test, seed, partition.pool_limit)
    # Who names a pool wants its rows annotated; labels that are hidden are known already.
    hidden = Part(kept, rest[: None if partition.pool_limit is None else partition.pool_limit - len(unlabelled)])
    development = _hold_out(task, gold, partition.development_share)
    chosen = {example.id for example in development}
    tested, joined, _ = _joined(task, test) if not task.labels else (test, 0, ())
    tested = list(tested)
    random.Random("test").shuffle(tested)
    return Splits(
        gold=[example for example in gold if example.id not in chosen],
        development=development,
        pool=Joined(hidden.hiding_targets(), unlabelled),
        pool_gold=hidden,
        test=_limited(task, tested, partition.test_limit),
        removed=removed | ({"joined in test": joined} if joined else {}) | not_fresh,
        contradictions=contradictions,
        unlabelled=unlabelled,
    )


def _without_repeats(
    task: Task, train: Sequence[Example], test: Sequence[Example]
) -> tuple[Sequence[Example], dict[str, int], list[tuple[Example, Example]]]:
    in_test = {task.key(example) for example in test}
    fresh = Part(train, (place for place, example in enumerate(train) if task.key(example) not in in_test))
    kept, repeated, pairs = _joined(task, fresh)
    removed = {"also in test": len(train) - len(fresh)}
    if not task.labels:
        return kept, removed | {"joined to the row with the same input": repeated}, []
    contradictions = [(one, other) for one, other in pairs if one.target != other.target]
    removed["repeated in train"] = repeated - len(contradictions)
    if contradictions:
        removed["repeated in train with another label"] = len(contradictions)
    return kept, removed, contradictions


def _joined(task: Task, rows: Sequence[Example]) -> tuple[Sequence[Example], int, Iterator[tuple[Example, Example]]]:
    """Keep one row an input; text to text, with the references of all.

    Returns:
        The rows that are kept, the others' number, and each of the others behind the one that is kept.
    """
    first = first_alike(rows, task.key)
    alone = np.flatnonzero(first == np.arange(len(rows)))
    others = np.flatnonzero(first != np.arange(len(rows)))
    pairs = ((rows[first[place]], rows[place]) for place in others.tolist())
    kept: Sequence[Example] = Part(rows, alone)
    if len(others) and not task.labels:
        order = np.argsort(first, kind="stable").tolist()
        kept = Kept(
            map(_with_all_references, (list(group) for _, group in groupby(order, first.__getitem__)), repeat(rows))
        )
    return kept, len(others), pairs


def _with_all_references(places: Sequence[int], rows: Sequence[Example]) -> Example:
    first, *others = (rows[place] for place in places)
    references = (reference for row in (first, *others) for reference in row.references)
    return replace(first, references=tuple(dict.fromkeys(references))) if others else first


def _limited(task: Task, rows: Sequence[Example], limit: int | None) -> list[Example]:
    """Return the first rows; where several are scored as one unit, only whole ones, but one at least."""
    units: dict[str, list[Example]] = defaultdict(list)
    for number, example in enumerate(rows):
        name = "\n".join(example.fields[field] for field in task.unit) if task.unit else str(number)
        units[name].append(example)
    kept: list[Example] = []
    for unit in units.values():
        if limit is not None and kept and len(kept) + len(unit) > limit:
            break
        kept += unit
    return kept


def _check(task: Task, train: Sequence[Example], count: int, fraction: float) -> None:
    if task.labels:
        _check_classes(task, train, count, fraction)
    if not 2 <= count <= len(train):
        raise InputError(
            f"fraction {fraction:g} asks for {count} gold rows; give 2 or more, and no more than train has after "
            f"repeats, {len(train)}"
        )


def _check_classes(task: Task, train: Sequence[Example], count: int, fraction: float) -> None:
    classes = {example.target for example in train}
    if len(classes) < 2:
        raise InputError(f"train holds one class only ({', '.join(map(str, classes))}); two or more are needed")
    absent = [label for label in task.labels if label not in classes]
    if absent:
        raise InputError(f"train has no row of label {absent[0]!r}; remove the label from the task or add rows")
    if count < len(classes) + 2:
        raise InputError(
            f"fraction {fraction:g} gives {count} gold rows of {len(train)} for {len(classes)} classes: some class "
            f"would be left without rows; use --fraction {len(classes) + 2} or more"
        )


def _stratified_order(task: Task, examples: Sequence[Example], rng: random.Random) -> "array[int]":
    """Order rows so that every prefix has the classes (or conditions) in proportion, one of each first.

    Returns:
        Their places.
    """
    by_class: dict[str, array[int]] = defaultdict(partial(array, "q"))
    for place, example in enumerate(examples):
        by_class[task.asked(example)].append(place)
    places, shares, draws = array("q"), array("d"), array("d")
    for label in sorted(by_class):
        rows = by_class[label]
        rng.shuffle(rows)
        places += rows
        for rank in range(len(rows)):
            shares.append((rank + 0.5) / len(rows) if rank else -1.0)
            draws.append(rng.random())
    return array("q", np.array(places)[np.lexsort((draws, shares))])


def _hold_out(task: Task, gold: Sequence[Example], share: float) -> list[Example]:
    """Take rows at even distances along one class after the other, so that each gives its share of them.

    Along the stratified order itself, where classes take turns, even distances could pass one over altogether. The
    first row of every class stays in gold.
    """
    seen: set[str] = set()
    # A set's add returns None: the first row of every class is not spared.
    spare = [row for row in gold if task.asked(row) in seen or seen.add(task.asked(row))]  # type: ignore[func-returns-value]
    spare = sorted(spare or gold[1:], key=task.asked)
    count = min(max(1, round(share * len(gold))), len(spare))
    return [spare[(2 * index + 1) * len(spare) // (2 * count)] for index in range(count)]
