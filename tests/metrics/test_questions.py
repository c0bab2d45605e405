"""Against torchmetrics, and against slow code that goes from question to question, on real rows of MultiRC."""

import random
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_f1_score

from lit_synth.errors import InputError
from lit_synth.metrics import Scored, score, unit_scores

FIELDS = {"paragraph": "p", "question": "q"}


def _guess(row: Scored) -> int:
    return 1 - int(row.gold) if row.predicted is None else int(row.predicted)


def _by_question(rows: list[Scored]) -> list[list[Scored]]:
    asked = {(row.fields["paragraph"], row.fields["question"]) for row in rows}
    return [[row for row in rows if (row.fields["paragraph"], row.fields["question"]) == one] for one in asked]


def test_f1a_is_the_binary_f1_of_torchmetrics(questions: list[Scored]) -> None:
    guesses, gold = (torch.tensor([value(row) for row in questions]) for value in (_guess, lambda row: int(row.gold)))
    expected = float(binary_f1_score(guesses, gold))
    assert score(["f1a"], questions)["f1a"] == pytest.approx(expected, abs=1e-6)
    assert 0.4 < expected < 0.8


def test_em_and_f1m_are_means_over_questions(questions: list[Scored]) -> None:
    whole, each = [], []
    for answers in _by_question(questions):
        gold, guessed = (
            {row.id for row in answers if value(row) == 1} for value in (lambda row: int(row.gold), _guess)
        )
        whole.append(gold == guessed)
        both = len(gold & guessed)
        precision, recall = both / len(guessed) if guessed else 0, both / len(gold) if gold else 0
        each.append(2 * precision * recall / (precision + recall) if both else 0)
    assert len(whole) == 894
    assert score(["em", "f1m"], questions) == pytest.approx({"em": fmean(whole), "f1m": fmean(each)})


def test_gold_labels_are_perfect_but_for_questions_without_a_right_answer(questions: list[Scored]) -> None:
    gold = [replace(row, predicted=row.gold) for row in questions]
    assert score(["f1a", "em", "f1m"], gold) == pytest.approx({"f1a": 1, "em": 1, "f1m": 891 / 894})


@pytest.mark.parametrize("name", ["f1a", "em", "f1m"])
def test_units_are_questions_whatever_the_order_of_rows(questions: list[Scored], name: str) -> None:
    units = unit_scores(name, questions)
    assert set(units) == {min(row.id for row in answers) for answers in _by_question(questions)}
    assert fmean(units.values()) == score([name], questions)[name]
    shuffled = random.Random(1).sample(questions, len(questions))
    assert unit_scores(name, shuffled) == pytest.approx(units)


def test_the_error_of_linearised_f1a_is_that_of_drawing_questions_anew(questions: list[Scored]) -> None:
    values = np.array(list(unit_scores("f1a", questions).values()))
    groups = _by_question(questions)
    counts = np.array(
        [
            (sum(_guess(row) * int(row.gold) for row in rows), sum(_guess(row) + int(row.gold) for row in rows))
            for rows in groups
        ]
    )
    draws = np.random.default_rng(0).integers(len(groups), size=(2000, len(groups)))
    right, called = counts[draws].sum(axis=1).T
    assert values.std() / len(values) ** 0.5 == pytest.approx((2 * right / called).std(), rel=0.08)


def test_no_answer_is_the_opposite_of_gold() -> None:
    rows = [Scored("a", FIELDS, ("1",), "1"), Scored("b", FIELDS, ("0",), None), Scored("c", FIELDS, ("1",), None)]
    assert score(["f1a", "f1m", "em"], rows) == pytest.approx({"f1a": 0.5, "f1m": 0.5, "em": 0})


def test_nothing_right_and_nothing_called_right_is_zero() -> None:
    assert unit_scores("f1a", [Scored("a", FIELDS, ("0",), "0")]) == {"a": 0.0}


def test_a_row_without_its_question_is_refused() -> None:
    with pytest.raises(InputError, match=r"row 'a' has no field 'question', which f1a reads \(its fields: paragraph\)"):
        score(["f1a"], [Scored("a", {"paragraph": "p"}, ("1",), "1")])
