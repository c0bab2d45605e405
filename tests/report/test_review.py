"""The browser of rows in a page, as a reader uses it: search, filters, marks, the file that they make, a reload."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from re import findall
from typing import Any

import pytest

from lit_synth.curation.marks import read_marks
from lit_synth.examples import Example, write_examples
from lit_synth.report.folders.browsed import browse
from lit_synth.report.folders.nearest import nearest
from lit_synth.report.page import write_report
from tests.report.chromium import CHROMIUM, Browser, browser
from tests.report.conftest import LABELS, LINES
from tests.report.reading import rows as held

MakeRun = Callable[..., Path]
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
HELP = """
const box = document.querySelector("#browser");
const fields = [...box.querySelectorAll(".filter label")];
const control = name => fields.find(one => one.firstChild.textContent === name).control;
const set = (name, value) => {
  const field = control(name);
  field.value = value;
  field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input"));
};
const items = () => [...box.querySelectorAll("ol > li")];
const told = () => box.querySelector(".told").textContent;
"""
NAMED = """
const seen = element => element.checkVisibility();
const named = element =>
  element.getAttribute("aria-label") || element.labels?.[0]?.textContent.trim() || element.textContent.trim();
const controls = [...document.querySelectorAll("input, select, textarea, button, summary, [tabindex]")].filter(seen);
return {
  unnamed: controls.filter(one => !named(one) && !one.matches(".scroll")).map(one => one.outerHTML),
  controls: controls.length,
  live: [...document.querySelectorAll("output")].map(one => one.getAttribute("aria-live")),
  headless: [...document.querySelectorAll("table")].filter(one => !one.querySelector("th[scope=col]")).length,
  groups: [...document.querySelectorAll(".marking")].map(one => [one.getAttribute("role"), one.ariaLabel !== null]),
  lang: document.documentElement.lang,
};
"""


def keep_gold(run: Path, seed: int = 0) -> Path:
    gold = [Example(f"train-{number}", {"text": line}, LABELS[number % 2]) for number, line in enumerate(LINES)]
    write_examples(run / f"seed{seed}" / "gold.jsonl", gold)
    return run


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture
def shown(tab: Browser, make_run: MakeRun) -> Callable[..., Any]:
    """Return a function that runs a body in a run's page, which is shown at the first call."""
    page = write_report(keep_gold(make_run(seeds=(0, 1))))
    tab.said.clear()
    tab.show(page)
    tab.run("localStorage.clear()")
    tab.reload()
    return lambda body: tab.run(HELP + body)


def test_the_nearest_gold_row_is_that_of_exhaustive_search() -> None:
    gold = [*LINES, "Kept short."]
    texts = ["two hours of photography", "a funny piece of work", "far, far better", "42", ""]
    found = nearest(texts, gold)
    # Every pair, from the definition: log((1 + n) / (1 + df)) + 1 for a word or a pair of words, and the cosine.

    def terms(text: str) -> list[str]:
        words = findall(r"\w+", text.lower())
        return [*words, *(f"{one} {other}" for one, other in pairwise(words))]

    bags = [set(terms(text)) for text in gold]
    weight = {term: log((1 + len(gold)) / (1 + sum(term in bag for bag in bags))) + 1 for term in set().union(*bags)}

    def vector(text: str) -> dict[str, float]:
        raw = {term: terms(text).count(term) * weight[term] for term in terms(text) if term in weight}
        norm = sqrt(sum(value**2 for value in raw.values())) or 1.0
        return {term: value / norm for term, value in raw.items()}

    for text, (place, alike) in zip(texts, found, strict=True):
        every = [sum(value * vector(row).get(term, 0) for term, value in vector(text).items()) for row in gold]
        assert alike == pytest.approx(max(every))
        assert every[place] == pytest.approx(alike)
    assert [place for place, _ in found[:3]] == [3, 0, 4]
    assert nearest(["word"], ["?!"]) == [(0, 0.0)]
    assert nearest(["天気はいい"], ["音楽", "天気"])[0][0] == 1


def test_a_page_holds_rows_up_to_a_bound_and_those_reviewed_first(make_run: MakeRun) -> None:
    run = make_run()
    marked = Example("late", {"text": "x"}, "positive", "generated", provenance={"review": {"mark": "keep"}})
    write_examples(run / "synthetic" / "generate" / "seed1.jsonl", [marked])
    rows, total = browse(run, most=20)
    assert (len(rows), total) == (20, 300 + 150 + 84 + 1)
    assert rows == browse(run, most=20)[0]
    assert "generate/seed1/late" in {row.address for row in rows}
    assert {row.is_rejected for row in rows} == {True, False}
    some, _ = browse(run, characters=300)
    assert sum(row.size for row in some) <= 300 < sum(row.size for row in rows)


def test_texts_of_a_row_cannot_end_the_element_that_holds_them(make_run: MakeRun) -> None:
    evil = "</script><script>document.title = 1</script><!--"
    found = held(make_run(text=lambda number: f"{evil}{number}"))  # checked: parsed as one element
    assert found["rows"][0]["x"][0][1].startswith(evil)


def test_texts_with_columns_and_without_labels_are_held(make_text: MakeRun) -> None:
    found = held(make_text())
    assert found["labels"] == []
    row = found["rows"][0]
    assert [name for name, _ in row["x"]] == ["triples", "category"]
    assert row["t"].startswith("Ash")
    assert "g" not in row


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


@needs_chromium
def test_all_that_can_be_done_has_a_name_and_a_place_among_the_keys(shown: Callable[..., Any], tab: Browser) -> None:
    told = tab.run(NAMED)
    assert told["unnamed"] == []
    assert told["controls"] > 70
    assert set(told["live"]) == {"polite"}
    assert told["headless"] == 0
    assert told["groups"] == [["group", True]] * 20
    assert told["lang"] == "en"
    shown("control('order').focus()")
    outline = "const now = document.activeElement; return [now.textContent, getComputedStyle(now).outlineStyle]"
    tab.press("Tab")  # the button that downloads is not to be pressed while there are no marks
    assert tab.run(outline) == ["Keep", "solid"]
    tab.press("Enter")
    assert shown("return items()[0].className") == "keep"
    assert tab.run(outline) == ["Keep", "solid"], "the focus stays"
    tab.press("Tab")
    tab.press(" ")
    assert shown("return items()[0].className") == "drop"
    tab.press("Tab")
    assert tab.run("return document.activeElement.tagName") == "SELECT"


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_words_can_be_told_from_their_ground(
    shown: Callable[..., Any], tab: Browser, tmp_path: Path, dark: bool
) -> None:
    tab.show(Path(tab.run("return decodeURI(location.pathname)")), width=400, dark=dark)
    told = tab.run(
        """
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const light = colour => {
          canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
          return .2126 * r + .7152 * g + .0722 * b;
        };
        const ground = one => {
          for (; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return light(colour);
          }
        };
        return [...document.querySelectorAll("#browser :is(p, span, button:enabled, label, output, select)")]
          .filter(one => one.checkVisibility() && one.textContent.trim())
          .map(one => [light(getComputedStyle(one).color), ground(one), one.className])
          .map(([a, b, name]) => [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), name])
          .filter(([ratio]) => ratio < 4.5);
        """
    )
    assert told == []  # WCAG 2, level AA
