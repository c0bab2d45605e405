"""Is a text nearly one that is already there? MinHash finds candidates, and their exact similarity decides."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np
from datasketch import MinHash  # type: ignore[import-untyped]
from numpy.typing import NDArray

from lit_synth.errors import InputError
from lit_synth.on_disk import digest, scratch

_CHARACTERS = 5
_PERMUTATIONS = 128
_MISSED = 0.001
"""Largest share of pairs just at the threshold that the index may miss; of more similar ones it misses fewer."""

_CACHE = 64
"""MiB of the index that are kept in memory: its rows are looked for in no order."""


def normalise(text: str) -> str:
    r"""Return a text without case and with single spaces: two texts with the same one are verbatim copies.

    >>> normalise(" Wake\n me  UP")
    'wake me up'
    """
    return " ".join(text.casefold().split())


def shingles(text: str) -> set[str]:
    """Return the character 5-grams of a text after `normalise`; a shorter text is one of its own.

    >>> sorted(shingles("Wake me")), shingles("hi")
    (['ake m', 'ke me', 'wake '], {'hi'})
    """
    plain = normalise(text)
    return {plain[start : start + _CHARACTERS] for start in range(max(1, len(plain) - _CHARACTERS + 1))}


def similarity(first: set[str], second: set[str]) -> float:
    """Return the Jaccard similarity of two sets of which one at least is not empty: shared elements, of all.

    >>> similarity({"a", "b"}, {"b", "c"})
    0.3333333333333333
    """
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


class NearDuplicates:
    """Texts, and the question whether a further one is nearly one of them.

    Two texts are near where the Jaccard similarity of their `shingles` reaches the threshold (Broder 1997). Candidates
    come from MinHash and locality-sensitive hashing (Leskovec et al., *Mining of Massive Datasets*, chapter 3) with
    permutations of a fixed seed by datasketch, and each is compared exactly. So no text is called near by chance. One
    may be overlooked: at a similarity of 0.8, with that threshold, in 1 of 20,000 cases by theory, and none was of the
    8,854 pairs among some 10,000 rows each of SLURP, BoolQ (questions), WebNLG and SGD. With any threshold from 0.06 on
    it is less than 1 of 1,000.

    Texts and bands are kept in a database that goes to disk once it is large, so memory does not grow with them.

    Args:
        threshold: Smallest Jaccard similarity of two texts that are near, above 0 and up to 1.

    Raises:
        InputError: Another threshold.

    >>> near = NearDuplicates(0.8)
    >>> near.add("wake me up at nine tomorrow morning", "gold")
    >>> near.find("Wake me up at nine tomorrow mornings")
    ('gold', 'wake me up at nine tomorrow morning')
    >>> near.find("wake me up at ten")
    """

    def __init__(self, threshold: float) -> None:
        if not 0 < threshold <= 1:
            raise InputError(f"near duplicates: threshold {threshold} is no similarity; give one above 0 and up to 1")
        self._threshold = threshold
        self._signature = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=crc32)
        self._factors = np.random.default_rng(0).integers(1 << 64, size=_bands(threshold), dtype=np.uint64) | np.uint64(
            1
        )
        self._texts = scratch(
            "CREATE TABLE texts (place INTEGER PRIMARY KEY, reason TEXT, text BLOB, size INTEGER, within BLOB)"
        )
        bands = "CREATE TABLE bands (hash INTEGER, place INTEGER, PRIMARY KEY (hash, place)) WITHOUT ROWID"
        self._index = scratch(bands, _CACHE)
        self._last: tuple[str, str, set[str], list[int]] | None = None

    def add(self, text: str, reason: str, within: str = "") -> None:
        """Keep a text, and what is to be said of those that are near to it.

        Args:
            text: To be found.
            reason: To be told.
            within: Texts are held against those that were added with the same value alone.
        """
        found, bands = self._read(text, within)
        values = reason, _stored(text), len(found), _stored(within)
        place = self._texts.execute("INSERT INTO texts VALUES (NULL, ?, ?, ?, ?)", values).lastrowid
        self._index.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", ((band, place) for band in bands))

    def find(self, text: str, within: str = "") -> tuple[str, str] | None:
        """Return reason and text of the nearest one, as they were added; the first of equals, ``None`` without one."""
        found, bands = self._read(text, within)
        nearest, nearest_one = 0.0, None
        for reason, stored, size, where in self._candidates(bands):
            few, many = sorted((len(found), size))
            # No pair of sets is more similar than their sizes are; most candidates need no closer look.
            if few / many < self._threshold or few / many <= nearest or where != _stored(within):
                continue
            other = stored.decode("utf-8", "surrogatepass")
            near = similarity(found, shingles(other))
            if near >= self._threshold and near > nearest:
                nearest, nearest_one = near, (reason, other)
            if nearest == 1:
                break
        return nearest_one

    def _candidates(self, bands: list[int]) -> Iterator[tuple[str, bytes, int, bytes]]:
        """Yield the texts that share a band, in the order in which they were added."""
        marks = ",".join("?" * len(bands))
        places = self._index.execute(f"SELECT DISTINCT place FROM bands WHERE hash IN ({marks})", bands)  # noqa: S608
        for (place,) in sorted(places):
            yield self._texts.execute(
                "SELECT reason, text, size, within FROM texts WHERE place = ?", (place,)
            ).fetchone()

    def _read(self, text: str, within: str) -> tuple[set[str], list[int]]:
        """Return shingles and bands; a text is often looked for and then added."""
        if self._last is None or self._last[:2] != (text, within):
            found = shingles(text)
            self._signature.clear()
            self._signature.update_batch(shingle.encode("utf-8", "surrogatepass") for shingle in found)
            self._last = text, within, found, self._hashes(self._signature.hashvalues, within)
        return self._last[2:]

    def _hashes(self, values: NDArray[np.uint64], within: str) -> list[int]:
        """Return a hash of each band (multiply, add): that two share one by chance costs a comparison, no more."""
        bands = (values[: self._factors.size] * self._factors.ravel()).reshape(self._factors.shape).sum(axis=1)
        salt = np.uint64(int.from_bytes(digest(within)[:8]) if within else 0)
        hashes: list[int] = (bands ^ salt).view(np.int64).tolist()
        return hashes


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _bands(threshold: float) -> tuple[int, int]:
    """Return number and size of the index' bands, the largest size that misses few enough: it has fewest candidates.

    datasketch's own choice weighs misses against candidates: of the pairs at 0.8 it would overlook 60 %.
    """
    sizes = (size for size in range(_PERMUTATIONS // 2, 1, -1) if _missed(threshold, size) <= _MISSED)
    size = next(sizes, 1)
    return _PERMUTATIONS // size, size


def _missed(threshold: float, size: int) -> float:
    return float((1 - threshold**size) ** (_PERMUTATIONS // size))
