"""Splits of text-to-text tasks: one row an input, with every text that is known for it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.sources import find_split, read_split
from lit_synth.data.splits import Partition, Splits, make_splits
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tasks.webnlg import WEBNLG, WebNlg

TASK = Task("tell", ("facts",), "text", condition="topic", instruction="Tell it.")
PLAIN = replace(TASK, condition=None, annotate_prompt="", writings={})


def row(name: str, facts: str, *texts: str, topic: str = "a") -> Example:
    return Example(name, {"facts": facts, "topic": topic}, texts[0], references=texts)


def rows(counts: dict[str, int]) -> list[Example]:
    topics = [topic for topic, count in counts.items() for _ in range(count)]
    return [row(f"train-{n}", f"fact {n}", f"text {n}", topic=topic) for n, topic in enumerate(topics)]


TEST = [row("test-1", "fact of test", "a text of test")]


def all_of(splits: Splits) -> dict[str, Example]:
    return {row.id: row for row in (*splits.gold, *splits.development, *splits.pool_gold)}


def gold(splits: Splits) -> set[str]:
    return {row.id for row in (*splits.gold, *splits.development)}


def test_rows_with_the_same_input_are_one_with_all_their_texts() -> None:
    more = [row("x", "FACT  3", "another text", "text 3"), row("y", "fact 3", "a third"), row("z", "Fact of TEST", "t")]
    splits = make_splits(TASK, [*rows({"a": 10}), *more], TEST, Partition(6))
    assert splits.removed == {"also in test": 1, "joined to the row with the same input": 2}
    assert set(all_of(splits)) == {f"train-{n}" for n in range(10)}
    joined = all_of(splits)["train-3"]
    assert joined.references == ("text 3", "another text", "a third")
    assert joined.target == "text 3"
    assert all(len(one.references) == 1 for name, one in all_of(splits).items() if name != "train-3")


def test_the_pool_hides_every_text() -> None:
    splits = make_splits(TASK, rows({"a": 6, "b": 6}), TEST, Partition(5))
    assert {(one.target, one.references) for one in splits.pool} == {(None, ())}
    assert [one.fields for one in splits.pool] == [one.fields for one in splits.pool_gold]
    assert all(one.references for one in splits.pool_gold)


SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 30), min_size=1).filter(lambda n: sum(n.values()) > 4)


@given(SIZES, st.integers(0, 99), st.data())
def test_any_split_is_whole_nested_and_in_proportion(counts: dict[str, int], seed: int, data: st.DataObject) -> None:
    train = rows(counts)
    small = data.draw(st.integers(2, len(train)))
    large = data.draw(st.integers(small, len(train)))
    parts = [make_splits(TASK, train, TEST, Partition(count, seed)) for count in (small, large)]
    for count, part in zip((small, large), parts, strict=True):
        assert len(gold(part)) == len(part.gold) + len(part.development) == count
        assert set(all_of(part)) == {one.id for one in train}
        assert part.gold
        assert part.development
        found = Counter(one.fields["topic"] for one in (*part.gold, *part.development))
        assert len(found) == min(count, len(counts)), "a topic comes once before one comes twice"
        for topic, total in counts.items():
            assert abs(found[topic] - count * total / len(train)) <= len(counts)
    assert gold(parts[0]) <= gold(parts[1])


def test_without_a_condition_any_rows_are_gold() -> None:
    parts = [make_splits(PLAIN, rows({"a": 9, "b": 1}), TEST, Partition(count)) for count in (2, 5, 10)]
    assert [len(gold(part)) for part in parts] == [2, 5, 10]
    assert gold(parts[0]) < gold(parts[1]) < gold(parts[2])
    assert [len(part.pool) for part in parts] == [8, 5, 0]


@pytest.mark.parametrize(("fraction", "count"), [(1.0, 10), (0.1, 1), (11, 11)])
def test_fewer_than_two_rows_or_more_than_there_are_is_refused(fraction: float, count: int) -> None:
    train = rows({"a": 10})
    if count == 10:
        assert len(gold(make_splits(TASK, train, TEST, Partition(fraction)))) == 10
        return
    with pytest.raises(InputError, match=f"asks for {count} gold rows; give 2 or more, and no more than .*, 10$"):
        make_splits(TASK, train, TEST, Partition(fraction))


def test_real_webnlg_has_a_row_for_every_set_of_triples(real_data: Callable[[str], Path]) -> None:
    folder = real_data("webnlg")
    paths = find_split(folder, "train"), find_split(folder, "test")
    assert paths[0] is not None
    assert paths[1] is not None
    normalise = WebNlg(None).normalise  # type: ignore[arg-type]
    train, test = (read_split(WEBNLG, path, normalise) for path in paths if path)
    parts = [make_splits(WEBNLG, train, test, Partition(fraction)) for fraction in (0.05, 0.1)]
    assert gold(parts[0]) < gold(parts[1])
    for part in parts:
        everything = all_of(part)
        assert len({WEBNLG.key(one) for one in everything.values()}) == len(everything)
        assert len(everything) + sum(part.removed.values()) == len(train) == 35_426
        assert {one.fields["category"] for one in part.gold} == {one.fields["category"] for one in train}
    longest = max(all_of(parts[0]).values(), key=lambda one: len(one.references))
    texts = {one.target for one in train if WEBNLG.key(one) == WEBNLG.key(longest)}
    assert texts <= set(longest.references)
