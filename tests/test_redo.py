"""`lit_synth run --redo`: with another config in the same folder, what changes is done again, and nothing is mixed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import lit_synth
from lit_synth.cli import main
from lit_synth.errors import InputError
from lit_synth.records import Record, alone, compose, set_aside
from tests.forked import settings


def found(output: Path) -> dict[str, str]:
    """Return what a user takes from a run, by file."""
    rows = (str(path.relative_to(output)) for kind in ("synthetic", "rejected") for path in output.glob(f"{kind}/*/*"))
    return {name: (output / name).read_text() for name in ("metrics.json", "splits.json", *sorted(rows))}


def test_what_a_change_touches_is_done_again_and_nothing_is_mixed(
    tmp_path: Path, tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, capsys: Any
) -> None:
    def run(output: Path, amount: int, *words: str) -> int:
        parts = settings(tiny_causal, tiny_encoder, reviews_like)
        parts["generation"] |= {"amount": amount}
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(parts))
        return main(["run", "--config", str(tmp_path / "run.yaml"), "--output", str(output), *words])

    output = tmp_path / "run"
    assert run(output, 6, "--seeds", "0,1") == 0
    before, page = found(output), (output / "report.html").read_bytes()
    assert run(output, 4) == 2
    assert "generation.amount 6, now 4; give another --output, the same config to go on, or --redo" in (
        capsys.readouterr().err
    )
    assert found(output) == before
    few = ("--strategies", "gold,generate", "--redo")
    assert run(output, 4, *few) == 0
    said = capsys.readouterr().out
    for stage in ("teacher_fit", "gold"):
        assert f"seed0/{stage}: done before" in said
    for stage in ("generation", "generate"):
        assert f"seed0/{stage}: its config or inputs have changed; the older results are set aside" in said
    # Another seed and another strategy were not asked for: what was found of them was of the older config.
    assert run(tmp_path / "fresh", 4, *few) == 0
    assert found(output) == found(tmp_path / "fresh")
    (older,) = (output / "older").iterdir()
    assert found(older) == before
    assert (older / "report.html").read_bytes() == page
    assert yaml.safe_load((older / "config.yaml").read_text())["generation"]["amount"] == 6
    # The same command goes on; there is nothing more to set aside.
    told = list[str]()
    again = {"output": output, "strategies": ["gold", "generate"]}
    lit_synth.run(tmp_path / "run.yaml", tell=told.append, redo=True, **again)
    assert not any(line.endswith(": starts") for line in told)
    assert list((output / "older").iterdir()) == [older]


def test_a_kill_while_results_are_set_aside_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text("a: 1\n")
    (tmp_path / "seed0").mkdir()
    (tmp_path / "answers.jsonl").touch()
    record = Record(tmp_path, "seed0", "hash")
    record.add([{"strategy": "gold", "amount": None, "metric": "accuracy", "value": 0.5}])
    record.save()
    compose(tmp_path, ["gold"], {})
    names = {path.name for path in tmp_path.iterdir()}
    whole, moved = Path.replace, list[Path]()

    def killed(path: Path, target: Path) -> None:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(path)
        whole(path, target)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        set_aside(tmp_path)
    monkeypatch.undo()
    older = set_aside(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"config.yaml", "seed0", "answers.jsonl", "older"}
    assert {path.name for path in older.iterdir()} == names - {"seed0", "answers.jsonl"}
    assert json.loads((older / "records" / "seed0.json").read_text())["metrics"][0]["value"] == 0.5


def test_what_is_worked_on_is_not_set_aside(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("a: 1\n")
    (tmp_path / "metrics.json").touch()
    with alone(tmp_path, "seed0"), pytest.raises(InputError, match="works on seed0; wait for its end"):
        set_aside(tmp_path)
    assert (tmp_path / "metrics.json").exists()
