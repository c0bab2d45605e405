"""What a labelled table holds, before anything learns from it: rows, labels, lengths, repeats, empty cells."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lit_synth.columns import Guess
from lit_synth.tables import Row, as_label, count_words, is_empty

SHOWN = 8
"""Labels that are named each for itself."""
RARE = 5
"""Rows of a label below which it is said that it has few."""


@dataclass
class Survey:
    """Figures of one table.

    Args:
        guess: Which columns were looked at.
        rows: Rows of the table.
        without_text: Rows with an empty input cell.
        without_target: Rows with an input but no target, which are the pool's.
        labels: Usable rows of each label; empty for text to text.
        repeats: Usable rows whose input an earlier row has, with the same target.
        conflicts: Lines of the first row and of another with the same input and another label.
        lengths: Words of each usable input.
        target_lengths: Words of each usable target text.
        inputs: Line and target of each usable input, by `key_of`.
    """

    guess: Guess
    rows: int = 0
    without_text: int = 0
    without_target: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    conflicts: list[tuple[int, int]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    target_lengths: list[int] = field(default_factory=list)
    inputs: dict[str, tuple[int, str]] = field(default_factory=dict, repr=False)

    @property
    def usable(self) -> int:
        """Rows with an input and a target."""
        return len(self.lengths)

    @property
    def kept(self) -> int:
        """Usable rows with an input of their own."""
        return self.usable - self.repeats - len(self.conflicts)

    def told(self, path: Path) -> Iterator[str]:
        """Yield what was found, a line each."""
        guess = self.guess
        kind = "label" if guess.is_label else "text to be written"
        yield f"{path}: {self.rows:,} rows"
        yield f"  text     {', '.join(guess.text)}: {_span(self.lengths)}"
        told = f"  {'label' if guess.is_label else 'target':<8} {guess.target}"
        yield f"{told}: {self._balance()}" if guess.is_label else f"{told}, a {kind}: {_span(self.target_lengths)}"
        if guess.others:
            yield f"           might also be: {', '.join(guess.others)} (--label COLUMN)"
        if self.without_text:
            yield f"  empty    text in {self.without_text:,} of them: left out"
        if self.repeats:
            again = "joined, their texts are references of one input" if not guess.is_label else "count once"
            yield f"  repeats  of an earlier input: {self.repeats:,}; they {again}"
        if self.conflicts:
            first, other = self.conflicts[0]
            told = (
                f"  conflict an earlier input has another label: {len(self.conflicts):,} rows; the earlier one counts"
            )
            yield f"{told}; first: lines {first} and {other}"
        rare = [label for label, count in self.labels.items() if count < RARE]
        if rare:
            more = f" and {len(rare) - SHOWN} more" if len(rare) > SHOWN else ""
            yield f"  few rows under {RARE} of {', '.join(rare[:SHOWN])}{more}: little can be learnt or tested there"

    def _balance(self) -> str:
        common = self.labels.most_common(SHOWN)
        shown = ", ".join(f"{label} {count:,}" for label, count in common)
        more = f", … ({len(self.labels)} labels)" if len(self.labels) > SHOWN else ""
        return f"{shown}{more}; the most frequent is {common[0][1] / max(1, self.usable):.0%} of rows"


def survey(rows: Iterable[tuple[int, Row]], guess: Guess) -> Survey:
    """Look at every row once.

    >>> rows = [(2, {"text": "a b", "y": "one"}), (3, {"text": "A  b", "y": "two"}), (4, {"text": "", "y": "two"})]
    >>> found = survey(rows, Guess(("text",), "y", is_label=True))
    >>> found.usable, found.without_text, found.conflicts
    (2, 1, [(2, 3)])
    """
    found = Survey(guess)
    for line, row in rows:
        found.rows += 1
        if any(is_empty(row.get(name)) for name in guess.text):
            found.without_text += 1
        elif is_empty(row.get(guess.target)):
            found.without_target += 1
        else:
            _add(found, line, row)
    return found


def key_of(guess: Guess, row: Row) -> str:
    """Return the input as `Task.key` does: two that differ in case or blanks only are the same."""
    return "\n".join(" ".join(str(row[name]).casefold().split()) for name in guess.text)


def quantile(lengths: list[int], share: float) -> int:
    """Return the length that a share of the rows does not exceed.

    >>> quantile([5, 1, 9, 3], 0.5), quantile([], 0.5)
    (5, 0)
    """
    ordered = sorted(lengths)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def _add(found: Survey, line: int, row: Row) -> None:
    guess = found.guess
    text, target = " ".join(str(row[name]) for name in guess.text), as_label(row[guess.target])
    found.lengths.append(count_words(text))
    if guess.is_label:
        found.labels[target] += 1
    else:
        found.target_lengths.append(count_words(target))
    earlier, known = found.inputs.setdefault(key_of(guess, row), (line, target))
    if earlier != line:
        if guess.is_label and known != target:
            found.conflicts.append((earlier, line))
        else:
            found.repeats += 1


def _span(lengths: list[int]) -> str:
    return f"{quantile(lengths, 0.5):,} words in the middle, {quantile(lengths, 0.95):,} in 95 % of rows or fewer"
