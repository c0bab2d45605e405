"""`lit_synth init`: from a table of labelled texts to the YAML of a run."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lit_synth.columns import Guess, columns_of, guess
from lit_synth.errors import InputError, printable
from lit_synth.starter import starter
from lit_synth.survey import survey
from lit_synth.tables import Row, is_empty, read_texts
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
    config = init(
        found.file,
        text,
        found.label,
        found.output,
        pool=found.pool,
        force=found.force,
        tell=lambda line: print(printable(line)),
        agreed=_agreed if asks else None,
    )
    print(f"Wrote {config}; read it, it says what each setting does")
    command = f"lit_synth run --config {shlex.quote(str(config))}"
    print(f"Next, about {_minutes(config)}:\n  {command}")
    print(f"A look at prompts and written rows first, in about a minute:\n  {command} --preview")


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
    path = Path(file)
    name = path.name.split(".")[0]
    config = Path(output) if output is not None else Path(f"{name}.yaml")
    if config.exists() and not force:
        raise InputError(f"{config}: is there already; give --force to replace it, or another --output")
    rows = list(read_texts(path))
    if not rows:
        raise InputError(f"{path}: no rows")
    try:
        found = survey(rows, guess(columns_of(row for _, row in rows), text, label))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    table = Path(pool) if pool is not None else None
    seen: set[str] = set()
    own = look_at(_without_label(rows, found.guess), found, seen)
    more = look_at(read_texts(table), found, seen, table) if table is not None else Unlabelled()
    for line in (*found.told(path), *own.told(found.guess.target), *more.told(found.guess.target, table)):
        if tell is not None:
            tell(line)
    content = starter(path, found, config, Path("runs") / config.stem, table, own.kept + more.kept)
    if agreed is not None and not agreed():
        raise InputError("nothing is written; --text COLUMN[,COLUMN] and --label COLUMN name other columns")
    config.parent.mkdir(parents=True, exist_ok=True)
    write_whole(config, content)
    return config


def _without_label(rows: Sequence[tuple[int, Row]], guess: Guess) -> Iterator[tuple[int, Row]]:
    for line, row in rows:
        if is_empty(row.get(guess.target)) and not any(is_empty(row.get(name)) for name in guess.text):
            yield line, row


def _agreed() -> bool:
    return input("Is that right? [Y/n] ").strip().casefold() in ("", "y", "yes")


def _minutes(config: Path) -> str:
    """Return how long the run will take on this machine; what it needs is only asked where it is at hand."""
    from lit_synth.embedded import is_prepared
    from lit_synth.options import run_settings

    run = run_settings("run", ["--config", str(config)])[0]
    if not is_prepared("embedded:teacher"):
        return "as long as --preview will tell (the models, some 300 MB, are fetched first)"
    from lit_synth.pipeline import module_of
    from lit_synth.plan import matrix_rate, minutes, plan
    from lit_synth.stages import quiet

    quiet()
    whole = sum(minutes(plan(run, module_of(run, run.seeds[0])), matrix_rate()))
    return f"{max(1, round(whole * len(run.seeds))):,} minutes on this machine"
