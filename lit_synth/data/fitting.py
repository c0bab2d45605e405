"""Inputs that are too long: the long field is cut at its end, and everything else stays whole."""

from collections.abc import Callable, Mapping

from lit_synth.task import Task

Fields = Mapping[str, str]


def fit(task: Task, fields: Fields, length: Callable[[Fields], int], most: int) -> Fields:
    """Cut the long field of an input, at a space, until the whole input is short enough.

    Where not even one word fits, as in a script without spaces, the word itself is cut.

    Args:
        task: Names the field that may be cut; by default it is the longest.
        fields: The input.
        length: Tokens of the input, in the form in which a model reads it.
        most: Tokens that there is room for.

    Returns:
        The fields; where the others alone are too long, the long one is empty, and the caller has to cut.

    >>> task = Task("qa", ("passage", "question"), "answer", ("no", "yes"))
    >>> words = lambda fields: sum(len(text.split()) for text in fields.values())
    >>> fit(task, {"passage": "one two three four", "question": "is it so"}, words, 5)
    {'passage': 'one two', 'question': 'is it so'}
    """
    if length(fields) <= most:
        return fields
    there = [field for field in task.fields if field in fields]
    name = task.long_field if task.long_field in there else max(there, key=lambda field: len(fields[field]))
    words = fields[name].split(" ")

    def fits(part: str) -> bool:
        return length({**fields, name: part}) <= most

    if count := _most(len(words) - 1, lambda count: fits(" ".join(words[:count]))):
        return {**fields, name: " ".join(words[:count])}
    count = _most(len(words[0]) - 1, lambda count: fits(words[0][:count]))
    return {**fields, name: words[0][:count].rstrip()}


def _most(highest: int, fits: Callable[[int], bool]) -> int:
    """Return the highest count that fits, by bisection; 0 is not asked for."""
    lowest = 0
    while lowest < highest:
        middle = (lowest + highest + 1) // 2
        lowest, highest = (middle, highest) if fits(middle) else (lowest, middle - 1)
    return lowest
