"""Test rows are held out of one file: by label, by input, and always the same ones."""

import json
from collections import Counter
from pathlib import Path

import pytest

from lit_synth.data.one_file import hold_out_test, read_file
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.task import Task

TASK = Task("mood", ("text",), "mood", ("good", "bad"))


def rows(number: int) -> list[Example]:
    return [
        Example(str(n), {"text": f"row {n // 2 * 2 if n % 10 == 1 else n}"}, "bad" if n % 4 else "good")
        for n in range(number)
    ]


def test_labels_are_in_proportion_and_no_input_is_on_both_sides() -> None:
    train, test = hold_out_test(TASK, rows(400), 0.25)
    assert len(train) + len(test) == 400
    assert not {TASK.key(row) for row in train} & {TASK.key(row) for row in test}
    counts = Counter(row.target for row in test)
    assert counts["good"] == 25
    assert counts["bad"] == pytest.approx(75, abs=12)  # repeated inputs go together


def test_rows_that_are_added_move_few_of_the_others() -> None:
    before = {row.id for row in hold_out_test(TASK, rows(400), 0.2)[1]}
    after = {row.id for row in hold_out_test(TASK, rows(440), 0.2)[1]}
    assert len(before - after) < 0.15 * len(before)


def test_paragraphs_stay_whole() -> None:
    task = Task("answers", ("paragraph", "answer"), "right", ("0", "1"), unit=("paragraph",))
    made = [Example(str(n), {"paragraph": f"p{n // 5}", "answer": f"a{n}"}, str(n % 2)) for n in range(100)]
    train, test = hold_out_test(task, made, 0.2)
    assert len(test) == 20
    assert not {row.fields["paragraph"] for row in train} & {row.fields["paragraph"] for row in test}


def test_empty_texts_are_counted_and_rows_without_a_label_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"row {n},{'good' if n % 2 else 'bad'}" for n in range(20)]
    path.write_text("\n".join(["text,mood", *lines, " ,good", "some text,", "other,"]) + "\n")
    train, test, unlabelled, left_out = read_file(TASK, path, 0.2)
    assert (len(train), len(test)) == (16, 4)
    assert [(row.fields["text"], row.target) for row in unlabelled] == [("some text", None), ("other", None)]
    assert left_out == {"without a text": 1}


def test_a_row_of_json_lines_may_leave_its_label_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    made = [{"text": f"row {n}"} | ({"mood": ("good", "bad")[n % 2]} if n > 2 else {}) for n in range(23)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in made))
    train, test, unlabelled, _ = read_file(TASK, path, 0.2)
    assert (len(train), len(test)) == (16, 4)
    assert [row.id for row in unlabelled] == ["row-1", "row-2", "row-3"]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in made[:3]))
    with pytest.raises(InputError, match=r"rows\.jsonl:1: no column 'mood'; the row has: text"):
        read_file(TASK, path, 0.2)


def test_a_text_that_stands_twice_is_tested_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = [f"row {n},{'good' if n % 2 else 'bad'}" for n in range(20)]
    path.write_text("\n".join(["text,mood", *lines, *(line.upper().lower() for line in lines), *lines]) + "\n")
    train, test, _, left_out = read_file(TASK, path, 0.3)
    assert (len(train), len(test)) == (14 * 3, 6)
    assert left_out == {"repeated in test": 12}
    assert [row.id for row in test] == sorted((row.id for row in test), key=lambda name: int(name[4:]))
    assert max(int(row.id[4:]) for row in test) <= 21, "the first one counts"


@pytest.mark.parametrize(
    ("content", "share", "told"),
    [
        ("text,mood\na,good\n", 0.2, "1 rows with a text and a target are too few"),
        ("text,mood\na,good\nb,bad\n", 1.5, "test_share 1.5: give a share between 0 and 1"),
        ("text,feeling\na,good\n", 0.2, "no column 'mood'"),
        ("text,mood\na,fine\n", 0.2, "rows.csv:2: unknown label 'fine'"),
    ],
)
def test_what_cannot_be_split_is_told(content: str, share: float, told: str, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(content)
    with pytest.raises(InputError, match=told):
        read_file(TASK, tmp_path / "rows.csv", share)
