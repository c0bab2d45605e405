"""Which display a process gets, and what goes through it."""

import io
import sys
from collections.abc import Mapping

import pytest

from lit_synth.display.board import Reached, Rows
from lit_synth.display.choice import Plain, can_be_drawn_on, display, showing
from lit_synth.display.relay import MARK, RELAYED, Relay, received

AT = Reached("teacher", 5, 10, "steps", 2.0, loss=0.5, scores={"loss": 1.0})
ROWS = Rows("good → [b]a film[/b]\n", 3, {"an empty text": 1}, 2, 9, {"repeats an accepted row": 1})


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "expected"),
    [
        (Tty(), {"TERM": "xterm-256color"}, True),
        (Tty(), {"TERM": "xterm", "NO_COLOR": "", "CI": ""}, True),
        (Tty(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Tty(), {"TERM": "xterm", "CI": "true"}, False),
        (Tty(), {"TERM": "dumb"}, False),
        (Tty(), {"TERM": "Unknown"}, False),
        (Tty(), {}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_a_panel_is_drawn_on_a_terminal_alone(
    stream: io.StringIO, environment: Mapping[str, str], expected: bool
) -> None:
    assert can_be_drawn_on(stream, environment) is expected


def test_elsewhere_lines_are_printed_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    stream = sys.stdout
    with showing(["seed0/gold"]):
        assert sys.stdout is stream
        display().begins("seed0/gold")
        display().reached(AT)
        display().rows(ROWS)
        display().ends("seed0/gold")
    assert capsys.readouterr().out == "  teacher                  5/10 steps · 2.5/s · 0:02 left · loss 0.500\n"


def test_a_stage_on_several_devices_sends_frames(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(RELAYED, "1")
    with showing():
        assert isinstance(display(), Relay)
        with showing():  # a part of it
            display().reached(AT)
        display().rows(ROWS)
    assert isinstance(display(), Plain)
    assert [received(line) for line in capsys.readouterr().out.split("\n")[:-1]] == [AT, ROWS]


@pytest.mark.parametrize(
    "line", ["", "seed0/gold: starts", f"{MARK}{{", f"{MARK}3", f'{MARK}{{"reached": {{"x": 1}}}}']
)
def test_any_other_line_is_one(line: str) -> None:
    assert received(line) is None
