"""The page of results, `RESULTS.md`: every benchmark owns one section of it."""

import os
import platform
import re
from pathlib import Path

PAGE = Path(__file__).with_name("RESULTS.md")
MACHINE = f"{os.cpu_count()} cores, {platform.machine()}, no accelerator; other work ran beside it."


def write_section(title: str, text: str) -> None:
    """Replace the section of that title, or add it at the end."""
    page = PAGE.read_text() if PAGE.exists() else "# Results\n"
    whole = f"## {title}\n\n{text.strip()}\n"
    section = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    page = section.sub(lambda _: f"{whole}\n", page) if section.search(page) else f"{page.rstrip()}\n\n{whole}"
    PAGE.write_text(page.rstrip() + "\n")


def markdown_table(rows: list[list[str]]) -> str:
    """Return rows as a table; the first is its head."""
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
