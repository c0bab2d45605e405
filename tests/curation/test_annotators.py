"""What is found out about annotators, and what a run says of it before students are trained."""

from typing import Any

import numpy as np
import pytest

from lit_synth.curation.advice import advise
from lit_synth.curation.annotators import judge_annotators
from lit_synth.curation.shares import shifted

NAMES = ["teacher", "student"]


def made(rows: int, noise: tuple[float, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    targets = rng.integers(3, size=rows)
    logits = [rng.normal(size=(rows, 3)) * each + 2 * np.eye(3)[targets] for each in noise]
    shares = np.exp(np.stack(logits))
    return shares / shares.sum(axis=2, keepdims=True), targets


def test_figures_are_those_of_each_alone_and_of_all_together() -> None:
    known, targets = made(300, (1.5, 1.5))
    judgement = judge_annotators(NAMES, known, targets, calibrate=True, confidence=None)
    found = judgement.found
    assert [one["name"] for one in found["annotators"]] == NAMES
    assert [one["weight"] for one in found["annotators"]] == judgement.weights
    for one, alone in zip(found["annotators"], known, strict=True):
        assert one["accuracy"] == pytest.approx((alone.argmax(axis=1) == targets).mean())
    assert found["calibration"]["after"]["accuracy"] > max(one["accuracy"] for one in found["annotators"])
    assert found["calibration"]["after"]["nll"] < found["calibration"]["before"]["nll"]
    gain = found["calibration"]["gain"]
    assert gain["mean"] == pytest.approx(found["calibration"]["after"]["accuracy"] - found["annotators"][1]["accuracy"])
    assert 0 < gain["low"] < gain["mean"] < gain["high"]
    assert found["majority"] == pytest.approx(np.bincount(targets).max() / 300)
    assert (judgement.threshold, found["threshold"]) == (0.0, None)


def test_the_gain_is_that_over_a_student_as_it_reads() -> None:
    known, targets = made(300, (0.5, 1.5))
    unshifted = shifted(known, np.array([[[0.0, 0.0, 0.0]], [[9.0, 0.0, 0.0]]]))
    found = judge_annotators(NAMES, known, targets, False, None, unshifted).found["calibration"]
    assert found["after"]["accuracy"] - found["gain"]["mean"] == pytest.approx((targets == 0).mean(), abs=0.02)
    alike = judge_annotators(NAMES, unshifted, targets, False, None).found["calibration"]
    assert found["before"] == alike["before"], "as they read"
    assert found["after"] != alike["after"], "as they count"


def test_without_calibration_all_count_alike() -> None:
    known, targets = made(100, (0.5, 3.0))
    judgement = judge_annotators(NAMES, known, targets, calibrate=False, confidence=0.4)
    assert judgement.weights == [0.5, 0.5]
    assert judgement.found["calibration"]["before"] == judgement.found["calibration"]["after"]
    assert judgement.threshold == judgement.found["threshold"] == 0.4


def test_one_row_is_enough_to_go_on() -> None:
    known, targets = made(1, (1.0, 1.0))
    found = judge_annotators(NAMES, known, targets, calibrate=True, confidence="auto").found
    assert found["calibration"]["rows"] == 1
    assert "1 development rows are few" in advise({**found, "strategies": {}})[-1]


def advice(noise: tuple[float, float], rows: int = 300, **strategies: Any) -> str:
    known, targets = made(rows, noise)
    found = judge_annotators(NAMES, known, targets, calibrate=True, confidence=None).found
    return " ".join(advise({**found, "strategies": strategies}))


def test_a_better_teacher_is_likely_to_pay() -> None:
    assert "annotating is likely to pay" in advice((0.8, 2.5))


def test_a_teacher_no_better_than_the_commonest_label_is_told() -> None:
    known, targets = made(300, (1.0, 1.0))
    known[0] = np.roll(known[0], 1, axis=1)
    found = judge_annotators(NAMES, known, targets, calibrate=True, confidence=None).found
    assert "no more than the commonest label" in advise({**found, "strategies": {}})[0]


def test_a_teacher_that_adds_nothing_is_told() -> None:
    assert "annotating may pay, or may not" in advice((6.0, 0.8))


def test_generation_is_judged_by_what_the_teacher_reads_in_it() -> None:
    assert "as the label asked for: generating may bring what" in advice((1.0, 1.0), generate={"agreement": 0.99})
    assert "generating is likely to bring less" in advice((1.0, 1.0), generate={"agreement": 0.3})


def test_rows_that_are_read_otherwise_and_kept_are_told_with_the_option() -> None:
    found = {"agreement": 0.5, "read_otherwise": {"ham": [2, 30], "spam": [28, 30]}}
    told = advice((1.0, 1.0), generate=found)
    assert "Written for one label, read as another, and kept: spam 28 of 30. Look" in told
    assert "--curation.rules.disagreement reject leaves out what the teacher reads otherwise" in told
    assert "disagreement" not in advice((1.0, 1.0), generate={"agreement": 0.95, "read_otherwise": {"ham": [2, 30]}})


def test_annotation_that_collapsed_to_one_label_is_told() -> None:
    assert "Every row of annotate has the same label" in advice((1.0, 1.0), annotate={"labels": 1})
    assert "same label" not in advice((1.0, 1.0), annotate={"labels": 2})


@pytest.mark.parametrize(("gold", "said"), [(0.3, "is likely to pay"), (0.97, "is unlikely to pay"), (0.7, "may pay")])
def test_without_an_annotating_student_the_searched_one_is_held_against(gold: float, said: str) -> None:
    known, targets = made(100, (1.5,))
    found = judge_annotators(["teacher"], known, targets, calibrate=False, confidence=None).found
    accuracy = found["calibration"]["after"]["accuracy"]
    assert accuracy == pytest.approx(0.7, abs=0.15)
    expected = {"rows": 100, "accuracy": accuracy, "gold": gold}
    (told,) = advise({**found, "strategies": {"annotate": {}}, "expected": expected})
    assert f"the student on gold at its best on {100 * gold:.0f} %" in told
    assert f"annotating {said}" in told


def test_texts_of_a_teacher_are_held_against_those_of_the_student() -> None:
    expected = {"rows": 400, "metric": "rougeL", "score": 0.6, "gold": 0.4}
    (told,) = advise({"strategies": {"annotate": {}}, "expected": expected})
    assert "score 60.0 in rougeL" in told
    assert "(+20.0 points, +13.2 to +26.8): annotating is likely to pay" in told


def test_labels_whose_figure_is_not_accuracy_are_held_against_by_that_figure() -> None:
    known, targets = made(100, (1.5,))
    found = judge_annotators(["teacher"], known, targets, calibrate=False, confidence=None).found
    expected = {"rows": 25, "accuracy": 0.8, "metric": "f1a", "score": 0.2, "gold": 0.7}
    told, *_ = advise({**found, "strategies": {"annotate": {}}, "expected": expected})
    assert "On 25 development rows the teacher's labels score 20.0 in f1a, those of the student on gold" in told
    assert "annotating is unlikely to pay" in told


def test_texts_that_were_written_are_told_too() -> None:
    written = {"accepted": 30, "rejected": {"outside the template": 10}}
    expected = {"rows": 20, "metric": "rougeL", "score": 0.6, "gold": 0.4}
    told = " ".join(advise({"strategies": {"annotate": {}, "generate": written}, "expected": expected}))
    assert "75 % of the 40 rows that the teacher wrote are well formed and new" in told
    assert "Both together" in told
    assert "20 development rows are few" in told


def test_both_are_told_to_bring_what_annotating_does() -> None:
    assert "Both together" in advice((1.0, 1.0), annotate={}, generate={"agreement": 0.9})
    assert "Both together" not in advice((1.0, 1.0), annotate={})


def test_a_task_of_texts_has_no_annotators_to_be_judged() -> None:
    assert advise({"strategies": {"annotate": {}}}) == []


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (
            {"matched": True, "p": 0.4, "labels": [{"label": "good", "expected": 0.5, "read": 0.61}]},
            "gold has 50 %: its",
        ),
        ({"matched": False, "p": 0.001, "labels": [{"label": "good", "expected": 0.5, "read": 0.1}]}, "another kind"),
        ({"matched": True, "p": None, "labels": [{"label": "good", "expected": 0.5, "read": 0.6}]}, "were asked for"),
        ({"matched": True, "p": 0.4, "labels": [{"label": "good", "expected": 0.5, "read": 0.52}]}, None),
        ({"matched": False}, None),
    ],
)
def test_labels_that_are_read_too_often_are_told(shares: dict[str, Any], said: str | None) -> None:
    known, targets = made(300, (1.5,))
    found = judge_annotators(["teacher"], known, targets, calibrate=False, confidence=None).found
    sentences = [one for one in advise(found | {"strategies": {"annotate": {"shares": shares}}}) if "'good'" in one]
    assert len(sentences) == (said is not None)
    assert not said or said in sentences[0]
