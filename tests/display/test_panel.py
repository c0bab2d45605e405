"""The panel's lines: what they tell, at any width, whatever the rows hold."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.text import Text

from lit_synth.display.board import Board, Reached, Rows
from lit_synth.display.panel import WIDEST, panel_lines
from lit_synth.outlook import Outlook, expect

STAGES = ["seed0/teacher_fit", "seed0/generation", "seed0/gold"]


@pytest.fixture
def a_run() -> Iterator[None]:
    expect(Outlook({"all": (1000.0, 1)}, 1, lambda stage: "all"))
    yield
    expect(None)


def board(stage: str, reached: Reached | None = None, rows: Rows | None = None) -> Board:
    now = [0.0]
    made = Board(STAGES, lambda: now[0])
    made.begins(stage)
    now[0] = 83.0
    made.reached, made.rows = reached, rows
    return made


def lines(one: Board, width: int = 81, encoding: str = "utf-8") -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=file, force_terminal=True, width=200, color_system="256")
    return [Text.from_ansi(line).plain for line in panel_lines(one, console, width)]


@pytest.mark.usefixtures("a_run")
def test_a_model_that_learns() -> None:
    reached = Reached("teacher", 120, 288, "steps", 80.0, tokens_per_second=1204.3, loss=0.2312, scores={"loss": 0.4})
    top, bar, now, time, loss, foot = lines(board("seed0/teacher_fit", reached))
    assert top.startswith("╭─ stage 1 of 3 · seed0/teacher_fit ─")
    assert bar.endswith("42 % │")
    assert "120 of 288 steps · 1.5 steps/s · 1,204 tokens/s" in now
    assert "1:23 so far · 1:52 left" in time
    assert "0.231 · 0.400 on development" in loss
    assert foot.endswith("─ the whole run: about 17 minutes left ─╯")


def test_a_score_is_told_before_losses() -> None:
    scores = {"loss": 0.5, "accuracy": 0.8125, "macro_f1": 0.75}
    (loss,) = (
        line
        for line in lines(board("seed0/gold", Reached("", 1, 2, "steps", 1.0, loss=1.0, scores=scores)))
        if "loss" in line
    )
    assert "1.000 · accuracy 81.2 on development" in loss


def test_rows_that_are_judged_and_those_that_are_not_yet() -> None:
    refused = {"copies a row of gold": 3, "repeats an accepted row": 21, "rare": 1, "rarer": 1}
    rows = Rows("good → a film", 128, {"an empty text": 7}, 312, 750, refused)
    *_, last, judged, new, _foot = lines(board("seed0/generation", rows=rows), 110)
    assert "good → a film" in last
    assert "312/750 accepted, 26 rejected: 21 repeats an accepted row, 3 copies a row of gold, 1 rare " in judged
    assert "128 not judged yet, 7 of no use: 7 an empty text" in new


def test_a_stage_that_counts_nothing_is_at_work() -> None:
    told = "\n".join(lines(board("seed0/curation_generate")))
    assert "─ seed0/curation_generate ─" in told
    assert "at work" in told
    assert "1:23 so far" in told


HOSTILE = "[bold red]x[/] [/nothing] \x1b[2J\x1b]0;title\x07 a\rb\nc \u202e 漢字" + "wide " * 200


@pytest.mark.usefixtures("a_run")
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("width", [1, 12, 20, 40, 59, 60, 61, 80, 120, 300])
def test_no_line_fills_the_terminal_whatever_a_row_holds(width: int, encoding: str) -> None:
    reached = Reached("x", 500, 1_000, "test rows", 9.0, loss=1e9)
    found = lines(board("seed0/generation", reached, Rows(HOSTILE, 3, {HOSTILE: 3})), width, encoding)
    assert max(Text(line).cell_len for line in found) <= min(WIDEST, max(10, width - 1))
    whole = "\n".join(found)
    assert "\x1b" not in whole
    assert "\u202e" not in whole
    if width >= 60:
        assert r"[bold red]x[/] [/nothing] \x1b" in whole
        assert len(found) == 9, "a long row takes no second line"
    if encoding == "ascii":
        assert not set(whole) & set("╭─╮│╰╯━"), "frames and bars have an older form"
