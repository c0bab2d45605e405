"""The panel: a board as some lines of text, at any width."""

from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lit_synth.display.board import Board, Reached, Rows, minutes, whole_run
from lit_synth.errors import printable

WIDEST = 100
"""Columns: a longer bar tells no more, and the eye has to travel."""
NARROW = 60
"""Columns: below it a frame takes room that words need."""
SAMPLE = 400
"""Characters of a row that are looked at."""
REASONS = 3
"""Most that are named."""


def panel_lines(board: Board, console: Console, width: int) -> list[str]:
    """Return the panel's lines as the console's terminal reads them, with its colours and its encoding.

    Args:
        board: What is known.
        console: Knows colours and encoding.
        width: Columns of the terminal; no line is longer than all but one of them.
    """
    # A terminal may wrap a line that fills it, or not.
    width = max(10, min(width - 1, WIDEST))
    # Never a plain string: rows are what users and models wrote, and rich reads brackets in strings as markup.
    title = Text(board.title, "not dim bold", overflow="ellipsis", no_wrap=True)
    at = board.reached  # once: another thread may begin a new stage
    whole = Text(whole_run(at), "not dim")
    shown: RenderableType = Group(title, *_body(board), *([whole] if whole else []))
    if width >= NARROW:
        ends = {"title": title, "title_align": "left", "subtitle": whole or None, "subtitle_align": "right"}
        shown = Panel(Group(*_body(board)), border_style="dim", **ends)  # type: ignore[arg-type]
    with console.capture() as captured:
        console.print(shown, width=width, highlight=False)
    return captured.get().splitlines()


def _body(board: Board) -> Iterator[RenderableType]:
    at, rows = board.reached, board.rows
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(ratio=1)
    bar.add_column(no_wrap=True, justify="right", width=5)
    bar.add_row(_bar(at), Text(f"{100 * at.share:.0f} %" if at else "", "bold"))
    yield bar
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(style="dim", no_wrap=True, width=6)
    table.add_column(ratio=1)
    facts = {
        "now": _done(at) if at else "at work",
        "time": _time(board, at),
        "loss": _learnt(at) if at else "",
    }
    for name, fact in facts.items():
        if fact:
            table.add_row(name, Text(fact))
    # One line each, so that the panel keeps its height: what is cut off is the end of a row, or the rarest reasons.
    told = {"last": rows.last, "judged": _judged(rows), "new": _new(rows)} if rows else {}
    for name, fact in told.items():
        table.add_row(name, Text(printable(fact[:SAMPLE]), no_wrap=True, overflow="ellipsis"))
    yield table


def _bar(at: Reached | None) -> ProgressBar:
    total, done = (max(1, at.total), at.done) if at else (1, 0)
    return ProgressBar(total, done, complete_style="cyan", finished_style="cyan")


def _done(at: Reached) -> str:
    told = f"{at.done:,} of {at.total:,} {at.unit} · {at.rate:,.1f} {at.unit.split()[-1]}/s"
    return told + (f" · {at.tokens_per_second:,.0f} tokens/s" if at.tokens_per_second is not None else "")


def _time(board: Board, at: Reached | None) -> str:
    left = f" · {minutes(at.left)} left" if at is not None and at.done > at.first else ""
    return f"{minutes(board.clock() - board.since)} so far{left}"


def _learnt(at: Reached) -> str:
    told = [f"{at.loss:.3f}"] if at.loss is not None else []
    # As much as a look takes in: the first score, or where there are losses alone that of all.
    for name in [name for name in at.scores if not name.endswith("loss")][:1] or [*{"loss"} & {*at.scores}]:
        value = at.scores[name]
        told.append((f"{value:.3f}" if name == "loss" else f"{name} {100 * value:.1f}") + " on development")
    return " · ".join(told)


def _judged(rows: Rows) -> str:
    refused = sum(rows.rejected.values())
    if not (rows.accepted or refused):
        return "nothing yet"
    wanted = f"/{rows.wanted:,}" if rows.wanted is not None else ""
    return f"{rows.accepted:,}{wanted} accepted, {refused:,} rejected{_reasons(rows.rejected)}"


def _new(rows: Rows) -> str:
    if not rows.fresh:
        return "nothing"
    useless = sum(rows.unusable.values())
    lost = f", {useless:,} of no use{_reasons(rows.unusable)}" if useless else ""
    return f"{rows.fresh:,} not judged yet{lost}"


def _reasons(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda one: -one[1])[:REASONS]
    return ": " + ", ".join(f"{count:,} {reason}" for reason, count in most) if most else ""
