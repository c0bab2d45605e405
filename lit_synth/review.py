"""A reader's marks in a run: kept by strategy and seed, and applied by a stage behind curation."""

import filecmp
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path

import yaml

from lit_synth.curation.marks import Mark, fingerprint, marked, read_marks
from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.ledger import Ledger
from lit_synth.whole_files import read_json, write_json, write_whole

KINDS = {"synthetic": "accepted.jsonl", "rejected": "rejected.jsonl"}
"""Folders where users look for rows, and the stage's file that stands there."""


def reviewed(
    ledger: Ledger, seed: Path, strategy: str, source: Path, key: str, labels: Sequence[str]
) -> tuple[Path, str]:
    """Apply the marks of a strategy's rows, where there are any; return the stage that holds the rows, and its key.

    Args:
        ledger: Knows what is done.
        seed: Folder of the seed, in that of the run.
        strategy: Whose rows.
        source: Stage that curated them.
        key: Of that stage.
        labels: Of the task; none where it is text to text.
    """
    marks = marks_file(seed.parent, strategy, seed.name)
    if not marks.exists():
        return source, key
    stage = seed / f"review_{strategy}"
    digest = sha256(marks.read_bytes()).hexdigest()
    work = partial(_apply, stage, source, marks, labels)
    key = ledger.do(stage, {"review": strategy, "source": source.name}, [key, digest], work)
    if unmet := read_json(stage / "curation.json")["strategy"]["unmet"]:
        ledger.tell(
            f"{seed.name}/{stage.name}: {unmet:,} marks of the review are of rows that are no longer as they were"
        )
    return stage, key


def marks_file(run: Path, strategy: str, seed: str) -> Path:
    """Return where a run keeps the marks of a strategy's rows."""
    return run / "review" / strategy / f"{seed}.jsonl"


def keep_marks(path: Path, marks: Iterable[Mark]) -> None:
    """Write the marks of a strategy's rows; without any there is no file."""
    lines = [
        {"id": one.address, "mark": one.kind, "target": one.target, "content": one.content}
        for one in sorted(marks, key=lambda one: one.address)  # the order of clicks makes no other stage
    ]
    if not lines:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def rows_of(stage: Path) -> Iterator[Example]:
    """Yield all rows of a stage, accepted ones first."""
    return chain.from_iterable(read_examples(stage / name) for name in KINDS.values())


def source_of(run: Path, strategy: str, seed: str) -> Path:
    """Return the stage of a finished run that curated a strategy's rows.

    Raises:
        InputError: There is none.
    """
    published = run / "synthetic" / strategy / f"{seed}.jsonl"
    reviewed_rows = run / seed / f"review_{strategy}" / "accepted.jsonl"
    told = reviewed_rows.with_name("config.yaml")
    # With another config, as by --redo, its rows may be of a stage that nobody learns from any more.
    if told.exists() and not (reviewed_rows.exists() and _differ(reviewed_rows, published)):
        return run / seed / str(yaml.safe_load(told.read_text(encoding="utf-8"))["source"])
    # Beside it may stand those of other amounts, and older ones that were set aside, with a point in their name.
    stages = [one for one in sorted((run / seed).glob(f"curation_{strategy}*")) if "." not in one.name]
    stages = [one for one in stages if (one / "accepted.jsonl").exists()]
    if len(stages) > 1:
        stages = [one for one in stages if not _differ(one / "accepted.jsonl", published)]
    if not stages:
        raise InputError(f"{run}/{seed}: no stage that curated the rows of {strategy}; the same lit_synth run makes it")
    return stages[0]


def publish(run: Path, strategy: str, seed: str, stage: Path) -> None:
    """Copy accepted and rejected rows to where users look for them."""
    for kind, file in KINDS.items():
        path = run / kind / strategy / f"{seed}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(stage / file, path)


def _differ(one: Path, other: Path) -> bool:
    return not filecmp.cmp(one, other, shallow=False)


def _apply(stage: Path, source: Path, path: Path, labels: Sequence[str]) -> None:
    marks = {mark.parts[-1]: mark for mark in read_marks(path)}
    write_examples(stage / "accepted.jsonl", _judged(source, marks, labels, rejected=False))
    write_examples(stage / "rejected.jsonl", _judged(source, marks, labels, rejected=True))
    accepted, applied, targets = 0, Counter[str](), set[str | None]()
    for row in read_examples(stage / "accepted.jsonl"):
        accepted += 1
        targets.add(row.target)
        applied.update([row.provenance["review"]["mark"]] if "review" in row.provenance else [])
    reasons = Counter[str]()
    for row in read_examples(stage / "rejected.jsonl"):
        reasons[str(row.provenance["reason"])] += 1
        applied.update([row.provenance["review"]["mark"]] if "review" in row.provenance else [])
    found = read_json(source / "curation.json")
    sizes = {"requested": accepted + reasons.total(), "accepted": accepted, "rejected": dict(reasons)}
    sizes |= {"labels": len(targets)} if labels else {}
    found["strategy"] |= sizes | {"review": dict(applied), "unmet": len(marks) - applied.total()}
    write_json(stage / "curation.json", found)


def _judged(source: Path, marks: Mapping[str, Mark], labels: Sequence[str], rejected: bool) -> Iterator[Example]:
    """Yield the rows that are accepted or those that are rejected, once more from the files: they may be many."""
    for row in rows_of(source):
        mark = marks.get(row.id)
        # A row that was made anew may have the id of the one that was read.
        if mark is not None and mark.content in (None, fingerprint(row)):
            row = marked(row, mark, labels)
        if rejected == ("reason" in row.provenance):
            yield row
