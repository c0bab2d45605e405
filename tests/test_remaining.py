"""The plan tells what is done in the folder, and plans the rest."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from lit_synth.records import Record
from lit_synth.remaining import done_before, plan_table
from lit_synth.settings import RunSettings
from lit_synth.whole_files import write_json
from lit_synth.workload import SHARE_OF_PEAK, Step

MINUTE = 60 * SHARE_OF_PEAK
"""Operations, at one a second."""
STEPS = [Step("2 teachers", "9 rows", 4 * MINUTE, 1), Step("student on gold", "60 steps", 2 * MINUTE, 1)]
STAGES = [f"seed{seed}/{name}" for seed in (0, 1) for name in ("teacher_fit", "teacher_fit_2", "gold")]


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ([], [": about 12 minutes in all", "4.0", "2.0"]),
        (STAGES[:1], [": about 10 minutes left", "9 rows; 1 of 4 stages done", "3.0", "2.0"]),
        ([STAGES[2], STAGES[5]], [": about 8 minutes left", "4.0", "done"]),
        (STAGES, [": all of it is done", "done", "done"]),
    ],
)
def test_minutes_are_of_what_is_left(done: list[str], told: list[str]) -> None:
    console = Console(width=120)
    with console.capture() as shown:
        console.print(plan_table(STEPS, 1.0, 2, STAGES, done))
    text = " ".join(shown.get().split())
    assert f"Plan, each of 2 seeds{told[0]}" in text
    for part in told[1:]:
        assert part in text
    assert text.count("done") == sum("done" in part for part in told)
    assert plan_table([], 1.0, 1, ["seed0/few_shot"], []).title == "Plan: about 0 minutes in all", "an endpoint's time"


def test_done_is_what_a_record_of_the_same_rows_has_and_is_still_there(tmp_path: Path) -> None:
    def seed(data: str) -> Any:
        run = RunSettings("Reviews", tmp_path)
        return SimpleNamespace(run=run, name="seed0", folder=tmp_path / "seed0", data=data)

    stages = [f"seed{number}/{name}" for number in (0, 1) for name in ("gold", "generation_9", "round_trip_9_student")]
    assert done_before(seed("rows"), stages) == set()
    names = ("teacher_fit", "gold", "annotate_50", "both", "generate")
    for name in (*names, "unknown"):
        (tmp_path / "seed0" / name).mkdir(parents=True)
        write_json(tmp_path / "seed0" / name / "stage.json", {"key": "0" * 16, "done": name != "gold", "seconds": 1.0})
    record = Record(tmp_path, "seed0", "rows")
    record.part("seconds").update(dict.fromkeys((*names, "gone"), 1.0))
    record.save()
    assert done_before(seed("other rows"), stages) == set()
    done = done_before(seed("rows"), stages)
    assert done == {f"seed0/{name}" for name in names if name != "gold"}
    (tmp_path / "review" / "annotate").mkdir(parents=True)
    later = (tmp_path / "seed0" / "both" / "stage.json").stat().st_mtime + 9
    os.utime(tmp_path / "review" / "annotate", (later, later))
    assert done_before(seed("rows"), stages) == {"seed0/teacher_fit", "seed0/generate"}, "others were reviewed"
    record.details["amounts"] = [{"amount": 4}, {"amount": 6}]
    record.save()
    grown = {"seed0/generation_9", "seed0/round_trip_9_student"}
    assert done_before(seed("rows"), stages) == {"seed0/teacher_fit", "seed0/generate", *grown}, "more did not pay"
