"""The foot of a terminal: some lines that are drawn anew in place, while others scroll by above them."""

import os
import shutil
import time
from collections.abc import Sequence

from rich.text import Text

_ASCII = str.maketrans({"…": ".", "·": "-", "→": ">", "←": "<"})


class Screen:
    """Draws lines below the last line of a terminal, and stays there.

    The cursor is never hidden: it waits below the lines, so whatever ends the process leaves a terminal that works.

    Args:
        file: Descriptor of the terminal.
        encoding: What it reads; what that lacks is drawn as something near, or as a question mark.
    """

    def __init__(self, file: int, encoding: str) -> None:
        self.file = file
        self.encoding = encoding
        self.shown: list[str] = []
        self.width = 0

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines at this moment."""
        try:
            found = os.get_terminal_size(self.file)
        except OSError:
            found = shutil.get_terminal_size()
        return (found.columns or 80, found.lines or 24)

    def draw(self, lines: Sequence[str], above: str = "") -> None:
        """Draw lines in place of those that are there.

        Args:
            lines: With escape sequences for colours.
            above: Text that scrolls by, as it was printed; it ends with a line.
        """
        width, height = self.size
        lines = list(lines[: max(0, height - 1)])  # what has left the screen cannot be drawn again
        if not above and lines == self.shown and width == self.width:
            return
        # A narrower terminal has wrapped what it showed.
        rows = sum(max(1, -(-Text.from_ansi(line).cell_len // width)) for line in self.shown)
        start = f"\r\x1b[{min(rows, height - 1)}A" if rows else "\r"
        wipe = "\x1b[J" if above or width != self.width else ""
        drawn = "".join(f"{line}\x1b[K\n" for line in lines)
        self._write(f"{start}{wipe}{above}{drawn}\x1b[J")
        self.shown, self.width = lines, width

    def _write(self, text: str) -> None:
        if not self.encoding.lower().startswith("utf"):
            text = text.translate(_ASCII)
        rest = text.encode(self.encoding, "replace")
        while rest:
            try:
                rest = rest[os.write(self.file, rest) :]
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:  # the terminal is gone; the work goes on
                return
