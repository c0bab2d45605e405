"""A task that cannot work says why when it is made."""

import re
from dataclasses import replace
from typing import Any

import pytest

from lit_synth.errors import InputError
from lit_synth.task import Task

PAIR = Task(
    "pair",
    ("premise", "hypothesis"),
    "label",
    ("entailment", "not_entailment"),
    label_words={"entailment": "yes", "not_entailment": "no"},
)
TELL = Task("tell", ("facts",), "text", instruction="Say it in words.", condition="topic")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"labels": ("one",), "label_words": {}}, r"task pair: needs two labels or more, or none, found ['one']"),
        ({"labels": ("a", "a", "b"), "label_words": {}}, "labels 'a' and 'a' share the word 'a'"),
        ({"labels": ("a_b", "a b"), "label_words": {}}, "labels 'a_b' and 'a b' share the word 'a b'; give one"),
        ({"label_words": {"maybe": "perhaps"}}, "label_words names 'maybe', which is not a label"),
        ({"annotate_prompt": "{text}"}, "template '{text}' must use {hypothesis}, {premise}"),
        ({"annotate_prompt": "nothing"}, "template 'nothing' must use {hypothesis}, {premise}"),
        (
            {"writings": {"No label:": "{premise} {hypothesis}"}},
            "template 'No label:' must use {hypothesis}, {premise}",
        ),
        ({"writings": {"{target}:": "{target}"}}, "template '{target}' must use {hypothesis}, {premise}"),
        ({"writings": {"{target}:": "no field"}}, "template 'no field' must use {hypothesis}, {premise}"),
        (
            {"writings": {"{premise}:": "{hypothesis}"}},
            "prompt '{premise}:' and completion '{hypothesis}' must use each of hypothesis, premise, target once",
        ),
        (
            {"writings": {"{target} {premise}:": "{premise} {hypothesis}"}},
            "must use each of hypothesis, premise, target once, to be read back",
        ),
        ({"fields": ()}, "task pair: give one field or more, each once, and a target that is none of them"),
        ({"fields": ("premise", "premise")}, "task pair: give one field or more, each once"),
        ({"fields": ("premise", "label")}, "and a target that is none of them"),
        ({"long_field": "passage"}, "task pair: long_field 'passage' is no field; known: premise, hypothesis"),
        ({"patterns": {"label": ".+"}}, "task pair: patterns 'label' is no field; known: premise, hypothesis"),
        ({"patterns": {"premise": "(a"}}, "task pair: pattern '(a' of premise cannot be read: missing )"),
    ],
)
def test_a_task_that_cannot_work_says_why(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        replace(PAIR, **change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"labels": ("a", "b")},
            "task tell: condition 'topic' is for text to text; labels are asked for by themselves",
        ),
        ({"condition": "text"}, "task tell: condition 'text' is the target; name another column, or none"),
        (
            {"fields": ("topic",)},
            "task tell: condition 'topic' is the only field, so that nothing is left to be written",
        ),
        ({"writings": {"Facts:": "{facts}"}}, "template 'Facts:' must use {facts}, {topic}"),
        ({"writings": {"{topic} {facts}:": "nothing"}}, "template 'nothing' must use {facts}"),
        ({"writings": {"{topic} {target}:": "{facts}"}}, "template '{topic} {target}:' must use {facts}, {topic}"),
    ],
)
def test_a_text_to_text_task_that_cannot_work_says_why(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        replace(TELL, **({"annotate_prompt": "", "writings": {}, "metrics": ()} | change))


def test_every_way_of_writing_is_checked() -> None:
    with pytest.raises(InputError, match=r"template '\{text\}' must use \{hypothesis\}, \{premise\}"):
        replace(PAIR, writings={**PAIR.writings, "{target}:": "{text}"})
