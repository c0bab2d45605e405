from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, RobertaConfig, pipeline

from lit_synth.data import ClassifierEncoder
from lit_synth.data.collate import Collate
from lit_synth.examples import Example
from lit_synth.modules import Classifier
from lit_synth.modules.optimization import warm_up_and_decay
from lit_synth.tasks.reviews import REVIEWS

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
