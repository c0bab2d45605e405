"""Rows of a table in any format that people keep labelled texts in, one at a time: CSV, TSV, JSON Lines, Parquet."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from lit_synth.examples import InputError, read_json_lines

Row = dict[str, Any]
SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".tsv", ".parquet")
DELIMITERS = ",;\t|"
"""What parts the cells of a CSV file: spreadsheets write semicolons where the comma is the decimal sign."""
csv.field_size_limit(2**31 - 1)  # a cell may hold a document; the limit of 128 KiB is for other uses


def suffix(path: Path) -> str:
    """Return the ending that tells a file's format.

    Raises:
        InputError: It is none of those that can be read.

    >>> suffix(Path("rows.v2.jsonl.gz"))
    '.jsonl.gz'
    """
    found = next((one for one in SUFFIXES if path.name.lower().endswith(one)), None)
    if found is None:
        more = "; save the sheet as CSV" if path.suffix.lower() in (".xlsx", ".xls", ".ods") else ""
        raise InputError(f"{path}: cannot be read by its name; known: {', '.join(SUFFIXES)}{more}")
    return found


def read_table(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield ``(number, row)`` of a file, one at a time: the number of its line, or of the row in Parquet.

    Raises:
        InputError: It is not there, not of the format that its name says, or a line has more cells than the first.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    kind = suffix(path)
    if kind == ".parquet":
        yield from _parquet(path)
    elif kind in (".csv", ".tsv"):
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield from _cells(path, lines, "\t" if kind == ".tsv" else None)
    else:
        yield from read_json_lines(path)


def is_empty(value: Any) -> bool:
    """Tell whether a cell holds nothing: no value, no number, or blanks.

    >>> [is_empty(value) for value in (None, " ", float("nan"), 0, "a")]
    [True, True, True, False, False]
    """
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def as_label(value: Any) -> str:
    """Return a cell as the name of a label.

    >>> as_label(True), as_label(" late "), as_label(3), as_label(3.0)
    ('true', 'late', '3', '3')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with an empty cell is one of floats in Parquet
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _cells(path: Path, lines: TextIO, delimiter: str | None) -> Iterator[tuple[int, Row]]:
    try:
        first = lines.readline()
    except UnicodeDecodeError as error:
        raise _no_text(path, 1, error) from None
    lines.seek(0)
    delimiter = delimiter or max(DELIMITERS, key=first.count)
    reader = csv.DictReader(lines, delimiter=delimiter)
    try:
        for row in reader:
            if None in row:
                more = len(row[None])
                raise InputError(
                    f"{path}:{reader.line_num}: {more} more cells than the first line has columns "
                    f"({', '.join(map(str, reader.fieldnames or ()))}); put a text that holds {delimiter!r} in quotes"
                )
            yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise _no_text(path, reader.line_num, error) from None


def _no_text(path: Path, line: int, error: Exception) -> InputError:
    return InputError(f"{path}:{line}: not a CSV file in UTF-8 ({error}); save it as CSV UTF-8")


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches(batch_size=1024) for row in batch.to_pylist())
            yield from enumerate(rows, start=1)
    except (ArrowException, OSError) as error:
        raise InputError(f"{path}: not a Parquet file ({str(error).splitlines()[0]})") from None
