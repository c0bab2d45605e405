"""Before ranks wait for each other: are all there, do they reach each other, and do they run the same versions?"""

import json
import os
import socket
import time
from contextlib import closing
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from lit_synth.cluster import Ranks
from lit_synth.examples import InputError
from lit_synth.permissions import is_offline

PATIENCE = 45.0
"""Seconds in which every rank has to come: the last one of a large job may load its libraries slowly."""
LIBRARIES = ("lit-synth", "torch", "lightning", "transformers")


def check_ranks(asked: Ranks, patience: float = PATIENCE) -> None:
    """Check the tasks of a SLURM step against the trainer, and against each other; elsewhere do nothing.

    A message that is the same for all is told by the first rank, the others end without a word.

    Args:
        asked: By the trainer.
        patience: Seconds to wait for the other ranks.

    Raises:
        InputError: What is wrong, and what to do.
        SystemExit: Another rank tells it.
    """
    if not {"SLURM_STEP_ID", "SLURM_NTASKS"} <= set(os.environ):
        return
    world = int(os.environ["SLURM_NTASKS"])
    if world == 1 == asked.world:
        return
    rank = int(os.environ["SLURM_PROCID"])
    nodes = int(os.environ.get("SLURM_STEP_NUM_NODES", "1"))
    held = Ranks(nodes, world // nodes)
    if held != asked or held.world != world:
        _tell(
            rank,
            f"srun started {held}, the trainer asks for {asked}: give --trainer.num_nodes {held.nodes} "
            f"--trainer.devices {held.per_node}, or srun --nodes={asked.nodes} --ntasks-per-node={asked.per_node}",
        )
    # Lightning wants to be told, although it follows from the others.
    os.environ["SLURM_NTASKS_PER_NODE"] = str(held.per_node)
    os.environ["MASTER_PORT"] = str(_meet(rank, world, patience))


def _meet(rank: int, world: int, patience: float) -> int:
    """Let all ranks meet once; return a free port of the first one, for what comes next."""
    from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
    from torch.distributed import DistError, TCPStore  # type: ignore[attr-defined]

    place = SLURMEnvironment()
    host, port = place.main_address, place.main_port
    if rank and not is_offline():  # which would refuse it; the store below waits in its own way
        _reach(host, port, rank, patience)
    try:
        store = TCPStore(host, port, world, rank == 0, timedelta(seconds=patience), wait_for_workers=False)
        store.set(f"rank{rank}", json.dumps({"node": _node()} | {name: version(name) for name in LIBRARIES}))
        if rank:
            verdict = store.get("verdict").decode()
            store.set(f"left{rank}", "")
        else:
            wrong = _missing(store, world, patience, f"{host}:{port}") or _differing(store, world)
            verdict = "" if wrong else str(_free_port())
            store.set("verdict", verdict)
            if wrong:
                time.sleep(1)  # for the others to read it
                _tell(rank, wrong)
            store.wait([f"left{other}" for other in range(1, world)], timedelta(seconds=patience))
    except DistError as error:
        raise InputError(
            f"rank {rank} on {_node()}: {host}:{port} cannot be met at ({str(error).splitlines()[0][:120]}); "
            "set MASTER_PORT to a free port of the first node"
        ) from None
    if not verdict:
        raise SystemExit(2)
    return int(verdict)


def _reach(host: str, port: int, rank: int, patience: float) -> None:
    """Wait until the first rank listens."""
    limit = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((host, port), timeout=5).close()
            return
        except OSError as error:
            if time.monotonic() > limit:
                raise InputError(
                    f"rank {rank} on {_node()}: {host}:{port} cannot be reached ({error.strerror or error}); set "
                    "MASTER_ADDR and MASTER_PORT to an address of the first node that the others can reach"
                ) from None
            time.sleep(0.5)


def _missing(store: Any, world: int, patience: float, place: str) -> str | None:
    from torch.distributed import DistError

    try:
        store.wait([f"rank{other}" for other in range(world)], timedelta(seconds=patience))
    except DistError:
        absent = [str(other) for other in range(world) if not store.check([f"rank{other}"])]
        return (
            f"rank {', '.join(absent)} of {world} did not come to {place} within {patience:.0f} s; look at the nodes' "
            "logs, and set MASTER_ADDR and MASTER_PORT to an address of the first node that the others can reach"
        )
    return None


def _differing(store: Any, world: int) -> str | None:
    first, *others = (json.loads(store.get(f"rank{rank}")) for rank in range(world))
    for rank, other in enumerate(others, start=1):
        for name in LIBRARIES:
            if other[name] != first[name]:
                return (
                    f"rank {rank} on {other['node']} runs {name} {other[name]}, rank 0 on {first['node']} "
                    f"{first[name]}: let all nodes use one environment"
                )
    return None


def _tell(rank: int, wrong: str) -> None:
    if rank:
        raise SystemExit(2)
    raise InputError(wrong)


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("", 0))
        return int(free.getsockname()[1])


def _node() -> str:
    return os.environ.get("SLURMD_NODENAME") or socket.gethostname()
