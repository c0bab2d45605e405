"""The figure of calibration: are rows with a confidence of 80 % right in 8 of 10 cases, before and after?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter
from scipy import stats

from lit_synth.report.charts.svg import COLOURS, INK, STYLE, inline
from lit_synth.report.statistics.intervals import Interval
from lit_synth.report.wording import count, percent


class Bin(NamedTuple):
    """Rows of about the same confidence; means are 0 to 1."""

    rows: int
    confidence: float
    accuracy: float


def pooled(seeds: Iterable[Sequence[Mapping[str, Any]]]) -> list[Bin]:
    """Put the bins of several seeds together, those without rows left out.

    >>> one = {"low": 0.8, "rows": 1, "confidence": 0.81, "accuracy": 1.0}
    >>> pooled([[one], [one | {"rows": 3, "confidence": 0.89, "accuracy": 0.6}]])
    [Bin(rows=4, confidence=0.87, accuracy=0.7)]
    """
    found: dict[float, list[Mapping[str, Any]]] = defaultdict(list)
    for bins in seeds:
        for one in bins:
            if one["rows"]:
                found[one["low"]].append(one)
    return [_together(found[low]) for low in sorted(found)]


def accuracy_interval(one: Bin) -> Interval:
    """Return Wilson's 95 % interval (1927) of the accuracy of a bin, whose rows are right or wrong.

    >>> low, high = accuracy_interval(Bin(rows=10, confidence=0.75, accuracy=0.8))
    >>> round(low, 2), round(high, 2)
    (0.49, 0.94)
    """
    found = stats.binomtest(round(one.accuracy * one.rows), one.rows).proportion_ci(method="wilson")
    return Interval(float(found.low), float(found.high))


def reliability_figure(panels: Mapping[str, Sequence[Bin]], intervals: bool, width: int = 720) -> str:
    """Return an inline SVG with one panel for every name, made for a width in CSS pixels.

    Args:
        panels: Bins by title.
        intervals: Whether to draw `accuracy_interval`: not for rows of several seeds, which may be the same ones.
        width: In CSS pixels.
    """
    roomy = width > 500
    left, between, right, top, bottom = 64, 56 if roomy else 46, 24, 34, 58
    side = (width - left - between - right) / 2
    # A wide panel is lower than square, or two of them fill a screen.
    tall = side * (0.8 if roomy else 1)
    height = top + tall + bottom
    most = max(one.rows for bins in panels.values() for one in bins)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        for number, (title, bins) in enumerate(panels.items()):
            start = left + number * (side + between)
            axes = figure.add_axes((start / width, bottom / height, side / width, tall / height))
            _frame(axes, title, named=number == 0, step=0.25 if roomy else 0.5)
            for one in bins:
                _bin(axes, one, 4 + (10 if roomy else 6) * (one.rows / most) ** 0.5, intervals)
        return inline(figure, _describe(panels), prefix=f"r{width}")


def _together(bins: Sequence[Mapping[str, Any]]) -> Bin:
    rows = sum(one["rows"] for one in bins)
    confidence, accuracy = (sum(one["rows"] * one[key] for one in bins) / rows for key in ("confidence", "accuracy"))
    return Bin(rows, confidence, accuracy)


def _frame(axes: Axes, title: str, named: bool, step: float) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.spines[:].set_visible(False)
    axes.grid(color=INK, alpha=0.12, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=INK, labelsize=12, pad=8, labelleft=named)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(step))
        axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.plot((0, 1), (0, 1), color=INK, alpha=0.7, linewidth=1.25, linestyle=(0, (5, 3)))
    axes.set_xlabel("confidence", color=INK, fontsize=12, labelpad=6)
    if named:
        axes.set_ylabel("accuracy", color=INK, fontsize=12, labelpad=4)
    axes.set_title(title, loc="left", color=INK, fontsize=13, fontweight=700, pad=14)


def _bin(axes: Axes, one: Bin, size: float, intervals: bool) -> None:
    # Rows that are all right, or quite sure, lie on the edge of the panel.
    whole: dict[str, Any] = {"color": COLOURS["annotate"], "clip_on": False}
    if intervals:
        sure = [one.confidence] * 2
        axes.plot(sure, accuracy_interval(one), linewidth=3, alpha=0.45, solid_capstyle="round", **whole)
    axes.plot(one.confidence, one.accuracy, "o", markersize=size, markeredgecolor=INK, markeredgewidth=1, **whole)


def _describe(panels: Mapping[str, Sequence[Bin]]) -> str:
    told = (
        f"{title[0].upper()}{title[1:]}: " + ", ".join(_words(one) for one in bins) for title, bins in panels.items()
    )
    return f"Accuracy by confidence on development rows. {'. '.join(told)}."


def _words(one: Bin) -> str:
    return f"{percent(one.confidence)} sure, {percent(one.accuracy)} right ({count(one.rows)} rows)"
