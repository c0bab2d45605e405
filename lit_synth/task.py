"""What a task is: its columns, its labels, and the words in which a teacher meets it, in both directions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lit_synth.examples import Example, InputError

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace every ``{name}`` of a template in one pass, so that braces inside a value are left alone.

    >>> fill("Review: {text}", {"text": "a {target} film"})
    'Review: a {target} film'
    """
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


@dataclass(frozen=True)
class Task:
    r"""A closed-set classification task as a value; nothing in it is learnt or loaded.

    Both prompts end without a space and both completions start with one, so that the first token of a completion is
    never glued to the last of its prompt.

    Args:
        name: Short name, used in files and tables.
        fields: Input columns, in the order in which an encoder reads them.
        target: Column of the label.
        labels: Every label, in the order of the student's outputs.
        annotate_prompt: Template over ``fields``; the teacher completes it with the label's word.
        generate_prompt: Template over ``{target}``; the teacher completes it with a new input.
        generate_completion: Template over ``fields``; also parses what the teacher wrote.
        label_words: What stands for a label in prompts and completions; underscores become spaces by default.

    Raises:
        InputError: Fewer than two labels, a label or word twice, a placeholder that is no column.

    >>> task = Task("mood", ("text",), "mood", ("good", "bad"), "Text: {text}\nMood:", "Mood: {target}\nText:")
    >>> task.prompt({"text": "hooray"})
    'Text: hooray\nMood:'
    >>> task.completion("good"), task.request("bad"), task.parse(" oh no ")
    (' good', 'Mood: bad\nText:', {'text': 'oh no'})
    """

    name: str
    fields: tuple[str, ...]
    target: str
    labels: tuple[str, ...]
    annotate_prompt: str
    generate_prompt: str
    generate_completion: str = "{text}"
    label_words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(set(self.labels)) < 2:
            raise InputError(f"task {self.name}: needs two labels or more, found {list(self.labels)}")
        words: dict[str, str] = {}
        for label in self.labels:
            other = words.setdefault(self.word(label), label)
            if other != label or self.labels.count(label) > 1:
                raise InputError(
                    f"task {self.name}: labels {other!r} and {label!r} share the word {self.word(label)!r}; "
                    "give one of them another in label_words"
                )
        unknown = set(self.label_words) - set(self.labels)
        if unknown:
            raise InputError(f"task {self.name}: label_words names {sorted(unknown)[0]!r}, which is not a label")
        for template, known in (
            (self.annotate_prompt, set(self.fields)),
            (self.generate_prompt, {"target"}),
            (self.generate_completion, set(self.fields)),
        ):
            names = _PLACEHOLDER.findall(template)
            if not names or set(names) - known:
                raise InputError(f"task {self.name}: template {template!r} must use {{{'}, {'.join(sorted(known))}}}")

        if sorted(_PLACEHOLDER.findall(self.generate_completion)) != sorted(self.fields):
            wanted = ", ".join(self.fields)
            raise InputError(f"task {self.name}: generate_completion must use each of {wanted} once, to be read back")

    def word(self, label: str) -> str:
        """Return what stands for a label in text."""
        return self.label_words.get(label, label.replace("_", " "))

    def prompt(self, fields: Mapping[str, str]) -> str:
        """Return the annotation prompt of an input."""
        return fill(self.annotate_prompt, fields).rstrip()

    def completion(self, target: str) -> str:
        """Return what a teacher answers to `prompt`."""
        return " " + self.word(target)

    def request(self, target: str) -> str:
        """Return the generation prompt of a label."""
        return fill(self.generate_prompt, {"target": self.word(target)}).rstrip()

    def generated(self, fields: Mapping[str, str]) -> str:
        """Return what a teacher answers to `request`."""
        return " " + fill(self.generate_completion, fields).strip()

    def parse(self, text: str) -> dict[str, str] | None:
        """Read a generated text back into its fields; ``None`` where it does not follow the template.

        A field is one line: what a teacher writes behind a line break is nearly always another row.
        """
        pattern = "".join(
            f"(?P<{part}>.+)" if index % 2 else re.escape(part)
            for index, part in enumerate(_PLACEHOLDER.split(self.generate_completion.strip()))
        )
        match = re.fullmatch(pattern, text.strip())
        fields = {name: value.strip() for name, value in match.groupdict().items()} if match else {}
        return fields if set(fields) == set(self.fields) and all(fields.values()) else None

    def key(self, example: Example) -> str:
        """Return the input as one normalised string: two rows with the same key are the same input."""
        return "\n".join(" ".join(example.fields[name].casefold().split()) for name in self.fields)

    @property
    def nested_labels(self) -> list[tuple[str, str]]:
        """Pairs of labels of which the first's word starts the second's: told apart by the end token."""
        words = {label: self.word(label) for label in self.labels}
        return [(a, b) for a in words for b in words if a != b and words[b].startswith(words[a])]
