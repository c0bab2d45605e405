"""Students that annotate: the records are a teacher's, whatever is annotated, through the Generation callback."""

import json
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from transformers import pipeline

from lit_synth.callbacks import Generation
from lit_synth.callbacks.generation import predict_all
from lit_synth.data import ClassifierEncoder, Partition, Requests
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.modules import Classifier
from lit_synth.modules.annotations import answered, labelled
from lit_synth.recipes.parts import class_config, data_config, stage, trainer_config
from lit_synth.settings import RunSettings
from lit_synth.stages import run_stage
from lit_synth.tasks.reviews import REVIEWS, Reviews

GENERATED = Example(
    "g1", {"text": "the cast is a joy"}, "negative", "generated", provenance={"requested": "negative"}, weight=0.5
)


def test_a_record_keeps_the_row_and_tells_who_named_its_target() -> None:
    gold = Example("1", {"text": "dull"}, "positive", weight=2.0)
    first, second = labelled(REVIEWS, [gold, GENERATED], torch.tensor([[0.75, 0.25], [0.25, 0.75]]))
    assert (first.target, first.origin, first.weight, first.fields) == ("negative", "annotated", 2.0, gold.fields)
    assert first.probabilities == {"negative": 0.75, "positive": 0.25}
    assert (second.target, second.origin, second.provenance) == ("positive", "generated", {"requested": "negative"})


def test_a_text_is_stripped_and_one_that_did_not_end_is_none() -> None:
    whole, cut = answered(GENERATED, " warm \n", confidence=0.5), answered(GENERATED, None)
    assert (whole.target, whole.origin) == ("warm", "generated")
    assert whole.provenance == {"requested": "negative", "answer": "warm", "confidence": 0.5}
    assert (cut.target, cut.provenance["answer"]) == (None, None)


@pytest.fixture(scope="module")
def exported(tiny_encoder: Path, reviews_like: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a student's folder whose answers differ from row to row."""
    torch.manual_seed(0)
    student = Classifier(REVIEWS, str(tiny_encoder))
    student.configure_model()
    data = Reviews(ClassifierEncoder(str(tiny_encoder)), data_dir=str(reviews_like), partition=Partition(24))
    model: Any = student.eval().model
    with torch.no_grad():
        model.classifier.weight.mul_(300)
        model.classifier.bias.sub_(student(next(iter(data.test_dataloader()))).mean(dim=0))
    folder = tmp_path_factory.mktemp("student") / "model"
    student.export(folder)
    return folder


class Killed(L.Callback):
    """Ends a trainer before a batch."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_predict_batch_start(self, trainer: L.Trainer, pl_module: Any, batch: Any, batch_idx: int, *_: Any) -> None:
        if batch_idx == self.batch:
            raise RuntimeError("killed")


def annotate(student: Path, rows: Path, folder: Path, *callbacks: L.Callback, source: Path | None = None) -> list[int]:
    """Let a student annotate, and return the sizes of the batches that it read."""
    sizes: list[int] = []

    class Count(Classifier):
        def predict_step(self, batch: dict[str, Any], batch_index: int) -> list[Example]:
            sizes.append(len(batch["example"]))
            return super().predict_step(batch, batch_index)

    data = Reviews(
        ClassifierEncoder(str(student), max_length=32),
        data_dir=str(rows),
        partition=Partition(24, pool_limit=30),
        requests=Requests(folder, source=source),
        predict_batch_size=8,
    )
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(accelerator="cpu", default_root_dir=folder, callbacks=[Generation(), *callbacks], **quiet)
    predict_all(trainer, Count(REVIEWS, str(student)), data)
    return sizes


def test_a_classifier_annotates_the_pool_and_goes_on_after_a_kill(
    exported: Path, reviews_like: Path, tmp_path: Path
) -> None:
    assert annotate(exported, reviews_like, tmp_path / "whole") == [8, 8, 8, 6]
    with pytest.raises(RuntimeError, match="killed"):
        annotate(exported, reviews_like, tmp_path / "parts", Killed(2))
    assert not (tmp_path / "parts" / "accepted.jsonl").read_text()
    assert annotate(exported, reviews_like, tmp_path / "parts") == [8, 6], "what was annotated is not asked again"
    whole, parts = (list(read_examples(tmp_path / name / "accepted.jsonl")) for name in ("whole", "parts"))
    assert [row.id for row in whole] == [row.id for row in parts]
    assert len(whole) == 30
    for row, again in zip(whole, parts, strict=True):
        assert row.probabilities == pytest.approx(again.probabilities, abs=1e-4), "batches of other lengths"
    assert {row.origin for row in whole} == {"annotated"}
    assert len({row.target for row in whole}) == 2


def test_what_it_says_is_what_the_exported_model_says(exported: Path, reviews_like: Path, tmp_path: Path) -> None:
    annotate(exported, reviews_like, tmp_path)
    classify = pipeline("text-classification", model=str(exported), device=-1)
    for row in read_examples(tmp_path / "accepted.jsonl"):
        answers = {answer["label"]: answer["score"] for answer in classify(row.fields["text"], top_k=None)}
        assert row.probabilities == pytest.approx(answers, abs=1e-3)
        assert list(row.probabilities or {}) == list(REVIEWS.labels)
        assert row.target == max(answers, key=answers.__getitem__)


def test_a_student_annotates_gold_and_generated_rows_of_a_file(
    exported: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    gold = Example("1", {"text": "two hours of a dull plot"}, "negative")
    write_examples(tmp_path / "rows.jsonl", [gold, GENERATED])
    run = RunSettings("Reviews", tmp_path, data_dir=str(reviews_like), fraction=24, trainer={"accelerator": "cpu"})
    encoder = class_config("lit_synth.data.ClassifierEncoder", model=str(exported), max_length=32)
    requests = {"folder": str(tmp_path / "read"), "source": str(tmp_path / "rows.jsonl")}
    config = stage(
        0,
        class_config("lit_synth.modules.Classifier", model=str(exported)),
        data_config(run, 0, encoder, requests=requests),
        trainer_config(run, tmp_path, "read", [class_config("lit_synth.callbacks.Generation")], logger=False),
    )
    run_stage(config, ("predict",))
    found = {row.id: row for row in read_examples(tmp_path / "read" / "accepted.jsonl")}
    assert (found["1"].origin, found["g1"].origin) == ("annotated", "generated")
    assert (found["g1"].provenance, found["g1"].weight) == ({"requested": "negative"}, 0.5)
    assert all(sum((row.probabilities or {}).values()) == pytest.approx(1, abs=1e-5) for row in found.values())
    shard = (tmp_path / "read" / "records-0.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["id"] for line in shard) == ["1", "g1"]
