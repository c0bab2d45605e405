"""What a reader says of rows: how it is read, what is refused, and what becomes of a row."""

import json
from pathlib import Path
from typing import Any

import pytest

from lit_synth.curation.marks import Mark, fingerprint, marked, read_marks, see_that_it_can_be
from lit_synth.errors import InputError
from lit_synth.examples import Example

LABELS = ("late", "praise")
ROW = Example(
    "7", {"text": "where is it"}, "praise", "generated", {"late": 0.2, "praise": 0.8}, {"attempt": 1}, (), 0.5
)
REFUSED = Example("8", {"text": "where"}, "praise", "generated", provenance={"reason": "repeats an accepted row"})


def written(path: Path, *rows: Any) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"mark": "keep"}, "id None: give strategy/seed/row"),
        ({"id": 3, "mark": "keep"}, "id 3: give strategy/seed/row"),
        ({"id": "a/seed0/1", "mark": "maybe"}, "mark 'maybe': give keep, drop or correct"),
        ({"id": "a/seed0/1"}, "mark None: give keep"),
        ({"id": "a/seed0/1", "mark": "correct"}, "target None: a row to correct needs its label or text"),
        ({"id": "a/seed0/1", "mark": "correct", "target": " "}, "target ' ': a row to correct needs"),
        ({"id": "a/seed0/1", "mark": "drop", "target": "late"}, "target 'late': only a row to correct has one"),
        ({"id": "a/seed0/0", "mark": "drop"}, "id 'a/seed0/0': is marked in line 1 already"),
        ([], "expected an object"),
    ],
)
def test_a_bad_line_is_told_by_file_and_line(row: Any, told: str, tmp_path: Path) -> None:
    path = written(tmp_path / "review.jsonl", {"id": "a/seed0/0", "mark": "drop", "target": None}, row)
    with pytest.raises(InputError) as error:
        list(read_marks(path))
    assert str(error.value).startswith(f"{path}:2: ")
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("mark", "row", "told"),
    [
        (Mark("g/seed0/7", "correct", "lte"), ROW, "target 'lte': no label of the task; it has: late, praise"),
        (
            Mark("g/seed0/7", "keep"),
            Example("7", {"text": "x"}, "late", provenance={"reason": "copies a row of test"}),
            "keep 'g/seed0/7': it copies a row of test, and a student that learns from it could not be tested",
        ),
        (
            Mark("g/seed0/7", "correct", "late"),
            Example("7", {"text": "x"}, "late", provenance={"reason": "leaks a row of development"}),
            "it leaks a row of development",
        ),
        (
            Mark("g/seed0/7", "keep"),
            Example("7", {}, "late", provenance={"reason": "outside the template"}),
            "no input",
        ),
        (Mark("g/seed0/7", "keep"), Example("7", {"text": "x"}), "it has no target; correct it instead"),
        (Mark("g/seed0/7", "drop"), Example("7", {}), None),
        (Mark("g/seed0/7", "keep"), REFUSED, None),
    ],
)
def test_a_mark_that_cannot_be_is_refused(mark: Mark, row: Example, told: str | None) -> None:
    if told is None:
        see_that_it_can_be(mark, row, LABELS)
        return
    with pytest.raises(InputError, match=told):
        see_that_it_can_be(mark, row, LABELS)


def test_rows_become_what_their_marks_say() -> None:
    dropped = marked(ROW, Mark("g/seed0/7", "drop"), LABELS)
    assert dropped.provenance == {"attempt": 1, "review": {"mark": "drop"}, "reason": "review"}
    assert (dropped.target, dropped.probabilities) == (ROW.target, ROW.probabilities)
    kept = marked(REFUSED, Mark("g/seed0/8", "keep"), LABELS)
    assert kept.provenance == {"review": {"mark": "keep", "reason": "repeats an accepted row"}}
    assert kept.probabilities == {"late": 0.0, "praise": 1.0}, "what a student learns from has some"
    assert marked(ROW, Mark("g/seed0/7", "keep"), LABELS).probabilities == ROW.probabilities
    other = marked(ROW, Mark("g/seed0/7", "correct", "late"), LABELS)
    assert (other.target, other.probabilities, other.weight) == ("late", {"late": 1.0, "praise": 0.0}, 1.0)
    assert other.provenance["review"] == {"mark": "correct", "target": "praise"}
    text = marked(Example("1", {"text": "x"}, "a", references=("a", "b")), Mark("g/seed0/1", "correct", "c"), ())
    assert (text.target, text.references, text.probabilities) == ("c", (), None)


def test_rows_are_known_by_what_they_say() -> None:
    assert fingerprint(ROW) == fingerprint(Example("other", {"text": "where is it"}, "praise"))
    assert fingerprint(ROW) != fingerprint(ROW.with_target("late")), "of another label a reader may think otherwise"
    said = [Example("1", fields, provenance={"text": text}) for fields in ({}, {"text": "x"}) for text in ("a", "b")]
    assert len({fingerprint(row) for row in said}) == 3
