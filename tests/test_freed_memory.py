"""Memory that is freed: kept for the next tensor, given back when a stage begins."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import lightning as L
import pytest

from lit_synth.freed_memory import GiveBack, keep_freed_memory, resident
from lit_synth.stages import StageCLI

TRAINER: Any = None
TOLD = """
import torch
from pathlib import Path
{first}

def mebibytes():
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024

before = mebibytes()
tensors = [torch.ones(1 << 20, 16), *(torch.ones(1 << 18) for _ in range(64))]
del tensors
print(mebibytes() - before > 100)
keep_freed_memory()
print(mebibytes() - before > 100)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
@pytest.mark.parametrize(("kept", "told"), [(True, ["True", "False"]), (False, ["False", "False"])])
def test_freed_memory_is_kept_and_given_back_when_asked_again(kept, told):
    first = "from lit_synth.freed_memory import keep_freed_memory\n" + ("keep_freed_memory()" if kept else "")
    words = [sys.executable, "-c", TOLD.format(first=first)]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout.split() == told  # noqa: S603


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("asked for the C library"))
    monkeypatch.setattr("lit_synth.freed_memory.resident", lambda: pytest.fail("asked what the process holds"))
    keep_freed_memory()
    GiveBack().on_train_batch_end(TRAINER, TRAINER, None, None, 0)


def test_memory_is_given_back_once_it_has_grown_and_is_allowed_more_where_that_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    watch: Any = GiveBack(steps=2)
    watch.libc = SimpleNamespace(malloc_trim=given.append)
    # 10 are needed, 15 are allowed: given back at 16. Then 14 are no reason to allow more: again at 16.
    # Then 18 are held at once, so they are in use, and 27 are allowed.
    held = [8, 10, 15, 12, 16, 14, 9, 15, 16, 18, 7, 27, 28]
    times = []
    for step, now in enumerate(held):
        monkeypatch.setattr("lit_synth.freed_memory.resident", lambda now=now: now)
        before = len(given)
        watch.on_train_batch_end(TRAINER, TRAINER, None, None, step)
        times += [step] * (len(given) - before)
    assert times == [4, 8, 12]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_what_a_process_holds_is_told_in_bytes() -> None:
    assert 2**24 < resident() < 2**37


def test_every_stage_that_is_launched_watches_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    made = L.Trainer(logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu")
    monkeypatch.setattr("lightning.pytorch.cli.LightningCLI.instantiate_trainer", lambda _: made)
    trainer: Any = StageCLI.instantiate_trainer(object.__new__(StageCLI))
    assert [one for one in trainer.callbacks if isinstance(one, GiveBack)]
