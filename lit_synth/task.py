"""What a task is: its columns, its labels, and the words in which a teacher meets it, in both directions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.task_checks import (
    check_columns,
    check_condition,
    check_fields,
    check_labels,
    check_metrics,
    check_patterns,
    check_template,
    check_writing,
)
from lit_synth.templates import annotation_template, fill, names_in, read_back, writing_templates

CLASSIFICATION = ("accuracy", "macro_f1")
TEXT_TO_TEXT = ("rougeL", "rouge1", "rouge2", "bleu", "chrf")


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
            "annotate_prompt": self.annotate_prompt or annotation_template(self.instruction, self.fields, self.target),
            "writings": self.writings or dict([self._writing_by_columns()]),
            "metrics": self.metrics or (CLASSIFICATION if self.labels else TEXT_TO_TEXT),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)
        try:
            self._check()
        except InputError as error:
            raise InputError(f"task {self.name}: {error}") from None

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
        return read_back(self.ways[writing][1], text, self.patterns)

    def key(self, example: Example) -> str:
        """Return the input as one normalised string: two rows with the same key are the same input."""
        return "\n".join(" ".join(example.fields[name].casefold().split()) for name in self.fields)

    @property
    def nested_labels(self) -> list[tuple[str, str]]:
        """Pairs of labels of which the first's word starts the second's: told apart by the end token."""
        words = {label: self.word(label) for label in self.labels}
        return [(a, b) for a in words for b in words if a != b and words[b].startswith(words[a])]

    def _check(self) -> None:
        check_metrics(self.metrics, self.fields, self.labels)
        check_columns(self.fields, self.target)
        named = {
            "long_field": [self.long_field] if self.long_field else [],
            "patterns": self.patterns,
            "schema": self.schema,
            "unit": self.unit,
        }
        for where, names in named.items():
            check_fields(where, names, self.fields)
        if self.condition is not None:
            check_condition(self.condition, self.fields, self.target, self.labels)
        check_patterns(self.patterns, self.schema)
        check_labels([(label, self.word(label)) for label in self.labels], self.label_words)
        asked = {"target"} if self.labels else {self.condition} if self.condition else set()
        check_template(self.annotate_prompt, set(self.fields), needed=1)
        for prompt, completion in self.ways:
            check_writing(prompt, completion, asked, set(self.fields) - asked)

    def _writing_by_columns(self) -> tuple[str, str]:
        asked = self.target if self.labels else self.condition or ""
        written = [name for name in self.fields if name != self.condition]
        return writing_templates(self.instruction, written, asked, "target" if self.labels else asked)

    @property
    def _groundable(self) -> set[str]:
        return set(self.fields) - {self.condition}
