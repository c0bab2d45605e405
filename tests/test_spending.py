"""What a stage has cost: parts of processes and attempts add up, in the manifest and through a kill."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lit_synth.ledger import Ledger
from lit_synth.spending import CPU, Spent, collect, write_part


def test_parts_of_processes_and_attempts_add_up_and_are_gone(tmp_path: Path) -> None:
    for rank in range(4):
        write_part(tmp_path, f"100-{rank}", 10 + rank, 30.0, "A", 4)
    write_part(tmp_path, "200-0", 5, 1.0, "A", 4)
    write_part(tmp_path, "200-0", 7, 2.0, "A", 4)  # the same process again, further on
    write_part(tmp_path, "300-0", 1, 8.0, CPU, 1)
    assert collect(tmp_path) == Spent(46 + 7 + 1, 40.0, 4 * 32.0, ("4 x A", "CPU"))
    assert collect(tmp_path) == Spent()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", '{"tokens": 5', "[]", '{"tokens": "many"}'])
def test_a_part_that_was_damaged_is_not_counted(tmp_path: Path, content: str) -> None:
    write_part(tmp_path, "100-0", 10, 30.0, "A", 1)
    (tmp_path / "spent-200-0.json").write_text(content)
    assert collect(tmp_path) == Spent(10, 30.0, 30.0, ("A",))
    assert list(tmp_path.iterdir()) == []


def test_two_kills_cost_what_they_cost(tmp_path: Path) -> None:
    folder = tmp_path / "seed0" / "generation"

    def killed() -> None:
        write_part(folder, f"{time.time_ns()}-0", 100, 50.0, "A", 1)
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            Ledger(print, tmp_path).do(folder, {}, [], killed)
    ledger = Ledger(print, tmp_path)
    ledger.do(folder, {}, [], lambda: None)
    assert ledger.work["seed0"]["generation"] == {"tokens": 200, "gpu_seconds": 100.0, "devices": ["A"]}


def test_a_stage_that_was_killed_costs_both_of_its_parts(tmp_path: Path) -> None:
    folder = tmp_path / "seed0" / "generation"

    def killed() -> None:
        write_part(folder, "1-0", 100, 50.0, "A", 2)
        raise KeyboardInterrupt

    def whole() -> None:
        write_part(folder, "2-0", 30, 0.5, "A", 2)

    with pytest.raises(KeyboardInterrupt):
        Ledger(print, tmp_path).do(folder, {}, [], killed)
    ledger = Ledger(print, tmp_path)
    ledger.do(folder, {}, [], whole)
    manifest = json.loads((folder / "stage.json").read_text())
    assert (manifest["done"], manifest["tokens"], manifest["devices"]) == (True, 130, ["2 x A"])
    assert 50 < manifest["seconds"] < 60
    # The second attempt took no time but what is measured around it, and held both devices for that long.
    assert manifest["gpu_seconds"] == pytest.approx(2 * manifest["seconds"])
    assert ledger.work["seed0"]["generation"] == {
        "tokens": 130,
        "gpu_seconds": round(manifest["gpu_seconds"], 1),
        "devices": ["2 x A"],
    }
    assert [path.name for path in folder.glob("spent-*")] == []
    again = Ledger(print, tmp_path)
    again.do(folder, {}, [], whole)
    assert (again.work, again.seconds) == (ledger.work, ledger.seconds)


@pytest.mark.parametrize("manifest", [{"seconds": 7.0}, {"seconds": 7.0, "unknown": 1}])
def test_a_manifest_of_an_older_run_knows_its_seconds_alone(tmp_path: Path, manifest: dict[str, Any]) -> None:
    folder = tmp_path / "seed0" / "gold"
    ledger = Ledger(print, tmp_path)
    key = ledger.do(folder, {}, [], lambda: None)
    (folder / "stage.json").write_text(json.dumps({"key": key, "done": True, **manifest}))
    ledger.do(folder, {}, [], lambda: None)
    assert (ledger.seconds, ledger.work) == ({"seed0": {"gold": 7.0}}, {})
