"""Rows by their ids: memory holds 24 bytes for each."""

from collections.abc import Sequence

import numpy as np

from lit_synth.examples import Example
from lit_synth.on_disk.hashes import as_array, digest, place_of


class ById:
    """Looks rows up.

    Args:
        rows: Each with an id of its own; such as are read from a disk when they are asked for.

    >>> rows = ById([Example("a", {"text": "one"}), Example("b", {"text": "two"})])
    >>> rows.get("b").fields, rows.get("c")
    ({'text': 'two'}, None)
    """

    def __init__(self, rows: Sequence[Example]) -> None:
        self._rows = rows
        found = as_array(bytearray().join(digest(row.id) for row in rows))
        self._places = np.argsort(found, kind="stable")
        self._ids = found[self._places]

    def get(self, name: str) -> Example | None:
        """Return the row of an id, or ``None``."""
        place = place_of(digest(name), self._ids)
        return None if place is None else self._rows[int(self._places[place])]
