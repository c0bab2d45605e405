"""Commands in a child of this process, so that libraries are not loaded anew: for faults that end a process."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lit_synth.cli import main

PATIENCE = 900.0
"""Seconds; a child that is at work for longer hangs, even on a machine with much else to do."""
CHOSEN = {name: {"learning_rate": 1e-3, "max_steps": 4} for name in ("gold", "annotate", "generate", "both", "full")}


@dataclass
class Child:
    """A command under way.

    Args:
        pid: Of the process.
        log: What it says.
    """

    pid: int
    log: Path

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return the exit code, or the negative number of the signal that ended it."""
        limit = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > limit:
                self.send(signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"still at work after {seconds} s: {self.said()}")
            time.sleep(0.02)

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def until(self, reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for what the child is to do first."""
        limit = time.monotonic() + seconds
        while not reached():
            assert os.waitpid(self.pid, os.WNOHANG) == (0, 0), self.said()
            assert time.monotonic() < limit, self.said()
            time.sleep(0.01)


def start(words: Sequence[str], log: Path, before: Callable[[], Any] = int) -> Child:
    """Fork, and let the child do a command; ``before`` is done in it first."""
    pid = os.fork()
    if pid:
        return Child(pid, log)
    code = 99
    try:
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(target, number)
        sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - ends with the process
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # A child has none of its parent's threads, and a team that waits for them waits for ever.
        torch.set_num_threads(1)
        before()
        code = main(list(words))
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 98
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def settings(causal: Path, encoder: Path, rows: Path, **changed: Any) -> dict[str, Any]:
    """Return the config of a run of some seconds: a tiny teacher that writes, and tiny students."""
    teacher = {"model": str(causal), "lora": None, "freeze_embeddings": False, "learning_rate": 1e-2}
    parts = {
        "data": "Reviews",
        "data_dir": str(rows),
        "fraction": 24,
        "limit": 12,
        "strategies": ["gold", "annotate", "generate"],
        "teacher": teacher | {"max_length": 64, "batch_size": 8, "max_epochs": 3},
        "generation": {"amount": 6, "attempts": 6.0, "batch_size": 4, "sampling": {"max_new_tokens": 20}},
        "student": {"model": str(encoder), "batch_size": 8, "max_length": 32, "chosen": CHOSEN},
    }
    return parts | changed
