"""The rows of a file by their ids: memory holds 24 bytes for each."""

from array import array
from json import loads
from pathlib import Path

import numpy as np

from lit_synth.examples import Example, InputError, read_examples, unsealed
from lit_synth.on_disk.hashes import as_array, digest, place_of


class RowsById:
    """Looks rows up in a file that `write_examples` has written.

    Args:
        path: JSON Lines, plain.

    Raises:
        InputError: A line is no example, or not there any more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        digests, starts = bytearray(), array("q", [0])
        with path.open("rb") as lines:
            # Read side by side: one tells where lines end, the other whether they are examples.
            for line, row in zip(lines, read_examples(path), strict=True):
                digests += digest(row.id)
                starts.append(starts[-1] + len(line))
        found = as_array(digests)
        order = np.argsort(found, kind="stable")
        self._ids, self._starts = found[order], np.array(starts[:-1], dtype=np.int64)[order]
        self._file = path.open("rb")

    def get(self, name: str) -> Example | None:
        """Return the row of an id, or ``None``."""
        place = place_of(digest(name), self._ids)
        if place is None:
            return None
        self._file.seek(self._starts[place])
        row = unsealed(loads(self._file.readline()))
        if row.id != name:
            raise InputError(f"{self._path}: changed while it was read; run the same command again")
        return row
