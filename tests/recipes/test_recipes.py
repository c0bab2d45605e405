"""Stage configs: what LightningCLI would read, with the limits and the split of the run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth import recipes
from lit_synth.curation.rules import Rules
from lit_synth.errors import InputError
from lit_synth.recipes.parts import class_config
from lit_synth.settings import Choice, CurationSettings, RunSettings, TeacherSettings
from lit_synth.stages import StageCLI
from lit_synth.task import Task
from lit_synth.tasks.multirc import MULTIRC
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.sgd import SGD
from lit_synth.tasks.webnlg import WEBNLG

GOLD = {"gold": True, "pool_gold": False, "synthetic": []}


def settings(**more: Any) -> RunSettings:
    given: dict[str, Any] = {"data": "Reviews", "output": Path("out"), "data_dir": "rows", "fraction": 24}
    return RunSettings(**(given | more))


def configs(run: RunSettings, folder: Path) -> dict[str, dict[str, Any]]:
    generate = {"kind": "generate", "folder": str(folder), "amount": 5}
    return {
        "teacher_fit": recipes.teacher_fit(run, 3, folder),
        "teacher_use": recipes.teacher_use(run, 3, folder, Path("model"), generate),
        "student_search": recipes.student_search(run, REVIEWS, 3, folder, GOLD, 1e-4),
        "student_fit": recipes.student_fit(run, REVIEWS, 3, folder, GOLD, Choice(1e-4, 5)),
    }


STAGES = list(configs(settings(), Path("folder")))


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_config_is_what_lightning_cli_reads(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    config = configs(settings(), tmp_path)[name]
    text = yaml.safe_load(yaml.safe_dump(config))
    cli = StageCLI(text, run=False)
    assert cli.model.task == cli.datamodule.task
    assert cli.datamodule.partition.seed == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("task", [MULTIRC, SGD, WEBNLG], ids=lambda task: str(task.name))
def test_a_task_of_a_file_may_be_told_in_other_words(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    data = {"multirc": "MultiRC", "sgd": "Sgd", "webnlg": "WebNlg"}[task.name]
    asked = CurationSettings(teachers=2, prompts=(f"Read this.\n{task.annotate_prompt}",)).task_of(1, task)
    config = recipes.teacher_fit(settings(data=data, task=asked), 0, tmp_path)
    found = StageCLI(yaml.safe_load(yaml.safe_dump(config)), run=False).model.task
    assert found == replace(task, annotate_prompt=f"Read this.\n{task.annotate_prompt}")


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_has_the_same_split(name: str) -> None:
    run = settings(limit=50, pool_limit=40, test_limit=60, development_share=0.3)
    partition = configs(run, Path("folder"))[name]["data"]["init_args"]["partition"]
    assert partition == {"fraction": 24, "seed": 3, "development_share": 0.3, "pool_limit": 40, "test_limit": 50}


def test_the_search_does_not_learn_from_development_and_the_last_fit_does() -> None:
    made = configs(settings(), Path("folder"))
    assert "development" not in made["student_search"]["data"]["init_args"]["mixture"]
    assert made["student_fit"]["data"]["init_args"]["mixture"]["development"] is True
    assert made["student_fit"]["trainer"]["limit_val_batches"] == 0


def test_where_writing_has_no_weight_it_is_not_trained() -> None:
    for weight, directions in ((0.0, "annotate"), (0.5, "both")):
        run = settings(strategies=("gold", "annotate"), teacher=TeacherSettings(generate_weight=weight))
        data = configs(run, Path("folder"))["teacher_fit"]["data"]["init_args"]
        assert data["encoder"]["init_args"]["directions"] == directions


def test_leaving_out_leaks_of_the_pool_asks_no_annotator_again() -> None:
    requests = {"kind": "annotate", "folder": "folder"}
    runs = [settings(curation=CurationSettings(rules=Rules(pool_leakage=strict))) for strict in (False, True)]
    assert configs(runs[0], Path("folder")) == configs(runs[1], Path("folder"))
    students = [recipes.student_use(run, REVIEWS, 3, Path("folder"), Path("model"), requests) for run in runs]
    assert students[0] == students[1]


def test_the_ceiling_does_not_name_a_synthetic_file() -> None:
    full = recipes.student_fit(settings(), REVIEWS, 0, Path("folder"), GOLD | {"pool_gold": True}, Choice(1e-4, 5))
    assert full["data"]["init_args"]["mixture"]["synthetic"] == []


def test_a_runs_trainer_wins_and_its_callbacks_are_added() -> None:
    extra = class_config("lightning.pytorch.callbacks.LearningRateMonitor")
    run = settings(trainer={"precision": "bf16-true", "log_every_n_steps": 1, "callbacks": [extra], "devices": 8})
    teacher, student = (configs(run, Path("folder"))[name]["trainer"] for name in ("teacher_fit", "student_fit"))
    assert (teacher["precision"], teacher["log_every_n_steps"], teacher["devices"]) == ("bf16-true", 1, 8)
    assert extra in teacher["callbacks"]
    assert len(teacher["callbacks"]) > 3
    assert (student["precision"], student["devices"]) == ("bf16-true", 1)
    assert run.trainer["callbacks"] == [extra]


@pytest.mark.parametrize(
    ("name", "path"), [("Slurp", "lit_synth.tasks.Slurp"), ("mine.tasks.Tickets", "mine.tasks.Tickets")]
)
def test_a_task_is_named_short_or_by_its_path(name: str, path: str) -> None:
    assert configs(settings(data=name), Path("folder"))["teacher_fit"]["data"]["class_path"] == path


@pytest.mark.parametrize("logger", [{"save_dir": "x"}, [{"class_path": 3}]])
def test_a_logger_without_a_class_is_told(logger: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"trainer\.logger .* names no class"):
        recipes.teacher_fit(settings(trainer={"logger": logger}), 0, tmp_path)


def test_any_logger_serves_what_learns_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    named = [
        "CSVLogger",
        {"class_path": "lightning.pytorch.loggers.CSVLogger", "init_args": {"save_dir": "x"}},
    ]
    for logger, places in ((named, [str(tmp_path), "x"]), (False, []), (None, [str(tmp_path)])):
        given = {} if logger is None else {"trainer": {"logger": logger}}
        found = {
            name: StageCLI(config, run=False).trainer for name, config in configs(settings(**given), tmp_path).items()
        }
        for name in ("teacher_fit", "student_fit"):
            assert [one.save_dir for one in found[name].loggers] == places
        assert found["teacher_use"].loggers == found["student_search"].loggers == []
    kinds = {type(one).__name__ for one in found["teacher_fit"].loggers}
    assert kinds == {"TensorBoardLogger"}, "the default"
