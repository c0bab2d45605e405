"""JSON Lines, and what a reader is told about a bad line."""

import gzip
from pathlib import Path

import pytest

from lit_synth.errors import InputError
from lit_synth.json_lines import read_json_lines


def lines(path: Path, *content: str) -> Path:
    path.write_text("".join(line + "\n" for line in content), encoding="utf-8")
    return path


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
