"""A mistake of the user's, and how what a file holds is shown in a line about it."""

from typing import Any


class InputError(ValueError):
    """A mistake in what the user gave us: shown as one line, without a traceback, with exit code 2."""


def is_text(value: str) -> bool:
    r"""Tell whether a string can be written as UTF-8; half of an emoji, as JSON can escape it, cannot.

    >>> is_text("\N{PILE OF POO}"), is_text("\ud83d")
    (True, False)
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: Any, most: int = 80) -> str:
    r"""Return a value as a message shows it: in one line, and cut where it is long.

    >>> shown("a\nb"), shown("x" * 200, 5)
    ("'a\\nb'", "'xxxxx…")
    """
    text = ascii(value[: most + 1]) if isinstance(value, str) and not is_text(value) else repr(value)
    return text if len(text) <= most + 2 else f"{text[: most + 1]}…"


def printable(text: str, kept: str = "") -> str:
    r"""Return line breaks and escape sequences, which a file may hold, as what they are called, for a terminal.

    Args:
        text: Of a message.
        kept: Such as a line break, where a text has lines of its own.

    >>> print(printable("red \x1b[31m\nnext"), printable("a\nb", kept="\n"))
    red \x1b[31m\nnext a
    b
    """
    escaped = (one if one.isprintable() or one in kept else one.encode("unicode_escape").decode() for one in text)
    return "".join(escaped)
