"""The Python of the README runs as it stands, with tiny models in place of the embedded ones."""

import csv
import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest

import lit_synth

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_runs(
    reviews_like: Path, tiny_causal: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    snippet = re.search(r"```python\n(from lit_synth import .*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert snippet
    monkeypatch.chdir(tmp_path)
    rows = [json.loads(line) for line in (reviews_like / "train.jsonl").read_text().splitlines()]
    with Path("tickets.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([["text", "team"], *([row["text"], row["sentiment"]] for row in rows)])
    small: dict[str, Any] = {
        "teacher.model": str(tiny_causal),
        "student.model": str(tiny_encoder),
        "student.search.max_steps": 2,
        "student.search.every": 1,
        "strategies": ["gold"],
    }
    monkeypatch.setattr(lit_synth, "run", functools.partial(lit_synth.run, **small))
    exec(snippet[1], {})  # noqa: S102 - what the README shows
    label, probability = capsys.readouterr().out.splitlines()[-1].split()
    assert label in ("positive", "negative")
    assert 0.5 <= float(probability) <= 1
    with pytest.raises(lit_synth.InputError, match="no student there"):
        lit_synth.Student("model/none")
