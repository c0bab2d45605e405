"""Rows that nobody has labelled join the pool, each input once, and never one that has a label elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lit_synth.data import ClassifierEncoder, Partition, TaskDataModule
from lit_synth.data.pool import LABELLED, REPEATED, TESTED, WITHOUT_TEXT, read_pool
from lit_synth.data.splits import make_splits
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tables import SUFFIXES
from lit_synth.task import Task
from lit_synth.tasks import Custom
from tests.data.test_sources import WRITERS

TASK = Task("mood", ("text",), "mood", ("good", "bad"))
MakeModule = Callable[..., TaskDataModule]


def sheet(path: Path, labelled: int = 40, empty: int = 0) -> Path:
    lines = [f"row {n},{('good', 'bad')[n % 2]}" for n in range(labelled)] + [f"bare {n}," for n in range(empty)]
    path.write_text("\n".join(["text,mood", *lines]) + "\n")
    return path


@pytest.fixture
def make(tmp_path: Path, tiny_encoder: Path) -> MakeModule:
    def module(empty: int = 0, **more: Any) -> TaskDataModule:
        path = sheet(tmp_path / "rows.csv", empty=empty)
        given: dict[str, Any] = {"partition": Partition(1.0), "data_dir": str(path)} | more
        return Custom(TASK, ClassifierEncoder(str(tiny_encoder)), **given)

    return module


def texts(rows: Any) -> set[str]:
    return {row.fields["text"] for row in rows}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pool_of_any_format_is_read_without_its_labels(suffix: str, make: MakeModule, tmp_path: Path) -> None:
    rows = [{"text": f"new {n}", "mood": "good", "more": "x"} for n in range(9)]
    WRITERS[suffix](tmp_path / f"pool{suffix}", rows)
    splits = make(pool=str(tmp_path / f"pool{suffix}")).splits
    assert texts(splits.pool) == {row["text"] for row in rows}
    assert {row.target for row in splits.pool} == {None}
    assert not splits.pool_gold
    assert len({row.id for row in (*splits.gold, *splits.development, *splits.test, *splits.pool)}) == 40 + 9


def test_what_repeats_is_left_out_and_counted(make: MakeModule, tmp_path: Path) -> None:
    module = make(empty=3)
    known, tested = module.splits.gold[0].fields["text"], module.splits.test[0].fields["text"]
    rows = [known.upper(), f" {tested}", "bare 1", "new", "New ", ""]
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in rows))
    splits = make(empty=3, pool=str(tmp_path / "pool.jsonl")).splits
    assert texts(splits.pool) == {"bare 0", "bare 1", "bare 2", "new"}
    assert {reason: splits.removed[reason] for reason in (LABELLED, REPEATED, WITHOUT_TEXT)} == {
        LABELLED: 2,
        REPEATED: 2,
        WITHOUT_TEXT: 1,
    }
    assert texts(splits.gold) == texts(module.splits.gold), "a pool moves no labelled row"


def test_no_row_of_a_unit_of_test_is_in_the_pool() -> None:
    task = Task("answers", ("paragraph", "answer"), "right", ("0", "1"), unit=("paragraph",))
    made = [Example(str(n), {"paragraph": f"p{n // 5}", "answer": f"a{n}"}, str(n % 2)) for n in range(100)]
    bare = [Example(f"pool-{n}", {"paragraph": f"p{n // 5}", "answer": f"new {n}"}) for n in range(100)]
    splits = make_splits(task, made[:80], made[80:], Partition(1.0), bare)
    assert {row.fields["paragraph"] for row in splits.pool} == {f"p{n}" for n in range(16)}
    assert splits.removed[TESTED] == 20
    assert REPEATED not in splits.removed


def test_hidden_labels_come_first_and_alone_are_known(make: MakeModule) -> None:
    splits = make(empty=10, partition=Partition(0.5, pool_limit=18)).splits
    assert [row.id for row in splits.pool[: len(splits.pool_gold)]] == [row.id for row in splits.pool_gold]
    assert all(row.target for row in splits.pool_gold)


@pytest.mark.parametrize(
    ("limit", "hidden", "unlabelled"), [(None, 14, 16), (30, 14, 16), (18, 2, 16), (16, 0, 16), (7, 0, 7)]
)
def test_a_limited_pool_takes_rows_that_nobody_has_labelled_first(
    limit: int | None, hidden: int, unlabelled: int, make: MakeModule, tmp_path: Path
) -> None:
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps({"text": f"new {n}"}) + "\n" for n in range(6)))
    splits = make(empty=10, pool=str(tmp_path / "pool.jsonl"), partition=Partition(0.5, pool_limit=limit)).splits
    assert (len(splits.pool_gold), len(splits.unlabelled)) == (hidden, unlabelled)
    assert len(splits.pool) == hidden + unlabelled


def test_a_stage_that_met_another_pool_is_not_taken_for_done(make: MakeModule) -> None:
    assert make(empty=1).fingerprint() != make(empty=2).fingerprint()
    assert make(empty=2).fingerprint() == make(empty=2).fingerprint()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("message\nhello\n", r"pool\.csv:2: no column 'text', which a row of the pool needs .*; the row has: message"),
        ("text\n \n", r"pool\.csv: no row with a text; expected columns text"),
        ("text\n", r"pool\.csv: no row with a text"),
        (None, r"pool\.csv: no such file"),
    ],
)
def test_a_pool_that_cannot_be_is_one_line(content: str | None, told: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "pool.csv").write_text(content)
    with pytest.raises(InputError, match=told):
        read_pool(TASK, tmp_path / "pool.csv")


def test_the_order_is_the_seeds() -> None:
    train = [Example(f"{n}", {"text": f"row {n}"}, ("good", "bad")[n % 2]) for n in range(12)]
    bare = [Example(f"pool-{n}", {"text": f"new {n}"}) for n in range(50)]
    first, again, other = (make_splits(TASK, train, train[:2], Partition(1.0, seed), bare) for seed in (0, 0, 1))
    assert list(first.pool) == list(again.pool) != list(other.pool)
    assert {row.id for row in first.pool} == {row.id for row in other.pool} == {row.id for row in bare}
