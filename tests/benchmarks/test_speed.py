"""The benchmarks of speed: the shared harness on made-up sides, the page, and the script for a GPU on tiny models."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
if not FOLDER.is_dir():
    pytest.skip("the benchmarks are not part of the package", allow_module_level=True)

SIDES = """
import sys, time
from functools import partial

from harness import measure, options
from sides import Side, serve

def add(job, count, clock, seconds):
    print("what a library says")
    with clock:
        time.sleep(seconds * count)
    return {"units": count, "output": sum(job["numbers"][:count])}

def broken(job, count, clock):
    raise RuntimeError("no such | kernel")

SIDES = {
    "ours": Side(partial(add, seconds=0.002), packages=("torch",)),
    "slow": Side(partial(add, seconds=0.02), share=0.5, reach=1.5),
    "broken": Side(broken, reach=2),
    "stuck": Side(partial(add, seconds=300), reach=2),
    "absent": Side(add, "no_such_folder", reach=2),
}

def check(found):
    return [("sums", str(sorted(found.items())), found == {"ours": 45, "slow": 10})]

if __name__ == "__main__":
    serve(SIDES)
    measure("start", SIDES, {"numbers": [*range(10)], "rows": 10, "warm": 1}, options(10), "rows", check)
"""


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the scripts find each other, as they do where they are run."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(str(sys.modules[name].__file__)).parent == FOLDER:
            del sys.modules[name]


@pytest.fixture
def measured(tmp_path: Path) -> dict[str, Any]:
    """Return what the harness keeps of made-up sides."""
    script = tmp_path / "made_up.py"
    script.write_text(SIDES)
    words = [sys.executable, str(script), "--rounds", "2", "--limit", "15", "--output", str(tmp_path / "out")]
    done = subprocess.run(  # noqa: S603 (our own script)
        words, env={"PYTHONPATH": str(FOLDER)}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((tmp_path / "out" / "start.json").read_text())
    return found


def test_sides_work_in_turn_are_checked_and_may_fail(measured: dict[str, Any], tmp_path: Path) -> None:
    speed = import_module("speed")
    sides = measured["sides"]
    assert measured["checks"] == [["sums", "[('ours', 45), ('slow', 10)]", True]]
    assert len(sides["ours"]["rates"]) == len(sides["slow"]["rates"]) == 2
    assert sides["slow"]["units"] == 5
    assert sides["slow"]["ratio"] > 1.5
    assert {name: side["failed"] for name, side in sides.items() if "failed" in side} == {
        "broken": "failed: RuntimeError: no such | kernel",
        "stuck": "no answer in 15 seconds",
        "absent": "not installed: no_such_folder is absent",
    }
    table = speed.section([measured])
    assert f"**{sides['slow']['ratio']:.2f} times**" in table
    assert "no such / kernel" in table
    speed.figure([measured], tmp_path / "speed.svg")
    assert "start: slow" in (tmp_path / "speed.svg").read_text()


def test_the_script_for_a_gpu_has_a_figure_for_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    import_module("gpu").main(["--tiny"])
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if " | " in line]
    assert [line[1:3] for line in lines] == [
        ["one large product", "torch"],
        ["copy, read and written", "torch"],
        ["annotate, 64 labels", "lit_synth"],
        *(["generate", by] for by in ("lit_synth", "generate")),
        *[["train", "lit_synth"]] * 4,
    ]
    assert [line for line in lines if "/s" not in line[3]] == []


def test_the_floor_counts_what_a_model_multiplies() -> None:
    floor, shapes = import_module("floor"), import_module("gpu_shapes")
    model = shapes.made(shapes.TINY, "cpu")
    # Two layers of attention (3 + 1) and feed-forward (2 + 2), and a head of 256 words.
    body, head = 2 * (4 * 32 * 32 + 2 * 32 * 64), 32 * 256
    cost = floor.forward_cost(model, tokens=10, scored=3, passes=2)
    assert cost.operations == 2 * (10 * body + 3 * head)
    assert cost.bytes == 2 * 2 * (body + head)
    assert floor.Ceilings(1e3, 1e9).seconds(cost) == pytest.approx(cost.operations / 1e3)
