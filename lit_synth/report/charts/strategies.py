"""The main figure: the headline metric of every strategy with its interval, between gold only and the ceiling."""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from lit_synth.report.charts.svg import COLOURS, INK, STYLE, inline
from lit_synth.report.conclusions.findings import StrategySummary, Summary
from lit_synth.report.metric import Metric
from lit_synth.report.wording import points


def headline_figure(summary: Summary, width: int = 720) -> str:
    """Return an inline SVG, made for a width in CSS pixels; text stays at 13 px there."""
    rows = len(summary.strategies)
    top, bottom, line = 46, 34, 44
    height = top + bottom + line * rows
    left, right = 96, 128 if width > 500 else 64
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        axes = figure.add_axes((left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height))
        _frame(axes, summary, ticks=6 if width > 500 else 4)
        _references(axes, summary)
        for position, strategy in enumerate(summary.strategies):
            _strategy(axes, strategy, position)
            _words(axes, strategy, summary.metric, position, left, right)
        return inline(figure, _describe(summary), prefix=f"w{width}")


def _frame(axes: Axes, summary: Summary, ticks: int) -> None:
    values = [value for strategy in summary.strategies for value in strategy.per_seed.values()]
    bounds = [bound for strategy in summary.strategies for bound in strategy.interval or ()]
    low, high = min(values + bounds), max(values + bounds)
    margin = max(0.02, 0.06 * (high - low))
    axes.set_xlim(max(0.0, low - margin), min(1.0, high + margin))
    axes.set_ylim(len(summary.strategies) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.grid(axis="x", color=INK, alpha=0.12, linewidth=1)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=summary.metric.unit))
    axes.tick_params(length=0, labelcolor=INK, labelsize=12, pad=8)
    axes.set_yticks([])


def _references(axes: Axes, summary: Summary) -> None:
    """Draw gold only as the baseline, ``full`` as the ceiling, and name both above the rows."""
    gold, full = summary.strategy("gold"), summary.strategy("full")
    if gold and full and full.mean > gold.mean:
        axes.axvspan(gold.mean, full.mean, color=INK, alpha=0.05, linewidth=0)
    swapped = bool(gold and full and full.mean < gold.mean)
    ceiling = "all texts" if summary.is_text else "all labels"
    for strategy, text, before in ((gold, "gold only", not swapped), (full, ceiling, swapped)):
        if strategy is None:
            continue
        alignment = "right" if before else "left"
        style = (0, (5, 3)) if strategy is gold else (0, (1, 2))
        axes.axvline(strategy.mean, color=INK, alpha=0.7, linewidth=1.25, linestyle=style)
        offset = (4 if before else -4, 12)
        axes.annotate(
            text,
            (strategy.mean, 1),
            offset,
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha=alignment,
            color=INK,
            fontsize=12,
        )


def _strategy(axes: Axes, strategy: StrategySummary, position: int) -> None:
    colour = COLOURS.get(strategy.name, COLOURS["full"])
    if strategy.interval:
        axes.plot(strategy.interval, [position] * 2, color=colour, linewidth=4, alpha=0.45, solid_capstyle="round")
    if len(strategy.per_seed) > 1:
        seeds = list(strategy.per_seed.values())
        axes.plot(seeds, [position + 0.27] * len(seeds), "o", markersize=4.5, color="none", markeredgecolor=INK)
    axes.plot(strategy.mean, position, "o", markersize=12, color=colour, markeredgecolor=INK, markeredgewidth=1)


def _words(axes: Axes, strategy: StrategySummary, metric: Metric, position: int, left: int, right: int) -> None:
    """Write name, value and, where there is room, difference, as columns at both edges of the figure."""
    roomy = right > 100
    value = metric.show(strategy.mean)
    columns = [(strategy.name, 0, -left, "left", 400), (value, 1, right - 60 * roomy, "right", 700)]
    if roomy and strategy.difference:
        columns.append((points(strategy.difference.mean), 1, right, "right", 400))
    for text, edge, offset, alignment, weight in columns:
        axes.annotate(
            text,
            (edge, position),
            (offset, -1),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha=alignment,
            va="center",
            color=INK,
            fontsize=13,
            fontweight=weight,
        )


def _describe(summary: Summary) -> str:
    metric = summary.metric
    values = ", ".join(f"{strategy.name} {metric.show(strategy.mean)}" for strategy in summary.strategies)
    return " ".join(filter(None, [f"Test {metric.name} by strategy: {values}.", summary.limits.caption]))
