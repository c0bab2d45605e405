"""A test row with its answer, and the ratio that most figures are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lit_synth.errors import InputError


@dataclass(frozen=True, slots=True)
class Scored:
    """A test row with what was predicted for it.

    Args:
        id: Unique among the rows that are scored together.
        fields: Input columns by name.
        references: Classification: the gold label alone. Text to text: every target text that is known.
        predicted: Label or text; ``None`` where there is no usable answer, which is wrong, or an empty text.
    """

    id: str
    fields: Mapping[str, str]
    references: tuple[str, ...]
    predicted: str | None

    @property
    def gold(self) -> str:
        """The gold label, or the first reference."""
        return self.references[0]

    @property
    def text(self) -> str:
        """The predicted text; empty where there is none."""
        return self.predicted or ""

    def read(self, name: str, metric: str) -> str:
        """Return the field that a metric needs.

        Raises:
            InputError: The row has no such field.
        """
        if name not in self.fields:
            known = ", ".join(self.fields) or "none"
            raise InputError(f"row {self.id!r} has no field {name!r}, which {metric} reads (its fields: {known})")
        return self.fields[name]


def check_rows(rows: Sequence[Scored]) -> None:
    """Refuse rows that no figure can be made of.

    Raises:
        InputError: No row, an id twice, a row without a reference.
    """
    if not rows:
        raise InputError("no rows to score: the test part is empty")
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise InputError(f"the id {row.id!r} occurs twice among the rows to score; give every row an id of its own")
        if not row.references:
            raise InputError(f"row {row.id!r} has no gold label or reference text to be scored against")
        seen.add(row.id)


def ratio_scores(parts: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return a value for each unit, whose plain mean is the ratio of the sums Σ n / Σ d.

    An F1 or a rate over all rows is no mean over rows. Its first-order (Taylor) linearisation is: with R = Σ n / Σ d a
    unit is worth R + (n - R d) / mean(d). The variance of these values is that of the ratio estimator (Cochran 1977,
    Sampling Techniques, chapter 6), so intervals and paired tests over units hold. A value may lie outside 0 to 1.

    Args:
        parts: Numerator n and denominator d of every unit by its id.

    Returns:
        Value by id; 0 for all where nothing is counted (every d is 0).

    >>> values = ratio_scores({"a": (1, 2), "b": (2, 2), "c": (0, 0)})
    >>> {name: round(value, 3) for name, value in values.items()}, round(sum(values.values()) / 3, 3)
    ({'a': 0.375, 'b': 1.125, 'c': 0.75}, 0.75)
    """
    numerator = sum(n for n, _ in parts.values())
    denominator = sum(d for _, d in parts.values())
    if denominator == 0:
        return dict.fromkeys(parts, 0.0)
    ratio, mean = numerator / denominator, denominator / len(parts)
    return {unit: ratio + (n - ratio * d) / mean for unit, (n, d) in parts.items()}
