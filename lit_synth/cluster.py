"""What SLURM tells a process: how many nodes and tasks its job has, and whether it is one of the tasks."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lit_synth.errors import InputError

AUTO = ("auto", -1, "-1", None)


@dataclass(frozen=True)
class Ranks:
    """Processes that work together.

    Args:
        nodes: Machines.
        per_node: Processes on each, one a device.

    >>> str(Ranks(2, 4)), Ranks(2, 4).world
    ('2 nodes of 4 tasks', 8)
    """

    nodes: int = 1
    per_node: int = 1

    @property
    def world(self) -> int:
        """All of them."""
        return self.nodes * self.per_node

    def __str__(self) -> str:
        nodes, tasks = ("" if count == 1 else "s" for count in (self.nodes, self.per_node))
        return f"{self.nodes} node{nodes} of {self.per_node} task{tasks}"


def ranks_of(trainer: Mapping[str, Any]) -> Ranks:
    """Return the processes that a trainer's arguments ask for.

    Raises:
        InputError: They say no number.

    >>> ranks_of({"num_nodes": 2, "devices": 4}), ranks_of({"accelerator": "cpu"}), ranks_of({"devices": [0, 1]})
    (Ranks(nodes=2, per_node=4), Ranks(nodes=1, per_node=1), Ranks(nodes=1, per_node=2))
    """
    devices = trainer.get("devices", "auto")
    if isinstance(devices, list | tuple):
        count = len(devices)
    elif devices in AUTO:
        count = 1 if trainer.get("accelerator", "auto") == "cpu" else _accelerators()
    elif isinstance(devices, str) and "," in devices:
        count = len([one for one in devices.split(",") if one.strip()])
    else:
        count = _number("devices", devices)
    return Ranks(_number("num_nodes", trainer.get("num_nodes", 1)), max(1, count))


def allocation() -> Ranks | None:
    """Return what the SLURM job holds whose script this process is, or a child of; ``None`` elsewhere."""
    if "SLURM_JOB_ID" not in os.environ or "SLURM_STEP_ID" in os.environ:
        return None
    # Such as 4(x2): as many on each of two nodes.
    found = re.match(r"\d+", os.environ.get("SLURM_TASKS_PER_NODE", "1"))
    return Ranks(int(os.environ.get("SLURM_JOB_NUM_NODES", "1")), int(found[0]) if found else 1)


def take_the_lead(trainer: Mapping[str, Any]) -> None:
    """Let this process be the head of its SLURM job, which starts the tasks of a stage, and none of them itself.

    Args:
        trainer: The run's.

    Raises:
        InputError: It is one of several tasks, or the job holds more than the trainer asks for.
    """
    tasks = int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))
    if "SLURM_STEP_ID" in os.environ and tasks > 1:
        raise InputError(
            f"started on {tasks} tasks: a run is one process and starts its stages on all nodes itself; leave srun out"
        )
    held, asked = allocation(), ranks_of(trainer)
    if held is not None and (held.nodes > asked.nodes or held.per_node > asked.per_node):
        raise InputError(_unlike(held, asked))
    # Lightning would take it for one of so many tasks, and wait for the others.
    for name in ("SLURM_NTASKS", "SLURM_NPROCS"):
        os.environ.pop(name, None)


def command_on(asked: Ranks, command: list[str]) -> list[str]:
    """Return what starts a command on all nodes of the job; outside of one Lightning starts the other processes.

    Raises:
        InputError: The job holds something else.
    """
    held = allocation()
    if held is None:
        if asked.nodes > 1:
            raise InputError(
                f"trainer.num_nodes {asked.nodes}: several nodes are reached through SLURM; give --slurm, or sbatch it"
            )
        return command
    if held.nodes < asked.nodes or held.per_node < asked.per_node:
        raise InputError(_unlike(held, asked))
    nodes = (f"--nodes={asked.nodes}", f"--ntasks={asked.world}", f"--ntasks-per-node={asked.per_node}")
    cores = os.environ.get("SLURM_CPUS_PER_TASK")  # since SLURM 22.05 a step does not take it over by itself
    return ["srun", *nodes, "--kill-on-bad-exit=1", *([f"--cpus-per-task={cores}"] if cores else []), *command]


def is_first() -> bool:
    """Tell whether this process is the first task of its step, or no task at all."""
    return os.environ.get("SLURM_PROCID", "0") == "0"


def _number(name: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        kinds = "a number, several such as [0, 1], or auto" if name == "devices" else "a number"
        raise InputError(f"trainer.{name} {value!r}: give {kinds}") from None


def _unlike(held: Ranks, asked: Ranks) -> str:
    return (
        f"the job holds {held}, the trainer asks for {asked}: give --trainer.num_nodes {held.nodes} "
        f"--trainer.devices {held.per_node}, or sbatch --nodes={asked.nodes} --ntasks-per-node={asked.per_node}"
    )


def _accelerators() -> int:
    import torch

    return torch.cuda.device_count()
