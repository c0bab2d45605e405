"""The sides of a benchmark: each is a process of its own, loaded once, which works whenever it is sent a count."""

import ctypes
import gc
import json
import os
import resource
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, Any

CORES = len(os.sched_getaffinity(0))
Job = dict[str, Any]


class Clock:
    """Counts the seconds of what runs inside it."""

    seconds = 0.0

    def __enter__(self) -> None:
        """Start."""
        self.started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.seconds += time.perf_counter() - self.started


@dataclass(frozen=True)
class Side:
    """One way to do the work.

    Args:
        work: From job, count of rows and clock to ``units`` and ``output``.
        venv: Folder of its environment; that of the script by default.
        packages: Whose versions to tell.
        share: Of the rows: a slow one does fewer, and rates are compared.
        reach: How many times its rate ours should have; ``None`` where nothing is asked.
    """

    work: Callable[[Job, int, Clock], dict[str, Any]]
    venv: str = ""
    packages: tuple[str, ...] = ()
    share: float = 1.0
    reach: float | None = None

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return Path(self.venv, "bin", "python") if self.venv else Path(sys.executable)


class Worker:
    """A side's process, loaded once; it works whenever it is sent a count."""

    def __init__(self, name: str, side: Side, job: Path, limit: float) -> None:
        self.log = job.with_name(f"{job.stem}-{name.replace(' ', '_')}.log")
        self.limit = limit
        self.failed = "" if side.python.exists() else f"not installed: {side.venv} is absent"
        if not self.failed:
            environment = os.environ | {"OMP_NUM_THREADS": str(CORES)}
            words = [str(side.python), sys.argv[0], "--worker", name, str(job)]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.log.open("w")}
            self.process = subprocess.Popen(words, env=environment, text=True, **pipes)  # noqa: S603 - our own script

    def work(self, count: int) -> dict[str, Any] | None:
        """Let it do that many rows; ``None`` where it failed, now or before."""
        if self.failed:
            return None
        line = self._ask(count)
        if not line:
            self.process.kill()
            said = self.log.read_text().strip().splitlines()
            self.failed = self.failed or f"failed: {said[-1][:160] if said else 'it said nothing'}"
            return None
        found: dict[str, Any] = json.loads(line)
        return found

    def _ask(self, count: int) -> str:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None  # noqa: S101 - asked for where it was started
        assert stdout is not None  # noqa: S101 - asked for where it was started
        try:
            print(count, file=stdin, flush=True)
        except BrokenPipeError:
            return ""
        if not select.select([stdout], [], [], self.limit)[0]:
            self.failed = f"no answer in {self.limit:g} seconds"
            return ""
        return str(stdout.readline())

    def end(self) -> None:
        """Let the process end; one that is stuck is killed."""
        if not self.failed:
            self.process.communicate()


def serve(sides: dict[str, Side]) -> None:
    """Be a side's process, where the script was started as one; does not return then."""
    if sys.argv[1:2] != ["--worker"]:
        return
    answers: IO[str] = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    name, path = sys.argv[2:4]
    side, job = sides[name], json.loads(Path(path).read_text())
    for line in sys.stdin:
        clock = Clock()
        found = side.work(job, int(line), clock)
        found["seconds"] = clock.seconds
        found["peak_mib"] = peak_mib()
        found["versions"] = {package: metadata.version(package) for package in side.packages}
        answer = json.dumps(found)
        del found
        _give_back()
        print(answer, file=answers, flush=True)
    sys.exit()


def peak_mib() -> float:
    """Return the most memory that this process held, whatever the one that started it did."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _give_back() -> None:
    """Leave the memory to the side whose turn it is."""
    gc.collect()  # modules and trainers refer to each other
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
