"""The one record type of the project, and its JSON Lines form.

Gold, annotated and generated rows are all an `Example`; they differ in ``origin`` only, so everything behind the
splits has one data path.
"""

import gzip
import json
import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

Origin = Literal["gold", "annotated", "generated"]


class InputError(ValueError):
    """A mistake in what the user gave us: shown as one line, without a traceback, with exit code 2."""


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
        unknown = set(row) - set(cls.__slots__)
        if unknown:
            raise InputError(f"unknown key {sorted(unknown)[0]!r}; known: {', '.join(cls.__slots__)}")
        if not isinstance(row.get("id"), str) or not isinstance(row.get("fields"), dict):
            raise InputError("an example needs 'id' (a string) and 'fields' (an object)")
        return cls(**{**row, "references": tuple(row.get("references", ()))})


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield ``(line number, object)`` of a JSON Lines file (plain or gzip), one at a time.

    Raises:
        InputError: A line is not a JSON object; the message starts with ``file:line:``.
    """
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig") as lines
        ):
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise InputError(f"{path}:{number}: not JSON ({error.msg}): {line.strip()[:80]!r}") from None
                if not isinstance(row, dict):
                    raise InputError(f"{path}:{number}: expected an object, found {type(row).__name__}")
                yield number, row
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}); save the file as UTF-8") from None


def read_examples(path: Path) -> Iterator[Example]:
    """Yield the examples of a JSON Lines file written by `write_examples`.

    Raises:
        InputError: A line is no example; the message starts with ``file:line:``.
    """
    for number, row in read_json_lines(path):
        try:
            yield Example.from_dict(row)
        except InputError as error:
            raise InputError(f"{path}:{number}: {error}") from None


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; processes that write it side by side do not meet."""
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write examples as JSON Lines, whole or not at all; return how many."""
    count = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as lines:
        for example in examples:
            lines.write(json.dumps(example.to_dict(), ensure_ascii=False) + "\n")
            count += 1
    partial.replace(path)
    return count
