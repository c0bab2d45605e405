"""Figures of questions with several answers, any number of them right (MultiRC); a question is a unit.

Rows of one question share ``paragraph`` and ``question``, wherever they stand; the question has the smallest id of its
rows. A row without a usable answer counts as the opposite of gold, as in T5's evaluation (``f1_score_with_invalid`` of
google-research/text-to-text-transfer-transformer).
"""

from collections.abc import Sequence

from lit_synth.metrics.labels import f1_parts
from lit_synth.metrics.scored import Scored, ratio_scores

POSITIVE = "1"


def f1a(rows: Sequence[Scored]) -> dict[str, float]:
    """Return each question's share of F1a: the F1 of the label "1" over the answers of all questions.

    One of the two figures of MultiRC in SuperGLUE (Wang et al. 2019); the answers of a question stand or fall
    together, so the question is the unit, with the value of `ratio_scores`. 0 where no answer is or is called right.

    >>> fields = {"paragraph": "p", "question": "q"}
    >>> f1a([Scored("a", fields, ("1",), "1"), Scored("b", fields, ("1",), "0"), Scored("c", fields, ("0",), "0")])
    {'a': 0.6666666666666666}
    """
    return ratio_scores({unit: _parts(answers) for unit, answers in _questions("f1a", rows).items()})


def em(rows: Sequence[Scored]) -> dict[str, float]:
    """Return 1 for a question all of whose answers are labelled right, else 0 (SuperGLUE's EM).

    >>> fields = {"paragraph": "p", "question": "q"}
    >>> em([Scored("a", fields, ("1",), "1"), Scored("b", fields, ("0",), "1")])
    {'a': 0.0}
    """
    questions = _questions("em", rows)
    return {unit: float(all(row.predicted == row.gold for row in answers)) for unit, answers in questions.items()}


def f1m(rows: Sequence[Scored]) -> dict[str, float]:
    """Return the F1 of the label "1" within each question; their mean is F1m.

    Follows SuperGLUE's own code (``qst_f1`` of ``MultiRCTask`` in nyu-mll/jiant-v1-legacy, ``jiant/tasks/qa.py``): a
    question without a true positive scores 0, also one that has no right answer and gets none, so that the gold labels
    reach less than 1 where there are such (3 of 894 questions of validation: 0.9966). Other definitions go by the same
    name: Khashabi et al. (2018) take the harmonic mean of mean precision and mean recall (CogComp/multirc), older
    releases of ``datasets`` the mean F1 of both labels.

    >>> fields = {"paragraph": "p", "question": "q"}
    >>> f1m([Scored("a", fields, ("0",), "0"), Scored("b", fields, ("0",), "0")])
    {'a': 0.0}
    """
    counts = {unit: _parts(answers) for unit, answers in _questions("f1m", rows).items()}
    return {unit: n / d if d else 0.0 for unit, (n, d) in counts.items()}


def _questions(metric: str, rows: Sequence[Scored]) -> dict[str, list[Scored]]:
    groups: dict[tuple[str, str], list[Scored]] = {}
    for row in rows:
        groups.setdefault((row.read("paragraph", metric), row.read("question", metric)), []).append(row)
    return {min(row.id for row in answers): answers for answers in groups.values()}


def _parts(answers: Sequence[Scored]) -> tuple[int, int]:
    numerator = denominator = 0
    for row in answers:
        gold = row.gold == POSITIVE
        predicted = not gold if row.predicted is None else row.predicted == POSITIVE
        n, d = f1_parts(gold, predicted)
        numerator, denominator = numerator + n, denominator + d
    return numerator, denominator
