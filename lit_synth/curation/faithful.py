"""Does a synthetic text say what its input says? What it lacks is measured against the texts of gold."""

from collections.abc import Iterable, Mapping

from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.metrics import Scored
from lit_synth.metrics.mentions import entities, mentions, slot_values
from lit_synth.task import Task

LACKS = "lacks values of its input"
SHOWN = 60
"""Characters of an input by which it is named where it cannot be read."""


def share(task: Task, fields: Mapping[str, str], text: str) -> float | None:
    """Return the share of an input's values that a text mentions, word by word.

    Values are the slot values of ``acts`` where the task has the metric slot_error_rate, and the entities of
    ``triples`` where it has coverage, as these metrics count them.

    Args:
        task: Names its metrics.
        fields: The input.
        text: What is to say it.

    Returns:
        0 to 1; ``None`` where the task has neither metric, or the input no value.

    Raises:
        InputError: A triple has not three parts.
    """
    values = [*_values(task, fields)]
    return sum(mentions(text, value) for value in values) / len(values) if values else None


def readable(task: Task, fields: Mapping[str, str]) -> bool:
    """Tell whether the values of an input can be read: not every text that a teacher writes for triples holds any."""
    try:
        list(_values(task, fields))
    except InputError:
        return False
    return True


def least(task: Task, gold: Iterable[Example]) -> float:
    """Return the share that a synthetic text has to reach: the 10 % quantile of gold rows' best texts.

    Not every true text says every value in the words of its input ("1964-10-13", "October 13, 1964"). At most a tenth
    of the rows are below it; it is 0 where no row has a value.

    Args:
        task: As in `share`.
        gold: Rows with a target or references, of which the one that says most counts.

    Raises:
        InputError: A triple has not three parts.
    """
    best = sorted(found for row in gold if (found := _best(task, row)) is not None)
    return best[len(best) // 10] if best else 0.0


def _best(task: Task, row: Example) -> float | None:
    shares = [share(task, row.fields, text) for text in row.references or (str(row.target),)]
    return max((found for found in shares if found is not None), default=None)


def _values(task: Task, fields: Mapping[str, str]) -> Iterable[str]:
    if "slot_error_rate" in task.metrics:
        yield from slot_values(fields["acts"])
    if "coverage" in task.metrics:
        yield from entities(Scored(fields.get("triples", "")[:SHOWN], fields, (), None))
