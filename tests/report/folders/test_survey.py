"""One pass over rows: against sorting all of them, and in memory that does not grow."""

import tracemalloc
from collections.abc import Iterator
from hashlib import sha256

import pytest

from lit_synth.examples import Example
from lit_synth.report.folders.survey import reason, survey


def rows(number: int, length: int = 10, start: int = 0) -> Iterator[Example]:
    for i in range(start, start + number):
        label = f"l{i * i % 7}"
        shares = {f"l{j}": 0.9 if f"l{j}" == label else 0.0 for j in range(60)}
        yield Example(str(i), {"text": f"{i} ".ljust(length, "x")}, label, "generated", shares)


def target(row: Example) -> str:
    return str(row.target)


@pytest.mark.parametrize("keep", [1, 5, 40, 1000])
def test_shown_rows_are_those_of_a_sort_of_all(keep: int) -> None:
    every = list(rows(700))
    groups: dict[str, list[str]] = {}
    for row in sorted(every, key=lambda row: sha256(row.id.encode()).hexdigest()):
        groups.setdefault(target(row), []).append(row.id)
    order = sorted(groups, key=lambda name: sha256(name.encode()).hexdigest())
    expected = [groups[name][turn] for turn in range(700) for name in order if turn < len(groups[name])][:keep]
    found = survey({"seed0": every[:300], "seed1": every[300:]}, target, keep)
    assert [row.id for row in found.shown] == expected
    assert found.files == {"seed0": 300, "seed1": 400}
    assert found.groups == {name: len(ids) for name, ids in groups.items()}
    assert found.number == 700
    assert len(found.labels) == 60


def test_a_row_that_comes_back_is_counted_and_shown_once() -> None:
    found = survey({"seed0": rows(20), "seed1": rows(20)}, target)
    assert found.number == 40
    assert len(found.shown) == 20


def test_only_the_probability_that_is_shown_is_kept() -> None:
    assert [row.probabilities for row in survey({"a": rows(1)}, target).shown] == [{"l0": 0.9}]


def test_parts_that_only_some_rows_have() -> None:
    plain = Example("1", {"a": "x"}, "l")
    more = Example("2", {"b": "x"}, "l", weight=0.5, references=("l", "m"))
    found = survey({"seed0": [plain, more], "seed1": []}, reason)
    assert sorted(found.parts) == ["references", "weight"]
    assert found.fields == ("a", "b")
    assert found.files == {"seed0": 2, "seed1": 0}
    assert found.groups == {"no reason given": 2}


def test_memory_does_not_grow_with_rows() -> None:
    tracemalloc.start()
    try:
        found = survey({"seed0": rows(5_000, length=4_000)}, target, keep=20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.number == 5_000
    assert peak < 5e6  # the texts alone are 20 MB
