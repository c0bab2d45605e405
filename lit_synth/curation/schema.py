"""Does a generated input keep to the names of gold? A slot or relation that was made up has no meaning to learn."""

import re
from collections.abc import Iterable, Mapping

from lit_synth.examples import Example
from lit_synth.task import Task


def names(pattern: str, text: str) -> set[str]:
    r"""Return what the first group of a regular expression holds, wherever it is found in a text.

    Args:
        pattern: As in `Task.schema`. It is searched from the left and no part is read twice, so a pattern that reads
            values too finds no name in one.
        text: A field.

    >>> sorted(names(r'(\w+\(\w*)(?: = "[^"]*")?\)', 'inform(name = "say(what)") req_more()'))
    ['inform(name', 'req_more(']
    """
    return {match[1] for match in re.finditer(pattern, text) if match[1]}


def known_names(task: Task, gold: Iterable[Example]) -> dict[str, set[str]]:
    """Return every name of the rows, by the field of `Task.schema`."""
    rows = list(gold)
    return {
        name: {found for row in rows for found in names(pattern, row.fields[name])}
        for name, pattern in task.schema.items()
    }


def unseen(task: Task, example: Example, known: Mapping[str, set[str]]) -> str | None:
    """Return the reason for which an input breaks the schema, with one of its names; ``None`` where it does not.

    Args:
        task: Has a ``schema``, or nothing is unseen.
        example: A generated row with every field of the schema.
        known: From `known_names`.
    """
    for name, pattern in task.schema.items():
        strange = names(pattern, example.fields[name]) - known[name]
        if strange:
            return f"a name unseen in gold: {min(strange)}"
    return None
