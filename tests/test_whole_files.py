"""JSON files: whole or not at all, and told where they are whole no more."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lit_synth.errors import InputError
from lit_synth.whole_files import read_json, write_json


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"text": "né"})
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"text": object()})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"text": "né"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_what_is_written_side_by_side_stays_whole(tmp_path: Path) -> None:
    path, values = tmp_path / "a.json", [{"n": number, "pad": "x" * 5000} for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            list(pool.map(lambda value: write_json(path, value), values))
            assert json.loads(path.read_text()) in values
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("content", "absent", "told"),
    [
        (b"", None, "a.json:1: damaged"),
        (b"\0\0\0", {}, "a.json:1: damaged"),
        (b"\xff", {}, "a.json: damaged"),
        (b"[" * 100_000, {}, "a.json: damaged"),
        (b"[]", {}, "a.json: expected a dict, found a list"),
    ],
)
def test_what_is_no_json_or_of_another_type_is_told(tmp_path: Path, content: bytes, absent: Any, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_json(path, absent)


def test_a_file_that_may_be_absent_is_what_stands_for_it(tmp_path: Path) -> None:
    assert read_json(tmp_path / "a.json", []) == []
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "a.json")
