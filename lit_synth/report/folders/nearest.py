"""The labelled row that is most like a synthetic one."""

from collections.abc import Sequence

BLOCK = 512
"""Rows that are compared at once, so that memory does not grow with their number."""
READ = 1000
"""Characters of a text that are compared."""
WORD = r"[\u0e00-\u0e7f\u2e80-\u9fff\uac00-\ud7af]|\w+"
"""A word, or one character where words are not set apart by blanks."""


def nearest(texts: Sequence[str], gold: Sequence[str]) -> list[tuple[int, float]]:
    """Return the place of the gold text that is most like each text, and the similarity, 0 to 1.

    The cosine of words and pairs of words, weighted by how rare they are among gold texts (TF-IDF; Salton and
    Buckley 1988), by scikit-learn.

    Args:
        texts: To be looked at.
        gold: To look among; at least one.

    >>> nearest(["wake me up at six", "?"], ["play some jazz", "wake me up at nine"])[0][0]
    1
    """
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=WORD)
    try:
        known = vectorizer.fit_transform(text[:READ] for text in gold).T.tocsr()
    except ValueError:  # no word in any of them
        return [(0, 0.0)] * len(texts)
    found: list[tuple[int, float]] = []
    for start in range(0, len(texts), BLOCK):
        alike = vectorizer.transform(text[:READ] for text in texts[start : start + BLOCK]) @ known
        places = np.asarray(alike.argmax(axis=1)).ravel().tolist()
        values = alike.max(axis=1).toarray().ravel().tolist()
        found += [(place, min(1.0, value)) for place, value in zip(places, values, strict=True)]
    return found
