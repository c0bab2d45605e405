"""Pages as a browser lays them out on a narrow phone."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest

from lit_synth.report.appraise import appraise
from lit_synth.report.collection import collect
from lit_synth.report.page import write_report
from lit_synth.report.several import render_several
from tests.report.curated import add, found
from tests.report.sweeps import make_sweep

CHROMIUM = shutil.which("chromium")
WIDTH = 360
MEASURE = """
const page = document.querySelector("iframe").contentDocument;
const wide = [...page.querySelectorAll("main *")].filter(element =>
  !element.closest(".scroll, pre, svg") && element.getBoundingClientRect().right > innerWidth + 1);
const small = [...page.querySelectorAll("main *")].filter(element =>
  element.textContent.trim() && parseFloat(getComputedStyle(element).fontSize) < 11);
document.title = JSON.stringify({
  width: page.documentElement.scrollWidth, height: page.documentElement.scrollHeight,
  wide: wide.map(element => element.outerHTML.slice(0, 80)),
  small: small.map(element => element.outerHTML.slice(0, 80)),
});
""".replace("innerWidth", str(WIDTH))


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
@pytest.mark.parametrize("kind", ["make_run", "make_text"])
@pytest.mark.parametrize("is_curated", [True, False])
def test_page_fits_a_phone(kind: str, is_curated: bool, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    make: Callable[..., Path] = request.getfixturevalue(kind)
    run = make(seeds=(0, 1, 2))
    if is_curated:
        add(run, *[found()] * 3)
    fits(write_report(run).read_text(encoding="utf-8").replace("<details>", "<details open>"), tmp_path)


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_page_of_several_runs_fits_a_phone(tmp_path: Path) -> None:
    make_sweep(tmp_path / "runs" / "a", failed=(64, 1), limit=900)
    make_sweep(tmp_path / "runs" / "b", task="topics", seeds=(0,), amounts=())
    collection = collect([tmp_path / "runs"])
    fits(render_several(collection, appraise(collection)), tmp_path)


def fits(html: str, tmp_path: Path) -> None:
    frame = f'<iframe style="width:{WIDTH}px;height:800px;border:0" srcdoc="{escape(html)}"></iframe>'
    outer = tmp_path / "outer.html"
    # A headless window has a least width; a frame has none, and stands for the phone.
    outer.write_text(f"<meta charset=utf-8>{frame}<script>onload = () => {{{MEASURE}}}</script>", encoding="utf-8")
    # Without a sandbox, since CI runs as root; the page is our own and has no script.
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shown = subprocess.run(  # noqa: S603 - our own page
        [*command, "--dump-dom", outer.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    title = re.search(r"<title>(\{.*?\})</title>", shown.stdout)
    assert title is not None
    measured = json.loads(title[1])
    assert measured["height"] > 2000
    assert measured["wide"] == []
    assert measured["width"] <= WIDTH
    assert measured["small"] == []
