"""The trivial answer and calibration, against loops."""

import numpy as np
import pytest

from lit_synth.metrics import Scored, score
from lit_synth.report.statistics import labels as ours

RNG = np.random.default_rng(3)


def test_calibration_error_against_a_loop_over_bins() -> None:
    sure, right = RNG.random(500), RNG.random(500) < 0.6
    expected = 0.0
    for low in np.arange(10) / 10:
        inside = (sure > low) & (sure <= low + 0.1)
        if inside.any():
            expected += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    assert ours.expected_calibration_error(sure, right) == pytest.approx(expected)


def test_calibration_error_at_the_edges() -> None:
    assert ours.expected_calibration_error([1.0, 0.0], [1, 0]) == 0.0
    assert ours.expected_calibration_error([1.0, 1.0], [0, 0]) == 1.0


@pytest.mark.parametrize(("metric", "constant"), [("accuracy", "0"), ("f1a", "1")])
def test_trivial_answer_is_what_the_metric_gives_it(metric: str, constant: str) -> None:
    gold = ["1"] * 44 + ["0"] * 56
    rows = [
        Scored(str(i), {"paragraph": "p", "question": str(i % 9)}, (label,), constant) for i, label in enumerate(gold)
    ]
    found = ours.trivial_answer(metric, gold)
    assert found is not None
    assert found.value == pytest.approx(score([metric], rows)[metric])


def test_no_trivial_answer_where_gold_labels_do_not_tell() -> None:
    assert ours.trivial_answer("em", ["1", "0"]) is None
    assert ours.trivial_answer("accuracy", []) is None
