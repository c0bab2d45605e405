"""One run that meets every fault in turn, each injected for real, and in the end has the data set of one that met none.

Tests of this file go on with one folder, in order.
"""

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lit_synth.decoding import decoders, sampling
from lit_synth.modules import Teacher
from tests.faults.runs import Run, compare

GOES_ON = "the same command goes on"


@pytest.fixture(scope="module")
def run(make: Callable[..., Run]) -> Iterator[Run]:
    """Return the run that meets the faults, one test after another; it has a disk of its own, where that may be."""
    run = make()
    disk = run.home / "disk"
    disk.mkdir()
    run.output = disk / "run"
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)]
    run.has_disk = os.getuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0  # noqa: S603 - our words
    yield run
    if run.has_disk:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # noqa: S603, S607 - our words


def slowed(seconds: float, method: str = "predict_step", mark: Path | None = None) -> Callable[[], None]:
    """Make every batch of a teacher last longer, and nothing else; ``mark`` is a file that says when one begins."""

    def before() -> None:
        whole = getattr(Teacher, method)

        def slow(self: Teacher, *arguments: Any) -> Any:
            if mark:
                mark.touch()
            time.sleep(seconds)
            return whole(self, *arguments)

        setattr(Teacher, method, slow)

    return before


@contextmanager
def full(run: Run, left: int) -> Iterator[Callable[[], Any]]:
    """Leave so many bytes of the run's disk; without one of its own, let no file become larger. Yield what does it."""
    if not run.has_disk:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (left, left))
        return
    filler = run.home / "disk" / "filler"
    filler.write_bytes(b"x" * max(0, shutil.disk_usage(filler.parent).free - left))
    yield int
    filler.unlink()


def flip(path: Path, place: float = 0.5) -> None:
    """Turn one bit of a file, at a share of its length."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def refused(run: Run, *told: str, code: int = 2, before: Callable[[], Any] = int) -> None:
    found, said = run.end(before)
    assert found == code, said
    (line,) = (line for line in said.splitlines() if line.startswith("lit_synth: "))
    assert all(part in line for part in told), line


# Where nothing has begun


def test_a_place_that_is_no_folder_is_told(make: Callable[..., Run]) -> None:
    run = make()
    (run.home / "file").touch()
    run.output = run.home / "file" / "run"
    refused(run, "Not a directory; give a folder that you may write")


def test_a_place_that_may_not_be_written_is_told(make: Callable[..., Run]) -> None:
    run = make()
    # Root may write anywhere else.
    run.output = Path("/proc/self/run") if os.getuid() == 0 else run.home / "closed" / "run"
    if os.getuid():
        (run.home / "closed").mkdir(mode=0o500)
    refused(run, str(run.output), "give a folder that you may write")


def test_a_loss_that_is_no_number_ends_the_training_with_its_rows(make: Callable[..., Run]) -> None:
    run = make(teacher=yaml.safe_load((make().home / "run.yaml").read_text())["teacher"] | {"learning_rate": 1e37})
    refused(run, "step ", ": the loss is ", " on rows train-", "lower the learning rate, or look at these rows")


# One run


@pytest.mark.parametrize("left", [0, 40_960])
def test_a_full_disk_is_told(run: Run, left: int) -> None:
    # The second is enough to begin with, and too little for a checkpoint.
    with full(run, left) as fills:
        refused(run, "make room, and the same command goes on", before=fills)


def test_a_damaged_checkpoint_is_not_gone_on_with(run: Run) -> None:
    checkpoints = run.output / "seed0" / "teacher_fit" / "checkpoints"
    shutil.rmtree(checkpoints, ignore_errors=True)  # half of one, from the full disk
    child = run.start(slowed(0.1, "training_step"))
    child.until((checkpoints / "last.ckpt").exists)
    child.send(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    flip(checkpoints / "last.ckpt")
    child = run.start(slowed(0.2, "training_step"))
    child.until(lambda: "the stage starts afresh" in child.said() and (checkpoints / "last.ckpt").exists())
    child.send(signal.SIGTERM)
    assert child.wait() == 143
    assert GOES_ON in child.said()


def test_two_in_one_folder_do_not_meet(run: Run) -> None:
    mark = run.home / "in_predict"
    child = run.start(slowed(60.0, mark=mark))
    child.until(mark.exists)
    refused(run, f"another process (pid {child.pid} on {socket.gethostname()}) works on seed0; wait for its end")
    child.send(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL


def test_an_interrupt_waits_for_the_batch(run: Run) -> None:
    child = run.start(slowed(0.3))
    child.until(lambda: run.records() > 0)  # none is there from before
    before = run.records()
    child.send(signal.SIGINT)
    assert child.wait() == 130
    assert "stopping after this batch; Ctrl-C again stops now" in child.said()
    assert GOES_ON in child.said()
    assert run.records() >= before
    assert run.records() % 4 == 0, "whole batches"


def test_a_second_interrupt_does_not_wait(run: Run) -> None:
    mark, before = run.home / "in_generation", run.records()
    child = run.start(slowed(300.0, mark=mark))
    child.until(mark.exists)
    child.send(signal.SIGINT)
    child.until(lambda: "stopping after this batch" in child.said())
    child.send(signal.SIGINT)
    assert child.wait() == 130
    assert run.records() == before, "the batch that slept was left"


def test_a_request_to_end_is_followed(run: Run) -> None:
    before = run.records()
    child = run.start(slowed(0.3))
    child.until(lambda: run.records() > before)
    child.send(signal.SIGTERM)
    assert child.wait() == 143
    assert GOES_ON in child.said()


def no_memory() -> None:
    """Let memory suffice for two rows at a time, which take their time."""
    slowed(0.3)()
    whole = sampling.sample

    def sample(model: Any, input_ids: Any, *rest: Any) -> Any:
        if len(input_ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return whole(model, input_ids, *rest)

    setattr(decoders, "sample", sample)  # noqa: B010 - mypy would have a type


def test_where_memory_does_not_suffice_batches_are_halved_and_a_shard_is_mended(run: Run) -> None:
    stage = run.output / "seed0" / "generation"
    flip(stage / "records-0.jsonl", 0.2)
    before = run.records()
    child = run.start(no_memory)
    child.until(lambda: (stage / "batch_size.json").exists() and run.records() >= before)
    child.send(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert "1 damaged rows are left out and asked for again" in child.said()
    assert "not enough memory; going on with 2 rows at a time" in child.said()
    assert json.loads((stage / "batch_size.json").read_text()) == 2


def test_a_disk_that_fills_up_while_rows_are_written_is_told(run: Run) -> None:
    with full(run, 8192) as fills:
        refused(run, "make room, and the same command goes on", before=fills)


def wild_clock() -> None:
    """Let the clock of the wall jump by up to a day, back and forth, at every look."""
    real = time.time
    time.time = lambda: real() + random.uniform(-86_400, 86_400)


def test_a_run_that_met_all_of_it_has_the_same_data_set(run: Run, undisturbed: tuple[dict[str, Any], float]) -> None:
    code, said = run.end(wild_clock)
    assert code == 0, said
    compare(run.found(), undisturbed[0])
    assert not list(run.output.glob("seed0/**/*.partial"))


# What is done


def test_damaged_results_are_made_again(run: Run, undisturbed: tuple[dict[str, Any], float]) -> None:
    seed = run.output / "seed0"
    cut(seed / "generation" / "accepted.jsonl")
    flip(seed / "generate" / "model" / "model.safetensors", 0.9)
    cut(seed / "round_trip" / "stage.json")
    code, said = run.end()
    assert code == 0, said
    assert "generation: accepted.jsonl is damaged, or gone; made again" in said
    assert "generate: model/model.safetensors is damaged, or gone; made again" in said
    assert "round_trip: its stage.json is damaged; the older results are set aside in round_trip.damaged" in said
    compare(run.found(), undisturbed[0])


@pytest.mark.parametrize("name", ["records/seed0.json", "config.yaml"])
def test_damaged_records_are_told_and_left(run: Run, name: str) -> None:
    path = run.output / name
    whole = path.read_bytes()
    path.write_bytes(b"\0" * len(whole))
    refused(run, str(path))
    assert path.read_bytes() == b"\0" * len(whole)
    path.write_bytes(whole)
