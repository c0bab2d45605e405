"""Tables in every format give the same rows, one at a time, and say where they cannot be read."""

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from lit_synth.examples import InputError
from lit_synth.tables import read_table

ROWS = [{"text": "a, b; c", "label": "x"}, {"text": "zwei\nZeilen", "label": "ü"}]


def save(path: Path) -> None:
    if path.suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(ROWS), path)
    elif ".jsonl" in path.name:
        content = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    else:
        delimiter = {"semicolon.csv": ";", "rows.tsv": "\t"}.get(path.name, ",")
        with path.open("w", encoding="utf-8-sig", newline="") as lines:
            writer = csv.DictWriter(lines, ["text", "label"], delimiter=delimiter)
            writer.writeheader()
            writer.writerows(ROWS)


@pytest.mark.parametrize("name", ["rows.csv", "semicolon.csv", "rows.tsv", "rows.jsonl", "rows.jsonl.gz", "r.parquet"])
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    save(tmp_path / name)
    assert [row for _, row in read_table(tmp_path / name)] == ROWS


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("rows.xlsx", b"", r"known: \.jsonl.*; save the sheet as CSV"),
        ("rows.txt", b"", "cannot be read by its name"),
        ("rows.csv", b"text,label\na,b,c\n", r"rows\.csv:2: 3 cells under 2 columns, from 'a'; put .* in quotes"),
        ("rows.csv", "text,label\ncaf\xe9,x\n".encode("latin-1"), "not UTF-8.*save the file as UTF-8"),
        ("rows.parquet", b"no", "not a Parquet file"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=told):
        list(read_table(tmp_path / name))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(read_table(tmp_path / "none.csv"))
