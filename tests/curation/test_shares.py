"""Probabilities that agree with known shares of labels, and rows that are of another kind."""

from fractions import Fraction
from itertools import product
from math import comb, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lit_synth.curation.shares import alike, fit_offsets, shifted


def read(rows: int, shares: list[float], lean: list[float], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return true labels, and an annotator's probabilities that lean by `lean` in the logarithm."""
    rng = np.random.default_rng(seed)
    targets = rng.choice(len(shares), size=rows, p=shares)
    logits = rng.normal(size=(rows, len(shares))) + 1.5 * np.eye(len(shares))[targets] + np.array(lean)
    posterior = np.exp(logits)
    return targets, posterior / posterior.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("shares", "lean"), [([0.5, 0.5], [0.0, 1.5]), ([0.9, 0.1], [0.0, 1.5]), ([0.6, 0.3, 0.1], [0.0, -2.0, 2.0])]
)
def test_a_leaning_is_taken_back(shares: list[float], lean: list[float]) -> None:
    targets, posterior = read(4000, shares, lean)
    _, straight = read(4000, shares, [0.0] * len(lean))
    seen = np.round(4000 * np.array(shares)).astype(np.int64)
    moved = shifted(posterior, fit_offsets(posterior, seen))
    assert np.allclose(moved.mean(axis=0), shares, atol=0.01)
    assert np.allclose(moved.sum(axis=1), 1)
    right = [(one.argmax(axis=1) == targets).mean() for one in (posterior, moved, straight)]
    assert right[1] > right[0] + 0.03
    # Rarer labels are read better than by the straight annotator, which knows nothing of their shares.
    assert right[1] > right[2] - 0.01


def test_an_annotator_that_does_not_lean_stays() -> None:
    _, posterior = read(4000, [0.5, 0.5], [0.0, 0.0])
    assert np.abs(fit_offsets(posterior, np.array([2000, 2000]))).max() < 0.1


def test_shares_that_are_off_by_chance_spoil_little() -> None:
    """A sure annotator that leans nowhere, beside 48 labelled rows that are drawn at random."""
    lost = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        shares = rng.dirichlet([3.0, 3.0])
        targets = rng.choice(2, size=1500, p=shares)
        seen = np.exp(2.5 * (rng.normal(size=(1500, 2)) + 2.5 * np.eye(2)[targets]) + np.log(shares))
        posterior = seen / seen.sum(axis=1, keepdims=True)
        moved = shifted(posterior, fit_offsets(posterior, rng.multinomial(48, shares)))
        lost.append(np.subtract(*((one.argmax(axis=1) == targets).mean() for one in (posterior, moved))))
    assert np.mean(lost) < 0.015


def test_few_known_rows_move_less_than_many() -> None:
    _, posterior = read(1000, [0.5, 0.5], [0.0, 2.0])
    few, many = (np.ptp(fit_offsets(posterior, np.array([rows, rows]))) for rows in (1, 500))
    assert 0 < few < many


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 6).flatmap(
        lambda labels: st.tuples(
            st.lists(st.lists(st.floats(0, 1), min_size=labels, max_size=labels), min_size=1, max_size=20),
            st.lists(st.integers(0, 1000), min_size=labels, max_size=labels),
        )
    )
)
def test_whatever_is_read_stays_a_probability(given_: tuple[list[list[float]], list[int]]) -> None:
    rows, seen = given_
    posterior = np.array(rows) + 1e-9
    posterior /= posterior.sum(axis=1, keepdims=True)
    moved = shifted(posterior, fit_offsets(posterior, np.array(seen)))
    assert np.isfinite(moved).all()
    assert np.allclose(moved.sum(axis=1), 1)


def test_rows_of_one_kind_are_taken_for_such_as_often_as_promised() -> None:
    found = []
    for seed in range(200):
        _, posterior = read(430, [0.7, 0.2, 0.1], [0.0, 1.0, 0.0], seed)
        found.append(alike(posterior[:30], posterior[30:]))
    assert np.mean(np.array(found) < 0.05) < 0.09  # 0.05 and what 200 draws may add to it
    assert np.mean(np.array(found) < 0.5) > 0.35  # a test that never doubts would be of no use


@pytest.mark.parametrize(("few", "many"), [((10, 0, 5), (16, 1, 4)), ((10, 3, 0), (24, 15, 1)), ((5, 3, 1), (4, 4, 3))])
def test_draws_as_extreme_are_counted_despite_rounding(few: tuple[int, ...], many: tuple[int, ...]) -> None:
    """Beside the p-value of all tables, which whole numbers give without rounding."""
    both, size = np.add(few, many), sum(few)

    def statistic(counts: tuple[int, ...]) -> Fraction:
        expected = [Fraction(int(total) * size, int(both.sum())) for total in both]
        return sum(((count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True)), Fraction())

    tables = [table for table in product(*(range(total + 1) for total in both)) if sum(table) == size]
    ways = {table: prod(comb(int(total), count) for total, count in zip(both, table, strict=True)) for table in tables}
    extreme = sum(ways[table] for table in tables if statistic(table) >= statistic(few))
    posterior = [np.eye(3)[np.repeat(range(3), counts)] for counts in (few, many)]
    assert alike(*posterior) == pytest.approx(extreme / sum(ways.values()), abs=0.035)


def test_a_pool_of_another_kind_is_told_from_few_rows() -> None:
    # As few as 128 gold rows leave for development, read by an annotator that is right on 8 of 10.
    told = []
    for seed in range(50):
        _, few = read(26, [0.5, 0.5], [0.0, 0.5], seed)
        _, pool = read(1500, [0.9, 0.1], [0.0, 0.5], seed + 1000)
        told.append(alike(few, pool) < 0.05)
    assert np.mean(told) > 0.5
