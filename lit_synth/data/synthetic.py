"""Files of synthetic rows, read a row at a time."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples


def synthetic_rows(path: Path, limit: int | None = None) -> Iterator[Example]:
    """Yield rows in the order of their file.

    Args:
        path: JSON Lines, as a teacher's rows are written.
        limit: Most rows. Which ones depends on nothing but their ids, so that those of a smaller limit are among those
            of a larger one.

    Raises:
        InputError: There is no such file, or a line is no example.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file of synthetic rows")
    last = None if limit is None else _largest(path, limit)
    yield from (row for row in read_examples(path) if last is None or _draw(row) <= last)


def _largest(path: Path, limit: int) -> bytes | None:
    """Return the largest draw of the rows that are kept; ``None`` where all are."""
    draws = sorted(map(_draw, read_examples(path)))
    return draws[limit - 1] if limit < len(draws) else None


def _draw(row: Example) -> bytes:
    return hashlib.sha256(row.id.encode()).digest()
