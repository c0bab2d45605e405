"""What the cells of a column hold: texts, labels, or what is neither."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from lit_synth.tables import Row, as_label, count_words, is_empty

_DAYS = "mon(day)?|tue(s(day)?)?|wed(nesday)?|thu(r(s(day)?)?)?|fri(day)?|sat(urday)?|sun(day)?"
_MONTHS = (
    "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|"
    "oct(ober)?|nov(ember)?|dec(ember)?"
)
_NO_TEXT = re.compile(
    rf"([\W\d_]|\b({_DAYS}|{_MONTHS}|[ap]m|utc|gmt|[cew]es?t|[cemp][ds]t)\b|(?<=\d)(st|nd|rd|th|[tz]))+"
    r"|\s*(https?://|www\.)\S+\s*",
    re.IGNORECASE,
)
"""What numbers, dates, times and addresses of pages are made of."""
MOST_LABELS = 200
FEW_ROWS = 3
"""Rows a label has on average, at least, where nobody said that its column holds labels."""


@dataclass
class Column:
    """What the cells of one column hold.

    Args:
        name: Of the column.
        filled: Cells that are not empty.
        words: Words of all cells together.
        counts: How often each value occurs; only of columns that hold single values.
        is_text: Whether every cell is a text; numbers of a CSV file are texts too.
        is_flat: Whether no cell is a list or an object.
        bare: Cells with a number, a date, a time or the address of a page, and nothing else.
    """

    name: str
    filled: int = 0
    words: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    is_text: bool = True
    is_flat: bool = True
    bare: int = 0

    def add(self, value: object) -> None:
        """Count one cell."""
        if is_empty(value):
            return
        self.filled += 1
        self.is_text &= isinstance(value, str)
        self.is_flat &= isinstance(value, (str, int, float, bool))
        if self.is_flat:
            self.words += count_words(str(value))
            self.bare += _NO_TEXT.fullmatch(str(value)) is not None
            self.counts[as_label(value)] += 1

    @property
    def mean_words(self) -> float:
        """Words a cell."""
        return self.words / max(1, self.filled)

    @property
    def unique(self) -> float:
        """Share of distinct values."""
        return len(self.counts) / max(1, self.filled)

    @property
    def may_be_label(self) -> bool:
        """Whether it may hold labels: a few short values that come back."""
        few = 2 <= len(self.counts) <= min(MOST_LABELS, self.filled / FEW_ROWS)
        return self.is_flat and few and self.mean_words <= 5

    @property
    def may_be_text(self) -> bool:
        """Whether it may hold texts of which most are different."""
        varied = self.unique > 0.05 or (self.mean_words >= 8 and len(self.counts) > 1)  # a passage may come back
        reads = self.is_text and self.bare <= self.filled / 2  # a line of a chat may be a number
        return self.is_flat and reads and self.mean_words >= 1.5 and varied


def columns_of(rows: Iterable[Row]) -> dict[str, Column]:
    """Return what each column holds, in the order of their first appearance."""
    columns: dict[str, Column] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, Column(name)).add(value)
    return columns
