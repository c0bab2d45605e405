import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoTokenizer, RobertaConfig, pipeline

from lit_synth import recipes
from lit_synth.data import ClassifierEncoder, Partition
from lit_synth.data.collate import Collate
from lit_synth.data.sources import read_split
from lit_synth.examples import Example, write_examples
from lit_synth.modules import Classifier
from lit_synth.modules.losses import Loss
from lit_synth.modules.optimization import warm_up_and_decay
from lit_synth.settings import Choice, RunSettings, Search, StudentSettings
from lit_synth.stages import run_stage
from lit_synth.tasks.reviews import REVIEWS, Reviews

ROWS = [
    Example("1", {"text": "a warm and funny film"}, "positive"),
    Example("2", {"text": "dull"}, "negative", "annotated", {"negative": 0.7, "positive": 0.3}),
]


def batch_of(folder: Path) -> dict[str, Any]:
    encoder = ClassifierEncoder(str(folder), max_length=32)
    rows = [row for example in ROWS for row in encoder.training_rows(REVIEWS, example)]
    return Collate(int(encoder.tokenizer.pad_token_id))(rows)


def student_of(folder: Path, **arguments: Any) -> Classifier:
    torch.manual_seed(0)
    student = Classifier(REVIEWS, str(folder), **arguments)
    student.configure_model()
    return student.eval()


def test_gold_is_one_hot_and_an_annotated_row_keeps_its_probabilities(tiny_encoder: Path) -> None:
    targets = batch_of(tiny_encoder)["target_probabilities"]
    torch.testing.assert_close(targets, torch.tensor([[0.0, 1.0], [0.7, 0.3]]))


def test_the_loss_is_the_cross_entropy_of_two_distributions(tiny_encoder: Path) -> None:
    student, batch = student_of(tiny_encoder), batch_of(tiny_encoder)
    student.log = lambda *_, **__: None  # type: ignore[method-assign]
    logs = student(batch).log_softmax(dim=1)
    expected = -(logs[0, 1] + 0.7 * logs[1, 0] + 0.3 * logs[1, 1]) / 2
    torch.testing.assert_close(student.training_step(batch, 0), expected)


def test_dropout_is_on_in_training(tiny_encoder: Path) -> None:
    student = Classifier(REVIEWS, str(tiny_encoder))
    student.configure_model()
    assert all(module.training for module in student.modules())


def test_dropout_is_the_models_own_or_as_given(tiny_encoder: Path) -> None:
    def rates(**arguments: float) -> set[float]:
        return {layer.p for layer in student_of(tiny_encoder, **arguments).modules() if isinstance(layer, nn.Dropout)}

    assert rates() == {0.1}
    assert rates(dropout=0.0) == {0.0}


def test_padding_changes_nothing(tiny_encoder: Path) -> None:
    student, batch = student_of(tiny_encoder), batch_of(tiny_encoder)
    encoder = ClassifierEncoder(str(tiny_encoder), max_length=32)
    alone = Collate(int(encoder.tokenizer.pad_token_id))(encoder.training_rows(REVIEWS, ROWS[1]))
    torch.testing.assert_close(student(batch)[1], student(alone)[0], atol=1e-5, rtol=1e-5)


def test_an_exported_student_works_in_a_pipeline_with_the_labels_names(tiny_encoder: Path, tmp_path: Path) -> None:
    student = student_of(tiny_encoder)
    student.export(tmp_path / "model")
    classify = pipeline("text-classification", model=str(tmp_path / "model"), device=-1)
    text = ROWS[0].fields["text"]
    found = {answer["label"]: answer["score"] for answer in classify(text, top_k=None)}
    expected = student(batch_of(tiny_encoder)).softmax(dim=1)[0]
    assert set(found) == set(REVIEWS.labels)
    torch.testing.assert_close(torch.tensor([found[label] for label in REVIEWS.labels]), expected, atol=1e-5, rtol=1e-5)


def test_frozen_embeddings_stay_as_they_are(tiny_encoder: Path) -> None:
    student = student_of(tiny_encoder, freeze_embeddings=True)
    frozen = [name for name, parameter in student.named_parameters() if not parameter.requires_grad]
    assert len(frozen) == 1
    assert "word_embeddings" in frozen[0]


def test_roberta_large_is_made_without_memory(tiny_encoder: Path, tmp_path: Path) -> None:
    shape: dict[str, Any] = {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
    }
    RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, **shape).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(tmp_path)
    with torch.device("meta"):
        student = student_of(tmp_path, weights=False)
    assert 354e6 < sum(parameter.numel() for parameter in student.parameters()) < 357e6


def test_the_schedule_rises_then_falls_or_stays() -> None:
    falling = [warm_up_and_decay(step, 100, 0.1, True) for step in range(100)]
    assert falling[9] == 1.0
    assert falling == sorted(falling[:10]) + sorted(falling[10:], reverse=True)
    assert falling[-1] == 1 / 90
    assert {warm_up_and_decay(step, 100, 0.1, False) for step in range(10, 100)} == {1.0}


def test_probabilities_of_all_rows_weigh_alike_in_the_loss(tiny_encoder: Path) -> None:
    """A hand computation with logits that are known, not the model's own."""
    student, batch = student_of(tiny_encoder), batch_of(tiny_encoder)
    student.log = lambda *_, **__: None  # type: ignore[method-assign]
    student.forward = lambda batch: torch.tensor([[0.0, 0.0], [0.0, math.log(3.0)]])  # type: ignore[method-assign]
    by_hand = (math.log(2) + 0.7 * math.log(4) + 0.3 * math.log(4 / 3)) / 2
    assert float(student.training_step(batch, 0)) == pytest.approx(by_hand)


def test_a_row_counts_as_much_as_its_weight_and_its_kind_of_loss_says(tiny_encoder: Path) -> None:
    encoder = ClassifierEncoder(str(tiny_encoder), max_length=32)
    rows = [replace(ROWS[0], weight=3.0), replace(ROWS[1], weight=0.5)]
    batch = Collate(0)([row for example in rows for row in encoder.training_rows(REVIEWS, example)])
    student = student_of(tiny_encoder, loss=Loss("generalised", q=0.5))
    logged: dict[str, float] = {}
    student.log = lambda name, value, **_: logged.update({name: float(value)})  # type: ignore[method-assign]
    student.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    student.forward = lambda batch: torch.tensor([[0.0, 0.0], [0.0, math.log(3.0)]])  # type: ignore[method-assign]
    robust = (0.7 * (1 - math.sqrt(0.25)) + 0.3 * (1 - math.sqrt(0.75))) / 0.5
    by_hand = (3.0 * math.log(2) + 0.5 * robust) / 3.5
    assert float(student.training_step(batch, 0)) == pytest.approx(by_hand) == logged["train_loss"]
    student.validation_step(batch, 0)
    plain = (math.log(2) + 0.7 * math.log(4) + 0.3 * math.log(4 / 3)) / 2
    assert logged["val_loss"] == pytest.approx(plain), "validation is comparable, whatever is trained on"


def test_a_heavier_row_pulls_the_student_its_way(tiny_encoder: Path) -> None:
    """The same text once as positive, once as negative: where it ends follows from the weights alone."""
    encoder = ClassifierEncoder(str(tiny_encoder), max_length=32)
    rows = [replace(ROWS[0], weight=3.0), replace(ROWS[0], target="negative", origin="generated")]
    batch = Collate(0)([row for example in rows for row in encoder.training_rows(REVIEWS, example)])
    student = student_of(tiny_encoder)
    student.log = lambda *_, **__: None  # type: ignore[method-assign]
    optimizer = torch.optim.AdamW(student.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        student.training_step(batch, 0).backward()
        optimizer.step()
    found = student(batch).softmax(dim=1)[0, REVIEWS.labels.index("positive")]
    assert float(found.detach()) == pytest.approx(0.75, abs=0.02)


def test_a_student_that_starts_from_an_exported_one_keeps_its_head(tiny_encoder: Path, tmp_path: Path) -> None:
    first = student_of(tiny_encoder)
    model: Any = first.model
    with torch.no_grad():
        model.classifier.weight.copy_(torch.linspace(-1, 1, model.classifier.weight.numel()).view(2, -1))
    first.export(tmp_path / "first")
    second = student_of(tmp_path / "first")
    batch = batch_of(tiny_encoder)
    assert torch.equal(second(batch), first(batch))
    assert second.model.config.id2label == dict(enumerate(REVIEWS.labels))  # type: ignore[union-attr]
    second.export(tmp_path / "second")
    assert torch.equal(student_of(tmp_path / "second")(batch), first(batch))


def test_the_second_of_two_stages_goes_on_from_the_first(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    run = student_run(tiny_encoder, reviews_like, tmp_path)
    write_examples(tmp_path / "synthetic.jsonl", ROWS[1:])
    alone = {"gold": False, "synthetic": [str(tmp_path / "synthetic.jsonl")]}
    run_stage(recipes.student_fit(run, REVIEWS, 0, tmp_path / "first", alone, Choice(1e-2, 4)), ("fit",))
    student = replace(run.student, model=str(tmp_path / "first" / "model"))
    then = recipes.student_fit(
        replace(run, student=student), REVIEWS, 0, tmp_path / "second", {"gold": True}, Choice(1e-9, 1)
    )
    run_stage(then, ("fit", "test"))
    first, second = (student_of(tmp_path / name / "model") for name in ("first", "second"))
    for (name, before), after in zip(first.named_parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(after, before, atol=1e-6, rtol=1e-5, msg=name)


def student_run(encoder: Path, rows: Path, output: Path) -> RunSettings:
    student = StudentSettings(str(encoder), batch_size=8, max_length=32, search=Search(max_steps=4, every=2))
    return RunSettings(
        "Reviews",
        output,
        data_dir=str(rows),
        fraction=24,
        test_limit=30,
        student=student,
        trainer={"accelerator": "cpu"},
    )


def test_a_stage_trains_exports_and_scores_a_student(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    run = student_run(tiny_encoder, reviews_like, tmp_path)
    soft = [replace(ROWS[1], id=f"a{n}", fields={"text": f"dull {n}"}) for n in range(4)]
    write_examples(tmp_path / "synthetic.jsonl", soft)
    mixture = {"gold": True, "pool_gold": False, "synthetic": [str(tmp_path / "synthetic.jsonl")]}
    seen: list[float] = []

    def watch(student: Classifier, batch: dict[str, Any], batch_index: int) -> None:
        seen.extend(batch["target_probabilities"].max(dim=1).values.tolist())

    monkeypatch.setattr(Classifier, "on_train_batch_start", watch)
    run_stage(recipes.student_fit(run, REVIEWS, 0, tmp_path / "fit", mixture, Choice(1e-2, 4)), ("fit", "test"))
    assert len(seen) == 28 == 24 + len(soft), "gold, development and synthetic rows, once each in four steps"
    assert sorted(seen)[:5] == pytest.approx([0.7, 0.7, 0.7, 0.7, 1.0])

    lines = [json.loads(line) for line in (tmp_path / "fit" / "predictions.jsonl").read_text().splitlines()]
    found = json.loads((tmp_path / "fit" / "metrics.json").read_text())
    assert len(lines) == 30
    assert set(found) == {"accuracy", "macro_f1"}
    assert found["accuracy"] == pytest.approx(sum(line["gold"] == line["predicted"] for line in lines) / 30)
    assert found["macro_f1"] == pytest.approx(f1_score(lines))
    classify = pipeline("text-classification", model=str(tmp_path / "fit" / "model"), device=-1)
    texts = {row.id: row.fields["text"] for row in read_split(REVIEWS, reviews_like / "test.jsonl")}
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    lengths = {line["id"]: len(tokenizer(texts[line["id"]])["input_ids"]) for line in lines}
    longest = [line for line in lines if lengths[line["id"]] == max(lengths.values())]  # those without padding
    for line in longest:
        answers = {answer["label"]: answer["score"] for answer in classify(texts[line["id"]], top_k=None)}
        assert answers == pytest.approx(line["probabilities"], abs=1e-5)


def f1_score(lines: list[dict[str, Any]]) -> float:
    """Return macro-F1 by its definition."""
    scores = []
    for label in REVIEWS.labels:
        hits = sum(line["gold"] == line["predicted"] == label for line in lines)
        named = sum((line["gold"] == label) + (line["predicted"] == label) for line in lines)
        scores.append(2 * hits / named)
    return math.fsum(scores) / len(scores)


def test_a_student_is_tested_on_the_inputs_that_it_meets_in_training_and_in_use(
    tiny_encoder: Path, reviews_like: Path
) -> None:
    data = Reviews(ClassifierEncoder(str(tiny_encoder)), data_dir=str(reviews_like), partition=Partition(24))
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader()):
        masks = [batch["attention_mask"] for batch in loader]
        assert any((mask == 0).any() for mask in masks), "some row is padded"
        assert all((mask[:, 0] == 1).all() for mask in masks), "and starts at the first position all the same"


def test_a_stage_of_the_search_only_looks_at_development(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    run = student_run(tiny_encoder, reviews_like, tmp_path)
    mixture = {"gold": True, "pool_gold": False, "synthetic": []}
    run_stage(recipes.student_search(run, REVIEWS, 0, tmp_path / "search", mixture, 1e-3), ("fit",))
    curve = [json.loads(line) for line in (tmp_path / "search" / "curve.jsonl").read_text().splitlines()]
    assert [line["step"] for line in curve] == [2, 4]
    assert all(set(line) == {"step", "val_loss", "val_accuracy", "val_macro_f1"} for line in curve)
    assert [path.name for path in (tmp_path / "search").iterdir()] == ["curve.jsonl"]


def test_the_rate_falls_step_by_step_in_a_stage_and_stays_in_the_search(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    run = student_run(tiny_encoder, reviews_like, tmp_path)
    rates: list[float] = []

    def watch(student: Classifier, *_: Any) -> None:
        rates.append(student.trainer.optimizers[0].param_groups[0]["lr"])

    monkeypatch.setattr(Classifier, "on_train_batch_start", watch)
    mixture = {"gold": True, "pool_gold": False, "synthetic": []}
    run_stage(recipes.student_fit(run, REVIEWS, 0, tmp_path / "fit", mixture, Choice(1e-2, 5)), ("fit",))
    assert rates == pytest.approx([1e-2 * factor for factor in (1, 1, 0.75, 0.5, 0.25)])
    rates.clear()
    run_stage(recipes.student_search(run, REVIEWS, 0, tmp_path / "search", mixture, 1e-3), ("fit",))
    assert rates == pytest.approx([1e-3] * 4)
