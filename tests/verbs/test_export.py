"""`lit_synth export`: the best student in a folder that needs nothing of the run, and ONNX with the same answers."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from transformers import AutoTokenizer, pipeline

from lit_synth import Student, export
from lit_synth.cli import main
from lit_synth.errors import InputError
from tests.verbs.conftest import PAIRS, TEXTS, MakeStudent


def test_the_best_mean_is_taken_and_the_ceiling_left_out(student: MakeStudent, tmp_path: Path) -> None:
    for strategy, values in {"gold": (0.9, 0.5), "generate": (0.75, 0.75), "full": (0.99, 0.99)}.items():
        for seed, value in enumerate(values):
            student(strategy=strategy, seed=seed, value=value)
    said: list[str] = []
    folder = export(tmp_path / "run", tell=said.append)
    assert said[0].startswith("generate, seed 0: test figure 75.0, mean of 2 seeds; the highest of gold 70.0, generate")
    own = (tmp_path / "run" / "seed0" / "generate" / "model" / "model.safetensors").read_bytes()
    assert (folder / "model.safetensors").read_bytes() == own
    other = export(tmp_path / "run", "gold", tmp_path / "other", seed=1)
    assert (other / "model.safetensors").read_bytes() != own


def test_it_reads_without_the_run(student: MakeStudent, tmp_path: Path) -> None:
    texts = ["a warm film", "two hours of a dull plot " * 9]
    before = [answer.probabilities for answer in Student(student()).predict(texts)]
    folder = export(tmp_path / "run", output=tmp_path / "mine")
    shutil.rmtree(tmp_path / "run")
    after = [answer.probabilities for answer in Student(folder).predict(texts)]
    classify: Any = pipeline("text-classification", model=str(folder), top_k=None)
    for one, other, text in zip(before, after, texts, strict=True):
        assert one == pytest.approx(other)
        found = {
            row["label"]: row["score"] for row in classify([text], truncation=True)[0]
        }  # cut where the student did
        assert found == pytest.approx(other, abs=1e-5)


def test_onnx_answers_as_the_student_does(student: MakeStudent, tmp_path: Path) -> None:
    student(PAIRS)
    folder = export(tmp_path / "run", onnx=True)
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for size in (1, 4):
        rows = [{"premise": "a warm film " * (n + 1), "hypothesis": f"number {n}"} for n in range(size)]
        pairs = [[row[name] for row in rows] for name in ("premise", "hypothesis")]
        batch = tokenizer(*pairs, padding=True, return_tensors="np")
        found = session.run(["probabilities"], {name: batch[name].astype(np.int64) for name in batch})[0]
        wanted = [[answer.probabilities[label] for label in PAIRS.labels] for answer in Student(folder).predict(rows)]
        np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere: no metrics.json; is this the --output of `lit_synth run`"),
        (["run", "--strategy=golden"], "no student on 'golden'; there are: gold"),
        (["run", "--seed=7"], "seeds of gold are: 0"),
        (["run", "--output=run"], "run: is there already"),
        (["run", "--onxx"], "--onxx; did you mean --onnx?"),
    ],
)
def test_what_cannot_be_exported_is_told(
    student: MakeStudent, words: list[str], told: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    student()
    capsys.readouterr()  # what transformers says of the student as it is made
    monkeypatch.chdir(tmp_path)
    assert main(["export", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not Path("run/export").exists()


def test_texts_have_no_onnx(student: MakeStudent, tmp_path: Path) -> None:
    student(TEXTS)
    with pytest.raises(InputError, match="--onnx: is for labels"):
        export(tmp_path / "run", onnx=True)
    assert not (tmp_path / "run" / "export").exists()
    assert json.loads((export(tmp_path / "run") / "lit_synth.json").read_text())["task"]["name"] == "facts"


def test_absent_libraries_are_told(student: MakeStudent, tmp_path: Path, monkeypatch: Any) -> None:
    student()
    monkeypatch.setattr("lit_synth.onnx_file.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'lit-synth\[onnx\]'"):
        export(tmp_path / "run", onnx=True)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["metrics.json", "seed0"]
