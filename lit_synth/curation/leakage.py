"""Do generated inputs repeat what a student is judged by, or the rows that its teacher learnt from?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lit_synth.curation.duplicates import NearDuplicates, normalise
from lit_synth.examples import InputError

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


def find_leaks(
    rows: Sequence[tuple[str, str]], parts: Mapping[str, Sequence[str]], size: int = NGRAM_SIZE, threshold: float = 0.8
) -> list[Leak]:
    """Return the rows that share an n-gram with a part, or are nearly one of its texts.

    Runs of words without case and punctuation as in Brown et al. (2020, appendix C), who take 8 to 13 by the length of
    a set's texts. A text that is shorter than a run counts as a whole, so a common phrase is a hit only where it is all
    that both texts say.

    Args:
        rows: Id and input of generated rows.
        parts: Inputs by the name of their part, such as development and test.
        size: Words of an n-gram.
        threshold: Smallest similarity of near duplicates, see `NearDuplicates`.

    Returns:
        In the order of the rows, then of the parts; a hit at most for a row and a part, by the n-gram where both hold.

    Raises:
        InputError: A size below 1, or no threshold above 0 and up to 1.

    >>> find_leaks([("g1", "Play jazz!"), ("g2", "play some jazz")], {"test": ["play jazz", "stop"]})
    [Leak(id='g1', text='Play jazz!', part='test', match='play jazz', how='n-gram')]
    """
    if size < 1:
        raise InputError(f"leakage: an n-gram of {size} words is none; give 1 or more")
    found = {name: _hits(rows, texts, size, threshold) for name, texts in parts.items()}
    return [
        Leak(row, text, part, *hits[place])
        for place, (row, text) in enumerate(rows)
        for part, hits in found.items()
        if place in hits
    ]


def memorised(texts: Iterable[str], gold_texts: Iterable[str]) -> int:
    """Return how many texts are a text of gold, but for case and white space.

    >>> memorised(["Play  JAZZ", "play jazz", "play jazz!"], ["play jazz"])
    2
    """
    gold = set(map(normalise, gold_texts))
    return sum(normalise(text) in gold for text in texts)


def _hits(
    rows: Sequence[tuple[str, str]], texts: Sequence[str], size: int, threshold: float
) -> dict[int, tuple[str, str]]:
    """Return what each row matches and how, by the row's place."""
    known: dict[str, str] = {}
    near = NearDuplicates(threshold)
    for text in texts:
        near.add(text, NEAR)
        for ngram in ngrams(text, size):
            known.setdefault(ngram, text)
    hits = {}
    for place, (_, text) in enumerate(rows):
        shared = next((ngram for ngram in ngrams(text, size) if ngram in known), None)
        if shared is not None:
            hits[place] = known[shared], NGRAM
        elif match := near.find(text):
            hits[place] = match[1], match[0]
    return hits
