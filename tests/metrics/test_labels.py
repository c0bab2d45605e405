"""Against torchmetrics on real intents."""

from statistics import fmean

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from lit_synth.metrics import Scored, score, unit_scores


def _indices(rows: list[Scored]) -> tuple[torch.Tensor, torch.Tensor, int]:
    labels = sorted({row.gold for row in rows} | {str(row.predicted) for row in rows})
    place = {label: index for index, label in enumerate(labels)}
    predicted = torch.tensor([place[str(row.predicted)] for row in rows])
    return predicted, torch.tensor([place[row.gold] for row in rows]), len(labels)


def test_accuracy_and_macro_f1_are_those_of_torchmetrics(intents: list[Scored]) -> None:
    predicted, gold, classes = _indices(intents)
    found = score(["accuracy", "macro_f1"], intents)
    assert found["accuracy"] == pytest.approx(float(multiclass_accuracy(predicted, gold, classes, "micro")), abs=1e-6)
    # Ten more classes that occur nowhere change nothing.
    expected = float(multiclass_f1_score(predicted, gold, classes + 10, "macro"))
    assert found["macro_f1"] == pytest.approx(expected, abs=1e-6)
    assert 0.3 < expected < 0.9


def test_no_answer_is_wrong_and_makes_no_label_of_its_own() -> None:
    rows = [Scored("a", {}, ("x",), "x"), Scored("b", {}, ("x",), None)]
    assert score(["macro_f1", "accuracy"], rows) == pytest.approx({"macro_f1": 2 / 3, "accuracy": 0.5})


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from([*"xyzw", None])), min_size=1, max_size=30))
def test_macro_f1_is_the_mean_over_the_labels_that_occur(pairs: list[tuple[str, str | None]]) -> None:
    rows = [Scored(str(number), {}, (gold,), guess) for number, (gold, guess) in enumerate(pairs)]
    each = []
    for label in {gold for gold, _ in pairs} | {guess for _, guess in pairs if guess}:
        right = pairs.count((label, label))
        precise = right / max(1, sum(guess == label for _, guess in pairs))
        recalled = right / max(1, sum(gold == label for gold, _ in pairs))
        each.append(2 * precise * recalled / (precise + recalled) if right else 0.0)
    assert fmean(unit_scores("macro_f1", rows).values()) == pytest.approx(fmean(each))
