"""Lines at the foot of a terminal, as a terminal shows them."""

import os

import pyte
import pytest

from lit_synth.display.screen import Screen


class Fake(Screen):
    """Keeps what is written, for a window of any size."""

    def __init__(self, columns: int = 40, lines: int = 10, encoding: str = "utf-8") -> None:
        super().__init__(os.open(os.devnull, os.O_WRONLY), encoding)
        self.window = columns, lines
        self.frames: list[str] = []

    @property
    def size(self) -> tuple[int, int]:
        return self.window

    def _write(self, text: str) -> None:
        self.frames.append(text)

    def seen(self) -> list[str]:
        """What stands on a window that had its last size all the time: as one does whose lines wrap anew."""
        screen = pyte.Screen(*self.window)
        pyte.Stream(screen).feed("".join(self.frames).replace("\n", "\r\n"))
        return [line.rstrip() for line in screen.display if line.strip()]


def test_lines_are_drawn_in_place_and_others_scroll_by() -> None:
    screen = Fake()
    screen.draw(["one", "two"], "starts\n")
    screen.draw(["three"], "went on\n")
    screen.draw(["a longer one", "\x1b[1mtwo\x1b[0m"])
    assert screen.seen() == ["starts", "went on", "a longer one", "two"]
    screen.draw([], "ended\n")
    assert screen.seen() == ["starts", "went on", "ended"]


def test_nothing_is_written_where_nothing_has_changed() -> None:
    screen = Fake()
    for _ in range(3):
        screen.draw(["one"])
    assert len(screen.frames) == 1


@pytest.mark.parametrize("columns", [39, 20, 11, 80])
def test_a_window_that_is_drawn_to_another_width_keeps_no_rest(columns: int) -> None:
    screen = Fake(40, 20)
    screen.draw(["=" * 39, "漢" * 19, "="], "said\n")
    screen.window = columns, 20
    screen.draw(["-" * (columns - 1)] * 3)
    assert screen.seen() == ["said", *["-" * (columns - 1)] * 3]


def test_a_low_window_shows_what_it_can() -> None:
    screen = Fake(40, 4)
    for number in range(3):
        screen.draw([f"{number}{line}" for line in range(9)], f"said {number}\n")
    assert screen.seen() == ["20", "21", "22"]


def test_lines_scroll_out_at_the_top_once() -> None:
    screen = Fake(40, 6)
    for number in range(20):
        screen.draw(["one", "two"], f"said {number}\n")
    assert screen.seen() == ["said 17", "said 18", "said 19", "one", "two"]


def test_what_a_terminal_cannot_read_is_drawn_as_something_near(tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "out")
    screen = Screen(os.open(path, os.O_WRONLY | os.O_CREAT), "ascii")
    screen.draw(["a → b · 漢…"])
    with open(path, "rb") as written:
        assert b"a > b - ?." in written.read()
