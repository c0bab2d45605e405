"""The result as a table on the terminal: the same figures as the page."""

from textwrap import fill

from rich import box
from rich.table import Table
from rich.text import Text

from lit_synth.report.conclusions.findings import REFERENCES, StrategySummary, Summary
from lit_synth.report.metric import Metric
from lit_synth.report.wording import basis, count, points, share, span, spent

FEW_LABELS = 5
"""Labels up to which each has its figures on the terminal; the page has those of all."""


def terminal_table(summary: Summary) -> Table:
    """Return one row a strategy; it fits 80 columns, and a limit, if one was set, stands in the caption."""
    metric = summary.metric
    spread = f"Intervals {basis(len(summary.seeds), metric.units)}."
    order = f"{metric.title}: lower is better." if metric.lower else ""
    table = Table(
        title=Text(f"{summary.task}: {metric.name}{tested(summary)}, {spent(summary.labels, summary.is_text)}"),
        caption=Text(" ".join(filter(None, [spread, order, summary.without_reading, summary.limits.caption]))),
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("strategy", no_wrap=True)
    interval, difference = "95 %\ninterval", "to gold,\npoints"
    for name in ("gold\nrows", "synthetic\nrows", fill(metric.name, 10), interval, difference, interval):
        table.add_column(name, justify="right", no_wrap=True)
    for strategy in summary.strategies:
        style = "bold" if strategy.name == summary.best else "dim" if strategy.name in REFERENCES else ""
        table.add_row(*cells(strategy, metric), style=style)
    return table


def label_table(summary: Summary) -> Table | None:
    """Return precision and recall of every label; nothing where there are more than a few, or none."""
    shown = summary.shown_by_label
    if not shown or max(map(len, shown.values())) > FEW_LABELS:
        return None
    table = Table(
        title=Text(f"{summary.task}: each label on its own"),
        caption=Text("recall: of the rows with the label, found; precision: of those so named, right"),
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for place, name in enumerate(("student", "label", "test rows", "recall", "precision")):
        table.add_column(name, justify="left" if place < 2 else "right", no_wrap=True)
    for strategy, figures in shown.items():
        for one in figures:
            table.add_row(*map(Text, (strategy, one.label, count(one.rows), share(one.recall), share(one.precision))))
    return table


def tested(summary: Summary) -> str:
    """Say how much was tested, where that is known.

    With questions, which intervals are over, next to their rows.
    """
    if not summary.test_rows:
        return ""
    units = summary.metric.units
    also = f" ({count(summary.test_units)} {units})" if units != "rows" and summary.test_units else ""
    return f" on {count(summary.test_rows)} test rows{also}"


def cells(strategy: StrategySummary, metric: Metric) -> tuple[str, ...]:
    """Return the texts of a row: what the page shows as well.

    >>> cells(StrategySummary("gold", {0: 0.758}, None, 128, 0, {}), Metric("accuracy", "accuracy", " %"))
    ('gold', '128', '0', '75.8 %', '', '', '')
    """
    difference = strategy.difference
    return (
        strategy.name,
        count(strategy.n_gold),
        count(strategy.n_synthetic),
        metric.show(strategy.mean),
        span(strategy.interval),
        points(difference.mean) if difference else "",
        span(difference.interval, sign=True) if difference else "",
    )
