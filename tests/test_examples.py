"""Examples in and out of JSON Lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples, write_examples

RICH = Example("a", {"text": "né { \u2028 }"}, "good", "generated", {"good": 0.75, "bad": 0.25}, {"attempt": 3})


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rows = [RICH, Example("b", {"text": "plain"}), Example("c", {}, "bad", "annotated")]
    assert write_examples(tmp_path / "deep" / "rows.jsonl", rows) == 3
    assert list(read_examples(tmp_path / "deep" / "rows.jsonl")) == rows


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text(), max_size=3))
def test_any_text_survives_the_json_form(name: str, fields: dict[str, str]) -> None:
    example = Example(name, fields, "label")
    assert Example.from_dict(json.loads(json.dumps(example.to_dict()))) == example


def test_absent_parts_are_left_out() -> None:
    assert set(Example("b", {"text": "plain"}).to_dict()) == {"id", "fields", "target", "origin"}


def test_a_failed_write_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_examples(path, [RICH])

    def broken() -> Any:
        yield Example("b", {})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_examples(path, broken())
    assert list(read_examples(path)) == [RICH]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"id": "a", "fields": {}, "labell": "x"}, "rows.jsonl:1: unknown key 'labell'; known: id, fields, target"),
        ({"fields": {}}, "rows.jsonl:1: an example needs 'id'"),
        ({"id": 7, "fields": {}}, "rows.jsonl:1: an example needs 'id' .a string"),
        ({"id": "7", "fields": "text"}, "rows.jsonl:1: an example needs .* 'fields' .an object"),
    ],
)
def test_a_line_that_is_no_example_is_named(tmp_path: Path, row: dict[str, Any], told: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(InputError, match=told):
        list(read_examples(path))
