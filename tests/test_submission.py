"""Jobs of a run as SLURM would get them, without a SLURM."""

import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.cli import main
from lit_synth.decoding.endpoint import Endpoint
from lit_synth.decoding.engine import Engine
from lit_synth.errors import InputError
from lit_synth.job_scripts import jobs
from lit_synth.options import run_settings
from lit_synth.settings import FewShotSettings, Resources, RunSettings, SlurmSettings, TeacherSettings

PLAIN = SlurmSettings()
TRAINER = {"accelerator": "gpu", "num_nodes": 2, "devices": 8}


def options(script: str) -> dict[str, str]:
    """Return what a script asks of sbatch."""
    return dict(re.findall(r"^#SBATCH --([\w-]+)(?:=(.*))?$", script, re.MULTILINE))


def words(script: str) -> list[str]:
    """Return the command of a script."""
    return shlex.split(script.splitlines()[-1])


def made(slurm: SlurmSettings = PLAIN, **changed: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"data": "Reviews", "output": Path("runs/a b"), "trainer": TRAINER, **changed}
    return {job.name: job for job in jobs(RunSettings(**settings), slurm)}


@pytest.mark.parametrize(
    ("strategies", "expected"),
    [
        (("gold",), {"student": (), "report": ("seed3-student",)}),
        (("teacher",), {"teacher": (), "generate": ("seed3-teacher",), "report": ("seed3-generate",)}),
        (("few_shot",), {"generate": (), "report": ("seed3-generate",)}),
        (
            ("gold", "annotate"),
            {
                "teacher": (),
                "generate": ("seed3-teacher",),
                "student": ("seed3-generate",),
                "report": ("seed3-student",),
            },
        ),
    ],
)
def test_each_job_waits_for_the_one_before(strategies: Any, expected: dict[str, tuple[str, ...]]) -> None:
    found = made(seeds=(3,), strategies=strategies)
    assert {name.removeprefix("seed3-"): job.after for name, job in found.items()} == expected


def test_seeds_run_side_by_side_and_the_report_waits_for_all() -> None:
    found = made(seeds=(0, 1))
    assert found["seed1-teacher"].after == ()
    assert found["report"].after == ("seed0-student", "seed1-student")
    assert "--seeds 1 " in found["seed1-student"].script
    assert "--seeds 0,1 " in found["report"].script


def test_a_job_asks_for_what_its_stages_need() -> None:
    slurm = SlurmSettings(
        hours=12,
        partition="gpu",
        account="us",
        options=("--qos=long",),
        teacher=Resources(nodes=4, options=("--mem=0",)),
        student=Resources(hours=1.01),
    )
    found = {name: options(job.script) for name, job in made(slurm).items()}
    shared = {"partition": "gpu", "account": "us", "signal": "B:USR1@90", "requeue": "", "open-mode": "append"}
    for one in found.values():
        assert shared.items() <= one.items()
    sizes = {
        name: [one.get(key) for key in ("nodes", "ntasks-per-node", "gpus-per-node", "time", "mem", "qos")]
        for name, one in found.items()
    }
    assert sizes == {
        "seed0-teacher": ["4", "8", "8", "720", "0", "long"],
        "seed0-generate": ["2", "8", "8", "720", None, "long"],
        "seed0-student": ["1", "1", "1", "61", None, "long"],
        "report": ["1", "1", None, None, None, "long"],
    }


VLLM = TeacherSettings(engine=Engine("vllm", tensor_parallel=4))
ENDPOINT = FewShotSettings(endpoint=Endpoint(base_url="http://127.0.0.1:1/v1", model="m", max_requests=9, max_tokens=9))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"strategies": ("generate",), "teacher": VLLM}, ["1", "1", "4"]),
        ({"strategies": ("generate", "few_shot"), "teacher": VLLM}, ["2", "8", "8"]),
        ({"strategies": ("generate", "few_shot"), "teacher": VLLM, "few_shot": ENDPOINT}, ["1", "1", "4"]),
        ({"strategies": ("few_shot",), "few_shot": ENDPOINT}, ["1", "1", None]),
        ({"strategies": ("generate",)}, ["2", "8", "8"]),
    ],
)
def test_who_answers_from_one_process_holds_one_node(changed: dict[str, Any], expected: list[str | None]) -> None:
    found = made(SlurmSettings(nodes=2), **changed)["seed0-generate"].script
    assert [options(found).get(key) for key in ("nodes", "ntasks-per-node", "gpus-per-node")] == expected
    command = words(found)
    assert command[command.index("--trainer.num_nodes") + 1] == expected[0]
    assert command[command.index("--trainer.devices") + 1] == expected[1]


def test_of_two_options_that_are_the_same_that_of_the_job_comes_last() -> None:
    slurm = SlurmSettings(options=("--qos=long", "--mem=1G"), teacher=Resources(options=("--qos=short",)))
    asked = [line for line in made(slurm)["seed0-teacher"].script.splitlines() if "qos" in line or "mem" in line]
    assert asked == ["#SBATCH --qos=long", "#SBATCH --mem=1G", "#SBATCH --qos=short"]
    assert "short" not in made(slurm)["report"].script


def test_the_command_of_a_job_is_a_run_that_ends_with_its_part() -> None:
    found = {name: words(job.script) for name, job in made(SlurmSettings(teacher=Resources(nodes=4))).items()}
    untils = {name: command[command.index("--until") + 1] for name, command in found.items()}
    assert list(untils.values()) == ["teacher", "synthesis", "students", "report"]
    for command in found.values():
        assert command[0] == "exec"
        assert command[command.index("--output") + 1] == "runs/a b"
    teacher = found["seed0-teacher"]
    settings, parts = run_settings(
        "run", ["--data", "Reviews", "--trainer", "{devices: 2, max_epochs: 5}", *teacher[teacher.index("--output") :]]
    )
    assert settings.trainer == {"devices": 8, "max_epochs": 5, "num_nodes": 4}
    assert (parts["until"], parts["slurm"]) == ("teacher", None)


def test_a_job_reads_no_variables_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this one it would submit all jobs once more."""
    monkeypatch.setenv("LIT_SYNTH_RUN_SLURM", "{}")
    monkeypatch.setenv("LIT_SYNTH_OFFLINE", "1")
    script = "\n".join([*made()["report"].script.splitlines()[:-1], "env"])
    left = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607
    assert "LIT_SYNTH_RUN_" not in left
    assert "LIT_SYNTH_OFFLINE=1" in left


def test_devices_that_nobody_counted_are_asked_for() -> None:
    with pytest.raises(InputError, match="devices auto: SLURM has to be told how many"):
        made(trainer={"accelerator": "gpu", "devices": "auto"})
    assert options(made(trainer={"accelerator": "cpu"})["seed0-teacher"].script)["ntasks-per-node"] == "1"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"hours": 0}, "slurm.hours 0: give 0.05"),
        ({"nodes": 0}, "slurm.nodes 0: give 1 or more"),
        ({"partition": "a b"}, "slurm.partition 'a b': give a name"),
        ({"options": ("mem=0",)}, "slurm.options 'mem=0': give options of sbatch"),
        ({"options": ("--mem=0\nrm",)}, "slurm.options"),
    ],
)
def test_resources_that_make_no_sense_are_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        Resources(**given)


@pytest.fixture
def command(tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the words of a run that is to be submitted; the only program on the path is what a test puts there."""
    config = {"data": "Reviews", "data_dir": str(reviews_like), "fraction": 24, "teacher": {"model": str(tiny_causal)}}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    return ["run", "--config", f"{tmp_path}/run.yaml", "--output", f"{tmp_path}/run", "--slurm"]


def sbatch(folder: Path, *lines: str) -> None:
    script = folder / "bin" / "sbatch"
    script.write_text("\n".join(("#!/bin/sh", *lines, "")))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def queue(folder: Path, *lines: str) -> None:
    """Let jobs wait, or be at work."""
    script = folder / "bin" / "squeue"
    script.write_text("#!/bin/sh\n" + "".join(f"echo {line}\n" for line in lines))
    script.chmod(0o755)


def test_numbers_of_jobs_are_handed_on(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A cluster of several answers with its name behind the number.
    sbatch(
        tmp_path,
        f'echo "$@" >> {tmp_path}/asked',
        f"while read -r _; do n=$((n + 1)); done < {tmp_path}/asked",
        'echo "1$n;main"',
    )
    assert main(command) == 0
    asked = [line.split() for line in (tmp_path / "asked").read_text().splitlines()]
    scripts = [
        tmp_path / "run" / "slurm" / f"{name}.sbatch"
        for name in ("seed0-teacher", "seed0-generate", "seed0-student", "report")
    ]
    waits = ["--kill-on-invalid-dep=yes"]
    assert asked == [
        ["--parsable", *([f"--dependency=afterok:1{number}", *waits] if number else []), str(script)]
        for number, script in enumerate(scripts)
    ]
    assert all(script.is_file() for script in scripts)
    assert "seed0-generate: job 12, after seed0-teacher" in capsys.readouterr().out


def test_a_run_whose_jobs_wait_is_not_submitted_again(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = f"while read -r _; do n=$((n + 1)); done < {tmp_path}/asked"
    sbatch(tmp_path, f'echo "$@" >> {tmp_path}/asked', count, 'echo "1$n"')
    assert main(command) == 0
    queue(tmp_path, "12 RUNNING lit_synth-seed0-generate", "13 PENDING lit_synth-seed0-student", "14 PENDING another")
    assert main(command) == 2
    assert capsys.readouterr().err == (
        f"lit_synth: {tmp_path}/run: was submitted before: seed0-generate is job 12 (RUNNING), seed0-student is job 13 "
        "(PENDING); wait for these jobs, or take them back by scancel 12 13, and give the same command again\n"
    )
    assert len((tmp_path / "asked").read_text().splitlines()) == 4
    queue(tmp_path)
    assert main(command) == 0
    assert len((tmp_path / "asked").read_text().splitlines()) == 8


@pytest.mark.parametrize(
    ("third", "code", "told"),
    [("echo no such partition >&2; exit 1", 2, "no such partition: "), ("kill -INT $PPID; echo 13", 130, "stopped")],
)
def test_a_chain_is_submitted_whole_or_not_at_all(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], third: str, code: int, told: str
) -> None:
    """Ctrl-C while a job is being submitted does not lose sight of that one."""
    (tmp_path / "bin" / "scancel").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/cancelled\n')
    (tmp_path / "bin" / "scancel").chmod(0o755)
    sbatch(tmp_path, f'case "$*" in *student*) {third};; *teacher*) echo 11;; *) echo 12;; esac')
    assert main(command) == code
    numbers = "11 12" + (" 13" if code == 130 else "")
    assert (tmp_path / "cancelled").read_text() == f"{numbers}\n"
    said = capsys.readouterr()
    assert f"cancelled again: {numbers}\n" in said.out
    assert said.err.splitlines()[-1].startswith(f"lit_synth: {told}")


@pytest.mark.parametrize("name", ["teacher", "generate", "student", "sweep"])
@pytest.mark.parametrize("cores", [None, "6"])
def test_scripts_of_stages_hand_the_cores_on_to_their_step(tmp_path: Path, name: str, cores: str | None) -> None:
    """Since SLURM 22.05 a step has one core a task unless srun is told."""
    (tmp_path / "srun").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/asked\n')
    (tmp_path / "srun").chmod(0o755)
    told = {"SLURM_JOB_NUM_NODES": "2", "SLURM_NTASKS_PER_NODE": "1", "SLURM_ARRAY_TASK_ID": "0"}
    told |= {"SLURM_CPUS_PER_TASK": cores} if cores else {}
    script = ["bash", f"configs/slurm/{name}.sbatch", "--config", "a b.yaml"]
    subprocess.run(script, env={**told, "PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)  # noqa: S603
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [word for word in asked if "cpus" in word] == ([f"--cpus-per-task={cores}"] if cores else [])
    assert "" not in asked
    assert "a b.yaml" in asked


def test_parts_of_a_run_are_not_submitted(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--until", "teacher"]) == 2
    assert "until teacher: slurm makes a job of each part" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (None, "no sbatch here"),
        (("exit 3",), "ended with 3: sbatch "),
        (
            ("echo sbatch: error: invalid partition specified: x >&2", "exit 1"),
            "sbatch: error: invalid partition specified: x: ",
        ),
    ],
)
def test_a_refusal_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: Any, told: str
) -> None:
    if lines:
        sbatch(tmp_path, *lines)
    assert main(command) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith(f"lit_synth: {told}")
