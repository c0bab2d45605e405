"""Rows of a folder (JSON Lines, gzip, CSV, TSV or Parquet) or of the hub as examples of a task."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError, is_text, shown
from lit_synth.examples import Example
from lit_synth.on_disk import Kept
from lit_synth.tables import SUFFIXES, Row, as_label, read_table
from lit_synth.task import Task

Normalise = Callable[[Row], Row]
"""Turns a row in any of a data set's known spellings into the task's columns."""


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


def read_split(task: Task, path: Path, normalise: Normalise = dict) -> Kept[Example]:
    """Read every row of a file as a gold example; ids are ``<split>-<line>``.

    Raises:
        InputError: The file is empty, a column is missing, or a label unknown; the message starts with ``file:line:``.
    """
    rows = ((f"{path}:{line}", line, row) for line, row in read_table(path))
    return _examples(task, path.name.split(".")[0], str(path), rows, normalise)


def read_hub(task: Task, dataset: str, revision: str | None, split: str, normalise: Normalise = dict) -> Kept[Example]:
    """Read a split of a data set of the hub, or of a local folder that ``datasets`` can load.

    Args:
        task: The columns to look for.
        dataset: ``owner/name`` or ``owner/name/configuration``, or a folder.
        revision: Branch, tag or commit; ``refs/convert/parquet`` where the data set has a loading script, which
            ``datasets`` no longer runs.
        split: ``train``, ``validation`` or ``test``.
        normalise: Turns a row into the task's columns.

    Raises:
        InputError: It cannot be reached or has no such split; a row is bad.
    """
    from datasets import ClassLabel, load_dataset

    parts = dataset.split("/") if not Path(dataset).is_dir() else [dataset]
    name, configuration = "/".join(parts[:2]), "/".join(parts[2:]) or None
    try:
        rows = load_dataset(name, configuration, split=split, revision=revision)
    except Exception as error:  # datasets raises errors of a dozen libraries
        first = str(error).strip().splitlines()[0][:200]
        raise InputError(
            f"dataset {dataset}, split {split}: cannot be loaded ({first}); check name, revision and network, "
            "or give a folder with --data_dir"
        ) from None
    names = {key: kind.names for key, kind in rows.features.items() if isinstance(kind, ClassLabel)}
    numbered = (
        (
            f"{dataset}[{split}]:{number}",
            number,
            {
                key: names[key][value] if key in names and value is not None and value >= 0 else value
                for key, value in row.items()
            },
        )
        for number, row in enumerate(rows, start=1)
    )
    return _examples(task, split, f"dataset {dataset}, split {split}", numbered, normalise)


def _examples(
    task: Task, split: str, source: str, rows: Iterator[tuple[str, int, Row]], normalise: Normalise
) -> Kept[Example]:
    examples = Kept(example_of(task, f"{split}-{line}", place, normalise(row)) for place, line, row in rows)
    if not examples:
        raise InputError(f"{source}: no rows; expected columns {', '.join((*task.columns, task.target))}")
    return examples


def example_of(task: Task, name: str, place: str, row: Row) -> Example:
    """Return a row of a table as a gold example.

    Raises:
        InputError: A column is missing, a text empty, or a label unknown; the message starts with ``place``.
    """
    fields = _fields(task, place, row)
    value = _column(row, task.target, place)
    if task.labels:
        return Example(name, fields, _label(task, value, place))
    target = _text(value, task.target, place)
    others = (_column(row, task.references, place) if task.references else None) or []
    # A format without lists has one text there.
    texts = [_text(text, str(task.references), place) for text in (others if isinstance(others, list) else [others])]
    return Example(name, fields, target, references=tuple(dict.fromkeys([target, *texts])))


def unlabelled_of(task: Task, name: str, place: str, row: Row) -> Example:
    """Return a row of a table as an example without a target, whatever its column of the target holds.

    Raises:
        InputError: A column of the input is missing, or a text empty; the message starts with ``place``.
    """
    return Example(name, _fields(task, place, row))


def _fields(task: Task, place: str, row: Row) -> dict[str, str]:
    return {column: _text(_column(row, column, place), column, place) for column in task.columns}


def _text(value: Any, column: str, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{place}: column {column!r} holds {shown(value)}; expected a text that is not empty")
    if "\0" in value or not is_text(value):
        # NUL bytes are what UTF-16 looks like as UTF-8; half characters can be written to no file.
        raise InputError(f"{place}: column {column!r} holds {shown(value)}, which is no text; save the file as UTF-8")
    return value.strip()


def _label(task: Task, value: Any, place: str) -> str:
    if value is None or value == "":
        raise InputError(f"{place}: column {task.target!r} holds {value!r}; give the row a label, or leave it out")
    label = as_label(value)
    if label not in task.labels:
        known = ", ".join(task.labels[:8]) + (f", … ({len(task.labels)} in all)" if len(task.labels) > 8 else "")
        raise InputError(f"{place}: unknown label {shown(label)} in column {task.target!r}; known labels: {known}")
    return label


def _column(row: Row, name: str, place: str) -> Any:
    if name not in row:
        there = shown(", ".join(map(str, row)), 200)[1:].removesuffix("'")
        raise InputError(f"{place}: no column {name!r}; the row has: {there or 'none'}")
    return row[name]
