"""Before ranks wait for each other: are all there, do they reach each other, and do they run the same versions?"""

import json
import os
import socket
import time
from contextlib import ExitStack, closing, suppress
from importlib.metadata import version
from typing import Any

from lit_synth.cluster import Ranks
from lit_synth.errors import InputError
from lit_synth.permissions import is_offline

PATIENCE = 45.0
"""Seconds in which every rank has to come: the last one of a large job may load its libraries slowly."""
LONGEST = 4096
"""Bytes of what a rank says of itself."""
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
    """Let all ranks meet once; return a free port of the first one, for what comes next.

    Plain sockets: torch's own store now and then waits in vain for itself.
    """
    from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

    place = SLURMEnvironment()
    if is_offline():  # which forbids Python's sockets, not those of torch
        return place.main_port
    own = {"rank": rank, "node": _node()} | {name: version(name) for name in LIBRARIES}
    if rank:
        port = _report(place.main_address, place.main_port, own, patience)
        if port is None:
            raise SystemExit(2)
        return port
    with _listening(place.main_port) as server, ExitStack() as connections:
        found, open_ones = _hear(server, own, world, patience, connections)
        wrong = _missing(found, world, patience, f"{place.main_address}:{place.main_port}") or _differing(found)
        port = None if wrong else _free_port()
        for connection in open_ones:
            with suppress(OSError):  # its rank is gone; what follows tells
                connection.sendall(json.dumps({"port": port}).encode() + b"\n")
    if wrong or port is None:
        raise InputError(str(wrong))
    return port


def _listening(port: int) -> socket.socket:
    try:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server(("", port))
    except OSError as error:
        raise InputError(
            f"rank 0 on {_node()}: port {port} cannot be listened at ({error.strerror or error}); "
            "set MASTER_PORT to a free port of the first node"
        ) from None


def _hear(
    server: socket.socket, own: dict[str, Any], world: int, patience: float, connections: ExitStack
) -> tuple[dict[int, dict[str, Any]], list[socket.socket]]:
    """Return what every rank says of itself, as far as they come in time, and their connections."""
    found, open_ones = {0: own}, list[socket.socket]()
    limit = time.monotonic() + patience
    while len(found) < world and (left := limit - time.monotonic()) > 0:
        server.settimeout(left)
        # A stranger that knocks, or one that says nothing, is no rank.
        with suppress(OSError, ValueError, KeyError, TypeError):
            connection, _ = server.accept()
            with ExitStack() as stack:
                stack.enter_context(connection)
                told = json.loads(_line(connection, min(5.0, left)))
                if told["rank"] in range(1, world):
                    found[told["rank"]] = told
                    open_ones.append(connection)
                    connections.enter_context(stack.pop_all())
    return found, open_ones


def _line(connection: socket.socket, seconds: float) -> bytes:
    """Return the line that the other end sends; a stranger's may have no end, and may come a byte at a time.

    Raises:
        OSError: It takes longer.
        ValueError: It is longer than `LONGEST`, or ends without a new line.
    """
    limit, found = time.monotonic() + seconds, b""
    while not found.endswith(b"\n"):
        connection.settimeout(max(0.001, limit - time.monotonic()))
        more = connection.recv(LONGEST)
        found += more
        if not more or len(found) > LONGEST:
            raise ValueError("no line")
    return found


def _report(host: str, port: int, own: dict[str, Any], patience: float) -> int | None:
    """Tell the first rank of this one, as soon as it listens; return the port it answers with, if all is well."""
    limit = time.monotonic() + patience
    while True:
        try:
            with socket.create_connection((host, port), timeout=5) as connection:
                connection.sendall(json.dumps(own).encode() + b"\n")
                answer: int | None = json.loads(_line(connection, patience + 5))["port"]
                return answer
        except (OSError, ValueError) as error:
            if time.monotonic() > limit:
                told = getattr(error, "strerror", None) or error
                raise InputError(
                    f"rank {own['rank']} on {_node()}: {host}:{port} cannot be reached ({told}); set "
                    "MASTER_ADDR and MASTER_PORT to an address of the first node that the others can reach"
                ) from None
            time.sleep(0.5)


def _missing(found: dict[int, dict[str, Any]], world: int, patience: float, place: str) -> str | None:
    absent = [str(rank) for rank in range(world) if rank not in found]
    if not absent:
        return None
    return (
        f"rank {', '.join(absent)} of {world} did not come to {place} within {patience:.0f} s; look at the nodes' "
        "logs, and set MASTER_ADDR and MASTER_PORT to an address of the first node that the others can reach"
    )


def _differing(found: dict[int, dict[str, Any]]) -> str | None:
    first = found[0]
    for rank, other in sorted(found.items()):
        for name in LIBRARIES:
            if other.get(name) != first[name]:
                return (
                    f"rank {rank} on {other.get('node')} runs {name} {other.get(name)}, rank 0 on {first['node']} "
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
