"""Label equivalence: how many gold rows a student on gold alone would need to score as well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from lit_synth.report.statistics.draws import quantiles
from lit_synth.report.statistics.intervals import Interval, Table


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The gold rows that a score is worth.

    Args:
        rows: Gold rows; 0 where the score lies below the measured curve, infinite where above it.
        interval: 95 % interval of ``rows``, its bounds in the same way; ``None`` where nothing could be drawn.
        least: Gold rows where the measured curve begins.
        most: Gold rows where it ends.
    """

    rows: float
    interval: Interval | None
    least: float
    most: float

    def show(self, rows: float) -> str:
        """Write a number of rows, or on which side of the curve it lies.

        >>> found = Equivalence(rows=512.4, interval=None, least=64, most=1200)
        >>> found.show(found.rows), found.show(float("inf")), found.show(0)
        ('512', 'more than 1,200', 'fewer than 64')
        """
        if rows <= 0:
            return f"fewer than {self.least:,.0f}"
        return f"more than {self.most:,.0f}" if np.isinf(rows) else f"{rows:,.0f}"

    @property
    def words(self) -> str:
        """The rows in words."""
        return self.show(self.rows)

    @property
    def span(self) -> str:
        """The interval in words; empty where there is none.

        >>> Equivalence(512.4, Interval(380.2, float("inf")), 64, 1200).span
        '380 to more than 1,200'
        """
        low, high = map(self.show, self.interval or (0, 0))
        return "" if self.interval is None else low if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class GoldCurve:
    """What students on gold alone reach, by their gold rows; higher is better.

    Args:
        rows: Gold rows of every point, rising.
        scores: Made to rise with the rows, shape ``(draws, points)``; one draw is the means themselves.
    """

    rows: Sequence[float]
    scores: Table


def gold_curve(rows: ArrayLike, scores: ArrayLike, weights: ArrayLike) -> GoldCurve:
    """Return the curve through points by isotonic regression: more gold rows never do harm.

    Points with equally many rows become one first, then adjacent violators are pooled (Barlow et al. 1972).

    Args:
        rows: Gold rows of every point, in any order, shape ``(points,)``.
        scores: Shape ``(points,)``, or ``(draws, points)`` for one curve a draw.
        weights: Trained students behind every point, shape ``(points,)``.

    >>> curve = gold_curve([256, 64, 64, 128], [0.8, 0.6, 0.9, 0.5], [1, 2, 1, 3])
    >>> curve.rows, curve.scores.round(2).tolist()
    ([64.0, 128.0, 256.0], [[0.6, 0.6, 0.8]])
    """
    at, of, weight = np.asarray(rows, dtype=float), np.atleast_2d(scores), np.asarray(weights, dtype=float)
    places, which = np.unique(at, return_inverse=True)
    belongs = (which[:, None] == np.arange(places.size)) * weight[:, None]
    together = belongs.sum(axis=0)
    means = of @ belongs / together
    return GoldCurve(places.tolist(), np.stack([isotonic_regression(row, weights=together).x for row in means]))


def rows_needed(curve: GoldCurve, scores: ArrayLike) -> Table:
    """Return the fewest gold rows with which the curve reaches a score, straight in log(rows) between its points.

    Args:
        curve: Of one point or more.
        scores: One for every draw of the curve, or any number of them for a curve that was not drawn.

    Returns:
        Gold rows, one for each score: 0 below the curve's first point, infinity above its last.

    >>> curve = gold_curve([100, 400], [0.5, 0.7], [1, 1])
    >>> rows_needed(curve, [0.4, 0.5, 0.6, 0.7, 0.8]).round(1).tolist()
    [0.0, 100.0, 200.0, 400.0, inf]
    """
    wanted = np.atleast_1d(np.asarray(scores, dtype=float))
    rising = np.broadcast_to(curve.scores, (wanted.size, len(curve.rows)))
    places, last = np.log(curve.rows), len(curve.rows) - 1
    after = (rising < wanted[:, None]).sum(axis=1)
    high = np.minimum(after, last)
    low = np.maximum(high - 1, 0)
    each = np.arange(wanted.size)
    step = rising[each, high] - rising[each, low]
    share = np.divide(wanted - rising[each, low], step, out=np.ones_like(wanted), where=step > 0)
    found = np.exp(places[low] + np.clip(share, 0, 1) * (places[high] - places[low]))
    found = np.where(after == 0, np.where(wanted < rising[:, 0], 0.0, curve.rows[0]), found)
    return np.where(after > last, np.inf, found)


def equivalence(curve: GoldCurve, score: float, drawn: tuple[GoldCurve, ArrayLike] | None = None) -> Equivalence:
    """Return the gold rows that a score is worth.

    Args:
        curve: Means of the students on gold alone.
        score: The student's mean, higher is better.
        drawn: The curve and the student drawn together, as by `draw_means`: the same units and seeds for both.

    >>> equivalence(gold_curve([100, 400], [0.5, 0.7], [1, 1]), 0.6).words
    '200'
    """
    interval = quantiles(rows_needed(*drawn)) if drawn else None
    return Equivalence(float(rows_needed(curve, score)[0]), interval, curve.rows[0], curve.rows[-1])
