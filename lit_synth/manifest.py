"""What the folder of synthetic rows holds, for a machine: its card says it to people."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lit_synth.whole_files import write_json


def write_manifest(output: Path, config: Mapping[str, Any], versions: Mapping[str, str]) -> None:
    """Write ``synthetic/manifest.json``: rows and SHA-256 of each file, the run's settings, and versions.

    Args:
        output: Of the run; one without rows gets no manifest.
        config: The run's settings.
        versions: Of the libraries that made the rows.
    """
    files = {
        path.relative_to(output).as_posix(): _described(path)
        for kind in ("synthetic", "rejected")
        for path in sorted((output / kind).glob("*/*.jsonl"))
    }
    if files:
        write_json(output / "synthetic" / "manifest.json", {"files": files, "versions": versions, "config": config})


def _described(path: Path) -> dict[str, Any]:
    digest, rows = hashlib.sha256(), 0
    with path.open("rb") as lines:
        for line in lines:
            digest.update(line)
            rows += 1
    return {"rows": rows, "sha256": digest.hexdigest()}
