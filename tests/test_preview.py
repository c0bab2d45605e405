"""`lit_synth run --preview`: prompts from tokens, written rows, costs; and nothing is left behind."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoTokenizer

from lit_synth.cli import main


def test_a_preview_shows_what_a_run_would_do_and_leaves_nothing(
    reviews_like: Path, tiny_causal: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    config = {
        "data": "Reviews",
        "data_dir": str(reviews_like),
        "fraction": 60,
        "seeds": [0, 1],
        "strategies": ["gold", "annotate", "teacher"],
        "output": str(tmp_path / "out"),
        "teacher": {"model": str(tiny_causal), "lora": None, "max_length": 96},
        "student": {"model": str(tiny_encoder)},
        "curation": {"teachers": 2, "prompts": ["{text}\nGood or bad?"]},
        # A look is taken here, and nothing is submitted.
        "trainer": {"accelerator": "cpu", "num_nodes": 2, "devices": 1},
        "slurm": {"hours": 1},
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    before = sorted(tmp_path.rglob("*"))
    assert main(["run", "--config", str(tmp_path / "run.yaml"), "--preview"]) == 0
    said = capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before
    first = next(line for line in said.splitlines() if line.startswith("Review: "))
    assert f"{first}\nSentiment: ⟶ " in said
    assert f"Review: ⟶ {first.removeprefix('Review: ')}<|endoftext|>" in said
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    read = str(tokenizer.decode(tokenizer(first.removeprefix("Review: "))["input_ids"]))
    assert read.startswith("[CLS] ")
    assert f"[student]\n{read}\n" in said
    assert "10 annotated pool rows:\n  " in said
    for stage in ("teacher_fit", "annotate", "gold"):
        assert f"  seed0/{stage}\n" in said
    for cost in ("Time    about ", "Memory  ", "Disk    "):
        assert f"\n{cost}" in said


def test_a_mistake_shows_in_a_preview_as_in_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data", "Reviews", "--data_dir", str(tmp_path / "nowhere"), "--output", str(tmp_path / "out")]
    assert main(["run", *words, "--preview"]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_few_rows_leave_some_to_be_annotated(
    tiny_causal: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, number in (("train", 14), ("test", 6)):
        lines = (f"words {i} of {name},{'ab'[i % 2]}\n" for i in range(number))
        Path(f"{name}.csv").write_text(f"text,label\n{''.join(lines)}")
    config = {
        "data": "Custom",
        "data_dir": str(tmp_path),
        "task": {"name": "few", "fields": ["text"], "target": "label", "labels": ["a", "b"]},
        "fraction": 8,
        "strategies": ["gold", "annotate"],
        "output": "out",
        "teacher": {"model": str(tiny_causal), "lora": None, "max_length": 64},
        "student": {"model": str(tiny_encoder)},
    }
    Path("run.yaml").write_text(yaml.safe_dump(config))
    assert main(["run", "--config", "run.yaml", "--preview"]) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "The path on 11 gold rows" in said
    assert "\n3 annotated pool rows:\n" in said
