"""Do generated inputs repeat what a student is judged by, or the rows that its teacher learnt from?"""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from lit_synth.curation.duplicates import NearDuplicates, normalise, shingles
from lit_synth.errors import InputError

NGRAM = "n-gram"
NEAR = "near duplicate"
NGRAM_SIZE = 8
"""Words of a run that two texts hardly share by chance."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Leak:
    """A generated input that has something of a part in it.

    Args:
        id: Of the generated row.
        text: Its input.
        part: Name of the part.
        match: The part's text that it repeats.
        how: ``n-gram`` or ``near duplicate``.
    """

    id: str
    text: str
    part: str
    match: str
    how: str


def words(text: str) -> list[str]:
    """Return the words of a text without case and punctuation.

    >>> words("Don't wake me, please!")
    ['don', 't', 'wake', 'me', 'please']
    """
    return _WORD.findall(text.casefold())


def ngrams(text: str, size: int) -> list[str]:
    """Return the n-grams of a text's words, in order; a text with fewer words is one of its own.

    >>> ngrams("to be or not", 3), ngrams("To be!", 3), ngrams("?!", 3)
    (['to be or', 'be or not'], ['to be'], [])
    """
    found = words(text)
    return [" ".join(found[start : start + size]) for start in range(max(len(found) - size + 1, min(len(found), 1)))]


def phrases(texts: Iterable[str], size: int) -> set[str]:
    """Return the runs of so many words that two texts have, of those that differ in their words.

    >>> phrases(["Dear team, I lost it", "dear team I forgot", "Dear team, I forgot!"], 3)
    {'dear team i'}
    """
    once, twice = set[str](), set[str]()
    for text in {" ".join(words(text)) for text in texts}:
        runs = {*ngrams(text, size)}
        twice |= once & runs
        once |= runs
    return twice


class Leaks:
    """Finds the inputs that share an n-gram with a part, or are nearly one of its texts; memory holds the parts alone.

    Runs of words without case and punctuation as in Brown et al. (2020, appendix C), who take 8 to 13 by the length of
    a set's texts. A text that is shorter than a run counts as a whole, so a common phrase is a hit only where it is all
    that both texts say.

    Args:
        parts: Inputs by the name of their part, such as development and test.
        size: Words of an n-gram.
        threshold: Smallest similarity of near duplicates, see `NearDuplicates`.
        known: Texts that may be known. A run that two different ones of them have, as of a form or a footer, is a
            phrase that says nothing of where a text comes from.

    Raises:
        InputError: A size below 1, or no threshold above 0 and up to 1.

    >>> Leaks({"test": ["play jazz", "stop"]}).of("g1", "Play jazz!")
    [Leak(id='g1', text='Play jazz!', part='test', match='play jazz', how='n-gram')]
    """

    def __init__(
        self,
        parts: Mapping[str, Iterable[str]],
        size: int = NGRAM_SIZE,
        threshold: float = 0.8,
        known: Iterable[str] = (),
    ) -> None:
        if size < 1:
            raise InputError(f"leakage: an n-gram of {size} words is none; give 1 or more")
        self._size = size
        usual = phrases(known, size)
        self._parts = {name: _Part(texts, size, threshold, usual) for name, texts in parts.items()}

    def of(self, row: str, text: str) -> list[Leak]:
        """Return what an input leaks, in the order of the parts: of each at most one, by the n-gram where both hold.

        Args:
            row: Its id.
            text: The input.
        """
        runs = ngrams(text, self._size)
        hits = ((name, part.find(text, runs)) for name, part in self._parts.items())
        return [Leak(row, text, name, *hit) for name, hit in hits if hit]


class _Part:
    """The texts of a part by their n-grams and by what they are near to."""

    def __init__(self, texts: Iterable[str], size: int, threshold: float, usual: Set[str]) -> None:
        self.threshold = threshold
        self.runs: dict[str, str] = {}
        self.shingles: set[str] = set()
        self.near = NearDuplicates(threshold)
        for text in texts:
            self.near.add(text, NEAR)
            self.shingles |= shingles(text)
            for run in ngrams(text, size):
                if run not in usual:
                    self.runs.setdefault(run, text)

    def find(self, text: str, runs: Iterable[str]) -> tuple[str, str] | None:
        """Return the text that is matched, and how."""
        shared = next((run for run in runs if run in self.runs), None)
        if shared is not None:
            return self.runs[shared], NGRAM
        own = shingles(text)
        # What one text shares with another it shares with all together: most rows need no closer look.
        if len(own & self.shingles) / len(own) < self.threshold:
            return None
        match = self.near.find(text)
        return (match[1], match[0]) if match else None


def memorised(texts: Iterable[str], gold_texts: Iterable[str]) -> int:
    """Return how many texts are a text of gold, but for case and white space.

    >>> memorised(["Play  JAZZ", "play jazz", "play jazz!"], ["play jazz"])
    2
    """
    gold = set(map(normalise, gold_texts))
    return sum(normalise(text) in gold for text in texts)
