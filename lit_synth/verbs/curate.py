"""`lit_synth curate`: a reader's marks, from the page of a run to its rows."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lit_synth.curation.marks import Kind, Mark, fingerprint, read_marks, see_that_it_can_be
from lit_synth.errors import InputError, shown

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

Place = tuple[str, str]
"""Strategy and seed."""


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth curate`` and do it."""
    from lit_synth.options import parse

    found = parse(parser_of(), words)
    curate_by_hand(found.run, found.review, print)


def parser_of() -> "ArgumentParser":
    """Return what reads the words behind ``lit_synth curate``."""
    from jsonargparse import ArgumentParser

    about = "Applies a review of a run's synthetic rows: the file that the run's page gives for the marks set there."
    parser = ArgumentParser(prog="lit_synth curate", exit_on_error=False, description=about)
    parser.add_argument("run", type=Path, help="folder of the run")
    what = "JSON Lines: id, mark (keep, drop or correct), target; the whole review: marks it no longer has are undone"
    parser.add_argument("--review", type=Path, required=True, help=what)
    return parser


def curate_by_hand(run: Path, review: Path, tell: Callable[[str], None]) -> None:
    """Make a review the run's own, and apply it to ``synthetic/`` and ``rejected/``.

    Nothing else is touched but their manifest: the same `lit_synth run` trains the students anew that learn from these
    rows.

    Args:
        run: Folder of the run.
        review: JSON Lines with ``id``, ``mark`` and ``target``.
        tell: Gets what was done, a line each.

    Raises:
        InputError: There is no such run or row, or a mark cannot be.
    """
    from lit_synth.ledger import Ledger, key_of
    from lit_synth.manifest import write_manifest
    from lit_synth.records import alone
    from lit_synth.review import keep_marks, marks_file, publish, reviewed, source_of
    from lit_synth.whole_files import read_json

    if not (run / "run.json").is_file():
        raise InputError(f"{run}: no run.json; is this the --output of `lit_synth run`, and has it begun?")
    details = read_json(run / "run.json")
    labels = list(details.get("labels", []))
    marks = _checked(run, list(read_marks(review)), labels)
    before = {(path.parent.name, path.stem) for path in run.glob("review/*/*.jsonl")}
    ledger = Ledger(lambda line: None, run)
    for strategy, seed in sorted(before | set(marks)):
        with alone(run, seed):
            keep_marks(marks_file(run, strategy, seed), marks.get((strategy, seed), []))
            source = source_of(run, strategy, seed)
            stage, _ = reviewed(ledger, run / seed, strategy, source, key_of(source), labels)
            publish(run, strategy, seed, stage)
        tell(f"{strategy}, {seed}: {_told(marks.get((strategy, seed), []))}")
    manifest = run / "synthetic" / "manifest.json"
    if manifest.is_file():  # its sums are of the rows as they were
        known = read_json(manifest)
        write_manifest(run, known["config"], known["versions"])
    tell(f"Rows are in {run / 'synthetic'} and {run / 'rejected'}; figures and page are still those from before.")
    command = details.get("command") or f"lit_synth run --config FILE --output {shlex.quote(str(run))}"
    tell(f"Train the students that learn from them anew, and no others:\n  {command}")


def _checked(run: Path, marks: Sequence[Mark], labels: Sequence[str]) -> dict[Place, list[Mark]]:
    """Return the marks by strategy and seed, each with its row's fingerprint, once all of them are known to make sense.

    Raises:
        InputError: A row is not there, or cannot be marked so.
    """
    from lit_synth.review import rows_of, source_of

    places: dict[Place, dict[str, Mark]] = defaultdict(dict)
    for mark in marks:
        strategy, seed, name = mark.parts
        if not (run / "synthetic" / strategy / f"{seed}.jsonl").is_file() or not name or ".." in (strategy, seed):
            raise InputError(f"{mark.place}: id {shown(mark.address)}: {run} has no such row")
        places[strategy, seed][name] = mark
    checked: dict[Place, list[Mark]] = {}
    for (strategy, seed), wanted in places.items():
        left = dict(wanted)
        checked[strategy, seed] = []
        for row in rows_of(source_of(run, strategy, seed)):
            if (found := left.pop(row.id, None)) is not None:
                see_that_it_can_be(found, row, labels)
                checked[strategy, seed].append(replace(found, content=fingerprint(row)))
        for mark in left.values():
            raise InputError(f"{mark.place}: id {shown(mark.address)}: {run} has no such row")
    return checked


def _told(marks: Sequence[Mark]) -> str:
    counts = Counter(mark.kind for mark in marks)
    words: dict[Kind, str] = {"keep": "kept", "drop": "dropped", "correct": "corrected"}
    told = [f"{counts[kind]:,} {word}" for kind, word in words.items() if counts[kind]]
    return ", ".join(told) or "no marks any more; the rows are as they were curated"
