"""Every file gives its rows, all of them, or one line that says where, what, and what to do."""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lit_synth.data import Partition, TaskDataModule
from lit_synth.data.sources import read_split
from lit_synth.data.splits import make_splits
from lit_synth.errors import InputError, printable
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.task import Task
from lit_synth.tasks import BoolQ, MultiRC, Rte, Sgd, Slurp, WebNlg
from lit_synth.tasks.reviews import REVIEWS
from tests.hostile.files import GOOD, WRITERS, Case, files, texts, values

TASKS: dict[str, Any] = {kind.__name__: kind for kind in (BoolQ, MultiRC, Rte, Sgd, Slurp, WebNlg)}
OPEN = Task("tell", ("text",), "sentiment")


def named(case: Any) -> str:
    return f"{case[1]} {case[0]}"


def refused(read: Callable[[], Any]) -> str:
    """Return what is told instead of rows: one line that is not long."""
    with pytest.raises(InputError) as caught:
        read()
    told = printable(str(caught.value))
    assert len(told) < 600
    return told


def outcome(read: Callable[[], Sequence[Example]]) -> tuple[Sequence[Example], str]:
    """Return the rows, or the one line that is told instead."""
    try:
        return read(), ""
    except InputError as error:
        told = printable(str(error))
        assert len(told) < 600, told
        return [], told


def check(case: Case, folder: Path) -> None:
    path = folder / f"train{case.suffix}"
    path.write_bytes(case.content)
    if isinstance(case.expected, int):
        rows = read_split(REVIEWS, path)
        assert len(rows) == len({row.id for row in rows}) == case.expected
    else:
        told = refused(lambda: read_split(REVIEWS, path))
        assert told.startswith(str(path))
        assert re.search(case.expected, told), told


@pytest.mark.parametrize("case", files(), ids=named)
def test_a_file_is_read_or_refused(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", values(), ids=named)
def test_a_bad_value_is_named_by_line_and_column(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", texts(), ids=named)
def test_any_text_is_a_text(case: tuple[str, str, str], tmp_path: Path) -> None:
    _, suffix, text = case
    path = tmp_path / f"train{suffix}"
    path.write_bytes(WRITERS[suffix](GOOD | {"text": text}, GOOD))
    assert [row.fields["text"] for row in read_split(REVIEWS, path)] == [text.strip(), "fine"]
    open_rows = [row.target for row in read_split(Task("t", ("sentiment",), "text"), path)]
    assert open_rows == [text.strip(), "fine"]


def test_as_many_cases_are_promised_as_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reliability.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"\| cases \(`tests/hostile`\) .*?\n\n", page, re.DOTALL)
    *told, together = (int(number) for number in re.findall(r"(\d+)\**\s\|\n", table))
    assert told[:4] == [*(len(list(cases())) for cases in (files, values, texts)), len(TASKS) * len(ODD)]
    assert together == sum(told)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    for suffix in WRITERS:
        folder = tmp_path / f"train{suffix}"
        folder.mkdir()
        assert str(folder) in refused(partial(read_split, REVIEWS, folder))


ODD: dict[str, Any] = {
    "null": None,
    "true": True,
    "a number": 7,
    "a fraction": 0.5,
    "not a number": float("nan"),
    "text": "some text",
    "empty": "",
    "a list": [],
    "a list of lists": [[["a"]], None, {}],
    "a list of texts": ["a | b | c", "d"],
    "an object": {"act": 1, "slot": None, "values": 3},
    "a list of objects": [{"act": "INFORM", "slot": 1, "values": [None]}, {"act": {}, "slot": "a", "values": "b"}],
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", TASKS)
def test_every_task_reads_or_refuses_odd_rows(name: str, odd: str, tmp_path: Path) -> None:
    kind: type[TaskDataModule] = TASKS[name]
    module: Any = kind(encoder=None)  # type: ignore[call-arg, arg-type]
    task, path = module.task, tmp_path / "train.jsonl"
    named = {*task.columns, task.target, task.references or task.target, "dialog_acts", "input", "label", "answer"}
    for column in sorted(named):
        row = dict.fromkeys(named, "0") | {column: ODD[odd]}
        path.write_text(json.dumps(row) + "\n")
        examples, told = outcome(lambda: read_split(task, path, module.normalise))
        texts = [text for row in examples for text in (row.target, *row.fields.values())]
        assert all(isinstance(text, str) and text for text in texts)
        assert len(examples) == (told == "")
        assert told.startswith(f"{path}:1: " if told else "")


# No row goes without a word


ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh "), st.sampled_from("xyz"), st.sampled_from(REVIEWS.labels)))


@given(train=ROWS, test=ROWS, fraction=st.sampled_from([0.3, 0.5, 4, 6, 9]), seed=st.integers(0, 3))
def test_every_row_is_used_or_counted(train: list[Any], test: list[Any], fraction: float, seed: int) -> None:
    def rows(given: list[Any], part: str) -> list[Example]:
        return [Example(f"{part}{place}", {"text": f"{a} {b}"}, label) for place, (a, b, label) in enumerate(given)]

    try:
        splits = make_splits(REVIEWS, rows(train, "a"), rows(test, "b"), Partition(fraction, seed))
    except InputError:
        return  # too few, or one class only
    parts = splits.gold, splits.development, splits.pool
    used = [row.id for part in parts for row in part]
    assert len(used) == len(set(used))
    assert len(used) + sum(splits.removed.values()) == len(train)
    assert len(splits.test) == len(test)


@pytest.mark.parametrize("fraction", [0, -1, float("nan"), float("inf"), -0.5, 1e300])
def test_a_fraction_that_is_none_is_told(fraction: float) -> None:
    rows = [Example(str(place), {"text": f"t{place}"}, REVIEWS.labels[place % 2]) for place in range(20)]
    assert "fraction" in refused(lambda: make_splits(REVIEWS, rows, rows[:0], Partition(fraction)))


LABELS: tuple[tuple[list[str], str], ...] = (
    ([], "one class only"),
    (["positive"] * 9, "one class only"),
    (["positive", "negative"] * 9, "no row of label 'neutral'"),
)


@pytest.mark.parametrize(("given_labels", "told"), LABELS)
def test_labels_without_a_row_are_told(given_labels: list[str], told: str) -> None:
    from dataclasses import replace

    rows = [Example(str(place), {"text": f"t{place}"}, label) for place, label in enumerate(given_labels)]
    task = replace(REVIEWS, labels=("negative", "positive", "neutral"))
    assert told in refused(lambda: make_splits(task, rows, [], Partition(0.5)))


# Whatever else there may be


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)


@given(rows=st.lists(PLAIN, min_size=1, max_size=6), suffix=st.sampled_from(sorted(WRITERS)))
def test_what_is_written_is_read(rows: list[str], suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / f"train{suffix}"
    path.write_bytes(WRITERS[suffix](*(GOOD | {"text": text} for text in rows)))
    assert [row.fields["text"] for row in read_split(REVIEWS, path)] == [text.strip() for text in rows]


@given(content=st.binary(max_size=300), suffix=st.sampled_from(sorted(WRITERS)), place=st.integers(0, 400))
def test_any_bytes_are_rows_or_one_line(
    content: bytes, suffix: str, place: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"test{suffix}"
    whole = WRITERS[suffix](GOOD, GOOD)
    for spoilt in (content, whole[:place] + content + whole[place + len(content) :]):
        path.write_bytes(spoilt)
        rows, told = outcome(lambda: read_split(REVIEWS, path))
        assert all(row.target in REVIEWS.labels and row.fields["text"] for row in rows)
        assert told.startswith(str(path) if told else "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries({}, optional=dict.fromkeys(Example.__slots__, JSON))


@given(row=PARTS)
@example(row={"probabilities": {"": None}})
def test_a_spoilt_record_is_an_example_or_one_line(
    row: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "records.jsonl"
    path.write_text(json.dumps({"id": "1", "fields": {}} | row) + "\n")
    examples, told = outcome(lambda: list(read_examples(path)))
    assert told.startswith(f"{path}:1: " if told else "")
    assert write_examples(path.with_name("again.jsonl"), examples) == (told == "")
