"""Splits: nested, stratified, reproducible, and never a test row among what is learnt from."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.sources import find_split, read_split
from lit_synth.data.splits import Partition, Splits, make_splits
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tasks.slurp import SLURP

TASK = Task("three", ("text",), "label", ("a", "b", "c"))


def rows(split: str, counts: dict[str, int]) -> list[Example]:
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [Example(f"{split}-{i}", {"text": f"{split} text {i}"}, label) for i, label in enumerate(labels)]


TRAIN = rows("train", {"a": 100, "b": 60, "c": 40})
TEST = rows("test", {"a": 10, "b": 10, "c": 10})


def split(fraction: float, seed: int = 0, **more: float | None) -> Splits:
    return make_splits(TASK, TRAIN, TEST, Partition(fraction, seed, **more))  # type: ignore[arg-type]


def ids(*parts: Sequence[Example]) -> set[str]:
    return {row.id for part in parts for row in part}


def gold(splits: Splits) -> set[str]:
    return ids(splits.gold, splits.development)


SIZES = st.fixed_dictionaries({label: st.integers(2, 40) for label in "abc"})


@given(SIZES, st.integers(0, 99), st.data())
def test_any_split_is_whole_nested_and_keeps_every_class(
    counts: dict[str, int], seed: int, data: st.DataObject
) -> None:
    train = rows("train", counts)
    small = data.draw(st.integers(5, len(train)))
    large = data.draw(st.integers(small, len(train)))
    parts = [make_splits(TASK, train, TEST, Partition(count, seed)) for count in (small, large)]
    for count, part in zip((small, large), parts, strict=True):
        assert len(part.gold) + len(part.development) == count
        assert len(gold(part)) + len(ids(part.pool)) == len(train)
        assert gold(part) | ids(part.pool) == ids(train)
        assert {row.target for row in part.gold} == set("abc")
        assert part.development
        assert [row.with_target(None) for row in part.pool_gold] == part.pool
        assert part.pool_gold == [row for row in part.pool_gold if row in train]
    assert gold(parts[0]) <= gold(parts[1])


@given(SIZES, st.integers(0, 99), st.integers(5, 60))
def test_every_prefix_holds_the_classes_in_proportion(counts: dict[str, int], seed: int, count: int) -> None:
    train = rows("train", counts)
    count = min(count, len(train))
    part = make_splits(TASK, train, TEST, Partition(count, seed))
    found = Counter(row.target for row in (*part.gold, *part.development))
    for label, total in counts.items():
        # The first row of every class comes in front, so a class may be off by those few.
        assert abs(found[label] - count * total / len(train)) <= len(counts)


@given(st.permutations(TRAIN[80:120]), st.integers(0, 9))
def test_one_seed_one_split(train: list[Example], seed: int) -> None:
    task = replace(TASK, labels=("a", "b"))
    assert make_splits(task, train, TEST, Partition(10, seed)) == make_splits(
        task, list(train), TEST, Partition(10, seed)
    )


def test_another_seed_is_another_split() -> None:
    assert gold(split(0.1, seed=0)) != gold(split(0.1, seed=1))
    assert [row.id for row in split(0.1, seed=0).pool] != [row.id for row in split(0.1, seed=1).pool]


def test_five_percent_lie_inside_ten() -> None:
    assert len(gold(split(0.05))) == 10
    assert gold(split(0.05)) < gold(split(0.1)) < gold(split(64))


def test_the_pool_has_no_targets() -> None:
    assert {row.target for row in split(0.1).pool} == {None}


def test_nothing_is_in_two_parts() -> None:
    parts = split(0.2)
    sets = [ids(parts.gold), ids(parts.development), ids(parts.pool), ids(parts.test)]
    assert len(set.union(*sets)) == sum(map(len, sets)) == len(TRAIN) + len(TEST)


def test_development_is_the_asked_share_and_leaves_every_class_in_gold() -> None:
    parts = split(50, development_share=0.3)
    assert len(parts.development) == 15
    assert {row.target for row in parts.gold} == set("abc")
    assert ids(parts.development) <= ids(TRAIN)


@given(SIZES, st.integers(0, 99), st.floats(0.05, 0.6))
def test_every_class_gives_its_share_of_development(counts: dict[str, int], seed: int, share: float) -> None:
    # Classes that take turns in an order are passed over by even distances along it: 31 of 207 gave none of 41.
    parts = make_splits(TASK, rows("train", counts), TEST, Partition(1.0, seed, share))
    found = Counter(row.target for row in parts.development)
    spare = sum(counts.values()) - len(counts)
    for label, count in counts.items():
        assert abs(found[label] - len(parts.development) * (count - 1) / spare) < 1


def test_even_a_small_share_holds_out_a_row() -> None:
    assert len(split(5, development_share=0.01).development) == 1


@pytest.mark.parametrize("share", [-0.1, 0.0, 1.0, 3.0])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InputError, match=f"development_share {share:g}: give a share between 0 and 1"):
        split(50, development_share=share)


def test_limits_cap_pool_and_test_and_leave_gold() -> None:
    limited = split(0.1, pool_limit=7, test_limit=9)
    whole = split(0.1)
    assert (len(limited.pool), len(limited.pool_gold), len(limited.test)) == (7, 7, 9)
    assert limited.pool == whole.pool[:7]
    assert gold(limited) == gold(whole)


def test_the_test_rows_are_the_same_for_every_seed() -> None:
    assert split(0.1, seed=0, test_limit=9).test == split(0.1, seed=5, test_limit=9).test


def test_repeats_are_counted_and_removed() -> None:
    again = [Example("r1", {"text": "TRAIN  text 3"}, "a"), Example("r2", {"text": "test text 4"}, "b")]
    parts = make_splits(TASK, [*TRAIN, *again], [*TEST, Example("r3", {"text": "train text 5 "}, "c")], Partition(0.1))
    assert parts.removed == {"also in test": 2, "repeated in train": 1}
    assert len(gold(parts)) + len(parts.pool) == len(TRAIN) - 1
    assert not {"r1", "r2", "train-5"} & (gold(parts) | ids(parts.pool))
    assert "train-3" in gold(parts) | ids(parts.pool)


def test_contradictions_are_counted_apart_and_the_first_label_counts() -> None:
    again = [Example("r1", {"text": "TRAIN  text 3"}, "b"), Example("r2", {"text": "train text 3"}, "a")]
    parts = make_splits(TASK, [*TRAIN, *again], TEST, Partition(0.1))
    assert parts.removed == {"also in test": 0, "repeated in train": 1, "repeated in train with another label": 1}
    assert [(one.id, other.id) for one, other in parts.contradictions] == [("train-3", "r1")]
    assert "r1" not in gold(parts) | ids(parts.pool)
    assert not split(0.1).contradictions


@pytest.mark.parametrize(
    ("fraction", "told"),
    [
        (0.01, "fraction 0.01 gives 2 gold rows of 200 for 3 classes: .*; use --fraction 5 or more"),
        (4, "fraction 4 gives 4 gold rows of 200"),
        (-0.5, "fraction -0.5: give a share of train"),
        (201, "fraction 201 asks for 201 gold rows; give 2 or more, and no more than train has after repeats, 200"),
    ],
)
def test_a_fraction_that_does_not_fit_says_which_would(fraction: float, told: str) -> None:
    with pytest.raises(InputError, match=told):
        split(fraction)


def test_the_fraction_that_a_message_names_works() -> None:
    assert len(gold(split(5))) == 5


def test_one_class_only_is_refused() -> None:
    with pytest.raises(InputError, match=r"train holds one class only \(b\); two or more are needed"):
        make_splits(TASK, rows("train", {"b": 30}), TEST, Partition(10))


def test_a_label_without_a_row_is_named() -> None:
    with pytest.raises(InputError, match="train has no row of label 'c'; remove the label from the task or add rows"):
        make_splits(TASK, rows("train", {"a": 30, "b": 30}), TEST, Partition(10))


@pytest.mark.parametrize("fraction", [1.0, 200])
def test_all_of_train_may_be_gold(fraction: float) -> None:
    parts = split(fraction)
    assert (len(gold(parts)), parts.pool) == (200, [])


@cache
def slurp(folder: Path) -> tuple[Sequence[Example], Sequence[Example]]:
    train, test = (find_split(folder, name) for name in ("train", "test"))
    assert train is not None
    assert test is not None
    return read_split(SLURP, train), read_split(SLURP, test)


@pytest.mark.parametrize(("fraction", "count"), [(0.05, 574), (0.01, 115)])
def test_real_slurp_keeps_all_sixty_intents(real_data: Callable[[str], Path], fraction: float, count: int) -> None:
    parts = make_splits(SLURP, *slurp(real_data("slurp")), Partition(fraction))
    assert len({row.target for row in parts.gold}) == 60
    assert abs(len(gold(parts)) - count) <= 1
    assert len(parts.test) == 2674


def test_real_slurp_repeats_are_those_of_its_page(real_data: Callable[[str], Path]) -> None:
    train, test = slurp(real_data("slurp"))
    parts = make_splits(SLURP, train, test, Partition(0.05))
    texts, tested = [row.fields["text"] for row in train], {row.fields["text"] for row in test}
    # The page counts equal texts; ours also sees through case and spaces, so it may find a few more.
    assert len([row for row in test if row.fields["text"] in set(texts)]) == 7
    assert len(texts) - len(set(texts)) == 35
    assert 35 <= sum(parts.removed.values()) <= 60
    assert sum(text in tested for text in texts) <= parts.removed["also in test"]
    assert len(gold(parts)) + len(parts.pool) + sum(parts.removed.values()) == len(train) == 11514
