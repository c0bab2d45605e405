"""Test figures: labels, questions with several answers, texts; and what each independent unit adds to them."""

from lit_synth.metrics.scored import Scored
from lit_synth.metrics.scores import KNOWN, WITH_UNITS, score, unit_scores

__all__ = ["KNOWN", "WITH_UNITS", "Scored", "score", "unit_scores"]
