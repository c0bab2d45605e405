"""A set of texts that grows: memory holds 16 bytes for each, however long the texts are."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 16
"""Bytes of a hash: that two of a billion different texts share one has a chance of 1 in 10^20."""
_UNSORTED = 1 << 15


def digest(text: str) -> bytes:
    """Return the hash of a text, of `SIZE` bytes."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


class Hashes:
    """Texts by their hashes.

    New hashes gather in a set, which is moved to a sorted array once it is full; arrays of like length are joined, so
    that there are few (O'Neil et al. 1996, *The log-structured merge-tree*).

    Args:
        texts: Those that it holds from the start.

    >>> seen = Hashes(["a"])
    >>> seen.add("a"), seen.add("b"), "b" in seen, "c" in seen, len(seen)
    (False, True, True, False, 2)
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._new: set[bytes] = set()
        self._sorted: list[NDArray[np.bytes_]] = []
        for text in texts:
            self.add(text)

    def add(self, text: str) -> bool:
        """Add a text; tell whether it was not there before."""
        own = digest(text)
        if self._holds(own):
            return False
        self._new.add(own)
        if len(self._new) >= _UNSORTED:
            self._sort()
        return True

    def __contains__(self, text: str) -> bool:
        """Tell whether a text was added."""
        return self._holds(digest(text))

    def __len__(self) -> int:
        """Return the number of different texts."""
        return len(self._new) + sum(map(len, self._sorted))

    def _holds(self, own: bytes) -> bool:
        return own in self._new or any(place_of(own, run) is not None for run in self._sorted)

    def _sort(self) -> None:
        run = np.sort(as_array(b"".join(self._new)))
        self._new.clear()
        while self._sorted and len(self._sorted[-1]) <= 2 * len(run):
            run = np.concatenate([self._sorted.pop(), run])
            run.sort()
        self._sorted.append(run)


def as_array(digests: bytes | bytearray) -> NDArray[np.bytes_]:
    """Return hashes that stand one behind the other as an array of shape ``(hashes,)``."""
    found: NDArray[Any] = np.frombuffer(digests, f"S{SIZE}")
    return found


def place_of(own: bytes, run: NDArray[np.bytes_]) -> int | None:
    """Return the place of a hash in a sorted array of them; ``None`` where it is not there."""
    place = int(run.searchsorted(own))
    # As bytes: numpy leaves zeros at the end out of a single value.
    return place if run[place : place + 1].tobytes() == own else None
