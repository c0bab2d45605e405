"""All six tasks on real rows: every row is read, and every way of writing can be read back."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from lit_synth import tasks
from lit_synth.data import TaskDataModule
from lit_synth.data.sources import find_split, read_split
from lit_synth.examples import Example
from lit_synth.metrics import Scored, score
from lit_synth.task import Task
from lit_synth.templates import names_in

SIX = {"Slurp": 11_514, "Rte": 2_190, "BoolQ": 9_427, "MultiRC": 27_243, "Sgd": 40_000, "WebNlg": 35_426}
Read = Callable[[str, str], Sequence[Example]]


def one_line(text: str) -> str:
    return " ".join(text.split())


def task_of(name: str) -> Task:
    task: Task = inspect.signature(getattr(tasks, name)).parameters["task"].default
    return task


@cache
def rows_of(name: str, folder: Path, split: str) -> Sequence[Example]:
    module: TaskDataModule = getattr(tasks, name)(None)
    path = find_split(folder, split)
    assert path is not None
    return read_split(module.task, path, module.normalise)


@pytest.fixture
def read(real_data: Callable[[str], Path]) -> Iterator[Read]:
    """Return a function from a task's class and a split to its real examples."""
    yield lambda name, split: rows_of(name, real_data(task_of(name).name), split)
    rows_of.cache_clear()


@pytest.mark.parametrize("name", SIX)
def test_every_row_of_train_is_read_and_read_back_from_every_way_of_writing(name: str, read: Read) -> None:
    task, rows = task_of(name), read(name, "train")
    assert len(rows) == SIX[name]
    for row in rows:
        assert set(row.fields) == set(task.columns)
        for way, (_, completion) in enumerate(task.ways):
            expected = {key: one_line(row.fields[key]) for key in names_in(completion)}
            assert task.parse(way, task.written(way, row)) == expected


@pytest.mark.parametrize("name", SIX)
def test_a_prompt_holds_every_field_and_a_request_all_that_is_given(name: str, read: Read) -> None:
    task = task_of(name)
    for row in read(name, "validation")[:200]:
        prompt = task.prompt(row.fields)
        assert all(row.fields[field] in prompt for field in task.fields)
        assert prompt == prompt.rstrip()
        assert task.completion(str(row.target)).startswith(" ")
        for way in range(len(task.writings)):
            request, written = task.request(way, row), task.written(way, row)
            assert request == request.rstrip()
            assert written.startswith(" ")
            asked = [task.word(str(row.target)) if task.labels else task.asked(row)]
            assert all(part in request for part in [*asked, *(row.fields[field] for field in task.given(way))])
            others = set(task.fields) - set(task.given(way)) - {task.condition}
            assert all(one_line(row.fields[field]) in written for field in others)


@pytest.mark.parametrize("name", SIX)
def test_the_gold_targets_of_real_rows_score_as_best_as_can_be(name: str, read: Read) -> None:
    task, scored = task_of(name), getattr(tasks, name).evaluation
    rows = read(name, scored)[:300]
    found = score(
        task.metrics,
        [Scored(row.id, row.fields, row.references or (str(row.target),), str(row.target)) for row in rows],
    )
    for metric, value in found.items():
        # Not every text says every fact in the words of its input, and some have no bigram.
        near = 0.25 if metric in ("slot_error_rate", "coverage", "rouge2", "f1m") else 1e-9
        assert value == pytest.approx(0.0 if metric == "slot_error_rate" else 1.0, abs=near)


@pytest.mark.parametrize("name", SIX)
def test_every_label_is_there(name: str, read: Read) -> None:
    task = task_of(name)
    if task.labels:
        assert {row.target for row in read(name, "train")} == set(task.labels)
        return
    rows = read(name, "train")
    assert all(row.references[0] == row.target for row in rows)
    assert all(len(set(row.references)) == len(row.references) for row in rows)
