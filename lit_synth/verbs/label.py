"""`lit_synth label`: a table with what a finished student says of each row.

A verb of its own beside LightningCLI's ``predict``, whose ``--model`` names a class and whose ``--config`` a stage.
"""

import csv
import itertools
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lit_synth.display.board import Reached
from lit_synth.display.choice import display, showing
from lit_synth.errors import InputError
from lit_synth.tables import Row, is_empty, read_table, read_texts, suffix

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

    from lit_synth.deployed import Answer, Student

EVERY = 5.0
"""Seconds between two lines of progress."""
Write = Callable[[Row], Any]


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth label`` and do it."""
    from lit_synth.options import parse

    found = parse(parser_of(), words)
    if found.batch_size < 1:
        raise InputError(f"--batch_size {found.batch_size}: give 1 or more")
    from lit_synth.deployed import Student
    from lit_synth.stages import quiet

    quiet()
    student = Student(found.model, found.device, found.batch_size)
    with showing():
        output = label(student, found.file, found.output, lambda line: print(line, flush=True), force=found.force)
    print(f"Wrote {output}")


def parser_of() -> "ArgumentParser":
    """Return what reads the words behind ``lit_synth label``."""
    from jsonargparse import ArgumentParser

    about = "Labels the rows of a table with a finished student, or writes their texts where it is text to text."
    parser = ArgumentParser(prog="lit_synth label", exit_on_error=False, description=about)
    parser.add_argument(
        "--model", type=Path, required=True, help="seed0/<strategy>/model of a run, or an export of one"
    )
    parser.add_argument("file", type=Path, help="CSV, TSV, JSON Lines or Parquet with the columns that it learnt from")
    parser.add_argument(
        "--output", type=Path | None, help=".csv, .tsv or .jsonl; by default FILE.labelled.csv or .jsonl, beside FILE"
    )
    parser.add_argument("--force", action="store_true", help="replace an output that is there")
    parser.add_argument("--batch_size", type=int, default=64, help="rows a batch")
    parser.add_argument("--device", type=str | None, help="such as cpu or cuda; the GPU where there is one, by default")
    return parser


def label(
    student: "Student",
    file: Path,
    output: Path | None = None,
    tell: Callable[[str], None] | None = None,
    *,
    force: bool = False,
) -> Path:
    """Write a table with ``predicted``, and for labels ``probability`` and that of each label, beside its columns.

    Rows are read, labelled and written as they come, so that memory does not grow with the table. The output gets its
    name when the last row is written: a run that is stopped leaves no half of it there.

    Args:
        student: Who answers.
        file: CSV, TSV, JSON Lines or Parquet; a row with an empty text is kept, and nothing is said of it.
        output: ``.csv``, ``.tsv`` or ``.jsonl``; by default ``.labelled.csv`` or ``.labelled.jsonl`` beside the table.
        tell: Gets lines of progress.
        force: Replace an output that is there.

    Raises:
        InputError: A column is missing, is there already, or so is the output, or it is of another format.
    """
    kind = suffix(file)
    text = ".csv" if kind in (".csv", ".tsv") else ".jsonl"
    output = output or file.with_name(f"{file.name[: -len(kind)]}.labelled{text}")
    if suffix(output) not in (".csv", ".tsv", ".jsonl"):
        raise InputError(f"{output}: written are .csv, .tsv and .jsonl; give one of these names")
    if output.resolve() == file.resolve():
        raise InputError(f"{output}: is the table itself; give another --output")
    if output.exists() and not force:
        raise InputError(f"{output}: is there already; give --force to replace it, or another --output")
    total = _looked_at(student, file)
    started = shown = time.monotonic()
    empty = 0
    with _writer(output, student) as write:
        for number, (row, answer) in enumerate(_answered(student, file), start=1):
            empty += answer is None
            write({**row, **_said(student, answer)})
            now = time.monotonic()
            if tell is not None and (now - shown >= min(EVERY, display().every) or number == total):
                shown = now
                display().reached(Reached("label", number, total, "rows", now - started), tell)
    if tell is not None and empty:
        tell(
            "1 row has no text; nothing is said of it"
            if empty == 1
            else f"{empty:,} rows have no text; nothing is said of them"
        )
    return output


def _looked_at(student: "Student", file: Path) -> int:
    """Return the number of rows, once every row has been seen to be one: before the first is labelled, not the last."""
    total = 0
    new = _columns(student)
    for line, row in read_texts(file):
        total += 1
        if missing := [name for name in student.task.fields if name not in row]:
            raise InputError(f"{file}:{line}: no column {missing[0]!r}; the row has: {', '.join(row)}")
        if known := [name for name in new if name in row]:
            raise InputError(f"{file}:{line}: has a column {known[0]!r} already; rename it, or take it out")
    if not total:
        raise InputError(f"{file}: no rows; expected columns {', '.join(student.task.fields)}")
    return total


def _answered(student: "Student", file: Path) -> "Iterator[tuple[Row, Answer | None]]":
    """Yield every row with its answer; ``None`` where a text is empty."""
    rows = (row for _, row in read_table(file))
    whole, asked = itertools.tee(rows)  # holds what the student has read ahead, no more
    names = student.task.fields
    answers = student.predict({name: str(row[name]) for name in names} for row in asked if _is_whole(row, names))
    for row in whole:
        yield row, next(answers) if _is_whole(row, names) else None


def _is_whole(row: Row, names: Iterable[str]) -> bool:
    return not any(is_empty(row[name]) for name in names)


def _columns(student: "Student") -> list[str]:
    labels = student.task.labels
    return ["predicted", *(["probability", *(f"probability of {label}" for label in labels)] if labels else [])]


def _said(student: "Student", answer: "Answer | None") -> Row:
    if answer is None:
        return dict.fromkeys(_columns(student))
    said: Row = {"predicted": answer.target}
    if student.task.labels:
        said["probability"] = round(float(answer.probability or 0), 6)
        for name in student.task.labels:
            said[f"probability of {name}"] = round(answer.probabilities[name], 6)
    return said


@contextmanager
def _writer(output: Path, student: "Student") -> Iterator[Write]:
    """Give a function that writes one row; the file gets its name only if all goes well."""
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f"{output.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as lines:
            yield (
                _as_cells(lines, "\t" if suffix(output) == ".tsv" else ",")
                if suffix(output) != ".jsonl"
                else (lambda row: lines.write(json.dumps(row, ensure_ascii=False, default=str) + "\n"))
            )
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _as_cells(lines: TextIO, delimiter: str) -> Write:
    writers: list[Any] = []

    def write(row: Mapping[str, Any]) -> None:
        if not writers:
            writers.append(csv.DictWriter(lines, list(row), delimiter=delimiter))
            writers[0].writeheader()
        if more := set(row) - set(writers[0].fieldnames):
            raise InputError(f"column {min(more)!r}: the first row has none; write .jsonl, where rows may differ")
        writers[0].writerow(row)

    return write
