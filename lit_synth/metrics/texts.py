"""Figures of texts against references: ROUGE by row, BLEU and chrF over all rows together."""

from collections.abc import Sequence
from functools import partial
from itertools import zip_longest

from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from lit_synth.metrics.scored import Scored


def rouge(kind: str, rows: Sequence[Scored]) -> dict[str, float]:
    """Return the ROUGE F-measure of every row with the reference that it is best for (Lin 2004).

    By rouge-score with the Porter stemmer, as in GEM, which SGD and WebNLG are part of (GEM-benchmark/GEM-metrics,
    ``rouge.py``; of several references GEM takes the best of all but one, averaged over the one left out). A text of
    one word has no bigram, so its rouge2 is 0 even where it is the reference.

    Args:
        kind: ``rouge1``, ``rouge2`` (n-grams) or ``rougeL`` (longest common subsequence).
        rows: Rows with texts.

    >>> rouge("rougeL", [Scored("a", {}, ("It is closed.", "The museum is open."), "the museums are open")])
    {'a': 0.75}
    """
    scorer = RougeScorer([kind], use_stemmer=True)
    return {row.id: float(scorer.score_multi(row.references, row.text)[kind].fmeasure) for row in rows}


rouge1 = partial(rouge, "rouge1")
rouge2 = partial(rouge, "rouge2")
rouge_l = partial(rouge, "rougeL")


def bleu(rows: Sequence[Scored]) -> float:
    """Return the corpus BLEU, 0 to 1 (Papineni et al. 2002).

    By sacrebleu with its defaults (Post 2018), signature ``case:mixed|eff:no|tok:13a|smooth:exp``, all references; GEM
    lower-cases.

    >>> round(bleu([Scored("a", {}, ("the museum is open today",), "the museum is open now")]), 4)
    0.6687
    """
    # "force" only silences the warning for texts that look tokenised.
    return _share(BLEU(force=True).corpus_score([row.text for row in rows], _streams(rows)).score)


def chrf(rows: Sequence[Scored]) -> float:
    """Return the corpus chrF2, 0 to 1 (Popović 2015).

    By sacrebleu with its defaults, signature ``case:mixed|eff:yes|nc:6|nw:0|space:no``, the best reference by F.

    >>> round(chrf([Scored("a", {}, ("the museum is open today",), "the museum is open now")]), 4)
    0.7368
    """
    return _share(CHRF().corpus_score([row.text for row in rows], _streams(rows)).score)


def _streams(rows: Sequence[Scored]) -> list[Sequence[str]]:
    """Turn the references of each row into first, second, ... references of all; sacrebleu leaves ``None`` out."""
    return list(zip_longest(*(row.references for row in rows)))


def _share(percent: float) -> float:
    return min(percent / 100, 1.0)  # sacrebleu's 100 may be 100.00000000000004
