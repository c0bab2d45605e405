"""Examples in and out of JSON Lines, and what a reader is told about a bad line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.examples import Example, InputError, read_examples, read_json_lines, write_examples

RICH = Example("a", {"text": "né { \u2028 }"}, "good", "generated", {"good": 0.75, "bad": 0.25}, {"attempt": 3})


def lines(path: Path, *content: str) -> Path:
    path.write_text("".join(line + "\n" for line in content), encoding="utf-8")
    return path


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


def test_blank_lines_are_skipped_but_counted(tmp_path: Path) -> None:
    path = lines(tmp_path / "rows.jsonl", "", '{"a": 1}', "  ", '{"a": 2}')
    assert list(read_json_lines(path)) == [(2, {"a": 1}), (4, {"a": 2})]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\n')
    assert list(read_json_lines(path)) == [(1, {"a": 1})]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{'a': 1}", r"rows\.jsonl:2: not JSON \(.*\): \"\{'a': 1\}\""),
        ("[1]", r"rows\.jsonl:2: expected an object, found list"),
        ("7", r"rows\.jsonl:2: expected an object, found int"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        list(read_json_lines(lines(tmp_path / "rows.jsonl", "{}", line)))


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
    with pytest.raises(InputError, match=told):
        list(read_examples(lines(tmp_path / "rows.jsonl", json.dumps(row))))


def test_a_file_in_another_encoding_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"text": "café"}\n'.encode("latin-1"))
    with pytest.raises(InputError, match=r"rows\.jsonl.*save the file as UTF-8"):
        list(read_json_lines(path))


WHOLE = gzip.compress(b'{"a": 1}\n' * 9999)
BROKEN = {"plain": b"plain text", "cut off": WHOLE[:-12], "damaged": WHOLE[:10] + b"\xff" * 20 + WHOLE[30:]}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_gzip_file_is_a_mistake_in_the_input(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"rows\.jsonl\.gz"):
        list(read_json_lines(path))
