"""JSON Lines of anybody, plain or gzip: every line gives its object, or the place and what is wrong there."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError, is_text, shown


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, object)`` of a JSON Lines file (plain or gzip), one at a time.

    Raises:
        InputError: A line is not a JSON object; the message starts with ``file:line:``.
    """
    try:
        with open_lines(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _object(line, f"{path}:{number}")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: no whole gzip file ({error}); copy it again, or unpack it") from None


@contextmanager
def open_lines(path: Path) -> Iterator[Iterator[str]]:
    """Open a text file (plain or gzip); a mark of the byte order is left out, and every line is UTF-8.

    Raises:
        InputError: It is no file, or a line is not UTF-8; the message starts with ``file:line:``.
    """
    how: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a file")
    with gzip.open(path, "rt", **how) if path.suffix == ".gz" else path.open(**how) as lines:
        yield _whole_lines(path, lines)


def _whole_lines(path: Path, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if not is_text(line):
            raise InputError(
                f"{path}:{number}: not UTF-8: {shown(line.strip())}; save the file as UTF-8; {_remedy(line)}"
            )
        yield line


def _remedy(start: str) -> str:
    """Return how a file is made UTF-8, by its first bytes: UTF-16 and UTF-32 have marks there."""
    if start.startswith(("\udcff\udcfe", "\udcfe\udcff")):
        name = "UTF-32" if start[2:4] == "\0\0" else "UTF-16"
        return f"this one is {name}: iconv -f {name} -t UTF-8 OLD > NEW"
    return "for one from Windows: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = _decode(line)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep, or a number too long"
        raise InputError(f"{place}: not JSON ({reason}): {shown(line.strip())}") from None
    if not isinstance(row, dict):
        raise InputError(f"{place}: expected an object, found {type(row).__name__}")
    return row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"column {shown(twice)} stands twice in one row; keep one")
    return row


_decode = json.JSONDecoder(object_pairs_hook=_unique).decode
