"""Rows of a table in any format that people keep labelled texts in, one at a time: CSV, TSV, JSON Lines, Parquet."""

import csv
import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError, is_text, shown
from lit_synth.json_lines import open_lines, read_json_lines

Row = dict[str, Any]
SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".tsv", ".parquet")
_REMEDIES = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save the sheet as CSV"),
    ".json": "write one object a line, as by: jq -c '.[]' OLD.json > NEW.jsonl",
}
DELIMITERS = ",;\t|"
"""What parts the cells of a CSV file: spreadsheets write semicolons where the comma is the decimal sign."""
_WORD = re.compile(
    "[{0}]|[^\\s{0}]+".format("\u0e01-\u0eff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff")
)
"""A run of letters; in scripts that put no blanks between words (Thai, Lao, Japanese, Chinese) a sign."""
LOOKED_AT = 50
"""Lines by which it is guessed."""
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
        remedy = _REMEDIES.get(path.suffix.lower())
        raise InputError(
            f"{path}: cannot be read by its name; known: {', '.join(SUFFIXES)}{f'; {remedy}' if remedy else ''}"
        )
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
        yield from _cells(path, "\t" if kind == ".tsv" else None)
    else:
        yield from read_json_lines(path)


def read_texts(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows of `read_table` for who writes them again, as UTF-8.

    Raises:
        InputError: As there; or a row holds half of an emoji, as JSON can escape it.
    """
    for line, row in read_table(path):
        if not is_text(json.dumps(row, ensure_ascii=False, default=str)):
            raise InputError(f"{path}:{line}: holds what is no text: {shown(str(row))}; leave the row out, or mend it")
        yield line, row


def is_empty(value: Any) -> bool:
    """Tell whether a cell holds nothing: no value, no number, or blanks.

    >>> [is_empty(value) for value in (None, " ", float("nan"), 0, "a")]
    [True, True, True, False, False]
    """
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def count_words(text: str) -> int:
    """Return the words of a text; of scripts that leave no blanks between them, the signs.

    >>> count_words("two words"), count_words("光线怎么样"), count_words("PHONE 随时")
    (2, 5, 3)
    """
    return len(_WORD.findall(text))


def as_label(value: Any) -> str:
    """Return a cell as the name of a label.

    >>> as_label(True), as_label(" late "), as_label(3), as_label(3.0)
    ('true', 'late', '3', '3')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with an empty cell is one of floats in Parquet
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _cells(path: Path, delimiter: str | None) -> Iterator[tuple[int, Row]]:
    with open_lines(path) as lines:
        first = list(islice(lines, LOOKED_AT))
        delimiter = delimiter or max(DELIMITERS, key=lambda one: _parts(first, one))
        # Strict: else a quote that is never closed takes in all rows behind it as one.
        letters = delimiter == "\t" and _quotes_are_letters(path)
        kind = csv.QUOTE_NONE if letters else csv.QUOTE_MINIMAL
        reader = csv.reader(chain(first, lines), delimiter=delimiter, strict=True, quoting=kind)  # type: ignore[arg-type] # its two values
        try:
            # Sheets have columns without a name: an index, or what stood too far to the right.
            header = [name or f"column {place}" for place, name in enumerate(next(reader, []), start=1)]
            if twice := [name for name in header if header.count(name) > 1]:
                raise InputError(f"{path}:1: column {shown(twice[0])} stands twice; keep one")
            for cells in filter(None, reader):
                if len(cells) != len(header):
                    raise InputError(
                        f"{path}:{reader.line_num}: {len(cells)} cells under {len(header)} columns, from "
                        f"{shown(cells[0])}; put a text that holds {delimiter!r} or quotes in quotes"
                    )
                yield reader.line_num, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise InputError(f"{path}:{reader.line_num}: not CSV ({error}); is a quote left open?") from None


def _quotes_are_letters(path: Path) -> bool:
    """Tell whether a quote in a TSV file is part of a text, as where every line is a row and one is never closed."""
    with open_lines(path) as lines:
        rows = (line.rstrip("\r\n").split("\t") for line in lines)
        columns, left_open = len(next(rows, [])), False
        for cells in filter(any, rows):
            if len(cells) != columns:
                return False
            # Within quotes a quote is written twice, so that one that encloses is followed by the end of its cell.
            left_open |= any(cell.startswith('"') and not re.fullmatch('"(""|[^"])*"', cell) for cell in cells)
        return left_open


def _parts(lines: list[str], delimiter: str) -> tuple[int, int]:
    r"""Return how many of the first rows have as many cells as the header, and how many those are; nothing for one.

    What stands in quotes parts no cells, and a header alone may hold what parts none.

    >>> max(DELIMITERS, key=lambda one: _parts(['"a;b;c",label\n', '"x;y;z",late\n'], one))
    ','
    """
    try:
        rows = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:  # told by who reads the file
        return 0, 0
    cells = rows[0] if rows else 0
    return (rows.count(cells), cells) if cells > 1 else (0, 0)


def _parquet(path: Path) -> Iterator[tuple[int, Row]]:
    from pyarrow import ArrowException, parquet

    try:
        # Looked at first: pyarrow cannot read a file whose columns share a name.
        names = parquet.read_schema(path).names
        if twice := [name for name in names if names.count(name) > 1]:
            raise InputError(f"{path}: column {shown(twice[0])} stands twice; keep one")
        with parquet.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches(batch_size=1024) for row in batch.to_pylist())
            yield from enumerate(rows, start=1)
    except InputError:
        raise
    except (ArrowException, OSError, ValueError) as error:
        first = (str(error).splitlines() or ["unreadable"])[0]
        raise InputError(f"{path}: not a Parquet file ({first[:200]}); write it anew, or give JSON Lines") from None
