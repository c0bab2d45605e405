"""Rows of a folder (`train`, `validation`, `test`; JSON Lines, gzip, CSV or Parquet) as examples of a task."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lit_synth.examples import Example, InputError, read_json_lines
from lit_synth.task import Task

SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".parquet")


def find_split(data_dir: Path, split: str) -> Path | None:
    """Return the file of a split, or ``None`` where the folder has none.

    Raises:
        InputError: The folder does not exist, or holds the split in two formats.
    """
    if not data_dir.is_dir():
        raise InputError(f"data_dir {data_dir}: no such folder; give the folder that holds train.jsonl and test.jsonl")
    found = [path for suffix in SUFFIXES if (path := data_dir / (split + suffix)).exists()]
    if len(found) > 1:
        raise InputError(f"data_dir {data_dir}: {found[0].name} and {found[1].name} are both there; keep one")
    return found[0] if found else None


def read_split(task: Task, path: Path) -> list[Example]:
    """Read every row of a file as a gold example; ids are ``<split>-<line>``.

    Raises:
        InputError: The file is empty, a column is missing, or a label unknown; the message starts with ``file:line:``.
    """
    split = path.name.split(".")[0]
    examples = [
        Example(f"{split}-{line}", _inputs(task, row, path, line), _label(task, row, path, line))
        for line, row in _rows(path)
    ]
    if not examples:
        raise InputError(f"{path}: no rows; expected columns {', '.join((*task.fields, task.target))}")
    return examples


def _inputs(task: Task, row: dict[str, Any], path: Path, line: int) -> dict[str, str]:
    fields = {}
    for name in task.fields:
        value = _column(row, name, path, line)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{path}:{line}: column {name!r} holds {value!r}; expected a text that is not empty")
        fields[name] = value.strip()
    return fields


def _label(task: Task, row: dict[str, Any], path: Path, line: int) -> str:
    value = _column(row, task.target, path, line)
    label = str(value).lower() if isinstance(value, bool) else str(value).strip()
    if label not in task.labels:
        known = ", ".join(task.labels[:8]) + (f", … ({len(task.labels)} in all)" if len(task.labels) > 8 else "")
        raise InputError(f"{path}:{line}: unknown label {label!r} in column {task.target!r}; known labels: {known}")
    return label


def _column(row: dict[str, Any], name: str, path: Path, line: int) -> Any:
    if name not in row:
        raise InputError(f"{path}:{line}: no column {name!r}; the row has: {', '.join(map(str, row)) or 'none'}")
    return row[name]


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.suffix == ".parquet":
        from pyarrow import ArrowException, parquet

        try:
            rows = parquet.read_table(path).to_pylist()
        except (ArrowException, OSError) as error:
            raise InputError(f"{path}: not a Parquet file ({str(error).splitlines()[0]})") from None
        yield from enumerate(rows, start=1)
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            try:
                for row in reader:
                    yield reader.line_num, row
            except (UnicodeDecodeError, csv.Error) as error:
                raise InputError(f"{path}:{reader.line_num}: not a CSV file in UTF-8 ({error})") from None
    else:
        yield from read_json_lines(path)
