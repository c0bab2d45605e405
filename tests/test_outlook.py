import pytest

from lit_synth.outlook import Outlook
from lit_synth.plan import step_of

PARTS = {"teacher": (100.0, 1), "student on gold": (60.0, 3), "annotate": (40.0, 1)}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_needed_is_the_factor_on_the_rest() -> None:
    clock = Clock()
    outlook = Outlook(PARTS, 2, step_of, clock)
    assert outlook.left() == 400.0, "nothing is known yet: the estimate, of both seeds"
    outlook.starts("teacher_fit")
    clock.now = 100.0
    assert outlook.left(0.5) == pytest.approx(2 * 350), "half of it took what all of it should have"
    clock.now = 200.0
    outlook.ends("teacher_fit", worked=True)
    assert outlook.left() == pytest.approx(2 * 300)
    outlook.starts("gold_search_0.0003")
    clock.now = 300.0
    outlook.ends("gold_search_0.0003", worked=True)
    assert outlook.left() == pytest.approx(280 * 300 / 120)


def test_a_stage_that_learns_and_is_then_tested_does_not_begin_anew() -> None:
    clock = Clock()
    outlook = Outlook(PARTS, 1, step_of, clock)
    outlook.ends("teacher_fit", worked=False)
    outlook.starts("annotation")
    clock.now = 40.0
    assert outlook.left(1.0) == pytest.approx(60.0)
    assert outlook.left(0.1) == pytest.approx(60.0), "a tenth of the test"
    outlook.starts("gold_search_0.0003")
    assert outlook.left(0.0) == pytest.approx(100.0), "another stage does"


def test_a_run_takes_no_less_than_what_is_going_on() -> None:
    outlook = Outlook({}, 1, step_of)
    assert outlook.left(0.5, least=90.0) == 90.0


def test_what_was_done_before_says_nothing_of_the_speed() -> None:
    clock = Clock()
    outlook = Outlook(PARTS, 1, step_of, clock)
    outlook.ends("teacher_fit", worked=False)
    assert outlook.left() == 100.0
    outlook.starts("curation_annotate")
    clock.now = 5.0
    outlook.ends("curation_annotate", worked=True)
    assert outlook.left() == 100.0, "the plan has no estimate of it"


def test_more_stages_than_were_planned_leave_nothing_below_zero() -> None:
    clock = Clock()
    outlook = Outlook(PARTS, 1, step_of, clock)
    for number in range(4):
        outlook.starts("annotation")
        clock.now += 40.0
        outlook.ends(f"annotation_teacher_{number}", worked=True)
    assert outlook.left() == pytest.approx(160.0 * 4), "four times what was planned was needed so far"


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        ("teacher", "test the teacher"),
        ("teacher_fit_2", "teacher"),
        ("annotator_2", "annotating students"),
        ("annotate_500", "student on annotate"),
        ("generation_200", "generate"),
        ("round_trip_student", "generate"),
        ("few_shot_4", "few_shot"),
        ("both_first", "student on both"),
        ("development", None),
    ],
)
def test_a_stage_is_part_of_a_step(stage: str, step: str | None) -> None:
    assert step_of(stage) == step
