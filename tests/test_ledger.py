"""The ledger: what is done is not done again, what has changed is set aside, what was killed goes on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.embedded import FOLDERS
from lit_synth.ledger import Ledger


class Stage:
    """A stage that writes down how often it worked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.runs = 0

    def __call__(self) -> None:
        self.runs += 1
        (self.folder / "result.txt").write_text(str(self.runs))

    def do(self, config: dict[str, int], inputs: list[str], work: Callable[[], None] | None = None) -> str:
        return Ledger(self.told.append, self.folder.parents[1]).do(self.folder, config, inputs, work or self)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "seed0" / "teacher")


def test_an_unchanged_stage_is_not_run_again(stage: Stage) -> None:
    assert stage.do({"a": 1}, ["x"]) == stage.do({"a": 1}, ["x"])
    assert stage.runs == 1
    assert stage.told == ["seed0/teacher: starts", "seed0/teacher: done before, 0 s; not run again"]
    assert yaml.safe_load((stage.folder / "config.yaml").read_text()) == {"a": 1}


@pytest.mark.parametrize(("config", "inputs"), [({"a": 2}, ["x"]), ({"a": 1}, ["y"])])
def test_a_changed_stage_sets_its_older_results_aside(stage: Stage, config: dict[str, int], inputs: list[str]) -> None:
    before = stage.do({"a": 1}, ["x"])
    assert stage.do(config, inputs) != before
    assert (stage.folder / "result.txt").read_text() == "2"
    assert (stage.folder.with_name(f"teacher.{before}") / "result.txt").read_text() == "1"
    assert f"set aside in teacher.{before}" in stage.told[1]
    assert stage.told[2] == "seed0/teacher: starts"


def test_a_model_that_is_made_here_is_another_stage_once_it_is_made_otherwise(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    config: Any = {"model": "embedded:seq2seq"}
    before = stage.do(config, [])
    monkeypatch.setitem(FOLDERS, "embedded:seq2seq", "made-otherwise")
    assert stage.do(config, []) != before


def test_a_killed_stage_goes_on_with_what_it_has(stage: Stage) -> None:
    def killed() -> None:
        (stage.folder / "half.txt").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage.do({"a": 1}, [], killed)
    stage.do({"a": 1}, [])
    assert (stage.folder / "half.txt").exists()
    assert stage.told == ["seed0/teacher: starts", "seed0/teacher: goes on"]
    assert stage.runs == 1


def test_a_key_is_another_where_an_input_is_another(stage: Stage) -> None:
    first = stage.do({"a": 1}, ["teacher-key-1"])
    assert stage.do({"a": 1}, ["teacher-key-2"]) != first


def test_checkpoints_go_when_a_stage_is_done(stage: Stage) -> None:
    def work() -> None:
        (stage.folder / "checkpoints").mkdir()

    stage.do({"a": 1}, [], work)
    assert not (stage.folder / "checkpoints").exists()
    assert json.loads((stage.folder / "stage.json").read_text())["done"] is True


def test_seconds_are_kept_for_the_report(stage: Stage) -> None:
    ledger = Ledger(stage.told.append, stage.folder.parents[1])
    ledger.do(stage.folder, {}, [], stage)
    assert ledger.seconds == {"seed0": {"teacher": 0.0}}


def test_another_run_takes_what_would_be_the_same(tmp_path: Path) -> None:
    done, told = Stage(tmp_path / "one" / "seed0" / "teacher"), list[str]()

    def config(run: str, rate: int) -> dict[str, Any]:
        return {"folder": str(tmp_path / run / "seed0" / "teacher"), "rate": rate}

    key = Ledger(told.append, tmp_path / "one").do(done.folder, config("one", 1), [], done)
    for run, rate in (("two", 1), ("three", 2)):
        same = Stage(tmp_path / run / "seed0" / "teacher")
        ledger = Ledger(told.append, tmp_path / run, reuse=tmp_path / "one")
        assert (ledger.do(same.folder, config(run, rate), [], same) == key) == (rate == 1)
        assert same.runs == rate - 1
        assert (same.folder / "result.txt").read_text() == "1"
        assert same.folder.is_symlink() == (rate == 1)
    # What is changed later is set aside here, and stays as it was there.
    two = Stage(tmp_path / "two" / "seed0" / "teacher")
    Ledger(told.append, tmp_path / "two").do(two.folder, config("two", 3), [], two)
    assert not two.folder.is_symlink()
    assert json.loads((done.folder / "stage.json").read_text())["key"] == key


def test_a_result_that_was_damaged_is_made_again_and_a_shard_kept(stage: Stage) -> None:
    names = ("accepted.jsonl", "records-0.jsonl", "metrics.json", "curation.json", "model/model.safetensors")

    def work() -> None:
        stage.runs += 1
        (stage.folder / "model").mkdir()
        for name in names:
            (stage.folder / name).write_text("whole\n")

    stage.do({"a": 1}, [], work)
    (stage.folder / "model" / "README.md").touch()  # a card that is written later
    stage.do({"a": 1}, [], work)
    assert stage.runs == 1
    for name in names:
        (stage.folder / name).write_text("whol")
    seen: list[list[str]] = []
    stage.do({"a": 1}, [], lambda: seen.append(sorted(path.name for path in stage.folder.iterdir())))
    assert seen == [["config.yaml", "records-0.jsonl", "stage.json"]]
    assert "accepted.jsonl is damaged, or gone; made again" in stage.told[-2]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"key": "../../x", "done": true, "seconds": 1}', "\0" * 60])
def test_a_stage_of_which_nobody_knows_is_set_aside(stage: Stage, content: str) -> None:
    stage.do({"a": 1}, [])
    (stage.folder / "stage.json").write_text(content)
    stage.do({"a": 1}, [])
    assert stage.runs == 2
    assert (stage.folder.with_name("teacher.damaged") / "result.txt").read_text() == "1"
    assert "its stage.json is damaged; the older results are set aside in teacher.damaged" in stage.told[1]


def test_a_model_of_another_run_is_left_as_it_is(tmp_path: Path) -> None:
    done, told = Stage(tmp_path / "one" / "seed0" / "teacher"), list[str]()
    Ledger(told.append, tmp_path / "one").do(done.folder, {}, [], lambda: (done.folder / "accepted.jsonl").touch())
    same = Stage(tmp_path / "two" / "seed0" / "teacher")
    for content in ("", "spoilt"):
        (done.folder / "accepted.jsonl").write_text(content)
        Ledger(told.append, tmp_path / "two", reuse=tmp_path / "one").do(same.folder, {}, [], same)
        assert same.folder.is_symlink() == (content == "")
    assert (done.folder / "accepted.jsonl").read_text() == "spoilt"
    assert same.runs == 1


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_stage_whose_other_run_is_gone_is_made_here_or_taken_elsewhere(tmp_path: Path, elsewhere: bool) -> None:
    told = list[str]()
    for run in ("one", "three"):
        done = Stage(tmp_path / run / "seed0" / "teacher")
        Ledger(told.append, tmp_path / run).do(done.folder, {}, [], done)
    same = Stage(tmp_path / "two" / "seed0" / "teacher")
    key = Ledger(told.append, tmp_path / "two", reuse=tmp_path / "one").do(same.folder, {}, [], same)
    shutil.rmtree(tmp_path / "one")
    reuse = tmp_path / "three" if elsewhere else None
    assert Ledger(told.append, tmp_path / "two", reuse).do(same.folder, {}, [], same) == key
    assert same.folder.is_symlink() == elsewhere
    assert same.runs == (0 if elsewhere else 1)
    gone = tmp_path / "one" / "seed0" / "teacher"
    assert f"seed0/teacher: was taken from {gone}, which is gone" in told
