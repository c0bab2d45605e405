"""All rows, to be searched and marked: a form that the page's script fills from the rows that the page holds."""

import json
import shlex
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from lit_synth.examples import Example, read_examples
from lit_synth.report.folders.browsed import Browsed, browse
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.folders.nearest import nearest
from lit_synth.report.markup import Markup, section, tag
from lit_synth.report.wording import count

LONG = 2000
"""Characters of a text that are shown."""
ADDS_UP = ("seeds", "strategies", "amounts")
"""Settings that may grow from one call of a run to the next: its marks stay."""


def browser(folder: RunFolder) -> Markup:
    """Return the section with the rows of a run; nothing where there are none."""
    rows, total = browse(folder.path)
    if not rows:
        return Markup()
    about = [f"{count(total)} rows." if len(rows) == total else f"{count(len(rows))} of {count(total)} rows."]
    gold = {seed: _gold(folder, seed) for seed in dict.fromkeys(row.seed for row in rows)}
    if all(gold.values()):
        about.append("Beside each the labelled row that is most like it, by the words they share.")
    about.append("Marks stay in this browser until they are downloaded.")
    output = folder.settings.get("output", folder.path)
    data = {
        "key": _key(folder),
        "labels": folder.details.get("labels", []),
        "command": shlex.join(["lit_synth", "curate", "--review", "review.jsonl", str(output)]),
        **_content(rows, gold, folder.is_text),
    }
    note = tag("noscript", tag("p", "Searching and marking needs the page's script.", class_="note"))
    # Only the script can do anything here; `<` is escaped, so no row can end the element.
    held = Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))
    box = tag("div", note, class_="browser", id="browser")
    data_element = tag("script", held, type="application/json", id="rows")
    return tag("div", section("Look at the data", box, note=" ".join(about)), data_element, class_="broad")


def _gold(folder: RunFolder, seed: str) -> list[Example]:
    path = folder.path / seed / "gold.jsonl"
    return list(read_examples(path)) if path.exists() else []


def _content(rows: Sequence[Browsed], gold: dict[str, list[Example]], is_text: bool) -> dict[str, Any]:
    """Return the rows as the script reads them, and of the labelled rows those that stand beside one."""
    shown = [_row(row, is_text) for row in rows]
    beside: dict[tuple[str, int], int] = {}
    for seed, known in gold.items():
        own = [number for number, row in enumerate(rows) if row.seed == seed and row.example.fields]
        if not known or not own:
            continue
        found = nearest([_text(rows[number].example) for number in own], [_text(example) for example in known])
        for number, (place, alike) in zip(own, found, strict=True):
            if alike > 0:
                shown[number]["g"] = [beside.setdefault((seed, place), len(beside)), round(alike, 2)]
    labelled = [gold[seed][place] for seed, place in beside]
    return {"rows": shown, "gold": [{"x": _fields(example), "t": _cut(example.target)} for example in labelled]}


def _row(row: Browsed, is_text: bool) -> dict[str, Any]:
    """Return a row by short names, without what goes without saying."""
    example, made = row.example, row.example.provenance
    sure = made.get("confidence") if is_text else (example.probabilities or {}).get(str(example.target))
    review = made.get("review", {})
    asked = made.get("requested")
    told = {
        "i": row.address,
        "s": row.strategy,
        "n": row.seed.removeprefix("seed"),
        "o": example.origin,
        "x": _fields(example),
        "t": _cut(example.target),
        "c": None if sure is None else round(float(sure), 3),
        "r": str(made.get("reason", "no reason given")) if row.is_rejected else None,
        "q": asked if asked != example.target and asked not in example.fields.values() else None,
        "m": review.get("mark"),
        "w": review.get("target"),
    }
    return {name: value for name, value in told.items() if value is not None}


def _fields(example: Example) -> list[list[str]]:
    """Return the columns by name, which goes without saying where there is one; without any, what was written."""
    if not example.fields:
        return [["", _cut(str(example.provenance.get("text") or "")) or "(blank)"]]
    alone = len(example.fields) == 1
    return [["" if alone else name, _cut(value) or "(blank)"] for name, value in example.fields.items()]


def _text(example: Example) -> str:
    return "\n".join(example.fields.values())


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= LONG:
        return value
    return f"{value[:LONG]} … {count(len(value) - LONG)} characters are left out"


def _key(folder: RunFolder) -> str:
    """Return the name under which a browser keeps the marks of this run, and of no other."""
    settings = {name: value for name, value in folder.settings.items() if name not in ADDS_UP}
    said = json.dumps([str(folder.path.resolve()), settings], sort_keys=True, default=str)
    return sha256(said.encode()).hexdigest()[:16]
