"""How do generated inputs differ from real ones: variety, length, labels, and whether a classifier tells them apart."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.helpers import extract_all_word_ngrams
from scipy.stats import binomtest
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict  # type: ignore[import-untyped]

from lit_synth.curation.duplicates import normalise
from lit_synth.curation.leakage import words
from lit_synth.on_disk import Hashes

Pair = tuple[Iterable[str], Iterable[str]]
"""The same of real and of synthetic rows, in this order; counts of them will do."""
_LEAST = 10
"""Rows below which a share of n-grams, or of a classifier's answers, says nothing."""
_SELF_BLEU_ROWS = 200
_TWO_SAMPLE_ROWS = 1000
_BLEU = BLEU()


def compare(
    real: Sequence[str], synthetic: Sequence[str], labels: Pair | None = None, names: Pair | None = None
) -> dict[str, Any]:
    """Return figures of real and synthetic inputs side by side; where there are two, the real one comes first.

    What depends on how many rows there are is taken of equally many, drawn with a fixed seed.

    Args:
        real: Inputs of gold rows.
        synthetic: Inputs of generated rows.
        labels: Labels of both.
        names: Names in both, such as slots or relations, as often as they occur.

    Returns:
        ``rows`` and ``real_rows``; ``distinct`` by the length of the n-gram; ``self_bleu``; ``words``, the quartiles of
        the number of words; ``labels`` and ``names``, a `total_variation`; ``two_sample``, see `tell_apart`. ``None``
        where rows are too few for a figure, 10 of each for n-grams and classifier, or were not given.

    >>> found = compare(["play jazz", "stop"], ["play rock", "play"], labels=(["a", "b"], ["a", "a"]))
    >>> found["words"], found["labels"], found["self_bleu"]
    ([[1.25, 1.5, 1.75], [1.25, 1.5, 1.75]], 0.5, None)
    """
    size = min(len(real), len(synthetic))
    enough = size >= _LEAST
    return {
        "rows": len(synthetic),
        "real_rows": len(real),
        "distinct": _distinct(_drawn(real, size), _drawn(synthetic, size)) if enough else None,
        "self_bleu": [self_bleu(_drawn(rows, min(size, _SELF_BLEU_ROWS))) for rows in (real, synthetic)]
        if enough
        else None,
        "words": [_quartiles(rows) for rows in (real, synthetic)] if size else None,
        "labels": total_variation(*labels) if labels and all(labels) else None,
        "names": total_variation(*names) if names and all(names) else None,
        "two_sample": tell_apart(real, synthetic),
    }


def distinct(texts: Sequence[str], size: int) -> float | None:
    """Return the share of different ones among all n-grams of some texts' words (Li et al. 2016); ``None`` without any.

    It falls with the number of texts: compare equally many.

    >>> distinct(["play jazz", "play rock"], 1), distinct(["stop"], 2)
    (0.75, None)
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for found in map(words, texts):
        counts.update(zip(*(found[start:] for start in range(size)), strict=False))
    return len(counts) / counts.total() if counts else None


def self_bleu(texts: Sequence[str]) -> float:
    """Return the mean BLEU of each text against all others, 0 to 1: the higher, the more alike they are.

    After Zhu et al. (2018), *Texygen*, with sacrebleu's sentence BLEU, lower case, effective order. It rises with the
    number of texts: compare equally many. The counts of "all others" are kept as an n-gram's two highest, since every
    text against every other takes a minute for 200 paragraphs.

    Args:
        texts: Two or more.

    >>> round(self_bleu(["play some jazz music", "play some rock music", "stop"]), 3)
    0.236
    """
    counted = [extract_all_word_ngrams(_BLEU.tokenizer(text.lower().rstrip()), 1, 4) for text in texts]
    highest: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    for counts, _ in counted:
        for ngram, count in counts.items():
            highest[ngram] = sorted([*highest[ngram], count])[1:]
    lengths = Counter(length for _, length in counted)
    scores = []
    for counts, length in counted:
        correct, total = [0] * 4, [0] * 4
        for ngram, count in counts.items():
            second, first = highest[ngram]
            correct[len(ngram) - 1] += min(count, second if count == first else first)
            total[len(ngram) - 1] += count
        closest = min(lengths - Counter([length]), key=lambda other: (abs(other - length), other))
        scores.append(_BLEU.compute_bleu(correct, total, length, closest, "exp", effective_order=True).score)
    return min(fmean(scores) / 100, 1.0)  # sacrebleu's 100 may be 100.00000000000004


def total_variation(first: Iterable[str], second: Iterable[str]) -> float:
    """Return the total variation distance of two lists of labels, 0 to 1: the share that would have to be another.

    Above 0 by chance where lists are short and labels many.

    >>> total_variation(["a", "b"], ["a", "a", "a", "b"])
    0.25
    """
    counts = Counter(first), Counter(second)
    shares = [{name: count / one.total() for name, count in one.items()} for one in counts]
    return sum(abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)) for name in counts[0] | counts[1]) / 2


def tell_apart(real: Sequence[str], synthetic: Sequence[str]) -> dict[str, float] | None:
    """Return how often a classifier tells a synthetic text from a real one, with Wilson's 95 % interval.

    A classifier two-sample test (Lopez-Paz & Oquab 2017): logistic regression on character n-grams (TF-IDF), answers on
    five folds that it has not learnt from, of equally many different texts of both, at most 1,000 each. 0.5: it cannot
    tell; 1: it always can; clearly below 0.5: texts come in pairs, one of each, such as paraphrases. The interval takes
    answers as independent, which those of one fold are not quite.

    Returns:
        ``accuracy``, ``low`` and ``high``; ``None`` with fewer than 10 different texts of either.
    """
    numbers = [len(Hashes(map(normalise, rows))) for rows in (real, synthetic)]
    size = min(*numbers, _TWO_SAMPLE_ROWS)
    if size < _LEAST:
        return None
    drawn = [*_drawn_different(real, numbers[0], size), *_drawn_different(synthetic, numbers[1], size)]
    origins = np.repeat([0, 1], size)
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), lowercase=False).fit_transform(drawn)
    # Were a text of both in two folds, its twin would teach the wrong answer: copies would look worse than chance.
    folds = StratifiedGroupKFold(n_splits=5, shuffle=True, random_state=0)
    groups = np.unique([normalise(text) for text in drawn], return_inverse=True)[1]
    model = LogisticRegression(max_iter=1000)
    right = cross_val_predict(model, features, origins, groups=groups, cv=folds) == origins
    interval = binomtest(int(right.sum()), right.size).proportion_ci(method="wilson")
    return {"accuracy": float(right.mean()), "low": float(interval.low), "high": float(interval.high)}


def _drawn(texts: Sequence[str], rows: int) -> list[str]:
    return Random(0).sample(texts, rows)


def _drawn_different(texts: Sequence[str], number: int, rows: int) -> list[str]:
    """Draw of the different texts, of which there are so many; of those that differ in case alone the last is told."""
    chosen = Random(0).sample(range(number), rows)
    seen, found = Hashes(), dict[str, tuple[int, str]]()
    wanted = set(chosen)
    for text in texts:
        plain, place = normalise(text), len(seen)
        if seen.add(plain) and place in wanted:
            found[plain] = place, text
        elif plain in found:
            found[plain] = found[plain][0], text
    by_place = {place: " ".join(text.split()) for place, text in found.values()}
    return [by_place[place] for place in chosen]


def _distinct(real: Sequence[str], synthetic: Sequence[str]) -> dict[str, list[float]]:
    """Return pairs by the length of the n-gram; one that either side lacks is left out."""
    pairs = {str(size): (distinct(real, size), distinct(synthetic, size)) for size in (1, 2, 3)}
    return {size: [a, b] for size, (a, b) in pairs.items() if a is not None and b is not None}


def _quartiles(texts: Sequence[str]) -> list[float]:
    counts = np.fromiter((len(words(text)) for text in texts), np.int32)
    return [float(value) for value in np.quantile(counts, (0.25, 0.5, 0.75))]
