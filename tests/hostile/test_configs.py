"""Configs that cannot be meant: each is one line that names the setting, before anything is written."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lit_synth.cli import main
from lit_synth.decoding.writing import Sampling
from lit_synth.errors import InputError
from lit_synth.settings import (
    Choice,
    CurationSettings,
    FewShotSettings,
    GenerationSettings,
    RunSettings,
    Search,
    StudentSettings,
    TeacherSettings,
)

NAN, ENDLESS = float("nan"), float("inf")
VALUES: list[tuple[Any, dict[str, Any], str]] = [
    (TeacherSettings, {"learning_rate": 0.0}, "teacher.learning_rate 0: give a number above 0"),
    (TeacherSettings, {"learning_rate": NAN}, "teacher.learning_rate nan: give a number above 0"),
    (TeacherSettings, {"learning_rate": ENDLESS}, "teacher.learning_rate inf"),
    (TeacherSettings, {"max_epochs": 0}, "teacher.max_epochs 0: give 1 or more"),
    (TeacherSettings, {"batch_size": 0}, "teacher.batch_size 0: give 1 or more"),
    (TeacherSettings, {"max_length": 2}, "teacher.max_length 2: give 8 or more"),
    (TeacherSettings, {"samples": -1}, "teacher.samples -1: give 0 or more"),
    (StudentSettings, {"batch_size": -4}, "student.batch_size -4: give 1 or more"),
    (StudentSettings, {"max_length": 0}, "student.max_length 0: give 8 or more"),
    (StudentSettings, {"dropout": 1.0}, "student.dropout 1: give a share below 1, or null"),
    (StudentSettings, {"gold_weight": -1.0}, "student.gold_weight -1: give a number above 0"),
    (Choice, {"learning_rate": 1e-3, "max_steps": 0}, "max_steps 0: give 1 or more"),
    (Choice, {"learning_rate": -1e-3, "max_steps": 1}, "learning_rate -0.001: give a number above 0"),
    (Search, {"learning_rates": (1e-3, -1.0)}, "learning_rates .*-1.0.*: give numbers above 0"),
    (Search, {"every": 0}, "every"),
    (GenerationSettings, {"batch_size": 0}, "generation.batch_size 0: give 1 or more"),
    (Sampling, {"temperature": NAN}, "temperature nan"),
    (Sampling, {"temperature": ENDLESS}, "temperature inf"),
    (Sampling, {"top_p": 0.0}, "top_p 0: give a share above 0"),
    (Sampling, {"top_p": NAN}, "top_p nan: give a share above 0"),
    (FewShotSettings, {"batch_size": 0}, "few_shot.batch_size 0: give 1 or more"),
    (CurationSettings, {"teachers": 0}, "curation: teachers 0"),
    (RunSettings, {"generation": GenerationSettings(amount=0)}, "generation.amount 0: give 1 or more"),
    (RunSettings, {"generation": GenerationSettings(attempts=NAN)}, "generation.attempts nan: give 1 or more"),
    (RunSettings, {"seeds": (-1,)}, "seeds .*: give whole numbers from 0"),
    (RunSettings, {"seeds": (1 << 40,)}, "seeds .*: give whole numbers from 0"),
    (RunSettings, {"pool_limit": 0}, "pool_limit 0: give 1 or more"),
    (RunSettings, {"test_limit": -3}, "test_limit -3: give 1 or more"),
]
SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"teacher": {"learning_rate": "fast"}}, "learning_rate.*fast"),
    ({"teacher": {"batch_size": 1.5}}, "batch_size.*1.5"),
    ({"student": {"gold_weight": NAN}}, "student.gold_weight nan: give a number above 0"),
    ({"teacher": None}, "teacher None: give its settings by name, or leave it out"),
    ({"student": []}, r"student \[\]: give its settings by name"),
    ({"fraction": NAN}, "fraction nan: give a share"),
    ({"fraction": ENDLESS}, "fraction inf: give a share"),
    ({"trainer": "fast"}, "trainer.*fast"),
    ({"data": 7}, "7"),
]
TEXTS: list[tuple[bytes, str]] = [
    (b"", "is empty; give a config"),
    (b"- a\n- list\n", "."),
    (b"just words", "."),
    (b"data: [Reviews\n", "."),
    (b"data: Reviews\n\tfraction: 1\n", "."),
    (b"data: Reviews\0\n", "."),
    ("data: Réviews\n".encode("latin-1"), "."),
    ("data: Reviews\n".encode("utf-16"), "."),
    (b"\x89PNG\r\n\x1a\n", "."),
    (b"data: &a [*a]\n", "."),
    (b"? {a: 1}\n: b\n", "."),
    (b"{" * 3000, "."),
]


def told(folder: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> str:
    (folder / "run.yaml").write_bytes(content)
    capfd.readouterr()
    assert main(["run", "--config", str(folder / "run.yaml"), "--output", str(folder / "out")]) == 2
    said = capfd.readouterr()
    assert re.fullmatch(r"lit_synth: [^\n]+\n", said.err)
    assert not (folder / "out").exists()
    return said.err


@pytest.mark.parametrize(("part", "values", "words"), VALUES, ids=lambda value: str(value)[-40:])
def test_a_value_that_makes_no_sense_is_told(part: Any, values: dict[str, Any], words: str) -> None:
    whole = {"data": "Reviews", "output": Path("out")} if part is RunSettings else {}
    with pytest.raises(InputError, match=words):
        part(**whole, **values)


@pytest.mark.parametrize(("changed", "words"), SETTINGS, ids=lambda value: str(value)[:50])
def test_a_setting_that_makes_no_sense_is_told(
    changed: dict[str, Any], words: str, tmp_path: Path, reviews_like: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = {"data": "Reviews", "data_dir": str(reviews_like), "fraction": 24} | changed
    assert re.search(words, told(tmp_path, yaml.safe_dump(config).encode(), capfd))


@pytest.mark.parametrize(("content", "words"), TEXTS, ids=lambda value: str(value)[:30])
def test_a_file_that_is_no_config_is_told(
    content: bytes, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert re.search(words, told(tmp_path, content, capfd))


NUMBERS = st.integers(-3, 3) | st.floats() | st.sampled_from([1 << 40, 1e-300, 1e300])
PARTS: dict[Any, tuple[str, ...]] = {
    TeacherSettings: ("learning_rate", "max_epochs", "patience", "batch_size", "max_length", "samples"),
    StudentSettings: ("batch_size", "max_length", "num_beams", "dropout", "gold_weight"),
    GenerationSettings: ("batch_size",),
    FewShotSettings: ("batch_size", "max_length"),
}


@settings(max_examples=300)
@given(part=st.sampled_from(list(PARTS)), values=st.lists(NUMBERS, min_size=6, max_size=6))
def test_any_number_is_taken_or_told(part: Any, values: list[float]) -> None:
    given_values = dict(zip(PARTS[part], values, strict=False))
    try:
        made = part(**given_values)
    except InputError as error:
        (name,) = re.findall(r"\.(\w+) ", str(error))[:1]
        assert name in given_values
    else:
        # Taken is what a stage can work with.
        assert all(-1 < value < ENDLESS for value in given_values.values())
        RunSettings("Reviews", Path("out"), **{_place(part): made})


def _place(part: Any) -> str:
    places = {TeacherSettings: "teacher", StudentSettings: "student", GenerationSettings: "generation"}
    return places.get(part, "few_shot")
