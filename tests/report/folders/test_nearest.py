"""The gold row that is most like a text, against an exhaustive search from the definition."""

from itertools import pairwise
from math import log, sqrt
from re import findall

import pytest

from lit_synth.report.folders.nearest import nearest
from tests.report.conftest import LINES


def test_the_nearest_gold_row_is_that_of_exhaustive_search() -> None:
    gold = [*LINES, "Kept short."]
    texts = ["two hours of photography", "a funny piece of work", "far, far better", "42", ""]
    found = nearest(texts, gold)
    # Every pair, from the definition: log((1 + n) / (1 + df)) + 1 for a word or a pair of words, and the cosine.

    def terms(text: str) -> list[str]:
        words = findall(r"\w+", text.lower())
        return [*words, *(f"{one} {other}" for one, other in pairwise(words))]

    bags = [set(terms(text)) for text in gold]
    weight = {term: log((1 + len(gold)) / (1 + sum(term in bag for bag in bags))) + 1 for term in set().union(*bags)}

    def vector(text: str) -> dict[str, float]:
        raw = {term: terms(text).count(term) * weight[term] for term in terms(text) if term in weight}
        norm = sqrt(sum(value**2 for value in raw.values())) or 1.0
        return {term: value / norm for term, value in raw.items()}

    for text, (place, alike) in zip(texts, found, strict=True):
        every = [sum(value * vector(row).get(term, 0) for term, value in vector(text).items()) for row in gold]
        assert alike == pytest.approx(max(every))
        assert every[place] == pytest.approx(alike)
    assert [place for place, _ in found[:3]] == [3, 0, 4]
    assert nearest(["word"], ["?!"]) == [(0, 0.0)]
    assert nearest(["天気はいい"], ["音楽", "天気"])[0][0] == 1
