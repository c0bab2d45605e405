"""What a machine does not give, space, memory or a right, as one line: libraries say it in a dozen ways."""

import errno
import os
import re

_SPACE = re.compile(r"No space left|Disk quota|File too large|os error (27|28|122)\b|unexpected pos")
_SPACE_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MEMORY = re.compile(r"out of memory|can't allocate memory|Cannot allocate memory", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error is a lack of memory, on a GPU or off it.

    >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate")), is_out_of_memory(RuntimeError("x"))
    (True, False)
    """
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_MEMORY.search(str(error))))


def shortage(error: BaseException) -> str | None:
    """Return what the machine lacks and what to do, where that is behind an error; else ``None``.

    >>> shortage(OSError(28, "No space left on device", "runs/a/metrics.json"))
    'runs/a/metrics.json: No space left on device; make room, and the same command goes on'
    """
    cause: BaseException | None = error
    while cause is not None:
        if told := _told(cause):
            return told
        cause = cause.__cause__ or cause.__context__
    return None


def _told(error: BaseException) -> str | None:
    place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    if (isinstance(error, OSError) and error.errno in _SPACE_NUMBERS) or _SPACE.search(str(error)):
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number else "no space left to write a file"
        return f"{place}{reason}; make room, and the same command goes on"
    if is_out_of_memory(error):
        return "not enough memory; lower batch_size or max_length of the stage that was at work, in the config"
    if isinstance(error, PermissionError | NotADirectoryError | IsADirectoryError) or (
        isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EIO, errno.ESTALE)
    ):
        return f"{place}{error.strerror}; give a folder that you may write"
    return None
