"""The stages of a run, foreseen."""

from pathlib import Path
from typing import Any

import pytest

from lit_synth.route import route
from lit_synth.settings import Choice, CurationSettings, GenerationSettings, RunSettings, StudentSettings
from lit_synth.settings.student import Search
from lit_synth.task import Task

LABELS = Task("mood", ("text",), "mood", ("good", "bad"))
TEXTS = Task("say", ("data",), "text")
CHOSEN = {name: Choice(1e-3, 2) for name in ("gold", "annotate", "generate", "both", "full")}
PLAIN = StudentSettings(chosen=CHOSEN)
ONE = CurationSettings(teachers=1, students=0)


@pytest.mark.parametrize(
    ("settings", "task", "until", "expected"),
    [
        ({"strategies": ("gold",)}, LABELS, "report", "gold"),
        (
            {"strategies": ("gold",), "student": StudentSettings(search=Search((1e-4, 3e-4)))},
            LABELS,
            "report",
            "gold_search_0.0001 gold_search_0.0003 gold",
        ),
        (
            {"strategies": ("gold", "both", "teacher"), "curation": ONE, "amounts": (0, 50)},
            LABELS,
            "report",
            "teacher_fit annotation development curation_annotate generation round_trip curation_generate gold both "
            "both_50 teacher",
        ),
        (
            {"strategies": ("annotate",), "curation": CurationSettings(teachers=2, students=1)},
            LABELS,
            "report",
            "teacher_fit teacher_fit_2 annotator annotation annotation_teacher_2 annotation_student development "
            "development_teacher_2 development_student curation_annotate annotate",
        ),
        (
            {"strategies": ("annotate",), "curation": CurationSettings(teachers=1, students=1)},
            TEXTS,
            "report",
            "teacher_fit annotation development curation_annotate annotate",
        ),
        (
            {
                "strategies": ("generate",),
                "curation": ONE,
                "generation": GenerationSettings(amounts=(4, 8)),
                "limit": 8,
            },
            LABELS,
            "report",
            "teacher_fit look_generate_0 generation_4 round_trip_4 development curation_generate_4 look_generate_4 "
            "generation_8 round_trip_8 curation_generate_8 look_generate_8 generate",
        ),
        (
            {
                "strategies": ("gold", "generate"),
                "curation": ONE,
                "student": StudentSettings(chosen=CHOSEN, two_stages=True),
            },
            LABELS,
            "report",
            "teacher_fit generation round_trip development curation_generate gold generate_first generate",
        ),
        (
            {"strategies": ("gold", "annotate"), "curation": ONE, "student": StudentSettings(search=Search((1e-4,)))},
            LABELS,
            "report",
            "teacher_fit annotation development curation_annotate gold_search_0.0001 gold annotate_search_0.0001 "
            "annotate",
        ),
        (
            {"strategies": ("gold", "annotate"), "curation": ONE, "student": StudentSettings(search=Search((1e-4,)))},
            LABELS,
            "synthesis",
            "teacher_fit annotation development curation_annotate",
        ),
        ({"strategies": ("few_shot",)}, LABELS, "report", "few_shot_0 few_shot_4 few_shot_8 few_shot"),
        ({"strategies": ("gold", "annotate"), "curation": ONE}, LABELS, "teacher", "teacher_fit"),
        (
            {"strategies": ("gold", "annotate", "teacher"), "curation": ONE},
            LABELS,
            "synthesis",
            "teacher_fit annotation development curation_annotate teacher",
        ),
    ],
)
def test_stages_in_their_order(settings: dict[str, Any], task: Task, until: Any, expected: str) -> None:
    run = RunSettings("Reviews", Path("out"), seeds=(3,), **{"student": PLAIN, **settings})
    assert route(run, task, until) == [f"seed3/{name}" for name in expected.split()]
