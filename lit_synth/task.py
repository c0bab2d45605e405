"""What a task is: its columns, its labels, and the words in which a teacher meets it, in both directions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lit_synth.errors import InputError
from lit_synth.examples import Example

_PLACEHOLDER = re.compile(r"\{([^{}\n]+)\}")
CLASSIFICATION = ("accuracy", "macro_f1")
TEXT_TO_TEXT = ("rougeL", "rouge1", "rouge2", "bleu", "chrf")
HEADLINES = {True: ("accuracy", "macro_f1", "f1a"), False: ("rougeL",)}
"""Metrics that may come first, for classification and for text to text: students are chosen by them as they learn."""


NEEDED = {
    "f1a": ("paragraph", "question"),
    "em": ("paragraph", "question"),
    "f1m": ("paragraph", "question"),
    "slot_error_rate": ("acts",),
    "coverage": ("triples",),
}
"""Fields that a metric reads."""


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


@dataclass(frozen=True)
class Task:
    r"""A task as a value: classification into a closed set of labels, or text to text; nothing in it is learnt.

    Prompts end without a space and completions start with one, so that the first token of a completion is never glued
    to the last of its prompt. Without ``annotate_prompt`` and ``writings`` both are made from ``instruction`` and the
    columns' names.

    Args:
        name: Short name, used in files and tables.
        fields: Input columns, in the order in which an encoder reads them.
        target: Column of the label or of the target text.
        labels: Every label, in the order of the student's outputs; none for text to text.
        instruction: What is to be done, in front of prompts that are made from the columns.
        annotate_prompt: Template over ``fields``; the teacher completes it with the label's word or the target text.
        writings: Ways in which the teacher writes new inputs, by turns: a prompt over the label (``{target}``) or the
            condition, and the completion, a template over the fields that are written, which also parses them. A prompt
            that holds fields too is grounded: they are taken from a row of the pool, or of gold where there is none.
        condition: Text to text: column whose value is asked for when inputs are written, such as a topic.
        long_field: Field that is cut where an input is too long; the longest one by default.
        unit: Fields whose rows are scored as one, such as paragraph and question; test rows are limited by whole units.
        references: Text to text: column with a list of further target texts.
        patterns: Regular expression that a written field has to match as a whole, by field.
        schema: Regular expression whose first group is a name, such as a slot or a relation, by field; a generated row
            is to use names of gold only.
        label_words: What stands for a label in prompts and completions; underscores become spaces by default.
        metrics: Test figures, the headline first; see `lit_synth.metrics`.

    Raises:
        InputError: One label only, a label or word twice, a placeholder that is no column.

    >>> task = Task("mood", ("text",), "mood", ("good", "bad"))
    >>> task.prompt({"text": "hooray"})
    'Text: hooray\nMood:'
    >>> row = Example("1", {"text": "oh no"}, "bad")
    >>> task.completion("good"), task.request(0, row), task.written(0, row), task.parse(0, " oh no ")
    (' good', 'Mood: bad\nText:', ' oh no', {'text': 'oh no'})
    """

    name: str
    fields: tuple[str, ...]
    target: str
    labels: tuple[str, ...] = ()
    instruction: str = ""
    annotate_prompt: str = ""
    writings: dict[str, str] = field(default_factory=dict)
    condition: str | None = None
    long_field: str | None = None
    unit: tuple[str, ...] = ()
    references: str | None = None
    patterns: dict[str, str] = field(default_factory=dict)
    schema: dict[str, str] = field(default_factory=dict)
    label_words: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        made = {
            "annotate_prompt": self.annotate_prompt or _annotate_prompt(self),
            "writings": self.writings or _writing(self),
            "metrics": self.metrics or (CLASSIFICATION if self.labels else TEXT_TO_TEXT),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)
        if self.headline not in HEADLINES[bool(self.labels)]:
            known = ", ".join(HEADLINES[bool(self.labels)])
            raise InputError(f"task {self.name}: metrics begin with {self.headline!r}; put one of {known} first")
        _check_columns(self)
        _check_labels(self)
        _check_templates(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of an input: the fields, and the condition where it is none of them."""
        return self.fields if self.condition in (None, *self.fields) else (*self.fields, str(self.condition))

    @property
    def ways(self) -> list[tuple[str, str]]:
        """Prompt and completion of every way of writing; its place in this list is its number."""
        return list(self.writings.items())

    @property
    def headline(self) -> str:
        """The metric that the task is judged by."""
        return self.metrics[0]

    def asked(self, example: Example) -> str:
        """Return what a teacher is asked for to write such a row: its label, or its condition."""
        return str(example.target) if self.labels else example.fields.get(self.condition or "", "")

    def is_written(self, example: Example) -> bool:
        """Tell whether an input is whole; if not, a teacher has still to write the rest."""
        return all(name in example.fields for name in self.fields)

    def word(self, label: str) -> str:
        """Return what stands for a label in text; a target text stands for itself."""
        return self.label_words.get(label, label.replace("_", " ")) if self.labels else label

    def prompt(self, fields: Mapping[str, str]) -> str:
        """Return the annotation prompt of an input."""
        return fill(self.annotate_prompt, fields).rstrip()

    def completion(self, target: str) -> str:
        """Return what a teacher answers to `prompt`."""
        return " " + self.word(target)

    def given(self, writing: int) -> tuple[str, ...]:
        """Return the fields that a way of writing takes from another row."""
        return tuple(name for name in names_in(self.ways[writing][0]) if name in self._groundable)

    def request(self, writing: int, example: Example) -> str:
        """Return the prompt for a new input; ``example`` holds the condition and the given fields."""
        values = {**example.fields, "target": self.word(str(example.target))}
        return fill(self.ways[writing][0], values).rstrip()

    def written(self, writing: int, example: Example) -> str:
        """Return what a teacher answers to `request`."""
        # A field is one line here, as `parse` wants it.
        fields = {name: " ".join(text.split()) for name, text in example.fields.items()}
        return " " + fill(self.ways[writing][1], fields).strip()

    def parse(self, writing: int, text: str) -> dict[str, str] | None:
        """Read a written text back into its fields; ``None`` where it does not follow template and patterns.

        A field is one line: what a teacher writes behind a line break is nearly always another row.
        """
        parts = _PLACEHOLDER.split(self.ways[writing][1].strip())
        # Groups are numbered: a column may be called what no group can, such as "Customer message".
        pattern = "".join(
            f"(?P<field{index}>{self.patterns.get(part, '.+')})" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
        match = re.fullmatch(pattern, text.strip())
        found = ((name, match[f"field{index}"]) for index, name in enumerate(parts) if index % 2) if match else ()
        fields = {name: value.strip() for name, value in found}
        return fields if fields and all(fields.values()) else None

    def key(self, example: Example) -> str:
        """Return the input as one normalised string: two rows with the same key are the same input."""
        return "\n".join(" ".join(example.fields[name].casefold().split()) for name in self.fields)

    @property
    def nested_labels(self) -> list[tuple[str, str]]:
        """Pairs of labels of which the first's word starts the second's: told apart by the end token."""
        words = {label: self.word(label) for label in self.labels}
        return [(a, b) for a in words for b in words if a != b and words[b].startswith(words[a])]

    @property
    def _groundable(self) -> set[str]:
        return set(self.fields) - {self.condition}


def _title(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _annotate_prompt(task: Task) -> str:
    lines = [*filter(None, [task.instruction]), *(f"{_title(name)}: {{{name}}}" for name in task.fields)]
    return "\n".join([*lines, f"{_title(task.target)}:"])


def _writing(task: Task) -> dict[str, str]:
    asked = "target" if task.labels else task.condition
    lines = [f"{_title(task.target if task.labels else asked)}: {{{asked}}}"] if asked else [task.instruction]
    first, *others = [name for name in task.fields if name != task.condition] or [""]
    completion = "\n".join([f"{{{first}}}", *(f"{_title(name)}: {{{name}}}" for name in others)])
    return {"\n".join([*filter(None, lines), f"{_title(first)}:"]): completion}


def _check_columns(task: Task) -> None:
    if not task.fields or len({*task.fields, task.target}) <= len(task.fields):
        raise InputError(f"task {task.name}: give one field or more, each once, and a target that is none of them")
    needed = [field for metric in task.metrics for field in NEEDED.get(metric, ())]
    named = (
        ("long_field", filter(None, [task.long_field])),
        ("patterns", iter(task.patterns)),
        ("schema", iter(task.schema)),
        ("unit", iter(task.unit)),
        ("metrics: what one of them reads,", iter(needed)),
    )
    for name, columns in named:
        unknown = sorted(set(columns) - set(task.fields))
        if unknown:
            known = ", ".join(task.fields)
            raise InputError(f"task {task.name}: {name} {unknown[0]!r} is no field; known: {known}")
    wrong = {
        "is for text to text; labels are asked for by themselves": task.condition and task.labels,
        "is the target; name another column, or none": task.condition == task.target,
        "is the only field, so that nothing is left to be written": task.fields == (task.condition,),
    }
    for reason in (reason for reason, found in wrong.items() if found):
        raise InputError(f"task {task.name}: condition {task.condition!r} {reason}")
    _check_patterns(task)


def _check_patterns(task: Task) -> None:
    for name, pattern in (*task.patterns.items(), *task.schema.items()):
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"task {task.name}: pattern {pattern!r} of {name} cannot be read: {error}") from None
    for name, pattern in task.schema.items():
        if not re.compile(pattern).groups:
            raise InputError(f"task {task.name}: schema {pattern!r} of {name} has no group; put the name in brackets")


def _check_labels(task: Task) -> None:
    if len(task.labels) == 1:
        raise InputError(f"task {task.name}: needs two labels or more, or none, found {list(task.labels)}")
    if {"f1a", "em", "f1m"} & set(task.metrics) and task.labels != ("0", "1"):
        raise InputError(
            f"task {task.name}: metrics f1a, em and f1m want the labels 0 and 1, found {list(task.labels)}"
        )
    words: dict[str, str] = {}
    for label in task.labels:
        other = words.setdefault(task.word(label), label)
        if other != label or task.labels.count(label) > 1:
            raise InputError(
                f"task {task.name}: labels {other!r} and {label!r} share the word {task.word(label)!r}; "
                "give one of them another in label_words"
            )
    unknown = set(task.label_words) - set(task.labels)
    if unknown:
        raise InputError(f"task {task.name}: label_words names {sorted(unknown)[0]!r}, which is not a label")


def _check_templates(task: Task) -> None:
    asked = {"target"} if task.labels else set(filter(None, [task.condition]))
    free = set(task.fields) - asked
    _check_template(task, task.annotate_prompt, set(task.fields), needed=1)
    for prompt, completion in task.ways:
        _check_template(task, prompt, free | asked, needed=len(asked))
        _check_template(task, completion, free, needed=1)
        names = [*names_in(prompt), *names_in(completion)]
        if sorted(names) != sorted([*free, *asked]):
            raise InputError(
                f"task {task.name}: prompt {prompt!r} and completion {completion!r} must use each of "
                f"{', '.join(sorted([*free, *asked]))} once, to be read back"
            )


def _check_template(task: Task, template: str, known: set[str], needed: int) -> None:
    names = set(names_in(template))
    if names - known or len(names) < needed:
        raise InputError(f"task {task.name}: template {template!r} must use {{{'}, {'.join(sorted(known))}}}")
