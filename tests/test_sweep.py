"""A sweep on tiny models: its plan, its jobs, one that fails, one that is killed, a second call."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.cli import main
from lit_synth.jobs import Job, run_jobs
from lit_synth.settings import STUDENTS

CHOSEN = {name: {"learning_rate": 1e-3, "max_steps": 2} for name in STUDENTS}


@pytest.fixture(scope="module")
def config(tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    teacher = {"model": str(tiny_causal), "lora": None, "freeze_embeddings": False, "max_epochs": 1, "max_length": 64}
    parts: dict[str, Any] = {
        "data": "Reviews",
        "data_dir": str(reviews_like),
        "test_limit": 16,
        "teacher": teacher,
        "student": {"model": str(tiny_encoder), "batch_size": 8, "max_length": 32, "chosen": CHOSEN},
        "curation": {"rules": {"pool_leakage": False}},  # made-up rows are much alike
    }
    path = tmp_path_factory.mktemp("sweep") / "sweep.yaml"
    path.write_text(yaml.safe_dump(parts))
    return path


def words(config: Path, output: Path, *more: str) -> list[str]:
    given = ["--fractions", "16,24", "--amounts", "0,4,8", "--seeds", "0,1", "--strategies", "gold,annotate"]
    return ["sweep", "--config", str(config), "--output", str(output), *given, *more]


@pytest.fixture(scope="module")
def done(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("done") / "sweep"
    assert main(words(config, output)) == 0
    return output


def metrics(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "metrics.json").read_text())
    return [row for row in rows if row["metric"] == "accuracy"]


def test_a_job_reads_no_variables_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shows = tmp_path / "shows"
    shows.write_text("#!/bin/sh\nenv\n")
    shows.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(shows))
    monkeypatch.setenv("LIT_SYNTH_RUN_UNTIL", "teacher")
    monkeypatch.setenv("LIT_SYNTH_OFFLINE", "1")
    job = Job(24, 0)
    run_jobs(tmp_path, {job: 1.0}, lambda job: ["run"], lambda job: "key", 1, lambda line: None)
    said = (tmp_path / "jobs" / f"{job.name}.log").read_text()
    assert "LIT_SYNTH_RUN_" not in said
    assert "LIT_SYNTH_OFFLINE=1" in said


def test_every_fraction_is_a_run_with_all_seeds_and_amounts(done: Path) -> None:
    for fraction in (16, 24):
        found = metrics(done / f"fraction_{fraction}")
        wanted = [("gold", None, 0), ("annotate", 4, 4), ("annotate", None, 8)]
        assert [(row["strategy"], row["amount"], row["n_synthetic"]) for row in found] == wanted * 2
        assert [row["seed"] for row in found] == [0, 0, 0, 1, 1, 1]
        assert {row["n_gold"] for row in found} == {fraction}
        teachers = sorted(path.parent.name for path in (done / f"fraction_{fraction}").glob("seed*/teacher_fit"))
        assert teachers == ["seed0", "seed1"]


def test_how_every_job_ended_is_told(done: Path) -> None:
    jobs = json.loads((done / "sweep.json").read_text())["jobs"]
    assert [(job["fraction"], job["seed"], job["status"], job["error"]) for job in jobs] == [
        (fraction, seed, "done", None) for fraction in (16, 24) for seed in (0, 1)
    ]
    assert all(job["seconds"] > 0 for job in jobs)


def test_a_second_call_starts_no_job(done: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in done.glob("fraction_*/**/*") if path.is_file()}
    assert main(words(config, done)) == 0
    said = capsys.readouterr().out
    assert "4 jobs, 4 done before" in said
    assert "starts" not in said
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_dry_run_shows_the_plan_and_starts_nothing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(config, tmp_path / "dry", "--dry_run", "true")) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Plan of 4 jobs, 1 at a time: about" in said
    assert "student on annotate" in said
    assert not (tmp_path / "dry").exists()


def test_one_job_of_an_array(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(config, tmp_path / "array", "--job", "3", "--strategies", "gold")) == 0
    jobs = json.loads((tmp_path / "array" / "sweep.json").read_text())["jobs"]
    assert [(job["fraction"], job["seed"]) for job in jobs] == [(24, 1)]
    assert main(words(config, tmp_path / "array", "--job", "4")) == 2
    assert "job 4: the sweep has jobs 0 to 3" in capsys.readouterr().err


def test_a_failed_job_stops_no_other_and_is_told(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "sweep" / "fraction_16"
    given = ["--strategies", "gold", "--seeds", "0"]
    assert main(words(config, tmp_path / "sweep", *given, "--job", "1")) == 0
    blocked.mkdir()
    (blocked / "thesis.tex").touch()
    capsys.readouterr()
    assert main(words(config, tmp_path / "sweep", *given)) == 2
    told = capsys.readouterr()
    assert "fraction_16_seed0 failed: " in told.err
    assert "is not empty and not a run's folder" in told.err
    assert [row["strategy"] for row in metrics(tmp_path / "sweep" / "fraction_24")] == ["gold"]
    (blocked / "thesis.tex").unlink()
    assert main(words(config, tmp_path / "sweep", *given)) == 0
    assert "2 jobs, 1 done before" in capsys.readouterr().out


def test_a_killed_sweep_goes_on_and_leaves_no_process(config: Path, tmp_path: Path) -> None:
    given = words(config, tmp_path / "sweep", "--fractions", "16", "--seeds", "0")
    command = [sys.executable, "-m", "lit_synth", *given]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603 - our own command
    assert first.stdout is not None
    for line in first.stdout:
        if "seed0/annotate_4: starts" in line:
            break
    first.send_signal(signal.SIGTERM)
    # Coverage, where it measures the child, ends it by the signal itself once our own handler has done its work.
    assert first.wait(60) in (143, -signal.SIGTERM)
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout  # noqa: S607 - whichever ps there is
    assert str(tmp_path / "sweep") not in lines
    assert not list((tmp_path / "sweep" / "jobs").glob("*.json")), "a job that was stopped has not ended"
    fitted = tmp_path / "sweep" / "fraction_16" / "seed0" / "teacher_fit" / "stage.json"
    before = fitted.stat().st_mtime_ns
    assert main(given) == 0
    assert fitted.stat().st_mtime_ns == before
    assert len(metrics(tmp_path / "sweep" / "fraction_16")) == 3


def test_jobs_run_side_by_side(tmp_path: Path) -> None:
    said: list[str] = []
    jobs = dict.fromkeys((Job(fraction, 0) for fraction in (1, 2, 3, 4)), 1.0)
    started = time.monotonic()
    run_jobs(tmp_path, jobs, lambda job: ["--version"], lambda job: "key", 4, said.append)
    spent = time.monotonic() - started
    ended = [json.loads(path.read_text()) for path in (tmp_path / "jobs").glob("*.json")]
    assert [job["status"] for job in ended] == ["done"] * 4
    assert spent < sum(job["seconds"] for job in ended)
    assert said[-1].endswith("done; 4 of 4 jobs, 0:00 spent, about 0:00 left") or "4 of 4 jobs" in said[-1]
    assert [line for line in said if line.endswith(": starts")] == said[:4]
