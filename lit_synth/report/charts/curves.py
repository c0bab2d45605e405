"""The figure of several runs: the headline metric of every strategy over the labels it cost."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_synth.report.charts.axes import MARKS, end_names, frame
from lit_synth.report.charts.svg import COLOURS, INK, STYLE, inline
from lit_synth.report.conclusions.findings import ORDER
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.wording import count


def learning_figure(task: TaskOutcomes, marked: Outcome | None, width: int = 720, number: int = 0) -> str:
    """Return an inline SVG, made for a width in CSS pixels.

    Args:
        task: Students of one run or more.
        marked: A student whose worth in labels is drawn, where it lies on the curve.
        width: In CSS pixels.
        number: Of the task on its page.
    """
    roomy = width > 500
    curves = {name: task.of_strategy(name) for name in _order(task)}
    # Beyond the last point stands its name, and "full" is a short one.
    right = 84 if max(curves, key=lambda name: curves[name][-1].labels) != "full" else 46
    left, top, bottom, height = 58, 14, 54, 400 if roomy else 340
    inner = (width - left - right, height - top - bottom)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        axes = figure.add_axes((left / width, bottom / height, inner[0] / width, inner[1] / height))
        _limits(axes, [outcome for curve in curves.values() for outcome in curve])
        frame(axes, task.metric, [o.labels for curve in curves.values() for o in curve], inner[0], 6 if roomy else 5)
        axes.set_xlabel("labelled examples" if task.is_text else "labels", color=INK, fontsize=12, labelpad=6)
        _towards_full(axes, curves)
        for name, curve in curves.items():
            _curve(axes, name, curve)
        if marked:
            _worth(axes, marked)
        ends = [(name, curve[-1].labels, curve[-1].summary.mean) for name, curve in curves.items()]
        end_names(axes, ends, inner[1])
        return inline(figure, describe(task), prefix=f"l{number}w{width}")


def describe(task: TaskOutcomes) -> str:
    """Say in words what the figure shows."""
    told = (
        f"{name}: " + ", ".join(f"{count(o.labels)} {task.metric.show(o.summary.mean)}" for o in task.of_strategy(name))
        for name in _order(task)
    )
    return " ".join(filter(None, [f"Test {task.metric.name} by labels. {'; '.join(told)}.", task.caption]))


def _order(task: TaskOutcomes) -> list[str]:
    names = {outcome.strategy for outcome in task.outcomes if outcome.amount is None}
    return [name for name in ORDER if name in names] + sorted(names - set(ORDER))


def _limits(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    """Show every mean, and intervals as far as they are not many times wider than what lies between the means."""
    values = [outcome.summary.mean for outcome in outcomes]
    bounds = [bound for outcome in outcomes for bound in outcome.summary.interval or ()]
    low, high = min(values), max(values)
    most = max(0.04, 0.6 * (high - low))
    low, high = max(min([low, *bounds]), low - most), min(max([high, *bounds]), high + most)
    margin = max(0.01, 0.05 * (high - low))
    axes.set_ylim(max(0.0, low - margin), min(1.0, high + margin) + 0.001)
    rows = [outcome.labels for outcome in outcomes]
    axes.set_xscale("log")
    stretch = max(1.12, (max(rows) / min(rows)) ** 0.04)
    axes.set_xlim(min(rows) / stretch, max(rows) * stretch)


def _curve(axes: Axes, name: str, curve: Sequence[Outcome]) -> None:
    colour, rows = COLOURS.get(name, COLOURS["full"]), [outcome.labels for outcome in curve]
    is_reference = name in ("teacher", "few_shot", "full")
    sure = [outcome for outcome in curve if outcome.summary.interval]
    if len(sure) > 1 and not is_reference:
        low, high = zip(*(outcome.summary.interval or (0, 0) for outcome in sure), strict=True)
        axes.fill_between([o.labels for o in sure], low, high, color=colour, alpha=0.14, linewidth=0)
    elif not is_reference or name == "full":
        for outcome in sure:
            axes.plot([outcome.labels] * 2, outcome.summary.interval or (), color=colour, linewidth=3, alpha=0.4)
    if name != "full":
        style = (0, (2, 2)) if is_reference else "-"
        means = [outcome.summary.mean for outcome in curve]
        axes.plot(rows, means, color=colour, linewidth=1.5 if is_reference else 2.25, linestyle=style)
    points(axes, name, rows, [outcome.summary.mean for outcome in curve])


def points(axes: Axes, name: str, rows: Sequence[float], means: Sequence[float]) -> None:
    """Draw the points of a strategy in its own shape and colour."""
    axes.plot(
        rows,
        means,
        MARKS.get(name, "o"),
        markersize=8,
        color=COLOURS.get(name, COLOURS["full"]),
        markeredgecolor=INK,
        markeredgewidth=1,
        linestyle="none",
        clip_on=False,
    )


def _towards_full(axes: Axes, curves: dict[str, list[Outcome]]) -> None:
    """Lead the curve of gold alone on to the students with every true label: they are on gold alone, too."""
    gold, full = curves.get("gold"), curves.get("full")
    if gold and full:
        rows, means = [gold[-1].labels], [gold[-1].summary.mean]
        for labels in np.unique([outcome.labels for outcome in full]):
            rows.append(labels)
            means.append(float(np.mean([outcome.summary.mean for outcome in full if outcome.labels == labels])))
        axes.plot(rows, means, color=COLOURS["gold"], linewidth=2.25, linestyle=(0, (1, 1.4)))


def _worth(axes: Axes, marked: Outcome) -> None:
    """Draw the way from a student to the curve of gold alone, and down to the labels it is worth."""
    worth = marked.worth
    if worth is None or not worth.least <= worth.rows <= worth.most:
        return
    mean, floor = marked.summary.mean, axes.get_ylim()[0]
    axes.plot([marked.labels, worth.rows, worth.rows], [mean, mean, floor], color=INK, linewidth=1, alpha=0.75)
    axes.annotate(
        f"worth {worth.words}" + (f"\n{span_words}" if (span_words := worth.span) else ""),
        (worth.rows, floor),
        (6, 6),
        textcoords="offset points",
        va="bottom",
        color=INK,
        fontsize=12,
    )
