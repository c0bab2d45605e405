"""The figure of several tasks: what synthetic rows changed in each run, beside nothing."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lit_synth.report.charts.curves import points as draw_points
from lit_synth.report.charts.svg import COLOURS, INK, STYLE, inline
from lit_synth.report.conclusions.findings import CANDIDATES
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.students import group_title
from lit_synth.report.wording import points, span

Line = tuple[str, str, Sequence[Outcome]]
"""Task, labels, and the synthetic students of a run."""


def lines(tasks: Sequence[TaskOutcomes]) -> list[Line]:
    """Return the runs with students that learnt from all synthetic rows and are held against gold only."""
    every = [(task, run, [o for o in task.of(run) if _is_shown(o)]) for task in tasks for run in task.runs]
    return [(task.task, group_title(task, run), found) for task, run, found in every if found]


def gains_figure(tasks: Sequence[TaskOutcomes], width: int = 720) -> str:
    """Return an inline SVG, made for a width in CSS pixels; right of 0 is better, whatever the metric."""
    shown = lines(tasks)
    roomy = width > 500
    left, right, top, bottom, line = 210 if roomy else 128, 16, 12, 54, 56
    height = top + bottom + line * len(shown)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        axes = figure.add_axes((left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height))
        _frame(axes, shown, 6 if roomy else 4)
        for place, (task, title, outcomes) in enumerate(shown):
            _name(axes, task, title, place, left)
            for outcome in outcomes:
                _gain(axes, outcome, place + 0.22 * (CANDIDATES.index(outcome.strategy) - 1))
        return inline(figure, _describe(shown), prefix=f"g{width}")


def _is_shown(outcome: Outcome) -> bool:
    return outcome.is_synthetic and outcome.amount is None and outcome.difference is not None


def _frame(axes: Axes, shown: Sequence[Line], ticks: int) -> None:
    differences = [outcome.difference for *_, found in shown for outcome in found if outcome.difference]
    ends = [end for d in differences for end in (d.gain, *(d.gain_interval or ()))]
    margin = max(0.005, 0.04 * (max(*ends, 0.0) - min(*ends, 0.0)))
    axes.set_xlim(min(*ends, 0.0) - margin, max(*ends, 0.0) + margin)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.grid(axis="x", color=INK, alpha=0.12, linewidth=1)
    axes.set_axisbelow(True)
    axes.axvline(0, color=INK, alpha=0.7, linewidth=1.25)
    axes.xaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: points(value).removesuffix(".0")))
    axes.tick_params(length=0, labelcolor=INK, labelsize=12, pad=8)
    axes.set_yticks([])
    axes.set_xlabel("better than gold only, points", color=INK, fontsize=12, labelpad=6)


def _name(axes: Axes, task: str, title: str, place: int, left: int) -> None:
    room = left // 8  # characters
    short = task if len(task) <= room else f"{task[: room - 1]}…"
    for text, offset, weight in ((short, 8, 700), (title, -8, 400)):
        axes.annotate(
            text,
            (0, place),
            (-left, offset),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            va="center",
            color=INK,
            fontsize=12 if offset < 0 else 13,
            fontweight=weight,
        )


def _gain(axes: Axes, outcome: Outcome, height: float) -> None:
    difference = outcome.difference
    assert difference is not None  # noqa: S101 - only such outcomes are shown
    if difference.gain_interval:
        colour = COLOURS[outcome.strategy]
        axes.plot(difference.gain_interval, [height] * 2, color=colour, linewidth=4, alpha=0.45, solid_capstyle="round")
    draw_points(axes, outcome.strategy, [difference.gain], [height])


def _describe(shown: Sequence[Line]) -> str:
    told = []
    for task, title, found in shown:
        differences = [(outcome.strategy, outcome.difference) for outcome in found if outcome.difference]
        each = (f"{name} {points(one.gain)} ({span(one.gain_interval, sign=True)})" for name, one in differences)
        told.append(f"{task}, {title}: {', '.join(each)}")
    return f"Gain of synthetic rows over gold only, in points. {'; '.join(told)}."
