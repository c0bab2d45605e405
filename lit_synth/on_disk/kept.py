"""A list whose values lie in a file: memory holds 12 bytes for each."""

import os
import pickle
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar, overload

from lit_synth.on_disk.ordering import in_order

_Value = TypeVar("_Value")


class Lines(Sequence[_Value]):
    """A sequence whose values are made when they are asked for; equal to any sequence of the same ones."""

    def _at(self, place: int) -> _Value:
        raise NotImplementedError

    @overload
    def __getitem__(self, place: int) -> _Value: ...

    @overload
    def __getitem__(self, place: slice) -> list[_Value]: ...

    def __getitem__(self, place: int | slice) -> _Value | list[_Value]:
        """Return a value, or several."""
        if isinstance(place, slice):
            return [self._at(one) for one in range(len(self))[place]]
        return self._at(range(len(self))[place])

    def __eq__(self, other: object) -> bool:
        """Compare value by value."""
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(one == another for one, another in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class Kept(Lines[_Value]):
    """Values that are written one behind the other to a file without a name, and read again when they are asked for.

    Args:
        values: Anything that can be pickled. Nobody else can reach the file: it is gone from its folder, that which
            TMPDIR names, from the start.
        key: In whose order to keep them, an integer first and bytes second; as they came by default.

    >>> list(Kept(["cc", "b", "aa"])), list(Kept(["cc", "b", "aa"], key=lambda text: (len(text), text.encode())))
    (['cc', 'b', 'aa'], ['b', 'aa', 'cc'])
    """

    def __init__(self, values: Iterable[_Value], key: Callable[[_Value], tuple[int, bytes]] | None = None) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is read as long as this lives
        self._starts = array("q", [0])
        self._order = array("q", in_order(self._written(values, key))) if key else None
        if key is None:
            for value in values:
                self._write(value)
        self._file.flush()

    def _written(
        self, values: Iterable[_Value], key: Callable[[_Value], tuple[int, bytes]]
    ) -> Iterator[tuple[int, bytes, int]]:
        for place, value in enumerate(values):
            self._write(value)
            yield *key(value), place

    def _write(self, value: _Value) -> None:
        self._starts.append(self._starts[-1] + self._file.write(pickle.dumps(value, pickle.HIGHEST_PROTOCOL)))

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._starts) - 1

    def _at(self, place: int) -> _Value:
        place = self._order[place] if self._order is not None else place
        start, end = self._starts[place], self._starts[place + 1]
        value: _Value = pickle.loads(os.pread(self._file.fileno(), end - start, start))  # noqa: S301 - written above
        return value
