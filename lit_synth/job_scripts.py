"""The scripts of a run's SLURM jobs: for every seed teacher, synthetic rows, students; then the report."""

import math
import shlex
import sys
from dataclasses import dataclass

from lit_synth.cluster import AUTO, ranks_of
from lit_synth.errors import InputError
from lit_synth.options import VARIABLES
from lit_synth.settings import STUDENTS, Resources, RunSettings, SlurmSettings

GRACE = 90
"""Seconds before the end of its time in which a job stops behind a batch and keeps where it was."""


@dataclass(frozen=True)
class Job:
    """One job of the chain.

    Args:
        name: Such as ``seed0-teacher``.
        script: What ``sbatch`` gets.
        after: Names of the jobs that have to succeed first.
    """

    name: str
    script: str
    after: tuple[str, ...] = ()


def jobs(run: RunSettings, slurm: SlurmSettings) -> list[Job]:
    """Return the jobs of a run, each behind those it waits for."""
    made: list[Job] = []
    for seed in run.seeds:
        kinds = [
            (kind, until)
            for kind, until, is_needed in (
                ("teacher", "teacher", run.needs_teacher),
                ("generate", "synthesis", run.needs_teacher or "few_shot" in run.strategies),
                ("student", "students", bool(set(run.strategies) & set(STUDENTS))),
            )
            if is_needed
        ]
        before: tuple[str, ...] = ()
        for kind, until in kinds:
            name = f"seed{seed}-{kind}"
            made.append(Job(name, _script(run, slurm.of(kind), name, until, seed), before))
            before = (name,)
    last = {job.name for job in made} - {name for job in made for name in job.after}
    student = slurm.of("student")
    light = Resources(partition=student.partition, account=student.account, options=slurm.options)
    ends = tuple(job.name for job in made if job.name in last)
    return [*made, Job("report", _script(run, light, "report", "report", None), ends)]


def named(job: str) -> str:
    """Return what SLURM shows as a job's name."""
    return f"lit_synth-{job}"


def _script(run: RunSettings, asked: Resources, name: str, until: str, seed: int | None) -> str:
    """Return a job's script: the run itself, up to the end of one part; it starts its stages on all nodes by srun."""
    is_teacher = until in ("teacher", "synthesis")
    is_spread = until == "teacher" or (until == "synthesis" and _asks_on_all_ranks(run))
    nodes, tasks = _nodes_and_tasks(run, asked) if is_spread else (1, 1)
    gpus = asked.gpus_per_node
    if gpus is None and run.trainer.get("accelerator") in ("gpu", "cuda"):
        gpus = 0 if until == "report" else tasks
        if until == "synthesis" and not is_spread:
            gpus = run.teacher.engine.tensor_parallel if run.needs_teacher else 0
    options = {
        "job-name": named(name),
        "output": run.output.absolute() / "slurm" / f"{name}.log",
        "open-mode": "append",
        "nodes": nodes,
        "ntasks-per-node": tasks,
        "cpus-per-task": asked.cpus_per_task,
        "gpus-per-node": gpus or None,
        "time": math.ceil(60 * asked.hours) if asked.hours else None,
        "partition": asked.partition,
        "account": asked.account,
        "signal": f"B:USR1@{GRACE}",
    }
    lines = [f"--{key}={shlex.quote(str(value))}" for key, value in options.items() if value is not None]
    words = [sys.executable, "-u", "-m", "lit_synth", "run", "--config", str(run.output.absolute() / "config.yaml")]
    words += ["--output", str(run.output), "--until", until]
    words += ["--seeds", ",".join(map(str, run.seeds if seed is None else (seed,)))]
    words += ["--strategies", ",".join(run.strategies), "--amounts", f"[{','.join(map(str, run.amounts))}]"]
    if is_teacher:
        words += ["--trainer.num_nodes", str(nodes), "--trainer.devices", str(tasks)]
    told = "".join(f"#SBATCH {line}\n" for line in [*lines, "--requeue", *asked.options])
    # All settings are told; a variable could yet have a job look only, or submit all jobs once more.
    forgets = f"unset ${{!{VARIABLES}@}}\n"
    # exec: the signal that time is up goes to the script's own process, and that is then the run.
    return f"#!/bin/bash\n{told}{forgets}exec {shlex.join(words)}\n"


def _asks_on_all_ranks(run: RunSettings) -> bool:
    """Tell whether a model that answers has a copy, or a part, on each rank; an engine and an endpoint have not."""
    is_local = "few_shot" in run.strategies and run.few_shot.endpoint is None
    return is_local or (run.needs_teacher and not run.teacher.engine.serves)


def _nodes_and_tasks(run: RunSettings, asked: Resources) -> tuple[int, int]:
    if asked.tasks_per_node is None and run.trainer.get("accelerator") != "cpu" and run.trainer.get("devices") in AUTO:
        if "devices" in run.trainer or run.trainer.get("num_nodes", 1) != 1:
            raise InputError(
                "trainer.devices auto: SLURM has to be told how many; give --trainer.devices or --slurm.tasks_per_node"
            )
        return asked.nodes or 1, 1
    found = ranks_of(run.trainer)
    return asked.nodes or found.nodes, asked.tasks_per_node or found.per_node
