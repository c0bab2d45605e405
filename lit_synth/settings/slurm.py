"""What SLURM is asked for, for the jobs of a run."""

import math
from dataclasses import dataclass, fields

from lit_synth.errors import InputError
from lit_synth.settings.ranges import at_least


@dataclass(frozen=True)
class Resources:
    """Of one job; what is not given is left to the cluster.

    Args:
        nodes: By default the trainer's ``num_nodes``; students take one device of one node.
        tasks_per_node: The same of its ``devices``: one task is one device.
        gpus_per_node: By default as many as tasks, where the trainer's ``accelerator`` is ``gpu`` or ``cuda``.
        hours: Most time of a job; one that needs more is queued again and goes on.
        partition: Or several, with commas.
        account: Who pays.
        cpus_per_task: Cores of each task.
        options: Further options of ``sbatch``, such as ``--constraint=h200``; those of one job come behind those of
            all, and of two that are the same the last one counts.
    """

    nodes: int | None = None
    tasks_per_node: int | None = None
    gpus_per_node: int | None = None
    hours: float | None = None
    partition: str | None = None
    account: str | None = None
    cpus_per_task: int | None = None
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least("slurm.", self, 1, "nodes", "tasks_per_node", "cpus_per_task")
        at_least("slurm.", self, 0, "gpus_per_node")
        if self.hours is not None and not 0.05 <= self.hours < math.inf:
            raise InputError(f"slurm.hours {self.hours:g}: give 0.05 (three minutes) or more")
        for name in ("partition", "account"):
            value = getattr(self, name)
            if value is not None and (not value or any(sign.isspace() for sign in value)):
                raise InputError(f"slurm.{name} {value!r}: give a name")
        for option in self.options:
            if not option.startswith("-") or not option.isprintable():
                raise InputError(f"slurm.options {option!r}: give options of sbatch, such as --constraint=h200")


@dataclass(frozen=True)
class SlurmSettings(Resources):
    """Of all jobs of a run, and where one is to differ, of that one.

    Args:
        nodes: As for one job, like all up to ``options``.
        tasks_per_node: The same.
        gpus_per_node: The same.
        hours: The same.
        partition: The same.
        account: The same.
        cpus_per_task: The same.
        options: The same.
        teacher: The job that fine-tunes teachers.
        generate: The job in which teachers annotate, generate, and are tested.
        student: The job that trains students.
    """

    teacher: Resources = Resources()
    generate: Resources = Resources()
    student: Resources = Resources()

    def of(self, job: str) -> Resources:
        """Return what holds for a job.

        >>> SlurmSettings(partition="gpu", hours=24, student=Resources(hours=2)).of("student").hours
        2
        """
        own: Resources = getattr(self, job, Resources())
        given = {one.name: (getattr(own, one.name), getattr(self, one.name)) for one in fields(Resources)}
        found = {name: rest if value is None else value for name, (value, rest) in given.items()}
        # sbatch takes the last of two that are the same.
        return Resources(**found | {"options": (*self.options, *own.options)})
