"""The one record type of the project, and its JSON Lines form.

Gold, annotated and generated rows are all an `Example`; they differ in ``origin`` only, so everything behind the
splits has one data path.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import NoneType
from typing import Any, Literal

from lit_synth.errors import InputError, shown
from lit_synth.json_lines import read_json_lines

Origin = Literal["gold", "annotated", "generated"]
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
