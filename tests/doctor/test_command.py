"""The doctor as a user calls it: every stage, what does not fit, and a command that ends with a code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lit_synth.cli import main
from lit_synth.data import ClassifierEncoder, Partition
from lit_synth.doctor.forecast import forecast
from lit_synth.doctor.machine import Machine
from lit_synth.doctor.sharding import Sharding
from lit_synth.settings import RunSettings, StudentSettings, TeacherSettings
from lit_synth.tasks import Reviews
from lit_synth.workload import SHARE_OF_PEAK

LARGE = Machine(memory=10**12, rate=1e12, bandwidth=1e11)


@pytest.fixture
def words(tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, tmp_path: Path) -> list[str]:
    given = {"data": "Reviews", "data_dir": reviews_like, "output": tmp_path / "run", "fraction": 24}
    given |= {"teacher.model": tiny_causal, "student.model": tiny_encoder, "gpu_memory": 4, "bandwidth": 50}
    return ["doctor", *(f"--{name}={value}" for name, value in given.items()), "--teraflops=1", "--limit=20"]


def test_every_stage_is_told_and_nothing_is_written(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--nodes=2", "--devices=8"]) == 0
    said = capsys.readouterr().out
    assert "2 x 8 devices of 4 GB, teacher DDP" in said
    for stage in ("teacher", "annotate", "generate", "test the teacher", "student on both"):
        assert stage in said
    assert not (tmp_path / "run").exists()


def test_a_task_of_texts_is_forecast_too(
    tiny_causal: Path, tiny_seq2seq: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for split, count in (("train", 40), ("test", 10)):
        text = {"category": "City", "target": "C leads", "references": ["C leads"]}
        rows = [text | {"input": [f"{split}_{row} | leaderName | C"], "id": str(row)} for row in range(count)]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = {"data": "WebNlg", "data_dir": tmp_path, "output": tmp_path / "run", "fraction": 20}
    given |= {"teacher.model": tiny_causal, "student.model": tiny_seq2seq("bart"), "gpu_memory": 4, "bandwidth": 50}
    assert main(["doctor", *(f"--{name}={value}" for name, value in given.items()), "--teraflops=1"]) == 0
    assert "student on gold" in capsys.readouterr().out


def test_the_overlay_for_a_cluster_says_how_many_devices(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay = ["--config", "configs/trainer/slurm.yaml", "--strategies=teacher"]
    assert main([*words, *overlay, "--slurm.nodes=3", "--slurm.teacher.nodes=4"]) == 0
    assert "4 x 8 devices of 4 GB, teacher DDP" in capsys.readouterr().out


def test_what_does_not_fit_is_a_mistake(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--gpu_memory=0.000001"]) == 2
    told = capsys.readouterr()
    assert "do not fit" in told.out
    assert "not every stage fits" in told.err
    assert main([*words, "--gpu_memory=-1"]) == 2
    assert "gpu_memory -1: give a number above 0" in capsys.readouterr().err


def test_more_devices_take_less_time_and_memory(
    tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, tmp_path: Path
) -> None:
    run = RunSettings(
        "Reviews",
        tmp_path,
        data_dir=str(reviews_like),
        teacher=TeacherSettings(model=str(tiny_causal), lora=None, max_length=64),
        student=StudentSettings(model=str(tiny_encoder), max_length=32),
    )
    module = Reviews(
        ClassifierEncoder(str(tiny_encoder), 32), data_dir=run.data_dir, partition=Partition(24, pool_limit=50)
    )
    one = {found.step.name: found for found in forecast(run, module, Sharding("zero3", True), LARGE)}
    eight = {found.step.name: found for found in forecast(run, module, Sharding("zero3", True, 1, 8), LARGE)}
    teacher = one["teacher"]
    assert teacher.hours * 3600 == pytest.approx(teacher.step.operations / 1e12 / SHARE_OF_PEAK)
    assert eight["teacher"].hours == pytest.approx(teacher.hours / 8)
    assert eight["teacher"].states.optimizer == pytest.approx(teacher.states.optimizer / 8, abs=1)
    # Students are on one device each.
    assert eight["student on gold"] == one["student on gold"]
    slow = Machine(LARGE.memory, LARGE.rate, bandwidth=1.0)
    by_the_token = {found.step.name: found for found in forecast(run, module, Sharding("zero3", True), slow)}
    assert by_the_token["generate"].hours > one["generate"].hours
