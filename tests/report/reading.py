"""Pages as a reader meets them: checked for order, and as plain words."""

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

from lit_synth.report.page import write_report

SCRIPT = "".join((files("lit_synth.report") / f"{name}.js").read_text(encoding="utf-8") for name in ("page", "browser"))
DATA = re.compile(r'<script type="application/json" id="rows">(.*?)</script>', re.DOTALL)
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Checker(HTMLParser):
    """Collects tags and ids, and sees that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.text = ""
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        else:
            self.text += data


def checked(html: str) -> Checker:
    checker = Checker()
    checker.feed(DATA.sub("", html))  # no script: a browser runs nothing of that type
    assert checker.open == []
    assert checker.scripts == [SCRIPT]  # nothing that a run holds becomes another one
    return checker


def read(run: Path) -> Checker:
    return checked(write_report(run).read_text(encoding="utf-8"))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#8239;", " ").replace("&#x27;", "'").split())


def page(run: Path) -> str:
    html = DATA.sub("", write_report(run).read_text(encoding="utf-8"))
    return words(html.split("</style>")[1].split("<script>")[0])


def rows(run: Path) -> Any:
    """Return the rows that the page holds for its browser."""
    found = DATA.search(write_report(run).read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])


def section(run: Path, title: str) -> str:
    html = write_report(run).read_text(encoding="utf-8")
    return words(html.split(f"<h2>{title}</h2>")[1].split("</section>")[0])
