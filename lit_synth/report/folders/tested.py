"""Reads what a test stage left: a prediction for every row, and a score for every unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError
from lit_synth.json_lines import read_json_lines


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said of one test row.

    Args:
        gold: The gold label, or the first reference text.
        predicted: Label or text; ``None`` where there was no usable answer.
        confidence: Probability of the predicted label; ``None`` where the model gave none.
    """

    gold: str
    predicted: str | None
    confidence: float | None

    @property
    def correct(self) -> bool:
        """Whether the prediction is the gold one."""
        return self.gold == self.predicted


def read_predictions(path: Path) -> dict[str, Prediction] | None:
    """Return the predictions of a ``predictions.jsonl`` by test row; ``None`` where there is no such file.

    Raises:
        InputError: A line lacks a key, or a row is there twice.
    """
    if not path.exists():
        return None
    found = {}
    for row in _lines(path, "id", "gold", "predicted"):
        shares = row.get("probabilities")
        confidence = None if shares is None else float(shares.get(row["predicted"], 0.0))
        found[str(row["id"])] = Prediction(row["gold"], row["predicted"], confidence)
    return found


def read_scores(path: Path) -> dict[str, float] | None:
    """Return the scores of a ``scores.jsonl`` by test unit; ``None`` where there is no such file.

    Raises:
        InputError: A line lacks a key, a score is no number, or a unit is there twice.
    """
    if not path.exists():
        return None
    found = {}
    for row in _lines(path, "id", "score"):
        if not isinstance(row["score"], int | float):
            raise InputError(f"{path}: the score of {row['id']!r} is no number; run the test stage again")
        found[str(row["id"])] = float(row["score"])
    return found


def _lines(path: Path, *keys: str) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for number, row in read_json_lines(path):
        missing = sorted(set(keys) - set(row))
        if missing:
            raise InputError(f"{path}:{number}: no {missing[0]!r}; run the test stage again")
        if row["id"] in seen:
            raise InputError(f"{path}:{number}: row {row['id']!r} is there twice; run the test stage again")
        seen.add(row["id"])
        yield row
