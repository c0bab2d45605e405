"""A page with a browser of rows, shown in a tab, and scripts for what a reader does there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lit_synth.examples import Example, write_examples
from lit_synth.report.page import write_report
from tests.report.chromium import Browser, browser
from tests.report.conftest import LABELS, LINES

MakeRun = Callable[..., Path]
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


def keep_gold(run: Path, seed: int = 0) -> Path:
    gold = [Example(f"train-{number}", {"text": line}, LABELS[number % 2]) for number, line in enumerate(LINES)]
    write_examples(run / f"seed{seed}" / "gold.jsonl", gold)
    return run


@pytest.fixture(scope="package")
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
