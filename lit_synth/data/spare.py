"""Rows for several ranks where there are fewer rows than ranks."""

from collections.abc import Sequence
from typing import Any


class ForAllRanks(Sequence[dict[str, Any]]):
    """Rows to predict, one for each rank at least: Lightning fails where a rank has none.

    What a rank without a row of its own gets is another's, marked ``is_spare``: its answer is no record.

    Args:
        rows: Each goes to one rank.
        ranks: That share them.

    >>> [row["id"] for row in ForAllRanks([{"id": "a"}, {"id": "b"}], 3)], list(ForAllRanks([], 3))
    (['a', 'b', 'a'], [])
    >>> [row["is_spare"] for row in ForAllRanks([{"id": "a"}, {"id": "b"}], 3)]
    [False, False, True]
    """

    def __init__(self, rows: Sequence[dict[str, Any]], ranks: int) -> None:
        self.rows = rows
        self.ranks = ranks

    def __len__(self) -> int:
        """Return the number of rows, spare ones among them; 0 where nothing is asked for."""
        return max(len(self.rows), self.ranks) if len(self.rows) else 0

    def __getitem__(self, place: Any) -> Any:
        """Return a row, with a word on whether it is spare.

        Raises:
            IndexError: There is no such place.
        """
        if place >= len(self):
            raise IndexError(place)
        return self.rows[place % len(self.rows)] | {"is_spare": place >= len(self.rows)}
