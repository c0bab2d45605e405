"""The one record type of the project, and its JSON Lines form.

Gold, annotated and generated rows are all an `Example`; they differ in ``origin`` only, so everything behind the
splits has one data path.
"""

import gzip
import json
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import NoneType
from typing import Any, Literal

Origin = Literal["gold", "annotated", "generated"]


class InputError(ValueError):
    """A mistake in what the user gave us: shown as one line, without a traceback, with exit code 2."""


_KINDS: dict[str, Any] = {
    "target": (str, NoneType),
    "origin": str,
    "probabilities": (dict, NoneType),
    "provenance": dict,
    "references": list,
    "weight": (int, float),
}
_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes such an encoder for every row


@dataclass(frozen=True, slots=True)
class Example:
    """One input with, where it is known, its target.

    Args:
        id: Unique inside a data set.
        fields: Input columns by name.
        target: The label, or the target text; ``None`` for an unlabelled row.
        origin: Where the target comes from.
        probabilities: Probability of every label by name, where an annotator gave one; sums to 1.
        provenance: How a synthetic row was made (seed, prompt, attempt, reason of a rejection).
        references: Text to text: every target text that is known; ``target`` is the first of them.
        weight: How much the row counts in a student's loss.

    >>> Example("7", {"text": "wake me at nine"}, "alarm_set").with_target(None).target is None
    True
    """

    id: str
    fields: Mapping[str, str]
    target: str | None = None
    origin: Origin = "gold"
    probabilities: Mapping[str, float] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    weight: float = 1.0

    def with_target(self, target: str | None) -> "Example":
        """Return the same input with another target, and no other reference."""
        return replace(self, target=target, references=())

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; absent parts are left out."""
        row: dict[str, Any] = {"id": self.id, "fields": dict(self.fields), "target": self.target, "origin": self.origin}
        if self.probabilities is not None:
            row["probabilities"] = {label: round(value, 6) for label, value in self.probabilities.items()}
        if self.references:
            row["references"] = list(self.references)
        if self.weight != 1.0:
            row["weight"] = round(self.weight, 6)
        if self.provenance:
            row["provenance"] = dict(self.provenance)
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Example":
        """Build an example from its JSON form.

        Raises:
            InputError: A part is missing, unknown, or of the wrong type.
        """
        unknown = row.keys() - cls.__slots__
        if unknown:
            raise InputError(f"unknown key {sorted(unknown)[0]!r}; known: {', '.join(cls.__slots__)}")
        if not isinstance(row.get("id"), str) or not isinstance(row.get("fields"), dict):
            raise InputError("an example needs 'id' (a string) and 'fields' (an object)")
        for name, kinds in _KINDS.items():
            if name in row and not isinstance(row[name], kinds):
                raise InputError(f"{name!r} of row {shown(row['id'])} holds {shown(row[name])}")
        for label, value in (row.get("probabilities") or {}).items():
            if not isinstance(value, (float, int)):
                raise InputError(f"'probabilities' of row {shown(row['id'])} hold {shown(value)} for {shown(label)}")
        return cls(**{**row, "references": tuple(row.get("references", ()))})


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
                f"{path}:{number}: not UTF-8: {shown(line.strip())}; save the file as UTF-8; "
                "for one from Windows: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
            )
        yield line


def is_text(value: str) -> bool:
    r"""Tell whether a string can be written as UTF-8; half of an emoji, as JSON can escape it, cannot.

    >>> is_text("\N{PILE OF POO}"), is_text("\ud83d")
    (True, False)
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: Any, most: int = 80) -> str:
    r"""Return a value as a message shows it: in one line, and cut where it is long.

    >>> shown("a\nb"), shown("x" * 200, 5)
    ("'a\\nb'", "'xxxxx…")
    """
    text = ascii(value[: most + 1]) if isinstance(value, str) and not is_text(value) else repr(value)
    return text if len(text) <= most + 2 else f"{text[: most + 1]}…"


def printable(text: str, kept: str = "") -> str:
    r"""Return line breaks and escape sequences, which a file may hold, as what they are called, for a terminal.

    Args:
        text: Of a message.
        kept: Such as a line break, where a text has lines of its own.

    >>> print(printable("red \x1b[31m\nnext"), printable("a\nb", kept="\n"))
    red \x1b[31m\nnext a
    b
    """
    escaped = (one if one.isprintable() or one in kept else one.encode("unicode_escape").decode() for one in text)
    return "".join(escaped)


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


def read_examples(path: Path) -> Iterator[Example]:
    """Yield the examples of a JSON Lines file written by `write_examples`.

    Raises:
        InputError: A line is no example; the message starts with ``file:line:``.
    """
    for number, row in read_json_lines(path):
        try:
            yield unsealed(row)
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None


def sealed(example: Example) -> str:
    """Return an example as a line that ends in a sum of itself, so that a later damage shows."""
    line = _encode(example.to_dict())
    return f'{line[:-1]}, "sum": "{_sum(line)}"}}\n'


def unsealed(row: Mapping[str, Any]) -> Example:
    """Build an example from its JSON form, with or without its sum.

    Raises:
        InputError: It is no example, or not the one that was written.
    """
    parts = dict(row)
    if (known := parts.pop("sum", None)) is not None and known != _sum(_encode(parts)):
        raise InputError("changed since it was written, and so damaged; leave the row out")
    return Example.from_dict(parts)


def _sum(line: str) -> str:
    return f"{zlib.crc32(line.encode()):08x}"


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; processes that write it side by side do not meet."""
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)  # half of it, where the disk is full


@contextmanager
def writing(path: Path) -> Iterator[Callable[[Example], int]]:
    """Open a file for examples, one at a time; it is there, and whole, once the block has ended without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as lines:
        yield lambda example: lines.write(_encode(example.to_dict()) + "\n")
    partial.replace(path)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write examples as JSON Lines, whole or not at all; return how many."""
    with writing(path) as write:
        return sum(write(example) > 0 for example in examples)
