"""Words of our templates and special tokens that stand in a user's text: they are text, in and out."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TeacherEncoder
from lit_synth.examples import Example
from lit_synth.modules.label_scores import LabelScorer
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS

CONTROL = ("<|endoftext|>", "<|padding|>", "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "{target}", "{text}", "{}")
WORDS = st.lists(st.sampled_from([*CONTROL, "a film", "was", "\n", " "]), min_size=1, max_size=8).map("".join)
TELL = Task("tell", ("text",), "sentence")


@pytest.fixture(scope="module")
def encoders(tiny_causal: Path, tiny_encoder: Path) -> tuple[TeacherEncoder, ClassifierEncoder, Seq2SeqEncoder]:
    return TeacherEncoder(str(tiny_causal)), ClassifierEncoder(str(tiny_encoder)), Seq2SeqEncoder(str(tiny_encoder))


@settings(max_examples=40)
@given(text=WORDS.filter(str.strip))
def test_no_text_becomes_a_special_token(encoders: tuple[Any, ...], text: str) -> None:
    teacher, student, writer = encoders
    row = Example("1", {"text": text}, "positive")
    told = Example("1", {"text": text}, text)
    plain = Example("1", {"text": "a film"}, "positive")
    for encoder, task, example in ((teacher, REVIEWS, row), (student, REVIEWS, row), (writer, TELL, told)):
        special = set(encoder.tokenizer.all_special_ids) - {encoder.tokenizer.unk_token_id}
        usual = [*encoder.training_rows(task, plain), encoder.prediction_row(task, plain)]
        found = [*encoder.training_rows(task, example), encoder.prediction_row(task, example)]
        for one, other in zip(usual, found, strict=True):
            for part in {"input_ids", "labels"} & set(one):
                # As many as around any text: the ends that we put there.
                assert sum(token in special for token in other[part]) == sum(token in special for token in one[part])


@given(text=WORDS)
def test_a_teachers_text_comes_back_as_it_was(encoders: tuple[Any, ...], text: str) -> None:
    teacher = encoders[0]
    ids = teacher.encode(text)
    assert teacher.tokenizer.decode(ids) == text
    assert teacher.tokenizer.batch_decode([ids], skip_special_tokens=True) == [text]


@given(text=WORDS.filter(lambda text: bool(text.strip())))
def test_what_is_written_with_such_words_is_read_back(text: str) -> None:
    row = Example("1", {"text": text}, "positive")
    assert REVIEWS.parse(0, REVIEWS.written(0, row)) == {"text": " ".join(text.split())}
    assert REVIEWS.prompt(row.fields) == f"Review: {text}\nSentiment:"


def test_a_label_may_be_called_as_a_token(encoders: tuple[Any, ...]) -> None:
    tokenizer = encoders[0].tokenizer
    task = Task("ends", ("text",), "end", ("<|endoftext|>", "<|padding|>"))
    for tokens in LabelScorer(task, tokenizer, "sum", one_line=False).label_tokens:
        assert not set(tokens) & set(tokenizer.all_special_ids)


def test_a_token_of_the_model_is_no_text_of_the_user(tiny_causal: Path) -> None:
    """What a model writes as a special token is read by a student as letters, never as the token."""
    teacher = TeacherEncoder(str(tiny_causal))
    pad = teacher.tokenizer.pad_token_id
    text = str(teacher.tokenizer.decode([*teacher.encode("a "), pad, *teacher.encode(" film")]))
    assert pad not in teacher.encode(text)
    assert teacher.tokenizer.decode(teacher.encode(text)) == text
