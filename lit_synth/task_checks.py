"""What of a task cannot work is told when it is made, not after hours of training."""

import re
from typing import TYPE_CHECKING

from lit_synth.errors import InputError
from lit_synth.templates import names_in

if TYPE_CHECKING:
    from lit_synth.task import Task

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


def check_task(task: "Task") -> None:
    """Check a task, once its templates and metrics are known.

    Raises:
        InputError: A metric comes first that cannot, or columns, labels or templates do not go together.
    """
    headlines = HEADLINES[bool(task.labels)]
    if task.headline not in headlines:
        raise InputError(
            f"task {task.name}: metrics begin with {task.headline!r}; put one of {', '.join(headlines)} first"
        )
    _check_columns(task)
    _check_patterns(task)
    _check_labels(task)
    _check_templates(task)


def _check_columns(task: "Task") -> None:
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


def _check_patterns(task: "Task") -> None:
    for name, pattern in (*task.patterns.items(), *task.schema.items()):
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"task {task.name}: pattern {pattern!r} of {name} cannot be read: {error}") from None
    for name, pattern in task.schema.items():
        if not re.compile(pattern).groups:
            raise InputError(f"task {task.name}: schema {pattern!r} of {name} has no group; put the name in brackets")


def _check_labels(task: "Task") -> None:
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


def _check_templates(task: "Task") -> None:
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


def _check_template(task: "Task", template: str, known: set[str], needed: int) -> None:
    names = set(names_in(template))
    if names - known or len(names) < needed:
        raise InputError(f"task {task.name}: template {template!r} must use {{{'}, {'.join(sorted(known))}}}")
