"""Ranks that cannot work together say so in one line, soon, instead of waiting for each other."""

import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.fabric.plugins.environments.slurm  # noqa: F401 - once, not in every child
import pytest

from lit_synth import preflight
from lit_synth.cluster import Ranks
from lit_synth.errors import InputError

PATIENCE = 2.0
"""Seconds, where a rank waits in vain; where all come, a busy machine has the usual time."""
TWO = Ranks(2, 1)
Meet = Callable[..., list[str]]


def free_port() -> int:
    # Below those that a connection may take for its own end, as a rank's might before the first one listens.
    for port in random.sample(range(15000, 30000), 100):
        with closing(socket.socket()) as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@pytest.fixture
def meet(tmp_path: Path) -> Meet:
    """Return a function that lets ranks check each other in processes of their own, and returns what each says."""

    def run(*ranks: int, asked: Ranks = TWO, world: int = 2, port: int = 0, **changed: str) -> list[str]:
        port = port or free_port()
        children = []
        for rank in ranks:
            children.append(os.fork())
            if children[-1] == 0:  # which never comes back, so that no child has children
                environment = {"SLURM_STEP_ID": "0", "SLURM_NTASKS": str(world), "SLURM_STEP_NUM_NODES": str(world)}
                environment |= {"SLURM_PROCID": str(rank), "SLURMD_NODENAME": f"n{rank + 1}", "SLURM_JOB_ID": "1"}
                environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **changed}
                patience = PATIENCE if len(ranks) < world else preflight.PATIENCE
                _child(rank, asked, environment, tmp_path / str(rank), patience)
        started = time.monotonic()
        for pid in children:
            while os.waitpid(pid, os.WNOHANG) == (0, 0):
                if time.monotonic() - started > 60:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.02)
        return [(tmp_path / str(rank)).read_text() for rank in ranks]

    return run


def _child(rank: int, asked: Ranks, environment: dict[str, str], said: Path, patience: float) -> None:
    try:
        os.environ.update(environment)
        if rank == 1 and "OTHER" in environment:
            pytest.MonkeyPatch().setattr(
                preflight, "version", lambda name: "0.1" if name == environment["OTHER"] else version(name)
            )
        preflight.check_ranks(asked, patience)
        said.write_text(json.dumps([os.environ["MASTER_PORT"], os.environ["SLURM_NTASKS_PER_NODE"]]))
    except InputError as error:
        said.write_text(str(error))
    except SystemExit as stop:
        said.write_text(f"silent {stop.code}")
    finally:
        os._exit(0)


def test_ranks_that_fit_meet_and_go_on_to_one_free_port(meet: Meet) -> None:
    port = free_port()
    found = [json.loads(one) for one in meet(0, 1, port=port)]
    assert found[0] == found[1]
    assert found[0][1] == "1"
    assert int(found[0][0]) != port
    with closing(socket.socket()) as one:
        one.bind(("", int(found[0][0])))


@pytest.mark.parametrize("asked", [Ranks(1, 1), Ranks(3, 1), Ranks(1, 2), Ranks(2, 2)])
def test_another_number_of_tasks_is_told_by_the_first_rank(meet: Meet, asked: Ranks) -> None:
    first, other = meet(0, 1, asked=asked)
    assert first.startswith(f"srun started 2 nodes of 1 task, the trainer asks for {asked}: ")
    assert other == "silent 2"


@pytest.mark.parametrize("library", ["lit-synth", "torch", "transformers"])
def test_other_versions_are_told_by_the_first_rank(meet: Meet, library: str) -> None:
    first, other = meet(0, 1, OTHER=library)
    assert first.startswith(f"rank 1 on n2 runs {library} 0.1, rank 0 on n1 {version(library)}: ")
    assert other == "silent 2"


def test_a_rank_that_does_not_come_is_named(meet: Meet) -> None:
    (first,) = meet(0)
    assert first.startswith("rank 1 of 2 did not come to 127.0.0.1:")


@pytest.mark.parametrize("address", ["127.0.0.1", "no-such-host.invalid"])
def test_a_place_that_cannot_be_reached_is_told(meet: Meet, address: str) -> None:
    (other,) = meet(1, MASTER_ADDR=address)
    assert other.startswith(f"rank 1 on n2: {address}:")
    assert "cannot be reached" in other


def test_a_stranger_at_the_port_is_no_rank(meet: Meet) -> None:
    port = free_port()

    def knock() -> None:
        for word in (b"GET / HTTP/1.1\r\n\r\n", b"[]\n", b'{"rank": 7}\n', b""):
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
                    stranger.sendall(word)
                    break
                time.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        knocked = pool.submit(knock)
        (first,) = meet(0, port=port)
        knocked.result()
    assert first.startswith(f"rank 1 of 2 did not come to 127.0.0.1:{port} within 2 s")


def test_a_line_without_an_end_is_cut_and_so_is_one_that_comes_a_byte_at_a_time() -> None:
    ours, stranger = socket.socketpair()
    with ours, stranger:
        stranger.sendall(b"a" * 4 * preflight.LONGEST)
        with pytest.raises(ValueError, match="no line"):
            preflight._line(ours, 5.0)
        assert ours.recv(1 << 20), "the rest was not taken"
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.05):
                stranger.send(b"a")

        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(trickle)
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                preflight._line(ours, 0.5)
            stop.set()
            sent.result()
        assert time.monotonic() - started < 5.0


def test_a_port_that_is_taken_is_told(meet: Meet) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("", 0))
        taken.listen()
        (first,) = meet(0, port=int(taken.getsockname()[1]))
    assert "set MASTER_PORT to a free port of the first node" in first


@pytest.mark.parametrize("variables", [{}, {"SLURM_STEP_ID": "0"}, {"SLURM_STEP_ID": "0", "SLURM_NTASKS": "1"}])
def test_one_process_has_nothing_to_check(monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any]) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    preflight.check_ranks(Ranks(1, 1))
    assert dict(os.environ) == before
