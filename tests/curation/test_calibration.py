"""Calibration figures against torchmetrics, and a threshold that leaves out what is wrong."""

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import multiclass_calibration_error

from lit_synth.curation.calibration import (
    _best,
    bootstrap,
    choose_threshold,
    expected_calibration_error,
    figures,
    judged,
    reliability,
)
from lit_synth.curation.pooling import folds_of


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.dirichlet([0.5] * 5, size=400), rng.integers(5, size=400)


def test_ece_is_that_of_torchmetrics(rows: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, targets = rows
    reference = multiclass_calibration_error(torch.tensor(probabilities), torch.tensor(targets), 5, n_bins=10)
    assert expected_calibration_error(*judged(probabilities, targets)) == pytest.approx(float(reference), abs=1e-6)


def test_bins_hold_every_row_and_add_up_to_the_error(rows: tuple[np.ndarray, np.ndarray]) -> None:
    confidence, right = judged(*rows)
    bins = reliability(confidence, right)
    assert sum(one["rows"] for one in bins) == 400
    error = sum(one["rows"] * abs(one["confidence"] - one["accuracy"]) for one in bins) / 400
    assert error == pytest.approx(expected_calibration_error(confidence, right))
    assert all(one["low"] <= one["confidence"] <= one["high"] for one in bins)


def test_a_certain_row_is_in_the_last_bin() -> None:
    assert reliability(np.array([1.0]), np.array([1.0])) == [
        {"low": 0.9, "high": 1.0, "rows": 1, "confidence": 1.0, "accuracy": 1.0}
    ]


def test_figures_have_an_interval_around_the_error(rows: tuple[np.ndarray, np.ndarray]) -> None:
    found = figures(*rows)
    assert found["ece_low"] < found["ece"] < found["ece_high"]
    assert found["nll"] == pytest.approx(float(-np.log(rows[0][np.arange(400), rows[1]].clip(1e-6)).mean()))
    assert figures(*rows) == found, "drawn with a fixed seed"


def test_the_interval_of_a_mean_is_that_of_the_normal_law_for_many_rows() -> None:
    values = np.random.default_rng(1).normal(0.3, 1.0, size=2000)
    low, high = bootstrap(values)
    half = 1.96 * values.std() / 2000**0.5
    assert low == pytest.approx(values.mean() - half, abs=0.02)
    assert high == pytest.approx(values.mean() + half, abs=0.02)


def test_the_threshold_leaves_out_rows_that_are_more_often_wrong_than_right() -> None:
    rng = np.random.default_rng(2)
    confidence = rng.random(3000)
    right = (rng.random(3000) < confidence).astype(float)
    assert choose_threshold(confidence, right) == pytest.approx(0.5, abs=0.15)
    assert choose_threshold(confidence, np.ones(3000)) == 0, "where all is right all is kept"
    assert choose_threshold(np.array([0.4]), np.array([1.0])) == 0


def test_a_threshold_that_gains_nothing_on_rows_held_out_is_none() -> None:
    rng = np.random.default_rng(4)
    confidence, right = rng.random(60), (rng.random(60) < 0.5).astype(float)
    found = [_best(confidence[rest], right[rest]) for _, rest in folds_of(60, 5)]
    assert np.median(found) == pytest.approx(0.55), "chance alone finds one"
    assert choose_threshold(confidence, right) == 0
