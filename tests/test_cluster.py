"""What a process makes of the environment that SLURM gives it."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lit_synth.cluster import Ranks, allocation, command_on, ranks_of, take_the_lead
from lit_synth.controller import queue_again
from lit_synth.errors import InputError
from tests.forked import start

SCRIPT = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2", "SLURM_TASKS_PER_NODE": "4(x2)", "SLURM_NTASKS": "8"}
"""As in the script of a job of two nodes."""
TASK = {**SCRIPT, "SLURM_STEP_ID": "0", "SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "8"}
"""As in one of its tasks."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that sets SLURM's variables, and no others."""

    def put(variables: Mapping[str, str]) -> None:
        for name in [name for name in os.environ if name.startswith("SLURM_")]:
            monkeypatch.delenv(name)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize(
    ("trainer", "expected"),
    [
        ({"accelerator": "cpu"}, Ranks(1, 1)),
        ({"accelerator": "cpu", "devices": "auto"}, Ranks(1, 1)),
        ({"devices": 3, "num_nodes": 2}, Ranks(2, 3)),
        ({"devices": "0,1"}, Ranks(1, 2)),
        ({"devices": "2"}, Ranks(1, 2)),
        ({"devices": [5]}, Ranks(1, 1)),
    ],
)
def test_a_trainer_says_how_many_ranks_it_has(trainer: dict[str, Any], expected: Ranks) -> None:
    assert ranks_of(trainer) == expected


@pytest.mark.parametrize("trainer", [{"devices": "all"}, {"devices": {}}, {"devices": 2, "num_nodes": "two"}])
def test_devices_that_are_no_number_are_told(trainer: dict[str, Any]) -> None:
    name, value = list(trainer.items())[-1]
    with pytest.raises(InputError, match=re.escape(f"trainer.{name} {value!r}: give a number")):
        ranks_of(trainer)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, None), (SCRIPT, Ranks(2, 4)), (TASK, None), ({"SLURM_JOB_ID": "7"}, Ranks(1, 1))],
)
def test_the_script_of_a_job_knows_what_the_job_holds(told: Any, variables: Any, expected: Ranks | None) -> None:
    told(variables)
    assert allocation() == expected


def test_a_stage_is_started_by_srun_inside_of_a_job_alone(told: Any) -> None:
    told({})
    assert command_on(Ranks(1, 4), ["a"]) == ["a"]
    with pytest.raises(InputError, match="several nodes are reached through SLURM"):
        command_on(Ranks(2, 4), ["a"])
    told({**SCRIPT, "SLURM_CPUS_PER_TASK": "6"})
    sizes = ["--nodes=2", "--ntasks=6", "--ntasks-per-node=3"]
    assert command_on(Ranks(2, 3), ["a"]) == ["srun", *sizes, "--kill-on-bad-exit=1", "--cpus-per-task=6", "a"]
    with pytest.raises(InputError, match="the job holds 2 nodes of 4 tasks, the trainer asks for 3 nodes of 4 tasks"):
        command_on(Ranks(3, 4), ["a"])


@pytest.mark.parametrize(
    ("variables", "trainer", "message"),
    [
        (TASK, {"num_nodes": 2, "devices": 4}, "started on 8 tasks: .*leave srun out"),
        (SCRIPT, {"devices": 4}, "holds 2 nodes of 4 tasks, the trainer asks for 1 node of 4 tasks"),
        (SCRIPT, {"num_nodes": 2, "devices": 1}, "give --trainer.num_nodes 2 --trainer.devices 4"),
    ],
)
def test_a_run_that_would_waste_its_job_is_refused(told: Any, variables: Any, trainer: Any, message: str) -> None:
    told(variables)
    with pytest.raises(InputError, match=message):
        take_the_lead(trainer)


def test_the_head_of_a_job_is_none_of_its_tasks_to_lightning(told: Any) -> None:
    from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

    told(SCRIPT)
    assert SLURMEnvironment.detect()
    take_the_lead({"num_nodes": 2, "devices": 4})
    assert not SLURMEnvironment.detect()
    assert allocation() == Ranks(2, 4)


def test_only_a_job_is_queued_again(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run(words: list[str], **_: Any) -> Any:
        asked.append(words)
        return subprocess.CompletedProcess(words, 0, "")

    monkeypatch.setattr("subprocess.run", run)
    told({})
    assert not queue_again()
    told(SCRIPT)
    assert queue_again()
    assert asked == [["scontrol", "requeue", "7"]]


@pytest.mark.parametrize("ended", ["$PPID", "$PPID $$"])
@pytest.mark.parametrize(
    ("job", "signals", "expected"),
    [
        ("JobState=RUNNING PreemptTime=None", ["USR1"], "the job's time is up; it is queued again"),
        ("JobState=RUNNING PreemptTime=2026-01-01", ["TERM"], "another job is to have its nodes; it is queued again"),
        ("JobState=RUNNING PreemptTime=None", ["TERM"], "the same command goes on"),
        ("JobState=CANCELLED PreemptTime=2026-01-01", ["TERM"], "the same command goes on"),
    ],
)
def test_a_job_says_why_it_is_queued_again_although_slurm_then_ends_it(
    told: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, job: str, signals: list[str], expected: str, ended: str
) -> None:
    """It ends all processes of the job, that which has asked for it among them."""
    told(SCRIPT)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    shown = f"echo JobId=7 {job}"
    (tmp_path / "scontrol").write_text(f'#!/bin/sh\n[ "$1" = requeue ] && kill -TERM {ended} || {shown}\n')
    (tmp_path / "scontrol").chmod(0o755)

    def run(words: list[str]) -> None:
        for name in signals:
            signal.raise_signal(signal.Signals[f"SIG{name}"])

    monkeypatch.setattr("lit_synth.cli._verb", run)
    child = start(["run"], tmp_path / "log")
    is_queued = "queued again" in expected
    assert child.wait(60) == (-signal.SIGTERM if is_queued else 128 + signal.SIGTERM)
    assert (
        child.said() == f"lit_synth: stopped{',' if is_queued else ';'} {expected}{' and goes on then' * is_queued}\n"
    )
