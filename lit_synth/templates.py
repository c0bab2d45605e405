"""Templates over a task's columns: filled in, read back, and made where nobody has written one."""

import re
from collections.abc import Mapping, Sequence

_PLACEHOLDER = re.compile(r"\{([^{}\n]+)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace every ``{name}`` of a template in one pass, so that braces inside a value are left alone.

    >>> fill("Review: {text}", {"text": "a {target} film"})
    'Review: a {target} film'
    """
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def names_in(template: str) -> list[str]:
    """Return the names of a template, in order.

    >>> names_in("{premise} so {hypothesis}")
    ['premise', 'hypothesis']
    """
    return _PLACEHOLDER.findall(template)


def read_back(template: str, text: str, patterns: Mapping[str, str]) -> dict[str, str] | None:
    r"""Return what a template was filled with; ``None`` where the text does not follow it.

    Args:
        template: Names of which each stands once, in lines of their own or with words in between.
        text: What somebody wrote; white space at both ends does not count.
        patterns: Regular expression that a value has to match as a whole, by name; by default one line.

    >>> read_back("{text}\nMood: {mood}", " oh no\nMood: bad ", {}), read_back("{a}, {b}", "one", {})
    ({'text': 'oh no', 'mood': 'bad'}, None)
    """
    parts = _PLACEHOLDER.split(template.strip())
    # Groups are numbered: a column may be called what no group can, such as "Customer message".
    pattern = "".join(
        f"(?P<field{index}>{patterns.get(part, '.+')})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    )
    match = re.fullmatch(pattern, text.strip())
    found = ((name, match[f"field{index}"]) for index, name in enumerate(parts) if index % 2) if match else ()
    values = {name: value.strip() for name, value in found}
    return values if values and all(values.values()) else None


def annotation_template(instruction: str, fields: Sequence[str], target: str) -> str:
    r"""Make the prompt of an annotation out of the columns' names.

    >>> annotation_template("Which mood?", ["text"], "mood")
    'Which mood?\nText: {text}\nMood:'
    """
    lines = [*filter(None, [instruction]), *(f"{_title(name)}: {{{name}}}" for name in fields)]
    return "\n".join([*lines, f"{_title(target)}:"])


def writing_templates(instruction: str, fields: Sequence[str], asked: str, placeholder: str) -> tuple[str, str]:
    r"""Make prompt and completion of one way of writing out of the columns' names.

    Args:
        instruction: Stands in front where nothing is asked for.
        fields: That are written.
        asked: Column that is asked for, or nothing.
        placeholder: What stands for its value.

    >>> writing_templates("", ["text"], "mood", "target")
    ('Mood: {target}\nText:', '{text}')
    """
    lines = [f"{_title(asked)}: {{{placeholder}}}"] if asked else [instruction]
    first, *others = fields or [""]
    completion = "\n".join([f"{{{first}}}", *(f"{_title(name)}: {{{name}}}" for name in others)])
    return "\n".join([*filter(None, lines), f"{_title(first)}:"]), completion


def _title(column: str) -> str:
    return column.replace("_", " ").capitalize()
