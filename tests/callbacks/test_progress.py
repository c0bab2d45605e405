import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from lit_synth.callbacks import DevelopmentCurve, Progress
from lit_synth.data.spare import ForAllRanks


def trainer(**parts: Any) -> Any:
    return SimpleNamespace(
        is_global_zero=True, received_sigterm=False, global_rank=0, world_size=1, callback_metrics={}, **parts
    )


def test_lines_tell_how_far_how_fast_and_how_long(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("annotate", every=0.0)
    fake = trainer(predict_dataloaders=SimpleNamespace(dataset=range(10)))
    progress.on_predict_start(fake, None)  # type: ignore[arg-type]
    for size in (4, 4, 2):
        progress.on_predict_batch_end(fake, None, None, {"input_ids": range(size)}, 0)  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["4/10", "8/10", "10/10"]
    assert all("/s" in line and "left" in line for line in lines)


def test_a_resumed_fit_counts_its_rate_from_where_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("teacher", every=0.0)
    fake = trainer(estimated_stepping_batches=100, global_step=90)
    progress.on_train_start(fake, None)  # type: ignore[arg-type]
    fake.global_step, progress.started = 95, progress.started - 5.0
    fake.callback_metrics["train_loss"] = torch.tensor(0.25)
    progress.on_train_batch_end(fake)
    line = capsys.readouterr().out
    assert "95/100 steps · 1.0/s · 0:05 left · loss 0.250" in line


def test_few_lines_where_little_time_has_passed(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("test", every=60.0)
    fake = trainer(test_dataloaders=SimpleNamespace(dataset=range(9)))
    progress.on_test_start(fake, None)  # type: ignore[arg-type]
    for _ in range(9):
        progress.on_test_batch_end(fake, None, None, {"input_ids": [0]}, 0)  # type: ignore[arg-type]
    assert len(capsys.readouterr().out.splitlines()) == 1, "the last one alone"


def test_rows_are_those_of_all_ranks(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("annotate", every=0.0)
    fake = trainer(predict_dataloaders=SimpleNamespace(dataset=range(40)))
    fake.world_size = 4
    progress.on_predict_start(fake, None)  # type: ignore[arg-type]
    for _ in range(2):
        progress.on_predict_batch_end(fake, None, None, {"input_ids": range(5)}, 0)  # type: ignore[arg-type]
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["20/40", "40/40"]
    fake.predict_dataloaders.dataset = ForAllRanks([{"input_ids": [0]}], 4)
    progress.on_predict_start(fake, None)  # type: ignore[arg-type]
    progress.on_predict_batch_end(fake, None, None, {"input_ids": [[0]]}, 0)  # type: ignore[arg-type]
    assert capsys.readouterr().out.split()[1] == "1/1", "spare rows do not count"


def test_the_curve_has_a_line_a_validation(tmp_path: Path) -> None:
    fake = trainer(global_step=30, sanity_checking=False)
    fake.callback_metrics = {"val_loss": torch.tensor(0.5), "train_loss": torch.tensor(0.1)}
    curve = DevelopmentCurve(tmp_path / "new" / "curve.jsonl")
    curve.on_validation_end(fake, None)  # type: ignore[arg-type]
    fake.sanity_checking = True
    curve.on_validation_end(fake, None)  # type: ignore[arg-type]
    assert json.loads((tmp_path / "new" / "curve.jsonl").read_text()) == {"step": 30, "val_loss": 0.5}


def test_a_kill_is_heard_while_predicting() -> None:
    progress = Progress("annotate")
    fake = trainer(predict_dataloaders=SimpleNamespace(dataset=range(10)))
    progress.on_predict_start(fake, None)  # type: ignore[arg-type]
    fake.received_sigterm = True
    with pytest.raises(SystemExit):
        progress.on_predict_batch_start(fake)
