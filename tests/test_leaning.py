"""What annotators are shifted by: towards gold in a pool of its kind, towards what was asked for in generated rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lit_synth.examples import Example, write_examples
from lit_synth.leaning import leaning
from lit_synth.readings import Readings, combined, known_posteriors
from lit_synth.tasks.reviews import REVIEWS

LEAN = 1.2
"""What an annotator adds to the log-odds of positive."""


def reading(path: Path, positive: float, rows: int, seed: int, requested: bool = False) -> Path:
    """Write rows of which a share is positive, as an annotator reads them that knows them and leans."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(rows):
        true = "positive" if number < positive * rows else "negative"
        odds = rng.normal() + (2 if true == "positive" else -2) + LEAN
        share = float(1 / (1 + np.exp(-odds)))
        probabilities = {label: share if label == "positive" else 1 - share for label in REVIEWS.labels}
        label = max(probabilities, key=probabilities.__getitem__)
        provenance: dict[str, Any] = {"requested": true} if requested else {"true": true}
        origin: Any = "generated" if requested else "annotated"
        made.append(Example(f"r{number}", {"text": str(number)}, label, origin, probabilities, provenance=provenance))
    write_examples(path, made)
    return path


def gold(positive: int, negative: int) -> list[Example]:
    targets = ["positive"] * positive + ["negative"] * negative
    return [Example(f"g{number}", {"text": str(number)}, target) for number, target in enumerate(targets)]


def found(folder: Path, positive: float, labelled: list[Example], **made: Any) -> tuple[Any, list[Example]]:
    share = sum(row.target == "positive" for row in labelled) / len(labelled)
    development = reading(folder / "development.jsonl", share, 40, 1)
    rows = reading(folder / "rows.jsonl", positive, 400, 2, **made)
    readings = Readings(["teacher"], [development], [rows], folder)
    apart = labelled[::5]
    learnt = [row for row in labelled if row not in apart]
    lean = leaning(REVIEWS, readings, known_posteriors(REVIEWS, [development])[0], learnt, apart)
    return lean, list(combined(REVIEWS, readings, [1.0], lean.offsets))


@pytest.mark.parametrize("requested", [False, True])
def test_leaning_rows_are_read_right(tmp_path: Path, requested: bool) -> None:
    lean, rows = found(tmp_path, 0.5, gold(64, 64), requested=requested)
    assert lean.found["matched"]
    assert (lean.found["p"] is None) == requested
    assert {one["label"] for one in lean.found["labels"]} == {"positive", "negative"}
    read = {one["label"]: one["read"] for one in lean.found["labels"]}
    assert read["positive"] > 0.55, "as it was read"
    assert np.mean([row.target == "positive" for row in rows]) == pytest.approx(0.5, abs=0.02)


def test_a_pool_of_another_kind_stays_as_it_is_read(tmp_path: Path) -> None:
    lean, rows = found(tmp_path, 0.1, gold(64, 64))
    assert not lean.found["matched"]
    assert lean.found["p"] < 0.01
    assert not lean.offsets.any()
    assert np.mean([row.target == "positive" for row in rows]) < 0.3


def test_development_labels_move_no_row_of_the_development_part(tmp_path: Path) -> None:
    development = reading(tmp_path / "development.jsonl", 0.5, 40, 1)
    rows = reading(tmp_path / "rows.jsonl", 0.5, 400, 2)
    readings = Readings(["teacher"], [development], [rows], tmp_path)
    known = known_posteriors(REVIEWS, [development])[0]
    one, other = (leaning(REVIEWS, readings, known, gold(32, 32), part) for part in (gold(16, 0), gold(0, 16)))
    assert np.array_equal(one.judging, other.judging)
    assert one.judging.any()
    assert not np.allclose(one.offsets, other.offsets)


def test_what_was_asked_for_says_nothing_of_real_rows(tmp_path: Path) -> None:
    lean, _ = found(tmp_path, 0.5, gold(90, 38), requested=True)
    assert lean.offsets.any()
    assert not lean.judging.any()


def test_a_handful_of_gold_rows_says_nothing_of_shares(tmp_path: Path) -> None:
    lean, _ = found(tmp_path, 0.5, gold(4, 4))
    assert lean.found == {"matched": False}
    assert not lean.offsets.any()
