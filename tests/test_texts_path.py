"""Text to text through the whole path: several texts for an input, two stages, and sources that end with no row."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.cli import main
from lit_synth.examples import read_examples
from tests.made_up import webnlg

Run = Callable[..., Path]


@pytest.fixture
def run(tmp_path: Path, tiny_causal: Path, tiny_seq2seq: Callable[[str], Path]) -> Run:
    """Return a function that runs WebNLG with tiny models on made-up rows, and returns the folder."""
    for split, size in {"train": 36, "validation": 8}.items():
        lines = "".join(json.dumps(row) + "\n" for row in islice(webnlg(), size))
        (tmp_path / f"{split}.jsonl").write_text(lines)
    small: dict[str, Any] = {"model": str(tiny_causal), "lora": None, "freeze_embeddings": False, "learning_rate": 1e-2}
    small |= {"max_epochs": 6, "max_length": 96, "max_new_tokens": 16, "generate_weight": 0}
    step = {"learning_rate": 1e-3, "max_steps": 2}
    small_student: dict[str, Any] = {"model": str(tiny_seq2seq("bart")), "max_length": 48, "max_target_length": 8}
    small_student |= {"chosen": {"gold": step, "annotate": step}}

    def path(curation: dict[str, Any], student: dict[str, Any], fraction: int = 24, **teacher: Any) -> Path:
        told = {
            "data": "WebNlg",
            "data_dir": str(tmp_path),
            "fraction": fraction,
            "pool_limit": 6,
            "strategies": ["gold", "annotate"],
            "teacher": small
            | {"max_epochs": 6, "max_length": 96, "max_new_tokens": 16, "generate_weight": 0}
            | teacher,
            "curation": curation,
            "student": small_student | student,
        }
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(told))
        output = tmp_path / "run"
        assert main(["run", "--config", str(tmp_path / "run.yaml"), "--output", str(output)]) == 0
        return output

    return path


def figures(output: Path) -> set[str]:
    return {row["strategy"] for row in json.loads((output / "metrics.json").read_text())}


def test_all_texts_for_an_input_are_learnt_from_weighed_before_gold(run: Run) -> None:
    curation = {"choice": "all", "weigh": True, "rules": {"faithful": False}}
    output = run(curation, {"two_stages": True}, samples=2)
    rows = list(read_examples(output / "synthetic" / "annotate" / "seed0.jsonl"))
    asked = {row.id for row in rows if "further" not in row.provenance}
    assert len(rows) > len(asked) > 0, "some input has several texts"
    assert all(row.id.rsplit("-", 1)[0] in asked for row in rows if "further" in row.provenance)
    assert all(0 < row.weight < 1 and row.provenance["prompts"]["teacher"] for row in rows)
    found = json.loads((output / "run.json").read_text())["curation"]["seed0"]["strategies"]["annotate"]
    assert found["accepted"] == len(rows)
    first, second = (
        yaml.safe_load((output / "seed0" / name / "config.yaml").read_text()) for name in ("annotate_first", "annotate")
    )
    assert first["data"]["init_args"]["mixture"]["gold"] is False
    assert second["model"]["init_args"]["model"] == str(output / "seed0" / "annotate_first" / "model")
    assert figures(output) == {"gold", "annotate"}


def test_where_no_text_ends_the_student_on_eight_gold_rows_is_reported(run: Run, capsys: Any) -> None:
    output = run({}, {}, fraction=8, max_new_tokens=1)
    assert figures(output) == {"gold"}
    told = "annotate: 0 of 6 rows accepted: 6 did not end within max_new_tokens"
    assert told in json.loads((output / "run.json").read_text())["failed"]["seed0"]["annotate"]
    assert "students go on without it" in capsys.readouterr().out
    assert told in " ".join((output / "report.html").read_text().replace("\u202f", " ").split())
