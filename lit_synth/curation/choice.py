"""Which of several texts for one input a student learns from."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Literal

from sacrebleu.metrics.chrf import CHRF

Rule = Literal["likeliest", "consensus", "all"]
Candidate = tuple[str, float]
"""A text, and the mean probability of its tokens."""


def choose(
    candidates: Sequence[Candidate], rule: Rule, held: Callable[[str], float | None] = lambda _: None
) -> list[Candidate]:
    """Return the texts that are kept, each with its share of the row's weight; the shares sum to 1.

    Texts that say less of their input than another one does are passed over first.

    Args:
        candidates: In any order; of equals the first counts.
        rule: ``likeliest`` takes the most probable one, ``consensus`` the one with the highest mean chrF to the others,
            as in minimum-Bayes-risk decoding (Eikema & Aziz 2020), ``all`` each distinct one by its probability.
        held: Share of the input's values that a text holds, ``None`` where there is nothing to hold.

    >>> choose([("a red bus", 0.9), ("a blue car", 0.4), ("the blue car", 0.5)], "consensus")
    [('the blue car', 1.0)]
    """
    first: dict[str, float] = {}
    for text, confidence in candidates:
        first.setdefault(text, confidence)
    distinct = list(first.items())
    shares = [held(text) or 0.0 for text, _ in distinct]
    kept = [one for one, share in zip(distinct, shares, strict=True) if share == max(shares)]
    if rule == "all":
        total = sum(confidence for _, confidence in kept)
        return [(text, confidence / total if total else 1 / len(kept)) for text, confidence in kept]
    if rule == "consensus" and len(kept) > 1:
        # Texts that came more often count more, as in the expectation that this stands for.
        texts = [text for text, _ in candidates if text in dict(kept)]
        return [(max((text for text, _ in kept), key=lambda text: _agreement(text, texts)), 1.0)]
    return [(max(kept, key=itemgetter(1))[0], 1.0)]


def _agreement(text: str, others: Sequence[str]) -> float:
    return float(sum(_CHRF.sentence_score(text, [other]).score for other in others))


_CHRF = CHRF()
