"""Is a text nearly one that is already there? MinHash finds candidates, and their exact similarity decides."""

from zlib import crc32

from datasketch import MinHash, MinHashLSH  # type: ignore[import-untyped]

from lit_synth.examples import InputError

_CHARACTERS = 5
_PERMUTATIONS = 128
_MISSED = 0.001
"""Largest share of pairs just at the threshold that the index may miss; of more similar ones it misses fewer."""


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
    come from MinHash and locality-sensitive hashing by datasketch (Leskovec et al., *Mining of Massive Datasets*,
    chapter 3) with permutations of a fixed seed, and each is compared exactly. So no text is called near by chance. One
    may be overlooked: at a similarity of 0.8, with that threshold, in 1 of 20,000 cases by theory, and none was of the
    8,854 pairs among some 10,000 rows each of SLURP, BoolQ (questions), WebNLG and SGD. With any threshold from 0.06 on
    it is less than 1 of 1,000.

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
        self._texts: list[tuple[str, str]] = []
        self._sizes: list[int] = []
        self._empty = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=crc32)
        self._index = MinHashLSH(num_perm=_PERMUTATIONS, params=_bands(threshold))

    def add(self, text: str, reason: str) -> None:
        """Keep a text, and what is to be said of those that are near to it."""
        found = shingles(text)
        self._index.insert(len(self._texts), self._signature(found), check_duplication=False)
        self._texts.append((reason, text))
        self._sizes.append(len(found))

    def find(self, text: str) -> tuple[str, str] | None:
        """Return reason and text of the nearest one, as they were added; the first of equals, ``None`` without one."""
        found = shingles(text)
        nearest, place = 0.0, -1
        for candidate in sorted(self._index.query(self._signature(found))):
            few, many = sorted((len(found), self._sizes[candidate]))
            # No pair of sets is more similar than their sizes are; most candidates need no closer look.
            if few / many < self._threshold or few / many <= nearest:
                continue
            near = similarity(found, shingles(self._texts[candidate][1]))
            if near >= self._threshold and near > nearest:
                nearest, place = near, candidate
        return self._texts[place] if place >= 0 else None

    def _signature(self, found: set[str]) -> MinHash:
        signature = self._empty.copy()
        signature.update_batch(shingle.encode("utf-8", "surrogatepass") for shingle in found)
        return signature


def _bands(threshold: float) -> tuple[int, int]:
    """Return number and size of the index' bands, the largest size that misses few enough: it has fewest candidates.

    datasketch's own choice weighs misses against candidates: of the pairs at 0.8 it would overlook 60 %.
    """
    sizes = (size for size in range(_PERMUTATIONS // 2, 1, -1) if _missed(threshold, size) <= _MISSED)
    size = next(sizes, 1)
    return _PERMUTATIONS // size, size


def _missed(threshold: float, size: int) -> float:
    return float((1 - threshold**size) ** (_PERMUTATIONS // size))
