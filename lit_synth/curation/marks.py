"""What a reader says of synthetic rows: keep one, drop it, or give it another target."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

from lit_synth.errors import InputError, shown
from lit_synth.examples import Example
from lit_synth.json_lines import read_json_lines

Kind = Literal["keep", "drop", "correct"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REASON = "review"
"""Why a row is rejected that a reader drops."""
SPOILS = tuple(f"{how} a row of {part}" for how in ("copies", "leaks") for part in ("development", "test"))
"""Reasons that no reader can set aside: with such a row the test figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of one row.

    Args:
        address: ``strategy/seed/row``, as in ``generate/seed0/generated-late-7``: ids repeat from seed to seed.
        kind: ``keep`` accepts the row, ``drop`` rejects it, ``correct`` accepts it with another target.
        target: The label or text of ``correct``.
        content: Fingerprint of the row, so that a row made anew under an old id is not met; absent in a review
            as a reader writes it.
        place: File and line.
    """

    address: str
    kind: Kind
    target: str | None = None
    content: str | None = None
    place: str = ""

    @property
    def parts(self) -> tuple[str, str, str]:
        """Strategy, seed and id of the row; the last may hold slashes of its own.

        >>> Mark("annotate/seed0/train/7", "drop").parts
        ('annotate', 'seed0', 'train/7')
        """
        strategy, seed, row = [*self.address.split("/", 2), "", ""][:3]
        return strategy, seed, row


def read_marks(path: Path) -> Iterator[Mark]:
    """Yield the marks of a review: JSON Lines with ``id``, ``mark`` and, for ``correct``, ``target``.

    Raises:
        InputError: A line says something else, or speaks of a row again; the message starts with ``file:line:``.
    """
    first: dict[str, int] = {}
    for line, row in read_json_lines(path):
        place = f"{path}:{line}"
        address, kind, target, content = (row.get(name) for name in ("id", "mark", "target", "content"))
        if not isinstance(address, str):
            raise InputError(f"{place}: id {shown(address)}: give strategy/seed/row, as the page of the run writes it")
        if kind not in KINDS:
            raise InputError(f"{place}: mark {shown(kind)}: give {', '.join(KINDS[:-1])} or {KINDS[-1]}")
        if kind == "correct" and not (isinstance(target, str) and target.strip()):
            raise InputError(f"{place}: target {shown(target)}: a row to correct needs its label or text")
        if kind != "correct" and target is not None:
            raise InputError(f"{place}: target {shown(target)}: only a row to correct has one; take it out")
        if address in first:
            raise InputError(f"{place}: id {shown(address)}: is marked in line {first[address]} already; keep one")
        first[address] = line
        yield Mark(address, kind, target, content, place)


def fingerprint(row: Example) -> str:
    """Return a short hash of a row's input, or of what was written in place of one, and of its target."""
    said = (sorted(row.fields.items()) or row.provenance.get("text"), row.target)
    return sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def see_that_it_can_be(mark: Mark, row: Example, labels: Sequence[str]) -> None:
    """See that a mark makes sense for its row.

    Args:
        mark: What is said.
        row: Of which it is said.
        labels: Of the task; none where it is text to text.

    Raises:
        InputError: The label is none of the task's, or the row can never be accepted.
    """
    if mark.kind == "drop":
        return
    if mark.target is not None and labels and mark.target not in labels:
        some = ", ".join(labels[:8]) + (", ..." if len(labels) > 8 else "")
        raise InputError(f"{mark.place}: target {shown(mark.target)}: no label of the task; it has: {some}")
    reason = str(row.provenance.get("reason", ""))
    why = ""
    if reason.startswith(SPOILS):
        why = f"it {reason}, and a student that learns from it could not be tested any more"
    elif not row.fields:
        why = f"there is no input to learn from ({reason})"
    elif row.target is None and mark.target is None:
        why = "it has no target; correct it instead"
    if why:
        raise InputError(f"{mark.place}: {mark.kind} {shown(mark.address)}: {why}")


def marked(row: Example, mark: Mark, labels: Sequence[str]) -> Example:
    """Return the row as a reader wants it; its provenance says what it was before.

    >>> late = Example("7", {"text": "where is it"}, "praise", "generated", {"late": 0.2, "praise": 0.8})
    >>> row = marked(late, Mark("generate/seed0/7", "correct", "late"), ["late", "praise"])
    >>> row.target, row.probabilities, row.provenance["review"]
    ('late', {'late': 1.0, 'praise': 0.0}, {'mark': 'correct', 'target': 'praise'})
    """
    before = {"reason": row.provenance["reason"]} if "reason" in row.provenance else {}
    made = {name: value for name, value in row.provenance.items() if name != "reason"}
    if mark.kind == "drop":
        return replace(row, provenance={**made, "review": {"mark": "drop", **before}, "reason": REASON})
    if mark.kind == "keep":
        kept = replace(row, provenance={**made, "review": {"mark": "keep", **before}})
        return kept if row.probabilities or not labels else _sure(kept, labels)
    before |= {"target": row.target} if row.target is not None else {}
    corrected = replace(row.with_target(mark.target), provenance={**made, "review": {"mark": "correct", **before}})
    return _sure(corrected, labels) if labels else corrected


def _sure(row: Example, labels: Sequence[str]) -> Example:
    return replace(row, probabilities={label: float(label == row.target) for label in labels}, weight=1.0)
