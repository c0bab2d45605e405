"""A README with metadata in front of it: what the hub and `datasets` read of a folder, and what a person does."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import yaml

from lit_synth.whole_files import write_whole

MARK = "<!-- Written by lit_synth with the report. Delete this line and the file is yours: it is not written again. -->"


def write_readme(folder: Path, metadata: Mapping[str, Any], parts: Iterable[str]) -> None:
    """Write ``README.md`` into a folder, unless it is there as it would be or somebody made it their own.

    Args:
        folder: Exists already.
        metadata: Goes in front of the text as YAML.
        parts: Markdown, one block each; empty ones are left out.
    """
    front = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=120)
    text = "\n\n".join(filter(None, [f"---\n{front}---", MARK, *parts])) + "\n"
    path = folder / "README.md"
    before = path.read_text(encoding="utf-8") if path.exists() else MARK
    if MARK not in before or before == text:
        return
    write_whole(path, text)


def plain(text: object) -> str:
    r"""Return a text as it is read, with nothing in it that Markdown or HTML would take for its own.

    >>> plain("a|b <i>\n[x](y)")
    'a\\|b &lt;i&gt; \\[x\\](y)'
    """
    return re.sub(r"([\\|`*\[\]])", r"\\\1", escape(" ".join(str(text).split()), quote=False))


def grid(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table, or nothing where it has no rows; every cell is escaped.

    >>> print(grid(["a", "b"], [("x", 1)]))
    | a | b |
    | --- | --- |
    | x | 1 |
    """
    if not rows:
        return ""
    lines = [headers, ["---"] * len(headers), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {line}" for line in lines)
