"""Sums of a stage's files: a file that was cut or changed since is made anew, instead of being learnt from."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

KINDS = ("*.jsonl", "metrics.json", "curation.json", "model/*.safetensors")
LARGEST = 1 << 28
"""Bytes; of a larger file the size alone is kept, since reading all of a large model takes minutes."""


def seal(folder: Path) -> dict[str, str]:
    """Return size and sum of each file of a stage that others read."""
    files = (path for kind in KINDS for path in sorted(folder.glob(kind)))
    return {path.relative_to(folder).as_posix(): _sum(path) for path in files}


def broken(folder: Path, seals: Mapping[str, str]) -> list[str]:
    """Return the files that are no longer as they were sealed."""
    return [name for name, value in seals.items() if not (folder / name).is_file() or _sum(folder / name) != value]


def _sum(path: Path) -> str:
    size = path.stat().st_size
    if size > LARGEST:
        return f"{size}"
    with path.open("rb") as file:
        return f"{size} {hashlib.file_digest(file, 'sha256').hexdigest()}"
