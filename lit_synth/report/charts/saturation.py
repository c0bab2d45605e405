"""The figure of amounts: how the headline metric goes on with more synthetic rows, a panel for every run."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lit_synth.report.charts.axes import end_names, frame
from lit_synth.report.charts.curves import points
from lit_synth.report.charts.svg import COLOURS, INK, STYLE, inline
from lit_synth.report.conclusions.findings import CANDIDATES
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.students import group_title
from lit_synth.report.wording import count


def panels(task: TaskOutcomes) -> list[str]:
    """Return the runs that have students of smaller amounts."""
    return [run for run in task.runs if any(outcome.amount is not None for outcome in task.of(run))]


def saturation_figure(task: TaskOutcomes, width: int = 720, number: int = 0) -> str:
    """Return an inline SVG, made for a width in CSS pixels; all panels share their axes.

    Args:
        task: Students of which some learnt from a part of the synthetic rows.
        width: In CSS pixels.
        number: Of the task on its page.
    """
    runs = panels(task)
    columns = min(len(runs), 2 if width > 500 else 1)
    left, between, right, top, bottom = 58, 24, 84, 34, 54
    side, tall = (width - left - right - between * (columns - 1)) / columns, 190
    lines = -(-len(runs) // columns)
    height = lines * (top + tall) + (lines - 1) * 30 + bottom
    shown = [outcome for run in runs for outcome in _shown(task, run)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        for place, run in enumerate(runs):
            line, column = divmod(place, columns)
            start, up = left + column * (side + between), height - (line + 1) * (top + tall) - line * 30
            axes = figure.add_axes((start / width, up / height, side / width, tall / height))
            _limits(axes, shown)
            rows = [outcome.summary.n_synthetic for outcome in shown if outcome.is_synthetic]
            frame(axes, task.metric, rows, side, 4)
            axes.tick_params(labelleft=column == 0, labelbottom=place + columns >= len(runs))
            if place + columns >= len(runs):
                axes.set_xlabel("synthetic rows", color=INK, fontsize=12, labelpad=6)
            axes.set_title(group_title(task, run), loc="left", color=INK, fontsize=13, fontweight=700, pad=12)
            _panel(axes, _shown(task, run), tall, named=column == columns - 1 or place == len(runs) - 1)
        return inline(figure, _describe(task, runs), prefix=f"s{number}w{width}")


def _shown(task: TaskOutcomes, run: str) -> list[Outcome]:
    return [outcome for outcome in task.of(run) if outcome.strategy in (*CANDIDATES, "gold", "full")]


def _limits(axes: Axes, shown: Sequence[Outcome]) -> None:
    values = [outcome.summary.mean for outcome in shown]
    margin = max(0.01, 0.1 * (max(values) - min(values)))
    axes.set_ylim(max(0.0, min(values) - margin), min(1.0, max(values) + margin) + 0.001)
    rows = [outcome.summary.n_synthetic for outcome in shown if outcome.is_synthetic]
    axes.set_xscale("log")
    axes.set_xlim(min(rows) / 1.15, max(rows) * 1.15)


def _panel(axes: Axes, shown: Sequence[Outcome], tall: float, named: bool) -> None:
    ends: list[tuple[str, float, float]] = []
    edge = axes.get_xlim()[1]
    for outcome in shown:
        if outcome.strategy in ("gold", "full"):
            style = (0, (5, 3)) if outcome.strategy == "gold" else (0, (1, 2))
            axes.axhline(outcome.summary.mean, color=INK, alpha=0.7, linewidth=1.25, linestyle=style)
            ends.append(("gold only" if outcome.strategy == "gold" else "all labels", edge, outcome.summary.mean))
    for name in CANDIDATES:
        curve = sorted((o for o in shown if o.strategy == name), key=lambda outcome: outcome.summary.n_synthetic)
        if not curve:
            continue
        rows, means = [o.summary.n_synthetic for o in curve], [o.summary.mean for o in curve]
        sure = [outcome for outcome in curve if outcome.summary.interval]
        if len(sure) > 1:
            low, high = zip(*(outcome.summary.interval or (0, 0) for outcome in sure), strict=True)
            axes.fill_between([o.summary.n_synthetic for o in sure], low, high, color=COLOURS[name], alpha=0.14, lw=0)
        axes.plot(rows, means, color=COLOURS[name], linewidth=2.25)
        points(axes, name, rows, means)
        ends.append((name, edge, means[-1]))
    if named:
        end_names(axes, ends, tall)


def _describe(task: TaskOutcomes, runs: Sequence[str]) -> str:
    told = []
    for run in runs:
        students = [outcome for outcome in task.of(run) if outcome.is_synthetic]
        figures = (
            f"{o.strategy} {count(o.summary.n_synthetic)} rows {task.metric.show(o.summary.mean)}" for o in students
        )
        told.append(f"{group_title(task, run)}: {', '.join(figures)}")
    return " ".join(filter(None, [f"Test {task.metric.name} by synthetic rows. {'; '.join(told)}.", task.caption]))
