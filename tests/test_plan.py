"""The plan: a line for every stage, and more where more is done."""

from dataclasses import replace
from pathlib import Path

import pytest

from lit_synth.data import ClassifierEncoder, Partition
from lit_synth.plan import plan
from lit_synth.settings import Choice, CurationSettings, RunSettings, StudentSettings, TeacherSettings, Until
from lit_synth.tasks import Reviews
from lit_synth.workload import Step


@pytest.fixture
def settings(tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, tmp_path: Path) -> RunSettings:
    return RunSettings(
        data="Reviews",
        output=tmp_path,
        data_dir=str(reviews_like),
        teacher=TeacherSettings(model=str(tiny_causal), max_epochs=2, max_length=64),
        student=StudentSettings(model=str(tiny_encoder), max_length=32),
    )


def steps(run: RunSettings, until: Until = "report") -> dict[str, Step]:
    encoder = ClassifierEncoder(str(run.student.model), 32)
    module = Reviews(encoder, data_dir=run.data_dir, partition=Partition(24, pool_limit=50))
    return {step.name: step for step in plan(run, module, until)}


def test_every_stage_has_a_line(settings: RunSettings) -> None:
    named = {f"student on {name}" for name in ("gold", "annotate", "generate", "both", "full")}
    assert set(steps(settings)) == {"teacher", "annotate", "generate", "test the teacher", *named}
    assert set(steps(replace(settings, strategies=("gold",)))) == {"student on gold"}


def test_what_comes_behind_the_last_part_is_no_part_of_the_plan(settings: RunSettings) -> None:
    settings = replace(settings, curation=CurationSettings(teachers=2, students=1))
    assert set(steps(settings, "teacher")) == {"2 teachers"}
    synthesis = set(steps(settings, "synthesis"))
    assert synthesis == {"2 teachers", "annotate", "generate", "test the teacher", "annotating students"}
    assert steps(settings, "students") == steps(settings)


def test_more_teachers_and_annotating_students_cost_more(settings: RunSettings) -> None:
    one = steps(settings)
    more = steps(replace(settings, curation=CurationSettings(teachers=3, students=2)))
    assert more["3 teachers"].operations == 3 * one["teacher"].operations
    assert more["annotate"].operations == 3 * one["annotate"].operations
    assert one["generate"].operations < more["generate"].operations < 3 * one["generate"].operations
    assert more["annotating students"].what == "1200 steps at most"
    chosen = replace(settings.student, chosen={"gold": Choice(1e-4, 50)})
    few = steps(replace(settings, student=chosen, curation=CurationSettings(students=2)))
    assert few["annotating students"].operations * 12 == pytest.approx(more["annotating students"].operations)
    assert few["student on gold"].what == "50 steps"
