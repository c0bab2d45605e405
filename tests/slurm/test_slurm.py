"""Runs and stages under a real SLURM of two nodes: chained, stopped, preempted, cancelled, gone on with on fewer."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth import recipes
from lit_synth.cli import main
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import read_examples
from lit_synth.settings import GenerationSettings, RunSettings, TeacherSettings
from tests.conftest import CHECKOUT
from tests.forked import settings, start
from tests.slurm.cluster import Cluster

TRAINER = {"accelerator": "cpu", "num_nodes": 2, "devices": 1, "strategy": "ddp"}
"""Of two nodes, which exchange gradients by gloo."""
TOKENS = 40


def written(stage: Path) -> int:
    """Return how many rows stand in the shards of a stage."""
    return sum(path.read_bytes().count(b"\n") for path in stage.glob("records-*.jsonl"))


def test_a_chained_run_is_stopped_and_preempted_and_has_the_rows_of_one_process(
    inside: Cluster, tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, tmp_path: Path, capfd: Any
) -> None:
    config = settings(tiny_causal, tiny_encoder, reviews_like, strategies=["gold", "generate"], trainer=TRAINER)
    # Rows alone in a batch come out to the last bit as they do elsewhere.
    config["generation"] |= {"amount": 12, "batch_size": 1, "sampling": {"max_new_tokens": TOKENS}}
    config["teacher"] |= {"batch_size": 1, "max_epochs": 8, "patience": 8, "annotate_batch_size": 1}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    output = tmp_path / "run"
    words = ["run", "--config", str(tmp_path / "run.yaml"), "--output", str(output)]
    assert main([*words, "--slurm", "--slurm.hours", "0.5"]) == 0
    jobs = dict(re.findall(r"(\S+): job (\d+)", capfd.readouterr().out))
    assert list(jobs) == ["seed0-teacher", "seed0-generate", "seed0-student", "report"]
    stages = output / "seed0"

    # What SLURM does before the time of a job is up.
    inside.until(lambda: (stages / "teacher_fit" / "curve.jsonl").exists())
    inside.ask("scancel", "--signal=USR1", "--batch", jobs["seed0-teacher"])
    inside.until(lambda: inside.is_back(jobs["seed0-teacher"]))
    assert (stages / "teacher_fit" / "checkpoints" / "last.ckpt").is_file()
    # Preemption ends a job wherever it is.
    inside.until(lambda: written(stages / "generation") >= 3)
    inside.ask("scontrol", "requeue", jobs["seed0-generate"])
    inside.until(lambda: inside.is_back(jobs["seed0-generate"]))
    ends = {name: inside.end_of(job) for name, job in jobs.items()}
    logs = "".join(path.read_text() for path in sorted((output / "slurm").glob("*.log")))
    assert set(ends.values()) == {"COMPLETED"}, (ends, logs)
    assert logs.count("the job's time is up; it is queued again") == 1
    assert {"seed0/teacher_fit: goes on", "seed0/generation: goes on"} <= set(logs.splitlines())
    curve = [json.loads(line)["step"] for line in (stages / "teacher_fit" / "curve.jsonl").read_text().splitlines()]
    assert len(curve) == 8
    assert curve == [curve[0] * (epoch + 1) for epoch in range(8)]
    assert (output / "report.html").is_file()

    # The same teacher in one process.
    shutil.copytree(stages / "teacher_fit", tmp_path / "other" / "seed0" / "teacher_fit")
    alone = ["--trainer.num_nodes", "1", "--trainer.devices", "1", "--reuse", str(tmp_path / "other")]
    plain = start([*words[:-1], str(tmp_path / "plain"), *alone, "--until", "synthesis"], tmp_path / "plain.log")
    assert plain.wait() == 0, plain.said()
    assert (tmp_path / "plain" / "seed0" / "teacher_fit").is_symlink()
    for kind in ("synthetic", "rejected"):
        found, expected = (
            list(read_examples(one / kind / "generate" / "seed0.jsonl")) for one in (output, tmp_path / "plain")
        )
        assert found == expected
    assert len(list(read_examples(output / "synthetic" / "generate" / "seed0.jsonl"))) == 12


def by_hand(slurm: Cluster, name: str, nodes: int, config: dict[str, Any], folder: Path) -> str:
    """Submit a stage with its script in configs/slurm; return the job's number."""
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(config))
    script = CHECKOUT / "configs" / "slurm" / f"{name}.sbatch"
    log = f"--output={folder}/{name}_%j.log"
    return slurm.ask("sbatch", "--parsable", f"--nodes={nodes}", log, str(script), "--config", str(path))


@pytest.fixture
def run(tiny_causal: Path, reviews_like: Path, tmp_path: Path) -> RunSettings:
    teacher = TeacherSettings(
        model=str(tiny_causal), lora=None, freeze_embeddings=False, learning_rate=1e-2, max_length=64, max_epochs=2
    )
    return RunSettings(
        data="Reviews",
        data_dir=str(reviews_like),
        output=tmp_path,
        fraction=24,
        teacher=teacher,
        generation=GenerationSettings(batch_size=1, sampling=Sampling(max_new_tokens=TOKENS)),
        trainer={"accelerator": "cpu", "strategy": "ddp"},
    )


def test_stages_by_hand_go_on_after_scancel_on_fewer_nodes(inside: Cluster, run: RunSettings, tmp_path: Path) -> None:
    job = by_hand(inside, "teacher", 2, recipes.teacher_fit(run, 0, tmp_path / "teacher"), tmp_path)
    assert inside.end_of(job) == "COMPLETED", (tmp_path / f"teacher_{job}.log").read_text()
    assert (tmp_path / "teacher" / "model" / "model.safetensors").is_file()

    def asked(name: str) -> dict[str, Any]:
        order = {"kind": "generate", "amount": 24, "folder": str(tmp_path / name), "attempts": 4.0}
        config = recipes.teacher_use(run, 0, tmp_path / name, tmp_path / "teacher" / "model", order)
        return config | {"return_predictions": False}

    job = by_hand(inside, "generate", 2, asked("rows"), tmp_path)
    inside.until(
        lambda: len(list((tmp_path / "rows").glob("records-*.jsonl"))) == 2 and written(tmp_path / "rows") >= 4
    )
    inside.ask("scancel", job)
    assert inside.end_of(job) == "CANCELLED"
    before = written(tmp_path / "rows")
    assert 4 <= before < 24
    job = by_hand(inside, "generate", 1, asked("rows"), tmp_path)
    assert inside.end_of(job) == "COMPLETED", (tmp_path / f"generate_{job}.log").read_text()

    (tmp_path / "plain.yaml").write_text(yaml.safe_dump(asked("plain")))
    plain = start(["predict", "--config", str(tmp_path / "plain.yaml")], tmp_path / "plain.log")
    assert plain.wait() == 0, plain.said()
    for file in ("accepted.jsonl", "rejected.jsonl"):
        assert (tmp_path / "rows" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes()
    assert written(tmp_path / "rows") == written(tmp_path / "plain") >= 24


def test_another_number_of_tasks_than_the_trainer_asks_for_is_told_once(
    inside: Cluster, run: RunSettings, tmp_path: Path
) -> None:
    config = recipes.teacher_fit(run, 0, tmp_path / "teacher")
    config["trainer"] |= {"num_nodes": 3, "devices": 1}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    command = ["srun", "--nodes=2", "--ntasks=2", sys.executable, "-m", "lit_synth", "stage"]
    found = subprocess.run(
        [*command, str(tmp_path / "config.yaml"), "fit"],
        env=inside.environment,
        text=True,
        capture_output=True,
        timeout=120,
    )
    told = [line for line in found.stderr.splitlines() if line.startswith("lit_synth:")]
    assert found.returncode == 2
    assert told == [
        "lit_synth: srun started 2 nodes of 1 task, the trainer asks for 3 nodes of 1 task: give --trainer.num_nodes 2 "
        "--trainer.devices 1, or srun --nodes=3 --ntasks-per-node=1"
    ]
