"""What SLURM's controller is asked for, and told: of the own job, and of jobs that were submitted before."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


def queue_again() -> bool:
    """Put this SLURM job into the queue again; return whether that was done."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return False
    try:
        found = subprocess.run(["scontrol", "requeue", job], capture_output=True, check=False)  # noqa: S603, S607 - SLURM's
    except OSError:
        return False
    # It is a process of this job itself, and SLURM may end it with the rest before it can say that this was done.
    return found.returncode in (0, -signal.SIGTERM)


def is_preempted() -> bool:
    """Tell whether another job is to have this one's nodes, while this one has still time to end by itself.

    In that time (``GraceTime``) SLURM ends the steps of a job and leaves its script alone; a script that ends then with
    a bad code has failed, and jobs that wait for it never start.
    """
    return _own("JobState") == "RUNNING" and _own("PreemptTime") not in (None, "None")


def is_leaving() -> bool:
    """Tell whether SLURM takes this job from its nodes: preempted, queued again, cancelled, or out of time."""
    return _own("JobState") not in (None, "RUNNING") or is_preempted()


def waiting(jobs: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return the state of those jobs that have not ended, such as ``PENDING``, by number and name."""
    told = _asked("squeue", "--noheader", "--format=%i %T %j", f"--jobs={','.join(jobs)}")
    found = (line.split(maxsplit=2) for line in (told or "").splitlines())
    return {(number, name): state for number, state, name in found}


def cancel(jobs: Iterable[str]) -> bool:
    """Take jobs back; return whether that was done."""
    return _asked("scancel", *jobs) is not None


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C, and a request to end, wait: what is being submitted must not be lost sight of."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    noted: list[int] = []
    # Not masked: one that is masked here would be given to another thread, and yet be handled in this one.
    before = {
        number: signal.signal(number, lambda number, frame: noted.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for one in noted[:1]:
            signal.raise_signal(one)


def _own(name: str) -> str | None:
    """Return what SLURM knows of this job under a name; ``None`` outside of one."""
    job = os.environ.get("SLURM_JOB_ID")
    told = _asked("scontrol", "--oneliner", "show", "job", job) if job else None
    found = re.search(rf"\b{name}=(\S+)", told or "")
    return found[1] if found else None


def _asked(*command: str) -> str | None:
    """Return what a command of SLURM says; ``None`` where it fails, or there is none."""
    try:
        found = subprocess.run([*command], capture_output=True, text=True, check=False)  # noqa: S603 - SLURM's
    except OSError:
        return None
    return found.stdout if found.returncode == 0 else None
