"""The pool of annotators: weights of a convex fit, and figures of rows that they have not seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from lit_synth.curation.pooling import combine, cross_fit, fit_weights, folds_of


def made(rows: int, sharpness: list[float], seed: int = 0, labels: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return posteriors of annotators that see the truth through noise of their own, and the truth."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(labels, size=rows)
    seen = []
    for sharp in sharpness:
        logits = rng.normal(size=(rows, labels)) + 2 * np.eye(labels)[targets]
        shares = np.exp(sharp * logits)
        seen.append(shares / shares.sum(axis=1, keepdims=True))
    return np.stack(seen), targets


def likelihood(posteriors: np.ndarray, targets: np.ndarray, weights: list[float]) -> float:
    return float(-np.log(combine(posteriors, weights)[np.arange(len(targets)), targets]).mean())


def test_one_annotator_gets_the_temperature_that_a_search_over_one_number_finds() -> None:
    posteriors, targets = made(2000, [3.0])
    found = fit_weights(posteriors, targets)
    best = minimize_scalar(lambda weight: likelihood(posteriors, targets, [weight]), bounds=(0.01, 5), method="bounded")
    assert found == pytest.approx([best.x], abs=0.01)
    # A signal of 2 in noise of 1 is worth twice what is seen of it; it is shown three times as loud.
    assert found[0] == pytest.approx(2 / 3, abs=0.08)


def test_two_noisy_annotators_are_better_together_than_each_alone() -> None:
    posteriors, targets = made(600, [1.0, 3.0])
    fresh, truth = made(4000, [1.0, 3.0], seed=1)
    weights = fit_weights(posteriors, targets)
    together = (combine(fresh, weights).argmax(axis=1) == truth).mean()
    assert together > max((alone.argmax(axis=1) == truth).mean() for alone in fresh) + 0.03
    # Those who are too sure get less: what counts is the same noise, three times as loud.
    assert weights[0] == pytest.approx(3 * weights[1], rel=0.25)


def test_an_annotator_that_knows_nothing_gets_no_weight() -> None:
    posteriors, targets = made(1000, [1.0])
    noise = np.random.default_rng(5).dirichlet([0.3] * 4, size=1000)[None]
    weights = fit_weights(np.concatenate([posteriors, noise]), targets)
    assert weights[1] < 0.05 * weights[0]


def test_with_few_rows_weights_stay_near_an_equal_share() -> None:
    posteriors, targets = made(2, [1.0, 1.0])
    assert fit_weights(posteriors, targets) == pytest.approx([0.5, 0.5], abs=0.8)
    assert fit_weights(posteriors[:, :0], targets[:0]) == [0.5, 0.5]


@given(st.integers(1, 40), st.integers(2, 7))
def test_every_row_is_held_out_once(rows: int, folds: int) -> None:
    parts = list(folds_of(rows, folds))
    assert sorted(place for held, _ in parts for place in held.tolist()) == list(range(rows))
    assert all(not set(held.tolist()) & set(rest.tolist()) for held, rest in parts)


def test_a_row_is_judged_by_weights_of_the_other_folds() -> None:
    posteriors, targets = made(50, [1.0, 2.0])
    found = cross_fit(posteriors, targets)
    held, rest = next(iter(folds_of(50, 5)))
    weights = fit_weights(posteriors[:, rest], targets[rest])
    assert found[held] == pytest.approx(combine(posteriors[:, held], weights))
    assert found.sum(axis=1) == pytest.approx(np.ones(50))


def test_a_probability_of_zero_does_not_veto() -> None:
    posteriors = np.array([[[1.0, 0.0]], [[0.0, 1.0]], [[0.0, 1.0]]])
    assert combine(posteriors, [1.0, 1.0, 1.0]).argmax() == 1
    assert np.isfinite(combine(posteriors, [1.0, 1.0, 1.0])).all()
