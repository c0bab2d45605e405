"""The result as a table on the terminal: the same figures as the page."""

from rich import box
from rich.table import Table
from rich.text import Text

from lit_synth.report.findings import StrategySummary, Summary
from lit_synth.report.wording import basis, cap, count, percent, points, span

HEADERS = ("gold\nrows", "synthetic\nrows", "accuracy", "95 %\ninterval", "to gold,\npoints", "95 %\ninterval")


def terminal_table(summary: Summary) -> Table:
    """Return one row a strategy; it fits 80 columns, and a limit, if one was set, stands in the caption."""
    rows = f" on {count(summary.test_rows)} test rows" if summary.test_rows else ""
    table = Table(
        title=Text(f"{summary.task}: accuracy{rows}, {summary.labels:,} labels"),
        caption=Text(" ".join(filter(None, [f"Intervals {basis(len(summary.seeds))}.", cap(summary.limit)]))),
        caption_justify="left",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("strategy", no_wrap=True)
    for name in HEADERS:
        table.add_column(name, justify="right", no_wrap=True)
    for strategy in summary.strategies:
        style = "bold" if strategy.name == summary.best else "dim" if strategy.name in ("full", "teacher") else ""
        table.add_row(*cells(strategy), style=style)
    return table


def cells(strategy: StrategySummary) -> tuple[str, ...]:
    """Return the texts of a row: what the page shows as well.

    >>> cells(StrategySummary("gold", {0: 0.758}, None, 128, 0))
    ('gold', '128', '0', '75.8 %', '', '', '')
    """
    difference = strategy.difference
    return (
        strategy.name,
        count(strategy.n_gold),
        count(strategy.n_synthetic),
        percent(strategy.mean),
        span(strategy.interval),
        points(difference.mean) if difference else "",
        span(difference.interval, sign=True) if difference else "",
    )
