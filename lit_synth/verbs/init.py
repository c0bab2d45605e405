"""`lit_synth init`: from a table of labelled texts to the YAML of a run."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lit_synth.cells import columns_of
from lit_synth.columns import Guess, guess
from lit_synth.errors import InputError, printable
from lit_synth.examples import Example
from lit_synth.starter import annotated, starter
from lit_synth.survey import survey
from lit_synth.tables import Row, as_label, is_empty, read_texts
from lit_synth.unlabelled import Unlabelled, look_at
from lit_synth.whole_files import write_whole

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth init`` and do it."""
    from lit_synth.options import parse

    found = parse(parser_of(), words)
    asks = not found.yes and sys.stdin.isatty() and sys.stdout.isatty()
    text = [name.strip() for name in found.text.split(",")] if found.text else []
    config, table = _start(
        Path(found.file),
        text,
        found.label,
        found.output,
        found.pool,
        found.force,
        lambda line: print(printable(line)),
        _agreed if asks else None,
    )
    print(f"Wrote {config}; read it, it says what each setting does")
    command = f"lit_synth run --config {shlex.quote(str(config))}"
    print(f"Next, about {_minutes(config, table)}:\n  {command}")
    print(_shorter(table))
    print(f"A look at prompts and synthetic rows first, in about a minute:\n  {command} --preview")


def parser_of() -> "ArgumentParser":
    """Return what reads the words behind ``lit_synth init``."""
    from jsonargparse import ArgumentParser

    about = "Looks at a table of labelled texts and writes the YAML with which lit_synth run starts on it."
    parser = ArgumentParser(prog="lit_synth init", exit_on_error=False, description=about)
    parser.add_argument("file", type=Path, help="CSV, TSV, JSON Lines (.jsonl, .jsonl.gz) or Parquet, a row an example")
    parser.add_argument("--text", type=str | None, help="column of the text, or several: COLUMN,COLUMN; else guessed")
    parser.add_argument("--label", type=str | None, help="column of the label, or of the text to write; else guessed")
    about = (
        "rows without labels, in any of these formats, for the teacher to annotate; the text's column has the same name"
    )
    parser.add_argument("--pool", type=Path | None, help=about)
    parser.add_argument("--output", type=Path | None, help="YAML to write; by default the file's name, in this folder")
    parser.add_argument("--force", action="store_true", help="replace a YAML that is there")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    return parser


def init(
    file: str | Path,
    text: Sequence[str] = (),
    label: str | None = None,
    output: str | Path | None = None,
    *,
    pool: str | Path | None = None,
    force: bool = False,
    tell: Callable[[str], None] | None = None,
    agreed: Callable[[], bool] | None = None,
) -> Path:
    """Write the YAML of a run on a table of labelled texts.

    Args:
        file: CSV, TSV, JSON Lines or Parquet.
        text: Columns of the input; guessed where none is given.
        label: Column of the label, or of the text to be written; guessed where it is not given.
        output: YAML to write; by default the file's name, in the current folder.
        pool: Table of rows without labels, in any of these formats, which the teacher is to annotate; rows of `file`
            without a label join it.
        force: Replace a YAML that is there.
        tell: Gets what was found, a line each.
        agreed: Asked before anything is written.

    Returns:
        The YAML, for `run`.

    Raises:
        InputError: The table cannot be read, a column is not there or not to be guessed, or there is too little in it.
    """
    return _start(
        Path(file),
        text,
        label,
        None if output is None else Path(output),
        None if pool is None else Path(pool),
        force,
        tell or (lambda line: None),
        agreed,
    )[0]


@dataclass(frozen=True)
class _Table:
    """What was found of a table: its rows with text and target, how many different ones, and the pool's.

    `annotated` tells whether the run annotates a pool; else its teacher writes rows.
    """

    rows: list[Row]
    kept: int
    pool: int
    annotated: bool


def _start(
    path: Path,
    text: Sequence[str],
    label: str | None,
    output: Path | None,
    pool: Path | None,
    force: bool,
    tell: Callable[[str], None],
    agreed: Callable[[], bool] | None,
) -> tuple[Path, _Table]:
    name = path.name.split(".")[0]
    config = output if output is not None else Path(f"{name}.yaml")
    if config.exists() and not force:
        raise InputError(f"{config}: is there already; give --force to replace it, or another --output")
    rows = list(read_texts(path))
    if not rows:
        raise InputError(f"{path}: no rows")
    try:
        found = survey(rows, guess(columns_of(row for _, row in rows), text, label))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    seen: set[str] = set()
    own = look_at(_without_label(rows, found.guess), found, seen)
    more = look_at(read_texts(pool), found, seen, pool) if pool is not None else Unlabelled()
    for line in (*found.told(path), *own.told(found.guess.target), *more.told(found.guess.target, pool)):
        tell(line)
    unlabelled = own.kept + more.kept
    content = starter(path, found, config, Path("runs") / config.stem, pool, unlabelled)
    if agreed is not None and not agreed():
        raise InputError("nothing is written; --text COLUMN[,COLUMN] and --label COLUMN name other columns")
    config.parent.mkdir(parents=True, exist_ok=True)
    write_whole(config, content)
    columns = (*found.guess.text, found.guess.target)
    whole = [row for _, row in rows if not any(is_empty(row.get(name)) for name in columns)]
    return config, _Table(whole, found.kept, unlabelled, annotated(pool, unlabelled))


def _without_label(rows: Sequence[tuple[int, Row]], guess: Guess) -> Iterator[tuple[int, Row]]:
    for line, row in rows:
        if is_empty(row.get(guess.target)) and not any(is_empty(row.get(name)) for name in guess.text):
            yield line, row


def _agreed() -> bool:
    try:
        return input("Is that right? [Y/n] ").strip().casefold() in ("", "y", "yes")
    except EOFError:  # Ctrl-D
        print()
        return False


def _shorter(table: _Table) -> str:
    rows = "--pool_limit (annotated rows)" if table.annotated else "--generation.amount (written rows)"
    return f"Shorter with a lower --teacher.max_epochs (the teacher), --student.search.max_steps (each student), {rows}"


def _minutes(config: Path, table: _Table) -> str:
    """Return how long the run will take on this machine; what it needs is only asked where it is at hand."""
    from lit_synth.embedded import is_prepared
    from lit_synth.options import run_settings

    run = run_settings("run", ["--config", str(config)])[0]
    task = run.task
    assert task is not None  # noqa: S101 - the config has just been written with one
    if not all(map(is_prepared, (run.teacher.model, run.student.name(task)))):
        return "as long as --preview will tell (the models, some 300 MB, are fetched first)"
    if Path("/dev/nvidia0").exists():
        return "as long as --preview will tell, which measures the GPU"
    from lit_synth.sizing import whole_minutes

    rows = [
        Example("", {name: str(row[name]) for name in task.fields}, as_label(row[task.target])) for row in table.rows
    ]
    share = run.test_share if run.test_share is not None else 0.0
    test, others = round(table.kept * share), round(table.kept * (1 - share))
    gold = min(others, round(others * run.fraction) if run.fraction <= 1 else int(run.fraction))
    pool = min(others - gold + table.pool, run.pool_limit or others + table.pool)
    whole = whole_minutes(run, task, rows, gold, pool, test)
    return f"{max(1, round(whole)):,} minutes on this machine, if nothing else runs on it"
