"""Encoders: loss on completions only, the end token learnt, and a user's text that stays text."""

from dataclasses import replace
from pathlib import Path

import pytest

from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TeacherEncoder
from lit_synth.data.encoders import IGNORED
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS

GOLD = Example("1", {"text": "a warm and funny film"}, "positive")
PAIR = replace(REVIEWS, fields=("text", "title"), annotate_prompt="", writings={}, long_field="text")


@pytest.fixture(scope="module")
def teacher(tiny_causal: Path) -> TeacherEncoder:
    return TeacherEncoder(str(tiny_causal))


@pytest.fixture(scope="module")
def student(tiny_encoder: Path) -> ClassifierEncoder:
    return ClassifierEncoder(str(tiny_encoder))


def test_a_gold_row_teaches_both_directions(teacher: TeacherEncoder) -> None:
    rows = teacher.training_rows(REVIEWS, GOLD)
    texts = [teacher.tokenizer.decode(row["input_ids"]) for row in rows]
    assert texts == [
        "Review: a warm and funny film\nSentiment: positive<|endoftext|>",
        "Sentiment: positive\nReview: a warm and funny film<|endoftext|>",
    ]


@pytest.mark.parametrize(("direction", "start"), [("annotate", "Review:"), ("generate", "Sentiment:")])
def test_one_direction_may_be_taught_alone(tiny_causal: Path, direction: str, start: str) -> None:
    encoder = TeacherEncoder(str(tiny_causal), directions=direction)
    (row,) = encoder.training_rows(REVIEWS, GOLD)
    assert str(encoder.tokenizer.decode(row["input_ids"])).startswith(start)


def test_the_loss_sees_the_completion_and_its_end_alone(teacher: TeacherEncoder) -> None:
    for row in teacher.training_rows(REVIEWS, GOLD):
        assert len(row["labels"]) == len(row["input_ids"])
        learnt = [label for label in row["labels"] if label != IGNORED]
        assert row["labels"] == [IGNORED] * (len(row["labels"]) - len(learnt)) + learnt
        assert row["input_ids"][-len(learnt) :] == learnt
        assert teacher.tokenizer.decode(learnt) in (" positive<|endoftext|>", " a warm and funny film<|endoftext|>")


def test_prompt_and_completion_meet_as_while_predicting(teacher: TeacherEncoder) -> None:
    trained = teacher.training_rows(REVIEWS, GOLD)[0]
    prompt = teacher.prediction_row(REVIEWS, GOLD)["input_ids"]
    assert trained["input_ids"][: len(prompt)] == prompt
    assert trained["labels"][len(prompt)] != IGNORED


def test_a_row_without_input_is_a_request(teacher: TeacherEncoder) -> None:
    request = Example("g", {}, "negative", "generated", provenance={"writing": 0})
    row = teacher.prediction_row(REVIEWS, request)
    assert teacher.tokenizer.decode(row["input_ids"]) == "Sentiment: negative\nReview:"
    assert row["example"] is request


def test_special_tokens_in_a_text_are_text_to_the_teacher(teacher: TeacherEncoder) -> None:
    text = "ends <|endoftext|> here <|padding|> now"
    ids = teacher.encode(text)
    assert not {teacher.tokenizer.eos_token_id, teacher.tokenizer.pad_token_id} & set(ids)
    assert teacher.tokenizer.decode(ids) == text


def test_special_tokens_in_a_text_are_text_to_the_student(student: ClassifierEncoder) -> None:
    ids = student.prediction_row(REVIEWS, Example("1", {"text": "a [SEP] b [MASK] [PAD]"}))["input_ids"]
    tokenizer = student.tokenizer
    assert ids.count(tokenizer.sep_token_id) == 1
    assert not {tokenizer.mask_token_id, tokenizer.pad_token_id} & set(ids)


def test_a_long_prompt_keeps_its_end_and_the_completion(tiny_causal: Path) -> None:
    encoder = TeacherEncoder(str(tiny_causal), max_length=24)
    long = Example("1", {"text": "dull " * 200 + "but warm"}, "positive")
    annotate, generate = encoder.training_rows(REVIEWS, long)
    assert str(encoder.tokenizer.decode(annotate["input_ids"])).endswith("Sentiment: positive<|endoftext|>")
    assert len(annotate["input_ids"]) == 24
    assert len(generate["input_ids"]) <= 24
    assert str(encoder.tokenizer.decode(encoder.prediction_row(REVIEWS, long)["input_ids"])).endswith("\nSentiment:")


def test_a_cut_completion_does_not_learn_to_end(tiny_causal: Path) -> None:
    encoder = TeacherEncoder(str(tiny_causal), max_length=24)
    generate = encoder.training_rows(REVIEWS, Example("1", {"text": "dull " * 200}, "negative"))[1]
    assert encoder.tokenizer.eos_token_id not in generate["input_ids"]


def test_gold_is_one_hot_and_an_annotation_is_soft(student: ClassifierEncoder) -> None:
    soft = replace(GOLD, probabilities={"positive": 0.7, "negative": 0.3})
    assert student.training_rows(REVIEWS, GOLD)[0]["target_probabilities"] == [0.0, 1.0]
    assert student.training_rows(REVIEWS, soft)[0]["target_probabilities"] == [0.3, 0.7]


def test_a_student_reads_the_same_input_while_training_and_predicting(student: ClassifierEncoder) -> None:
    (trained,), predicted = student.training_rows(REVIEWS, GOLD), student.prediction_row(REVIEWS, GOLD)
    assert trained["input_ids"] == predicted["input_ids"]
    assert student.tokenizer.decode(predicted["input_ids"]) == "[CLS] a warm and funny film [SEP]"
    assert predicted["example"] is GOLD
    assert "attention_mask" not in predicted


def test_two_columns_are_a_pair_of_which_the_first_is_cut(tiny_encoder: Path) -> None:
    encoder = ClassifierEncoder(str(tiny_encoder), max_length=16)
    row = encoder.prediction_row(PAIR, Example("1", {"text": "dull " * 50, "title": "a warm film"}))
    assert len(row["input_ids"]) == 16
    second = [token for token, kind in zip(row["input_ids"], row["token_type_ids"], strict=True) if kind]
    assert encoder.tokenizer.decode(second) == "a warm film [SEP]"


def test_a_single_long_text_is_cut_too(tiny_encoder: Path) -> None:
    row = ClassifierEncoder(str(tiny_encoder), max_length=16).prediction_row(
        REVIEWS, Example("1", {"text": "dull " * 50})
    )
    assert len(row["input_ids"]) == 16


def test_the_padding_token_is_not_the_end_token(teacher: TeacherEncoder) -> None:
    assert teacher.tokenizer.pad_token_id != teacher.tokenizer.eos_token_id


def test_a_training_row_of_a_student_knows_how_it_counts(student: ClassifierEncoder, tiny_encoder: Path) -> None:
    tell = Task("tell", ("text",), "sentence")
    encoders = ((student, REVIEWS), (Seq2SeqEncoder(str(tiny_encoder)), tell))
    for encoder, task in encoders:
        (gold,) = encoder.training_rows(task, GOLD)
        assert (gold["weight"], gold["synthetic"]) == (1.0, False)
        for origin in ("annotated", "generated"):
            (row,) = encoder.training_rows(task, replace(GOLD, origin=origin, weight=0.25))
            assert (row["weight"], row["synthetic"]) == (0.25, True)


def test_every_reference_has_the_whole_weight_of_its_row(tiny_encoder: Path) -> None:
    example = Example("1", {"text": "a film"}, "warm", references=("warm", "funny"), weight=0.5)
    rows = Seq2SeqEncoder(str(tiny_encoder)).training_rows(Task("tell", ("text",), "sentence"), example)
    assert [row["weight"] for row in rows] == [0.5, 0.5]
