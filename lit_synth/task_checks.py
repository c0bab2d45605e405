"""What of a task cannot work is told when it is made, not after hours of training: as an `InputError`."""

import re
from collections.abc import Iterable, Mapping, Sequence

from lit_synth.errors import InputError
from lit_synth.templates import names_in

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


def check_metrics(metrics: Sequence[str], fields: Sequence[str], labels: Sequence[str]) -> None:
    """Check that the first metric can come first, and that each finds what it reads."""
    headlines = HEADLINES[bool(labels)]
    if metrics[0] not in headlines:
        raise InputError(f"metrics begin with {metrics[0]!r}; put one of {', '.join(headlines)} first")
    check_fields("metrics: what one of them reads,", (name for one in metrics for name in NEEDED.get(one, ())), fields)
    if {"f1a", "em", "f1m"} & set(metrics) and tuple(labels) != ("0", "1"):
        raise InputError(f"metrics f1a, em and f1m want the labels 0 and 1, found {list(labels)}")


def check_columns(fields: Sequence[str], target: str) -> None:
    """Check that no column has two jobs."""
    if not fields or len({*fields, target}) <= len(fields):
        raise InputError("give one field or more, each once, and a target that is none of them")


def check_fields(where: str, names: Iterable[str], fields: Sequence[str]) -> None:
    """Check that only fields are named somewhere."""
    unknown = sorted(set(names) - set(fields))
    if unknown:
        raise InputError(f"{where} {unknown[0]!r} is no field; known: {', '.join(fields)}")


def check_condition(condition: str, fields: Sequence[str], target: str, labels: Sequence[str]) -> None:
    """Check that a condition can be asked for, and leaves something to be written."""
    wrong = {
        "is for text to text; labels are asked for by themselves": bool(labels),
        "is the target; name another column, or none": condition == target,
        "is the only field, so that nothing is left to be written": tuple(fields) == (condition,),
    }
    for reason in (reason for reason, found in wrong.items() if found):
        raise InputError(f"condition {condition!r} {reason}")


def check_patterns(patterns: Mapping[str, str], schema: Mapping[str, str]) -> None:
    """Check that regular expressions can be read, and that those of the schema have a group."""
    for name, pattern in (*patterns.items(), *schema.items()):
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(f"pattern {pattern!r} of {name} cannot be read: {error}") from None
    for name, pattern in schema.items():
        if not re.compile(pattern).groups:
            raise InputError(f"schema {pattern!r} of {name} has no group; put the name in brackets")


def check_labels(words: Sequence[tuple[str, str]], named: Iterable[str]) -> None:
    """Check that labels can be told apart.

    Args:
        words: Every label with what stands for it.
        named: Labels for which somebody chose a word.
    """
    labels = [label for label, _ in words]
    if len(labels) == 1:
        raise InputError(f"needs two labels or more, or none, found {labels}")
    seen: dict[str, str] = {}
    for label, word in words:
        other = seen.setdefault(word, label)
        if other != label or labels.count(label) > 1:
            raise InputError(
                f"labels {other!r} and {label!r} share the word {word!r}; give one of them another in label_words"
            )
    unknown = set(named) - set(labels)
    if unknown:
        raise InputError(f"label_words names {sorted(unknown)[0]!r}, which is not a label")


def check_writing(prompt: str, completion: str, asked: set[str], free: set[str]) -> None:
    """Check that a way of writing uses what is asked for and all other fields once, to be read back."""
    check_template(prompt, free | asked, needed=len(asked))
    check_template(completion, free, needed=1)
    if sorted([*names_in(prompt), *names_in(completion)]) != sorted([*free, *asked]):
        raise InputError(
            f"prompt {prompt!r} and completion {completion!r} must use each of "
            f"{', '.join(sorted([*free, *asked]))} once, to be read back"
        )


def check_template(template: str, known: set[str], needed: int) -> None:
    """Check that a template names columns that are known, and enough of them."""
    names = set(names_in(template))
    if names - known or len(names) < needed:
        raise InputError(f"template {template!r} must use {{{'}, {'.join(sorted(known))}}}")
