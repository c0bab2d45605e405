"""Pages in a browser: how they are laid out on a narrow phone, and what their script does."""

import json
import re
import subprocess
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest

from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.folders.collection import collect
from lit_synth.report.page import write_report
from lit_synth.report.several import render_several
from lit_synth.report.students import group_title
from tests.report.chromium import CHROMIUM, needs_chromium
from tests.report.curated import add, found
from tests.report.reading import SCRIPT
from tests.report.sweeps import make_sweep

MakeRun = Callable[..., Path]
WIDTH = 360
LAYOUT = """
const wide = [...page.querySelectorAll("main *")].filter(element =>
  !element.closest(".scroll, pre, svg") && element.getBoundingClientRect().right > innerWidth + 1);
const small = [...page.querySelectorAll("main *")].filter(element =>
  element.textContent.trim() && parseFloat(getComputedStyle(element).fontSize) < 11);
return {
  width: page.documentElement.scrollWidth, height: page.documentElement.scrollHeight,
  wide: wide.map(element => element.outerHTML.slice(0, 80)),
  small: small.map(element => element.outerHTML.slice(0, 80)),
};
""".replace("innerWidth", str(WIDTH))
SORT = """
const table = page.querySelector("table.sorts");
const column = number => [...table.tBodies[0].rows].map(row => row.cells[number].firstChild?.textContent ?? "");
const headers = [...table.tHead.rows[0].cells];
const press = number => { headers[number].querySelector("button").click(); return headers[number].ariaSort; };
const told = { before: column(3), unsorted: headers.filter(header => header.ariaSort).length };
told.first = [press(3), column(3)];
told.second = [press(3), column(3)];
told.names = [press(0), [...table.tBodies[0].rows].map(row => row.querySelector(".dot").textContent)];
told.others = headers.map(header => header.ariaSort);
told.change = [press(4), column(4)];
headers[1].querySelector("button").focus();
told.focused = page.activeElement.textContent;
told.unsorted_tables = page.querySelectorAll("table:not(.sorts) button").length;
return told;
"""
SORT_GROUPS = """
const table = page.querySelector("table.sorts");
const shown = number => [...table.tBodies].map(body => [...body.rows].map(row =>
  row.querySelector(".group") ? [row.textContent] : row.cells[number].dataset.value ?? row.cells[number].textContent));
const headers = [...table.tHead.rows[0].cells];
const press = number => {
  headers[number].querySelector("button").click();
  return [headers[number].ariaSort, shown(number)];
};
const told = { before: shown(2), means: [press(2), press(2)], worth: press(5) };
told.students = [...table.tBodies].map(body => body.querySelectorAll(".dot").length);
return told;
"""

pytestmark = needs_chromium


def look(html: str, script: str, folder: Path) -> Any:
    """Show a page as wide as a phone, run a function's body on its document, and return what that returns."""
    frame = f'<iframe style="width:{WIDTH}px;height:800px;border:0" srcdoc="{escape(html)}"></iframe>'
    body = f"const page = document.querySelector('iframe').contentDocument; {script}"
    told = f"onload = () => {{ document.title = JSON.stringify((() => {{ {body} }})()); }}"
    outer = folder / "outer.html"
    # A headless window has a least width; a frame has none, and stands for the phone.
    outer.write_text(f"<meta charset=utf-8>{frame}<script>{told}</script>", encoding="utf-8")
    shown, complaints = browse(outer, folder)
    assert complaints == []
    title = re.search(r"<title>(\{.*?\})</title>", shown, re.DOTALL)
    assert title is not None
    return json.loads(title[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def browse(path: Path, folder: Path) -> tuple[str, list[str]]:
    """Return what a file becomes in a browser, and what the console says."""
    # Without a sandbox, since CI runs as root; the page is our own, and its script too.
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    shown = subprocess.run(  # noqa: S603 - our own page
        [*command, "--enable-logging=stderr", "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return shown.stdout, [line for line in shown.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("kind", ["make_run", "make_text"])
@pytest.mark.parametrize("is_curated", [True, False])
def test_page_fits_a_phone(kind: str, is_curated: bool, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    make: MakeRun = request.getfixturevalue(kind)
    run = make(seeds=(0, 1, 2))
    if is_curated:
        add(run, *[found()] * 3)
    fits(write_report(run).read_text(encoding="utf-8").replace("<details", "<details open"), tmp_path)


def test_page_of_several_runs_fits_a_phone(tmp_path: Path) -> None:
    make_sweep(tmp_path / "runs" / "a", failed=(64, 1), limit=900)
    make_sweep(tmp_path / "runs" / "b", task="topics", seeds=(0,), amounts=())
    collection = collect([tmp_path / "runs"])
    fits(render_several(collection, appraise(collection)), tmp_path)


def fits(html: str, tmp_path: Path) -> None:
    measured = look(html, LAYOUT, tmp_path)
    assert measured["height"] > 2000
    assert measured["wide"] == []
    assert measured["width"] <= WIDTH
    assert measured["small"] == []


def test_tables_sort_by_value(make_run: MakeRun, tmp_path: Path) -> None:
    # Shown with a digit behind the point, 100.0 would come before 76.0 as a word.
    html = write_report(make_run(accuracy={"full": 1.0, "generate": 0.09})).read_text(encoding="utf-8")
    told = look(html, SORT, tmp_path)
    plain = [value.replace("\u202f", " ") for value in told["before"]]
    assert plain == ["76.0 %", "84.5 %", "9.0 %", "83.8 %", "100.0 %", "89.0 %"]
    largest = ["100.0 %", "89.0 %", "84.5 %", "83.8 %", "76.0 %", "9.0 %"]
    assert told["unsorted"] == 0
    for (order, values), wanted in ((told["first"], largest), (told["second"], largest[::-1])):
        assert [value.replace("\u202f", " ") for value in values] == wanted
        assert order == ("descending" if wanted == largest else "ascending")
    assert told["names"] == ["ascending", ["annotate", "both", "full", "generate", "gold", "teacher"]]
    assert told["others"] == ["ascending", None, None, None, None]
    order, changes = told["change"]
    assert order == "descending"
    assert changes == ["+24.0", "+13.0", "+8.5", "+7.8", "\N{MINUS SIGN}67.0", ""]  # gold, which has none, is last
    assert told["focused"] == "gold rows"
    assert told["unsorted_tables"] == 0


def test_students_of_several_runs_are_sorted_within_their_run(tmp_path: Path) -> None:
    # A gain beyond every label there is has no end, which comes before any number.
    make_sweep(tmp_path / "sweep", fractions=(64, 512), amounts=(125,), gains={"both": 0.45})
    collection = collect([tmp_path / "sweep"])
    (task,) = appraise(collection)
    told = look(render_several(collection, [task]), SORT_GROUPS, tmp_path)
    titles = [[group_title(task, run)] for run in task.runs]
    means = [[f"{outcome.summary.mean:.6g}" for outcome in task.of(run)] for run in task.runs]
    assert told["before"] == [[title, *own] for title, own in zip(titles, means, strict=True)]
    assert means[0] != sorted(means[0], key=float)
    for (order, groups), down in zip(told["means"], (True, False), strict=True):
        assert order == ("descending" if down else "ascending")
        own = [sorted(group, key=float, reverse=down) for group in means]
        assert groups == [[title, *group] for title, group in zip(titles, own, strict=True)]
    order, groups = told["worth"]
    assert order == "descending"
    endless = [outcome for outcome in task.outcomes if outcome.worth and outcome.worth.rows == float("inf")]
    assert endless
    assert any(group[1] == "Infinity" for group in groups)
    for (_, *group), run in zip(groups, task.runs, strict=True):
        known = [float(value.replace("Infinity", "inf")) for value in group if value]
        assert known == sorted(known, reverse=True)
        assert group[len(known) :] == [""] * sum(outcome.worth is None for outcome in task.of(run))
    assert told["students"] == [len(task.of(run)) for run in task.runs]


def test_no_other_script_runs_and_ours_does_without_complaint(make_run: MakeRun, tmp_path: Path) -> None:
    page = write_report(make_run())
    shown, complaints = browse(page, tmp_path)
    assert complaints == []
    assert "<button" in shown
    html = page.read_text(encoding="utf-8")
    other = tmp_path / "other.html"
    for added in ('<script>document.title = "taken"</script>', '<p onclick="1">', f"<script>{SCRIPT} </script>"):
        other.write_text(html.replace("<main>", f"<main>{added}<img src=x onerror='document.title = `taken`'>"))
        shown, complaints = browse(other, tmp_path)
        assert "<title>taken</title>" not in shown
        assert any("Content Security Policy" in line for line in complaints)
