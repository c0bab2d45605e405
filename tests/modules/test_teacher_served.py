"""Stages whose teacher an engine runs: what they leave is what the default engine leaves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lit_synth import recipes
from lit_synth.decoding.engine import Engine
from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples
from lit_synth.pipeline import Pipeline
from lit_synth.recipes.teacher import SERVED_ROWS
from lit_synth.settings import GenerationSettings, RunSettings, TeacherSettings
from lit_synth.stages import StageCLI, run_stage
from tests.made_up_engine import MadeUpLLM, made_up

__all__ = ["made_up"]  # the fixture


def settings(model: Path, rows: Path, output: Path, engine: Engine) -> RunSettings:
    teacher = TeacherSettings(str(model), max_length=64, engine=engine)
    sharded = {"accelerator": "cpu", "devices": 4, "strategy": "ddp"}
    given: dict[str, Any] = {"trainer": sharded if engine.serves else {"accelerator": "cpu"}}
    return RunSettings("Reviews", output, data_dir=str(rows), fraction=16, limit=12, teacher=teacher, **given)


def answers(run: RunSettings, model: Path, stage: Path, **order: Any) -> list[Example]:
    requests = {"folder": str(stage), **order}
    run_stage(recipes.teacher_use(run, 0, stage, model, requests), ("predict",))
    return sorted(read_examples(stage / "accepted.jsonl"), key=lambda row: row.id)


def test_it_annotates_and_is_tested_as_without(
    made_up: type[MadeUpLLM], tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    found, scores = [], []
    for engine in (Engine(), Engine("vllm")):
        run = settings(tiny_causal, reviews_like, tmp_path, engine)
        found.append(answers(run, tiny_causal, tmp_path / f"annotate_{engine.name}", kind="annotate"))
        stage = tmp_path / f"test_{engine.name}"
        run_stage(recipes.teacher_use(run, 0, stage, tiny_causal, None), ("test",))
        scores.append((stage / "scores.jsonl").read_text())
    assert [row.target for row in found[0]] == [row.target for row in found[1]]
    assert len(found[0]) == 12
    for one, other in zip(*found, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
    assert scores[0] == scores[1]


def test_it_writes_for_every_label_with_a_seed_a_record(
    made_up: type[MadeUpLLM], tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    run = settings(tiny_causal, reviews_like, tmp_path, Engine("vllm"))
    run = replace(run, generation=GenerationSettings(attempts=1.0))
    order = {"kind": "generate", "amount": 6, "attempts": 1.0}
    written = []
    for name in ("once", "again"):
        answers(run, tiny_causal, tmp_path / name, **order)
        rows = [*read_examples(tmp_path / name / "accepted.jsonl"), *read_examples(tmp_path / name / "rejected.jsonl")]
        written.append({row.id: row.provenance["text"] for row in rows})
    assert written[0] == written[1]
    assert sorted(name.split("-")[1] for name in written[0]) == ["negative"] * 3 + ["positive"] * 3


def test_an_engine_is_no_trainer_of_its_own(
    made_up: type[MadeUpLLM], tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs on one process whatever the run's devices, holds no weights there, and takes no checkpoint."""
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    run = settings(tiny_causal, reviews_like, tmp_path, Engine("vllm", tensor_parallel=2))
    config = recipes.teacher_use(run, 0, tmp_path / "stage", tiny_causal, None)
    cli = StageCLI(config, run=False)
    assert (cli.trainer.num_devices, cli.datamodule.predict_batch_size) == (1, SERVED_ROWS)
    assert cli.model.meter.devices == 2
    cli.model.configure_model()
    assert not list(cli.model.parameters())
    with pytest.raises(InputError, match=r"engine\.name vllm: runs an exported folder"):
        cli.model.on_load_checkpoint({"state_dict": {}})


def test_a_run_asks_for_the_engine_before_it_trains(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lit_synth.decoding.engine.find_spec", lambda name: None)
    run = settings(tiny_causal, reviews_like, tmp_path / "run", Engine("vllm"))
    with pytest.raises(InputError, match=r"pip install 'lit-synth\[vllm\]'"):
        Pipeline(run).execute()
    assert not (tmp_path / "run").exists()
