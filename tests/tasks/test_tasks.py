"""The tasks: their labels and prompts on real rows, there and back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lit_synth import tasks
from lit_synth.data import TaskDataModule
from lit_synth.data.sources import find_split, read_split
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.slurp import SLURP


@pytest.mark.parametrize("name", tasks.__all__)
def test_every_task_is_a_data_module_by_its_short_name(name: str) -> None:
    assert issubclass(getattr(tasks, name), TaskDataModule)


@pytest.mark.parametrize("task", [REVIEWS, SLURP], ids=lambda task: task.name)
def test_every_label_has_a_completion_and_a_request_of_its_own(task: Task) -> None:
    assert len({task.completion(label) for label in task.labels}) == len(task.labels)
    rows = [Example("1", {}, label) for label in task.labels]
    assert len({task.request(0, row) for row in rows}) == len(task.labels)


def test_slurp_has_sixty_intents_of_which_some_begin_others() -> None:
    assert len(SLURP.labels) == 60
    assert SLURP.word("iot_hue_lightoff") == "iot hue lightoff"
    assert ("email_query", "email_querycontact") in SLURP.nested_labels


def test_every_real_utterance_survives_the_template(real_data: Callable[[str], Path]) -> None:
    path = find_split(real_data("slurp"), "validation")
    assert path is not None
    for row in read_split(SLURP, path):
        assert SLURP.parse(0, SLURP.written(0, row)) == row.fields


def test_every_real_intent_is_a_label(real_data: Callable[[str], Path]) -> None:
    path = find_split(real_data("slurp"), "train")
    assert path is not None
    assert {row.target for row in read_split(SLURP, path)} == set(SLURP.labels)
