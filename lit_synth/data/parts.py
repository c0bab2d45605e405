"""Parts of a table: places of rows that lie elsewhere, of which memory holds some bytes a row."""

from array import array
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lit_synth.examples import Example
from lit_synth.on_disk import Lines, as_array, digest

Places = NDArray[np.int64]


class Part(Lines[Example]):
    """Some rows of a table.

    Args:
        rows: The table.
        places: Of the part's rows in it.
        hidden: Whether targets are left out.
    """

    def __init__(self, rows: Sequence[Example], places: Iterable[int], hidden: bool = False) -> None:
        self._rows = rows
        self._places = array("q", places)
        self._hidden = hidden

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._places)

    def _at(self, place: int) -> Example:
        row = self._rows[self._places[place]]
        return row.with_target(None) if self._hidden else row

    def hiding_targets(self) -> "Part":
        """Return the same rows without their targets."""
        return Part(self._rows, self._places, hidden=True)


def first_alike(rows: Sequence[Example], key: Callable[[Example], str]) -> Places:
    """Return, for every row, the place of the first row with the same key.

    >>> first_alike([Example("a", {}, "x"), Example("b", {}, "y"), Example("c", {}, "x")], lambda row: str(row.target))
    array([0, 1, 0])
    """
    digests = as_array(bytearray().join(digest(key(row)) for row in rows))
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    found: Places = first[group]
    return found
