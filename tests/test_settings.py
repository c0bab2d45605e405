"""Settings of a run: what is asked of whom, and mistakes that show at once."""

from pathlib import Path
from typing import Any

import pytest

from lit_synth.errors import InputError
from lit_synth.modules.losses import Loss
from lit_synth.settings import (
    STRATEGIES,
    Choice,
    CurationSettings,
    GenerationSettings,
    RunSettings,
    StudentSettings,
    TeacherSettings,
)
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.rte import RTE
from lit_synth.tasks.webnlg import WEBNLG


def settings(**more: Any) -> RunSettings:
    return RunSettings("Reviews", Path("out"), **more)


@pytest.mark.parametrize(
    ("strategies", "asked"),
    [
        (("gold",), ""),
        (("gold", "full"), ""),
        (("teacher",), "teacher"),
        (("annotate",), "teacher annotates"),
        (("generate",), "teacher generates"),
        (("both",), "teacher annotates generates"),
        (STRATEGIES, "teacher annotates generates"),
    ],
)
def test_only_what_a_strategy_needs_is_made(strategies: tuple[str, ...], asked: str) -> None:
    run = settings(strategies=strategies)
    needed = {"teacher": run.needs_teacher, "annotates": run.annotates, "generates": run.generates}
    assert [name for name, value in needed.items() if value] == asked.split()


def test_a_limit_caps_what_is_generated() -> None:
    assert settings(limit=20).amount == 20
    assert settings(limit=20, generation=GenerationSettings(amount=7)).amount == 7
    assert settings(generation=GenerationSettings(amount=7)).amount == 7


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seeds": ()}, "seeds and strategies: give one or more of each"),
        ({"strategies": ()}, "seeds and strategies: give one or more of each"),
        ({"limit": 0}, "limit 0: give 1 or more, or leave it out"),
        ({"trainer": {"default_root_dir": "x"}}, "trainer.default_root_dir: each stage has a folder of its own"),
        (
            {"student": StudentSettings(chosen={"golden": Choice(1e-4, 3)})},
            "student.chosen: 'golden' is no student; known: gold, annotate",
        ),
        ({"teacher": TeacherSettings(generate_weight=0)}, "teacher.generate_weight 0: no writing is learnt"),
    ],
)
def test_a_mistake_is_one_line_with_its_value(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        settings(**given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"student": StudentSettings(loss=Loss(smoothing=0.1))}, "student.loss .*smoothing=0.1.*: task webnlg"),
        ({"student": StudentSettings(average=0.9)}, "student.average 0.9: task webnlg"),
        ({"curation": CurationSettings(students=1)}, "curation.students 1: task webnlg .* it is for classification"),
        ({"curation": CurationSettings(confidence="auto")}, "curation.confidence auto: task webnlg has no labels"),
    ],
)
def test_what_texts_do_not_read_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        settings(**given).refuse_unread(WEBNLG)
    settings(**given).refuse_unread(REVIEWS)


@pytest.mark.parametrize(
    "given",
    [
        {"teacher": TeacherSettings(samples=2)},
        {"curation": CurationSettings(choice="consensus")},
        {"student": StudentSettings(num_beams=4)},
    ],
)
def test_what_labels_do_not_read_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"does not read it, it is for text to text; leave it out"):
        settings(**given).refuse_unread(REVIEWS)
    settings(**given).refuse_unread(WEBNLG)


@pytest.mark.parametrize(
    ("task", "prompt", "told"),
    [
        (REVIEWS, "What is the mood?", "curation.prompts: 'What is the mood.' lacks {text}, which task reviews"),
        (RTE, "{premise} True?", "curation.prompts: '{premise} True.' lacks {hypothesis}, which task rte"),
        (WEBNLG, "{triples} on {theme}", "template '{triples} on {theme}' must use {triples}"),
    ],
)
def test_a_prompt_that_a_task_cannot_fill_is_named_with_what_it_lacks(task: Task, prompt: str, told: str) -> None:
    run = settings(curation=CurationSettings(teachers=3, prompts=(task.annotate_prompt, prompt)))
    with pytest.raises(InputError, match=told):
        run.refuse_unread(task)


def test_more_prompts_than_teachers_are_refused() -> None:
    told = "curation.prompts: 2 with teachers 2, of which the first keeps .* --curation.teachers 3"
    with pytest.raises(InputError, match=told):
        CurationSettings(teachers=2, prompts=("a", "b"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"average": 5.0}, "student.average 5: give a decay between 0 and 1"),
        ({"agreement": True}, "student.agreement: it asks an average"),
    ],
)
def test_a_students_impossible_average_is_refused_before_a_teacher_is_trained(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        StudentSettings(**given)


def test_an_average_is_not_kept_in_half_precision() -> None:
    averaged = StudentSettings(average=0.99)
    with pytest.raises(InputError, match=r"student\.average: not with trainer.precision bf16-true"):
        settings(student=averaged, trainer={"precision": "bf16-true"}).refuse_unread(REVIEWS)
    settings(student=averaged, trainer={"precision": "bf16-mixed"}).refuse_unread(REVIEWS)


def test_a_threshold_of_texts_is_read() -> None:
    settings(curation=CurationSettings(confidence=0.5)).refuse_unread(WEBNLG)
