"""Tables in every format give the same rows, one at a time, and say where they cannot be read."""

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from lit_synth.errors import InputError
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
    ("content", "first"),
    [
        ('"a;b;c",label\n"x;y;z",late\n', {"a;b;c": "x;y;z", "label": "late"}),
        ("size, cm;weight, kg;text\n1;70;hello\n", {"size, cm": "1", "weight, kg": "70", "text": "hello"}),
        ("text|label\nred, or blue; or both|late\n", {"text": "red, or blue; or both", "label": "late"}),
        ("text,label\n", None),
        ("text\nred, or blue\n", "2 cells under 1 columns"),
    ],
)
def test_cells_are_parted_by_what_parts_rows_as_the_header(content: str, first: object, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(content)
    if isinstance(first, str):
        with pytest.raises(InputError, match=first):
            list(read_table(tmp_path / "rows.csv"))
    else:
        assert next((row for _, row in read_table(tmp_path / "rows.csv")), None) == first


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("rows.xlsx", b"", r"known: \.jsonl.*; save the sheet as CSV"),
        ("rows.txt", b"", "cannot be read by its name"),
        ("rows.json", b"[{}]", "write one object a line, as by: jq"),
        ("rows.csv", b"text,label\na,b,c\n", r"rows\.csv:2: 3 cells under 2 columns, from 'a'; put .* in quotes"),
        ("rows.csv", "text,label\ncaf\xe9,x\n".encode("latin-1"), "not UTF-8.*save the file as UTF-8"),
        ("rows.parquet", b"no", "not a Parquet file"),
    ],
)
def test_what_cannot_be_read_is_told(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=told):
        list(read_table(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        # Messages as people type them: a quote that is never closed is a sign like any other.
        (
            "a.tsv",
            'label\ttext\nham\t"Hi there!\nspam\tfree "prize"\n',
            [("ham", '"Hi there!'), ("spam", 'free "prize"')],
        ),
        ("b.tsv", 'label\ttext\nham\t"in ""quotes"""\nspam\tx\n', [("ham", 'in "quotes"'), ("spam", "x")]),
        ("c.tsv", 'label\ttext\nham\t"two\nlines"\n', [("ham", "two\nlines")]),
        ("d.tsv", 'label\ttext\nham\t"a\ttab"\n', [("ham", "a\ttab")]),
    ],
)
def test_quotes_of_a_tsv_file_enclose_or_are_letters(
    name: str, content: str, rows: list[tuple[str, ...]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    assert [tuple(row.values()) for _, row in read_table(tmp_path / name)] == rows


def test_columns_without_a_name_are_called_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "spam.csv").write_text(",v1,v2,,\n0,ham,hello,,\n1,spam,free, again,\n")
    rows = [row for _, row in read_table(tmp_path / "spam.csv")]
    assert list(rows[1].items()) == [
        ("column 1", "1"),
        ("v1", "spam"),
        ("v2", "free"),
        ("column 4", " again"),
        ("column 5", ""),
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        list(read_table(tmp_path / "none.csv"))
