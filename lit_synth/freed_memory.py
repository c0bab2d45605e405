"""What becomes of memory that is freed: the next step's tensors take it, in place of new pages of the system."""

import ctypes
import os
import platform
from pathlib import Path
from typing import Any

import lightning as L

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_MOST = 2**31 - 1


def keep_freed_memory() -> None:
    """Give back what is free now, and from here on keep what is freed for the next tensor.

    By itself glibc asks the system for every large tensor and gives it back at once, so that each step of a fit pays
    for the same pages again. Elsewhere, and where another allocator stands in front, nothing changes.
    """
    if libc := _glibc():
        libc.malloc_trim(0)  # an earlier stage's, which another process may want
        libc.mallopt(_MMAP_MAX, 0)
        libc.mallopt(_TRIM_THRESHOLD, _MOST)


class GiveBack(L.Callback):
    """Gives kept memory back while a model learns, once it has grown.

    Tensors of many sizes break what is kept into pieces that fit no longer, so that it grows without end.

    Args:
        steps: That show how much is needed: the first ones, and those after it was given back where they take far more.
        grown: Times that much, at which it is given back.
    """

    def __init__(self, steps: int = 10, grown: float = 1.5) -> None:
        self.steps = steps
        self.grown = grown
        self.libc = _glibc()
        self.seen = self.most = self.needed = 0

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Look at what the process holds."""
        if not self.libc:
            return
        held = resident()
        self.seen += 1
        if self.seen <= self.steps:
            self.most = max(self.most, held)
            # What is held so soon is in use; a little more may be pieces, and to allow for them lets them add up.
            if self.seen == self.steps and self.most > self.grown * self.needed:
                self.needed = self.most
        elif held > self.grown * self.needed:
            self.libc.malloc_trim(0)
            self.seen = self.most = 0


def resident() -> int:
    """Return the bytes of memory that this process holds; Linux alone tells."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc" else None
