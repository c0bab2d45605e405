"""Ranks that write into one folder: the first sees what the others wrote, and then all read the same verdicts."""

import hashlib
import time
from pathlib import Path

from lit_synth.callbacks.predictions import gather
from lit_synth.callbacks.shards import sizes
from lit_synth.errors import InputError

SHARED = "give an output folder on a file system that all nodes share"


def wait_for_shards(folder: Path, rank: int, seconds: int = 60) -> None:
    """Let the first rank go on once it sees all that the others have written: a shared file system may tell it later.

    Args:
        folder: Holds the shards.
        rank: This one.
        seconds: The longest wait for one shard.

    Raises:
        InputError: It does not see it.
    """
    found = {Path(path).name: size for path, size in sizes(folder).items()}
    own = {name: size for name, size in found.items() if name.startswith(f"records-{rank}.")}
    for other, shards in enumerate(gather(own)):
        for name, size in shards.items() if rank == 0 else ():
            if not _appears(folder / name, size, seconds):
                raise InputError(f"{folder / name}: rank {other} wrote it, rank 0 does not see it; {SHARED}")


def agree(folder: Path, seconds: int = 60) -> None:
    """Wait until all ranks read the same verdicts, since each of them works out from these what is to be asked next.

    Raises:
        InputError: They do not.
    """
    for _ in range(seconds):
        sums = gather(verdicts_sum(folder))
        if all(one == sums[0] for one in sums):
            return
        time.sleep(1)
    raise InputError(f"{folder}: ranks see different rows there; {SHARED}")


def verdicts_sum(folder: Path) -> list[str | None]:
    """Return the SHA-256 of accepted and of rejected rows; ``None`` of a file that is not there."""
    paths = [folder / "accepted.jsonl", folder / "rejected.jsonl"]
    return [_sum(path) if path.exists() else None for path in paths]


def _appears(path: Path, size: int, seconds: int) -> bool:
    for _ in range(seconds):
        if path.exists() and path.stat().st_size >= size:
            return True
        time.sleep(1)
    return False


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
