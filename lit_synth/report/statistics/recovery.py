"""How much of the gap from gold only to every true label a student on synthetic rows recovers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lit_synth.report.statistics.draws import quantiles
from lit_synth.report.statistics.intervals import Interval, Table


@dataclass(frozen=True, slots=True)
class Recovery:
    """A share of the gap: 0 is gold only, 1 is every true label; it may be less or more.

    Args:
        share: The share.
        interval: Its 95 % interval; ``None`` where nothing could be drawn.
    """

    share: float
    interval: Interval | None


def recovery(gold: float, own: float, full: float, drawn: ArrayLike | None = None) -> Recovery:
    """Return the share of the gap that a student recovers; for a gap that is clear of 0.

    The interval is that of the percentiles of drawn shares. In a draw without a gap any gain is endless, as in
    Fieller's interval of a ratio (1954).

    Args:
        gold: Mean of the student on gold only, higher is better.
        own: Mean of the student on synthetic rows.
        full: Mean of the student on every true label, above ``gold``.
        drawn: The same three drawn together, shape ``(draws, 3)``, as by `draw_means`.

    Raises:
        ValueError: There is no gap.

    >>> round(recovery(0.60, 0.72, 0.80).share, 2)
    0.6
    """
    if full <= gold:
        raise ValueError(f"a share needs a gap, found {gold} for gold only and {full} for every label")
    interval = None if drawn is None else quantiles(_shares(np.asarray(drawn, dtype=float)))
    return Recovery((own - gold) / (full - gold), interval)


def _shares(drawn: Table) -> Table:
    gap, gain = drawn[:, 2] - drawn[:, 0], drawn[:, 1] - drawn[:, 0]
    return np.where(gap > 0, np.divide(gain, gap, out=np.zeros_like(gap), where=gap > 0), np.copysign(np.inf, gain))
