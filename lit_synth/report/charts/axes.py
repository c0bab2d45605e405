"""What figures with curves have in common: axes over rows, marks that are told apart without colour, names at ends."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from lit_synth.report.charts.svg import INK, PAPER
from lit_synth.report.metric import Metric
from lit_synth.report.wording import count

MARKS = {"gold": "o", "annotate": "s", "generate": "^", "both": "D", "full": "P", "few_shot": "X", "teacher": "v"}
"""Shape of a strategy's points: a page may be printed without colour."""


def frame(axes: Axes, metric: Metric, rows: Sequence[float], pixels: float, ticks: int) -> None:
    """Set up axes: rows in equal steps of their logarithm, the metric upwards.

    Args:
        axes: Their limits are set already.
        metric: Of the vertical axis.
        rows: Where to put a tick, as far as there is room for its number.
        pixels: Width of the axes.
        ticks: About how many there are upwards.
    """
    axes.spines[:].set_visible(False)
    axes.grid(axis="y", color=INK, alpha=0.12, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=INK, labelsize=12, pad=8)
    axes.tick_params(axis="x", length=5, color=INK, pad=5)
    axes.xaxis.set_major_locator(FixedLocator(apart(axes, rows, pixels)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=metric.unit))


def apart(axes: Axes, rows: Sequence[float], pixels: float) -> list[float]:
    """Return those of some places on the horizontal axis whose numbers do not touch, the first and later ones."""
    kept: list[float] = []
    start, end = axes.transData.transform([(edge, 0) for edge in axes.get_xlim()])[:, 0]
    for value in sorted(set(rows)):
        place = axes.transData.transform((value, 0))[0]
        before = axes.transData.transform((kept[-1], 0))[0] if kept else -1e9
        room = 4 * (len(count(value)) + (len(count(kept[-1])) if kept else 0)) + 10
        if (place - before) * pixels / (end - start) >= room:
            kept.append(value)
    return kept


def end_names(axes: Axes, ends: Sequence[tuple[str, float, float]], pixels: float, gap: float = 16) -> None:
    """Write names to the right of the points where curves end, moved apart where they would touch.

    Args:
        axes: Their limits are set already.
        ends: Name, rows and height of the point, in the units of both axes; names at one place stand in a column.
        pixels: Height of the axes.
        gap: Least distance of two names, in pixels.
    """
    low, high = axes.get_ylim()
    for rows in {at for _, at, _ in ends}:
        wanted = sorted(((value - low) / (high - low) * pixels, name) for name, at, value in ends if at == rows)
        for (_, name), place in zip(wanted, spread([height for height, _ in wanted], gap), strict=True):
            axes.annotate(
                name,
                (rows, place / pixels),
                (9, 0),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                va="center",
                color=INK,
                fontsize=13,
                annotation_clip=False,
                bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5},
            )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move rising places apart until they are a gap from each other, those that touch about their common middle.

    >>> spread([10, 12, 50], 16)
    [3.0, 19.0, 50.0]
    """
    groups: list[list[float]] = []
    for place in map(float, places):
        groups.append([place])
        while len(groups) > 1 and _first(groups[-1], gap) - _last(groups[-2], gap) < gap:
            groups[-2:] = [[*groups[-2], *groups[-1]]]
    return [_first(group, gap) + gap * number for group in groups for number in range(len(group))]


def _first(group: Sequence[float], gap: float) -> float:
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _last(group: Sequence[float], gap: float) -> float:
    return _first(group, gap) + gap * (len(group) - 1)
