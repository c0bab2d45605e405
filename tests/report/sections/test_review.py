"""The browser of rows in a page, as a reader uses it: search, filters, marks, the file that they make, a reload."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lit_synth.curation.marks import read_marks
from tests.report.chromium import Browser, needs_chromium
from tests.report.conftest import LINES


@needs_chromium
def test_every_filter_shows_its_rows_and_no_others(shown: Callable[..., Any]) -> None:
    cases = {
        "find": ("HARDER look", lambda row: "hard to look" in row["x"][0][1] and "harder" in row["x"][0][1]),
        "label": ("negative", lambda row: row["t"] == "negative"),
        "confidence from": ("0.94", lambda row: False),
        "to": ("0.93", lambda row: True),
        "origin": ("generated", lambda row: row["o"] == "generated"),
        "seed": ("1", lambda row: row["n"] == "1"),
        "outcome": ("=duplicate", lambda row: row.get("r", "").startswith("duplicate")),
    }
    every = json.loads(shown("return document.querySelector('#rows').textContent"))["rows"]
    assert len(every) == 2 * (300 + 150 + 84)
    for name, (value, wanted) in cases.items():
        told = shown(f"set({name!r}, {value!r}); const seen = told(); set({name!r}, ''); return [seen, told()];")
        number = sum(map(wanted, every))
        assert told[0].startswith(f"{number:,} of 1,068 rows"), name
        assert told[1].startswith("1,068 of 1,068 rows; 1 to 20"), name
    both = shown(
        "set('origin', 'generated'); set('outcome', 'rejected'); set('seed', '0'); return [told(), items().length]"
    )
    assert both == ["42 of 1,068 rows; 1 to 20 are shown", 20]
    last = shown("const next = [...box.querySelectorAll('nav button')][1]; next.click(); next.click(); return told()")
    assert last == "42 of 1,068 rows; 41 to 42 are shown"
    reasons = shown("return items().map(item => item.querySelector('.reason').textContent)")
    assert len(reasons) == 2


@needs_chromium
def test_the_nearest_gold_row_stands_beside(shown: Callable[..., Any]) -> None:
    told = shown(
        "set('find', 'handsome (3)'); const beside = items()[0].querySelector('.beside');"
        "return [beside.querySelector('.text').textContent, beside.querySelector('.facts').textContent]"
    )
    assert told[0] == LINES[3]
    assert told[1].startswith("positive")
    without = shown("set('find', ''); set('seed', '1'); return items()[0].querySelector('.beside').textContent")
    assert without == "no gold row shares a word"


@needs_chromium
def test_marks_outlive_a_reload_and_become_a_review(shown: Callable[..., Any], tab: Browser, tmp_path: Path) -> None:
    press = (
        "const press = (row, name) =>"
        " [...items()[row].querySelectorAll('button')].find(one => one.textContent === name).click();"
    )
    correct = (
        "const select = items()[2].querySelector('.marking select'); select.value = 'positive';"
        "select.dispatchEvent(new Event('change'));"
    )
    told = shown(
        f"{press} press(0, 'Keep'); press(1, 'Drop'); {correct} press(3, 'Drop'); press(3, 'Drop');"
        "press(4, 'Keep'); press(4, 'Drop'); return box.querySelector('.summary').textContent"
    )
    assert told == "4 marked: 1 keep, 2 drop, 1 corrected."
    tab.reload()
    assert shown("return box.querySelector('.summary').textContent") == told
    assert shown("return items().slice(0, 5).map(item => item.className)") == ["keep", "drop", "correct", "", "drop"]
    assert shown("set('mark', 'drop'); return told()") == "2 of 1,068 rows"
    shown("box.querySelector('.review button').click()")
    path = tmp_path / "review.jsonl"
    path.write_text(tab.downloaded("review.jsonl"))
    found = [(mark.address, mark.kind, mark.target) for mark in read_marks(path)]
    assert found == [
        ("annotate/seed0/annotate-0", "keep", None),
        ("annotate/seed0/annotate-1", "drop", None),
        ("annotate/seed0/annotate-2", "correct", "positive"),
        ("annotate/seed0/annotate-4", "drop", None),
    ]
    assert shown("return box.querySelector('.review code').textContent").startswith("lit_synth curate --review")
    assert tab.said == []
