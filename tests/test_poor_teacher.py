"""A teacher that knows no more than the commonest label: it is said, and the student on gold is reported."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.cli import main
from tests.forked import settings


def test_a_teacher_that_learnt_nothing_is_told_before_and_after(
    tmp_path: Path, tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, capsys: Any
) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for path in reviews_like.iterdir():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        common = [row for number, row in enumerate(rows) if row["sentiment"] == "positive" or number % 10 == 1]
        (folder / path.name).write_text("".join(json.dumps(row) + "\n" for row in common))
    parts = settings(tiny_causal, tiny_encoder, folder, strategies=["gold", "annotate", "teacher"], fraction=40)
    parts["teacher"] |= {"learning_rate": 1e-12, "max_epochs": 1}
    parts["curation"] = {"match_shares": False}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(parts))
    output = tmp_path / "run"
    assert main(["run", "--config", str(tmp_path / "run.yaml"), "--output", str(output)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    (annotator,) = json.loads((output / "run.json").read_text())["curation"]["seed0"]["annotators"]
    majority = json.loads((output / "run.json").read_text())["curation"]["seed0"]["majority"]
    assert annotator["accuracy"] <= majority, "as it was pretrained, at random"
    assert majority == pytest.approx(0.8, abs=0.15)
    assert "no more than the commonest label" in said
    assert "synthetic rows are unlikely to pay" in said
    assert {row["strategy"] for row in json.loads((output / "metrics.json").read_text())} == {
        "gold",
        "annotate",
        "teacher",
    }
