"""Memory that is freed: kept for the next tensor, given back when a stage begins."""

import subprocess
import sys

import pytest

from lit_synth.freed_memory import keep_freed_memory

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
def test_other_systems_are_left_alone(monkeypatch, system):
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("asked for the C library"))
    keep_freed_memory()
