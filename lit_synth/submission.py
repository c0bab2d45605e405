"""A run as SLURM jobs that wait for each other: all are submitted, or none, and not twice."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from lit_synth.controller import cancel, undisturbed, waiting
from lit_synth.errors import InputError
from lit_synth.job_scripts import jobs, named
from lit_synth.pipeline import Pipeline, module_of
from lit_synth.settings import RunSettings, SlurmSettings
from lit_synth.stages import quiet
from lit_synth.whole_files import read_json, write_json, write_whole


def submit(
    run: RunSettings, slurm: SlurmSettings, tell: Callable[[str], None] = print, redo: bool = False
) -> list[str]:
    """Submit all jobs of a run, or none; return their numbers.

    Args:
        run: The settings.
        slurm: What is asked for.
        tell: Gets a line for each job.
        redo: Whether a folder of another config is taken.

    Raises:
        InputError: The run itself cannot work, its jobs of an earlier call have not ended, or SLURM takes no such job.
    """
    quiet()
    found = jobs(run, slurm)
    folder = run.output / "slurm"
    _see_that_none_waits(folder / "jobs.json")
    module_of(run, run.seeds[0]).splits  # noqa: B018 - read here, so that a mistake shows before anything waits
    Pipeline(run, tell, redo).claim()
    folder.mkdir(exist_ok=True)
    numbers: dict[str, str] = {}
    try:
        for job in found:
            script = folder / f"{job.name}.sbatch"
            write_whole(script, job.script)
            after = ":".join(numbers[name] for name in job.after)
            waits = [f"--dependency=afterok:{after}", "--kill-on-invalid-dep=yes"] if after else []
            with undisturbed():
                numbers[job.name] = _sbatch([*waits, str(script)])
                write_json(folder / "jobs.json", numbers)
            tell(f"{job.name}: job {numbers[job.name]}{', after ' + ' and '.join(job.after) if after else ''}")
    except BaseException:
        # A part of a chain would do a part of the work, and nobody would wait for it.
        if numbers and cancel(numbers.values()):
            tell(f"cancelled again: {' '.join(numbers.values())}")
        raise
    tell(f"What they say: {folder}/*.log; if one fails, the same command submits again what is not done")
    return list(numbers.values())


def _see_that_none_waits(path: Path) -> None:
    """See that no job of an earlier call is queued or at work: two would do the same work, in one folder.

    Raises:
        InputError: One is.
    """
    before: dict[str, str] = read_json(path) if path.exists() else {}
    states = waiting(before.values()) if before else {}
    # The number may be another's by now, or that of another cluster.
    if left := {name: number for name, number in before.items() if (number, named(name)) in states}:
        told = ", ".join(f"{name} is job {job} ({states[job, named(name)]})" for name, job in left.items())
        raise InputError(
            f"{path.parent.parent}: was submitted before: {told}; wait for these jobs, or take them back by scancel "
            f"{' '.join(left.values())}, and give the same command again"
        )


def _sbatch(words: list[str]) -> str:
    command = ["sbatch", "--parsable", *words]
    try:
        # A session of its own: the terminal gives Ctrl-C to all that share one.
        found = subprocess.run(  # noqa: S603 - SLURM's
            command, capture_output=True, text=True, check=False, start_new_session=True
        )
    except FileNotFoundError:
        raise InputError("no sbatch here: submit from a machine of the cluster, or leave --slurm out") from None
    if found.returncode:
        *_, why = f"ended with {found.returncode}", *found.stderr.strip().splitlines()
        raise InputError(f"{why}: {shlex.join(command)}")
    return found.stdout.strip().split(";")[0]
