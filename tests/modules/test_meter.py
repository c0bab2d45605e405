"""Tokens that models meet, counted again from the rows."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning as L
import pytest
import torch

from lit_synth.data import ClassifierEncoder, Partition, Requests, TeacherEncoder
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import Example
from lit_synth.modules import Classifier, Teacher
from lit_synth.modules.meter import Meter
from lit_synth.spending import CPU, Spent, collect
from lit_synth.tasks.reviews import REVIEWS, Reviews


class Kept(L.Callback):
    """Keeps what was predicted."""

    def __init__(self) -> None:
        self.records: list[Example] = []

    def on_predict_batch_end(self, *given: Any, **_: Any) -> None:
        self.records += given[2]


def trainer(folder: Path, **more: Any) -> Any:
    (folder / "stage.json").touch()
    strategy = SimpleNamespace(root_device=torch.device("cpu"))
    return SimpleNamespace(default_root_dir=str(folder), strategy=strategy, global_rank=0, world_size=1, **more)


def use(folder: Path, **arguments: Any) -> L.Trainer:
    (folder / "stage.json").touch()
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return L.Trainer(default_root_dir=folder, accelerator="cpu", enable_checkpointing=False, **quiet, **arguments)


def test_what_is_learnt_from_counts_and_what_is_only_looked_at_does_not(
    tmp_path: Path, tiny_encoder: Path, reviews_like: Path
) -> None:
    encoder = ClassifierEncoder(str(tiny_encoder), 32)
    data = Reviews(encoder, data_dir=str(reviews_like), partition=Partition(24, test_limit=6), batch_size=5)
    model, fit = Classifier(REVIEWS, str(tiny_encoder)), use(tmp_path, max_epochs=2, num_sanity_val_steps=0)
    learnt = sum(len(row["input_ids"]) for one in data.splits.gold for row in encoder.training_rows(REVIEWS, one))
    fit.fit(model, datamodule=data)
    assert collect(tmp_path).tokens == 2 * learnt
    fit.test(model, datamodule=data, verbose=False)
    read = sum(len(encoder.prediction_row(REVIEWS, row)["input_ids"]) for row in data.splits.test)
    spent = collect(tmp_path)
    assert spent.tokens == 2 * learnt + read, "what was done before in this process counts on"
    assert (spent.gpu_seconds, spent.devices) == (0.0, (CPU,))
    assert spent.seconds > 0


@pytest.mark.parametrize("tokens", [1, 3])
def test_what_a_teacher_writes_counts_with_what_it_reads(
    tmp_path: Path, tiny_causal: Path, reviews_like: Path, tokens: int
) -> None:
    encoder = TeacherEncoder(str(tiny_causal))
    requests = Requests(tmp_path / "made", "generate", amount=4)
    data = Reviews(encoder, data_dir=str(reviews_like), partition=Partition(24), requests=requests)
    teacher = Teacher(REVIEWS, str(tiny_causal), sampling=Sampling(max_new_tokens=tokens))
    asked = list(data.pending())
    kept = Kept()
    use(tmp_path, callbacks=[kept]).predict(teacher, datamodule=data, return_predictions=False)
    read = sum(len(encoder.prediction_row(REVIEWS, row)["input_ids"]) for row in asked)
    ends = [row.provenance["text"] for row in kept.records]
    # One that did not end in time has cost every token it was given; the end is a token, too.
    wrote = sum(tokens if text is None else len(encoder.encode(text)) + 1 for text in ends)
    assert len(kept.records) == 4
    assert collect(tmp_path).tokens == read + wrote


def test_targets_of_a_decoder_are_tokens_of_their_own(tmp_path: Path) -> None:
    mask, labels = torch.tensor([[1, 1, 1], [1, 0, 0]]), torch.tensor([[5, 6], [7, -100]])
    for targets, tokens in ((False, 4), (True, 7)):
        meter, fake = Meter(targets), trainer(tmp_path)
        meter.setup(fake, None, "fit")  # type: ignore[arg-type]
        meter.wrote(100)
        meter.on_train_batch_end(fake, None, None, {"attention_mask": mask, "labels": labels}, 0)  # type: ignore[arg-type]
        found = collect(tmp_path)
        assert found == Spent(tokens, found.seconds, 0.0, (CPU,))
        assert 0 <= found.seconds < 5


def test_a_stage_by_hand_leaves_no_file(tmp_path: Path) -> None:
    meter, fake = Meter(every=0.0), trainer(tmp_path)
    (tmp_path / "stage.json").unlink()
    meter.setup(fake, None, "test")  # type: ignore[arg-type]
    meter.on_test_batch_end(fake, None, None, {"attention_mask": torch.ones(2, 3)}, 0)  # type: ignore[arg-type]
    meter.teardown(fake, None, "test")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_kill_loses_no_more_than_the_last_seconds(tmp_path: Path) -> None:
    meter, fake = Meter(every=0.0), trainer(tmp_path)
    meter.setup(fake, None, "predict")  # type: ignore[arg-type]
    for _ in range(3):
        meter.on_predict_batch_end(fake, None, None, {"attention_mask": torch.ones(2, 3)}, 0)  # type: ignore[arg-type]
    (part,) = tmp_path.glob("spent-*.json")
    assert json.loads(part.read_text())["tokens"] == 18


def test_a_clock_that_is_set_back_changes_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meter, fake = Meter(every=0.0), trainer(tmp_path)
    meter.setup(fake, None, "predict")  # type: ignore[arg-type]
    monkeypatch.setattr("time.time_ns", lambda: 0)
    meter.on_predict_batch_end(fake, None, None, {"attention_mask": torch.ones(2, 3)}, 0)  # type: ignore[arg-type]
    assert 0 <= collect(tmp_path).seconds < 5
