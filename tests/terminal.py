"""A command in a fork, on a terminal of its own that is read as a person would see it."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import pyte
import torch

from lit_synth.cli import main

PATIENCE = 300.0
"""Seconds; longer than any of it takes on a machine with much else to do."""
PLAIN = ("CI", "NO_COLOR", "LIT_SYNTH_RELAYED", "COLUMNS", "LINES")
"""Variables without which a terminal is one."""


class Terminal:
    """A command that was given words, and what its terminal shows.

    Args:
        words: Of the command.
        columns: Width.
        lines: Height.
        before: Is done in the child first.
        environment: Changed variables.
    """

    def __init__(
        self,
        words: Sequence[str],
        columns: int = 80,
        lines: int = 24,
        before: Callable[[], Any] = int,
        **environment: str,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000, ratio=0.5)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.code: int | None = None
        self.pid, self.file = pty.fork()
        if not self.pid:
            _be(words, before, environment, columns, lines)
        self.resize(columns, lines)

    def resize(self, columns: int, lines: int = 24) -> None:
        """Draw the window at the mouse's corner."""
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def type(self, keys: bytes) -> None:
        os.write(self.file, keys)

    def until(self, reached: Callable[[], bool]) -> None:
        """Read what is written until something is seen."""
        limit = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < limit, self.seen()
            assert self._read() or reached(), self.seen()

    def end(self) -> int:
        """Read to the end; return the exit code."""
        limit = time.monotonic() + PATIENCE
        while self._read():
            if time.monotonic() > limit:
                os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.file)
        return os.waitstatus_to_exitcode(status)

    def shown(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def seen(self) -> str:
        """The same, below what has left it at the top."""
        width = self.screen.columns
        gone = ("".join(row[column].data for column in range(width)).rstrip() for row in self.screen.history.top)
        return "\n".join([*gone, self.shown()])

    def _read(self) -> bool:
        if not select.select([self.file], [], [], 0.2)[0]:
            return True
        try:
            read = os.read(self.file, 1 << 16)
        except OSError:  # the child has ended
            return False
        self.raw += read
        self.stream.feed(read)
        return bool(read)


def _be(words: Sequence[str], before: Callable[[], Any], environment: dict[str, str], columns: int, lines: int) -> None:
    """Do the command, as the child."""
    code = 99
    try:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        for name in PLAIN:
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm-256color", **environment})
        encoding = os.environ.get("PYTHONIOENCODING", "utf-8")
        for name, number in (("stdout", 1), ("stderr", 2)):
            setattr(sys, name, open(number, "w", buffering=1, closefd=False, encoding=encoding))  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # A child has none of its parent's threads, and a team that waits for them waits for ever.
        torch.set_num_threads(1)
        before()
        code = main(list(words))
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 98
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
