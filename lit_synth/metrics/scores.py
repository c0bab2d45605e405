"""Metrics by name: a figure of all rows, and what each unit adds to it.

A metric that is a mean over independent units is a function to units by id, and its figure is their mean; the others
are functions to one number. Figures are stored as 0 to 1.
"""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from lit_synth.errors import InputError
from lit_synth.metrics.labels import accuracy, macro_f1
from lit_synth.metrics.mentions import coverage, slot_error_rate
from lit_synth.metrics.questions import em, f1a, f1m
from lit_synth.metrics.scored import Scored, check_rows
from lit_synth.metrics.texts import bleu, chrf, rouge1, rouge2, rouge_l

_BY_UNIT: Mapping[str, Callable[[Sequence[Scored]], dict[str, float]]] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "f1a": f1a,
    "em": em,
    "f1m": f1m,
    "rougeL": rouge_l,
    "rouge1": rouge1,
    "rouge2": rouge2,
    "slot_error_rate": slot_error_rate,
    "coverage": coverage,
}
_OF_CORPUS: Mapping[str, Callable[[Sequence[Scored]], float]] = {"bleu": bleu, "chrf": chrf}

WITH_UNITS = tuple(_BY_UNIT)
KNOWN = (*_BY_UNIT, *_OF_CORPUS)


def score(names: Sequence[str], rows: Sequence[Scored]) -> dict[str, float]:
    """Return the figures of all rows by name, each 0 to 1; `slot_error_rate` is better the lower it is.

    Args:
        names: Metrics out of ``KNOWN``.
        rows: Every row of the test part; a question is scored as a whole only if all its rows are here.

    Raises:
        InputError: An unknown metric, no rows, an id twice, a row without a reference or a field that is needed.

    >>> score(["accuracy"], [Scored("a", {}, ("yes",), "yes"), Scored("b", {}, ("no",), "yes")])
    {'accuracy': 0.5}
    """
    for name in names:
        _check_name(name)
    check_rows(rows)
    return {
        name: _OF_CORPUS[name](rows) if name in _OF_CORPUS else fmean(_BY_UNIT[name](rows).values()) for name in names
    }


def unit_scores(name: str, rows: Sequence[Scored]) -> dict[str, float]:
    """Return the score of each independent unit by id; the plain mean of them is the metric.

    Args:
        name: Metric out of ``WITH_UNITS``.
        rows: Every row of the test part.

    Returns:
        A value by unit: a row, or a question with the smallest id of its rows. It may lie outside 0 to 1 where the
        figure is a ratio over all rows (macro_f1, f1a, slot_error_rate, coverage).

    Raises:
        InputError: As in `score`, or a metric that has no units.

    >>> unit_scores("accuracy", [Scored("a", {}, ("yes",), "yes"), Scored("b", {}, ("no",), "yes")])
    {'a': 1.0, 'b': 0.0}
    """
    _check_name(name)
    if name in _OF_CORPUS:
        raise InputError(
            f"{name} is a figure of all rows together, without a score a row; put one of these first among the task's "
            f"metrics: {', '.join(WITH_UNITS)}"
        )
    check_rows(rows)
    return _BY_UNIT[name](rows)


def _check_name(name: str) -> None:
    if name not in KNOWN:
        raise InputError(f"unknown metric {name!r}; known: {', '.join(KNOWN)}")
