"""Jobs of a sweep as processes of their own, some at a time: one that fails is told at the end and stops no other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any

from lit_synth.display.board import Reached
from lit_synth.display.choice import environment, take
from lit_synth.options import VARIABLES
from lit_synth.whole_files import read_json, write_json

_EVERY = 10.0
"""Seconds between two lines of progress in a job's log."""


@dataclass(frozen=True)
class Job:
    """One fraction and one seed: a teacher and all that is made with it.

    Args:
        fraction: Of gold rows.
        seed: Of the split and of every training.
    """

    fraction: float
    seed: int

    @property
    def name(self) -> str:
        """How the job is named in files."""
        return f"fraction_{self.fraction:g}_seed{self.seed}"

    def folder(self, output: Path) -> Path:
        """Return the run's folder, which all seeds of a fraction share."""
        return output / f"fraction_{self.fraction:g}"

    def file(self, output: Path) -> Path:
        """Return where it is kept how the job ended."""
        return output / "jobs" / f"{self.name}.json"

    def found(self, output: Path) -> dict[str, Any]:
        """Return how the job ended, or nothing."""
        found: dict[str, Any] = read_json(self.file(output), {})
        return found


def run_jobs(
    output: Path,
    expected: Mapping[Job, float],
    words: Callable[[Job], list[str]],
    key: Callable[[Job], str],
    at_once: int,
    tell: Callable[[str], None],
) -> None:
    """Do jobs, each as ``lit_synth`` with its words; keep how each ended, and what it said.

    Args:
        output: Gets ``jobs/<name>.json``, ``jobs/<name>.log`` and ``sweep.json``.
        expected: Jobs and how long each is thought to take, in any unit.
        words: Command of a job.
        key: Hash of what a job is told; kept with one that is done.
        at_once: Jobs at a time; with several GPUs each gets one.
        tell: Gets lines of progress.
    """
    (output / "jobs").mkdir(exist_ok=True)
    places: Queue[dict[str, str]] = Queue()
    for place in _environments(at_once):
        places.put(place)
    children: set[subprocess.Popen[str]] = set()
    stopping = Event()
    started, done = time.monotonic(), dict.fromkeys(expected, False)
    # A request to end must reach the children too.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    names = [job.name for job in expected]

    def work(job: Job) -> None:
        place = places.get()
        tell(f"{job.name}: starts")
        begun = time.monotonic()
        title = f"job {names.index(job.name) + 1} of {len(names)} · "
        error = _watch(output, job, words(job), place, children, tell if at_once == 1 else None, title)
        places.put(place)
        if stopping.is_set():
            return
        seconds = round(time.monotonic() - begun, 1)
        told: dict[str, Any] = {"fraction": job.fraction, "seed": job.seed, "status": "failed" if error else "done"}
        told |= {"error": error, "seconds": seconds} | ({} if error else {"key": key(job)})
        write_json(job.file(output), told)
        compose_sweep(output)
        done[job] = True
        tell(f"{job.name}: {told['status']}; {_progress(expected, done, time.monotonic() - started)}")

    pool = ThreadPoolExecutor(at_once)
    try:
        for future in [pool.submit(work, job) for job in expected]:
            future.result()
    except BaseException:
        stopping.set()
        pool.shutdown(wait=False, cancel_futures=True)
        for child in list(children):
            child.terminate()
        raise
    finally:
        pool.shutdown()
        signal.signal(signal.SIGTERM, before)


def compose_sweep(output: Path) -> None:
    """Write ``sweep.json`` from how every job ended."""
    jobs = [read_json(file) for file in (output / "jobs").glob("*.json")]
    write_json(output / "sweep.json", {"jobs": sorted(jobs, key=lambda job: (job["fraction"], job["seed"]))})


def _watch(
    output: Path,
    job: Job,
    words: list[str],
    place: dict[str, str],
    children: set[subprocess.Popen[str]],
    tell: Callable[[str], None] | None,
    title: str,
) -> str | None:
    """Run a job to its end, show how far it comes below a title, and return what it said last where it failed."""
    command = [sys.executable, "-m", "lit_synth", *words]
    # A job is told all settings; a variable could yet have it look only, or end early.
    own = {name: value for name, value in environment().items() if not name.startswith(VARIABLES)}
    last, shown = "", 0.0
    with (output / "jobs" / f"{job.name}.log").open("a", encoding="utf-8") as log:
        child = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**own, "PYTHONUNBUFFERED": "1", **place},
        )
        children.add(child)
        assert child.stdout is not None  # noqa: S101 - asked for above
        for line in child.stdout:
            if (frame := take(line, title)) is not None:
                # The log gets what it would without a panel.
                if isinstance(frame, Reached) and (frame.share >= 1 or time.monotonic() - shown >= _EVERY):
                    shown = time.monotonic()
                    log.write(f"{frame.line()}\n")
                continue
            log.write(line)
            log.flush()
            last = line.strip() or last
            if tell:
                tell(line.rstrip("\n"))
        code = child.wait()
        children.discard(child)
    return None if code == 0 else last.removeprefix("lit_synth: ") or f"ended with {code}"


def _environments(at_once: int) -> list[dict[str, str]]:
    """Return what is told to each of the jobs that run at a time: its GPU, or its share of the cores."""
    import torch

    if at_once == 1:
        return [{}]
    count = torch.cuda.device_count()
    if count:
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, range(count)))).split(",")
        return [{"CUDA_VISIBLE_DEVICES": seen[place % count]} for place in range(at_once)]
    threads = os.environ.get("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // at_once)))
    return [{"OMP_NUM_THREADS": threads}] * at_once


def _progress(expected: Mapping[Job, float], done: Mapping[Job, bool], seconds: float) -> str:
    spent = sum(expected[job] for job, is_done in done.items() if is_done)
    left = seconds / max(spent, 1e-9) * (sum(expected.values()) - spent)
    return f"{sum(done.values())} of {len(done)} jobs, {_clock(seconds)} spent, about {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
