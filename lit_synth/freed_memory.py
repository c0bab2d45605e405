"""What becomes of memory that is freed: the next step's tensors take it, in place of new pages of the system."""

import ctypes
import platform

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_MOST = 2**31 - 1


def keep_freed_memory() -> None:
    """Give back what is free now, and from here on keep what is freed for the next tensor.

    By itself glibc asks the system for every large tensor and gives it back at once, so that each step of a fit pays
    for the same pages again. Elsewhere, and where another allocator stands in front, nothing changes.
    """
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.malloc_trim(0)  # an earlier stage's, which another process may want
        libc.mallopt(_MMAP_MAX, 0)
        libc.mallopt(_TRIM_THRESHOLD, _MOST)
