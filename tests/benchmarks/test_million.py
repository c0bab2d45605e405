"""Rows by the tens of thousands go the whole way in memory that hardly grows; ``million.py`` does a million."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
if not FOLDER.is_dir():
    pytest.skip("the benchmarks are not part of the package", allow_module_level=True)

FEW, MANY = 5_000, 50_000
BYTES = 400
"""For each row more. Hashes and places are some tens, what SQLite keeps is bounded; a row that is held is 2,000."""


def in_a_child(folder: Path, rows: int) -> dict[str, Any]:
    """Do it in a process of its own: a fork's peak of memory would hang on what its parent has left in its heap."""
    work = (
        "import json, sys, pathlib, million; done = million.work(pathlib.Path(sys.argv[1]), int(sys.argv[2]), None); "
    )
    words = [sys.executable, "-c", f"{work}print(json.dumps(done))", str(folder), str(rows)]
    paths = os.pathsep.join([str(FOLDER), str(FOLDER.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    said = subprocess.run(words, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - our words
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return found


def test_memory_hardly_grows_with_the_rows_and_time_no_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    million = import_module("million")
    few, many = (in_a_child(tmp_path / str(rows), rows) for rows in (FEW, MANY))
    with capsys.disabled():
        print("\n".join(["", *million.lines(many)]))
    for found, rows in ((few, FEW), (many, MANY)):
        assert found["requested"] == rows == found["accepted"] + sum(found["rejected"].values())
        assert found["accepted"] > 0.9 * rows
        assert {"repeats an accepted row", "copies a row of gold"} < set(many["rejected"])
    peaks = [max(step["peak_mib"] for step in found["steps"].values()) for found in (few, many)]
    assert (peaks[1] - peaks[0]) * 2**20 / (MANY - FEW) < BYTES
    for name, step in many["steps"].items():
        assert step["seconds"] / MANY < 3 * few["steps"][name]["seconds"] / FEW + 1e-4
