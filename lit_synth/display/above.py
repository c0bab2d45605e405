"""Streams whose lines are printed above the panel, whoever prints them."""

import io
import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TextIO


class Above(io.TextIOBase):
    """A stream whose whole lines are printed above the panel; behind its end they go where they would have gone.

    It is no terminal, so that libraries draw no bars of their own.

    Args:
        stream: The one in whose place it stands.
        lines: Get whole lines.
        is_drawn: Tells whether somebody prints those.
    """

    def __init__(self, stream: TextIO, lines: deque[str], is_drawn: Callable[[], bool]) -> None:
        self.stream = stream
        self.lines = lines
        self.is_drawn = is_drawn
        self.held = ""
        # A signal's handler may print while a line is being printed.
        self.lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return self.stream.encoding

    def fileno(self) -> int:
        """Return that of the stream."""
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Tell that it is none."""
        return False

    def writable(self) -> bool:
        """Tell that it is."""
        return True

    def write(self, text: str) -> int:
        """Hold a text until its line is whole."""
        if not self.is_drawn():
            return self.stream.write(text)
        with self.lock:
            *whole, self.held = (self.held + text).split("\n")
            # What a bar has drawn over itself is not worth a line each time.
            self.lines.extend(f"{line.rsplit(chr(13), 1)[-1]}\n" for line in whole)
        return len(text)

    def flush(self) -> None:
        """Hold on to what is no whole line."""
        if not self.is_drawn():
            self.stream.flush()

    def end(self) -> None:
        """Let go of it."""
        if self.held:
            self.lines.append(f"{self.held}\n")
            self.held = ""


def log_to(streams: dict[Any, Any]) -> None:
    """Let handlers that log to a stream log to another one: most took theirs when a library was imported."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            if isinstance(handler, logging.StreamHandler) and handler.stream in streams:
                handler.setStream(streams[handler.stream])
