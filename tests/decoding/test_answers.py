"""The file of answers, and labels read out of free text."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.decoding.answers import Answers, read_answer
from lit_synth.errors import InputError
from lit_synth.tasks.slurp import SLURP

MOOD = {"pos": "positive", "neg": "negative"}
INTENTS = {"alarm_set": "alarm set", "email": "email", "email_query": "email query"}
LANGUAGES = {"c": "C", "cpp": "C++", "csharp": "C#", "net": ".NET"}


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("positive", "pos"),
        (" Positive\n", "pos"),
        ("POSITIVE.", "pos"),
        ('"positive"', "pos"),
        ("“Positive”", "pos"),
        ("**positive**", "pos"),
        ("- `positive`", "pos"),
        ("# _Negative_ !", "neg"),
        ("<negative>", "neg"),
        ("Label: positive", "pos"),
        ("**Label:** positive", "pos"),
        ("label - Positive.", "pos"),
        ("\n\n  negative", "neg"),
        ("```\nnegative\n```", "neg"),
        ("positive\nText: another one\nLabel: negative", "pos"),
        (None, None),
        ("", None),
        ("...", None),
        ("not positive", None),
        ("It is positive.", None),
        ("positive or negative", None),
        ("positive, negative", None),
        ("positively", None),
        ("posi", None),
        ("pos", None),
        ("Sure!\npositive", None),
        ("Label:", None),
        ("Labelpositive", None),
        ("Answer: positive", None),
        ("✓ positive", None),
    ],
)
def test_an_answer_is_a_label_or_nothing(text: str | None, label: str | None) -> None:
    assert read_answer(text, MOOD, prefix="Label:") == label


@pytest.mark.parametrize(
    ("text", "label"), [("Email query", "email_query"), ("email", "email"), ("email  query.", "email_query")]
)
def test_a_label_may_begin_another(text: str, label: str) -> None:
    assert read_answer(text, INTENTS) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [("C", "c"), ("c++", "cpp"), ("**C++.**", "cpp"), ("C#.", "csharp"), ('"C"', "c"), (".net", "net"), ("net", None)],
)
def test_punctuation_of_a_word_counts(text: str, label: str | None) -> None:
    assert read_answer(text, LANGUAGES) == label


def test_accents_are_the_same_however_they_are_encoded() -> None:
    assert read_answer("cafe\u0301", {"c": "caf\u00e9", "t": "th\u00e9"}) == "c"


def test_words_that_differ_in_case_only_cannot_be_told_apart() -> None:
    with pytest.raises(InputError, match="'us' and 'pronoun'"):
        read_answer("us", {"us": "US", "pronoun": "us"})


@given(
    st.sampled_from(SLURP.labels),
    st.text("\"'*_`.!:#- \n", max_size=6),
    st.text("\"'*_`.!- ", max_size=6),
    st.sampled_from([str.upper, str.title, str.lower]),
)
def test_every_intent_is_read_back(label: str, before: str, after: str, case: type[str]) -> None:
    words = {each: SLURP.word(each) for each in SLURP.labels}
    assert read_answer(before + case(words[label]) + after, words) == label


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read_answer(text, MOOD, "Label") in (*MOOD, None)


def test_long_lines_of_markup_take_no_time() -> None:
    assert read_answer("*" * 200_000 + "positive" + "*" * 200_000, MOOD, "Label") == "pos"


def test_answers_are_there_again(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "answers.jsonl")
    answers.add("a", "line\u2028break\nand é")
    answers.add_failure("b", "503 busy")
    answers.add("c", None)
    answers.close()
    again = Answers(tmp_path / "answers.jsonl")
    assert (again["a"], again["c"], "b" in again, again.requests) == ("line\u2028break\nand é", None, False, 3)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_half_written_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "answers.jsonl"
    answers = Answers(path)
    answers.add("a", "whole")
    answers.add("b", "half")
    answers.close()
    path.write_bytes(path.read_bytes()[:-cut])
    again = Answers(path)
    assert ("a" in again, "b" in again, again.requests) == (True, False, 1)
    again.add("b", "whole again")
    again.close()
    assert [json.loads(line)["answer"] for line in path.read_text().splitlines()] == ["whole", "whole again"]


@pytest.mark.parametrize("line", ["{}", '{"key": "a"}', '{"key": 1, "answer": "x"}', '{"key": "a", "answer": 3}', "x"])
def test_another_file_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(InputError, match=r"notes\.jsonl:1: "):
        Answers(path)
    assert path.read_text() == f"{line}\n"


@pytest.mark.parametrize("text", ["x", "{}", '{"id": "7", "text"', "notes\nwithout an end"])
def test_another_file_is_left_as_it_is_though_its_last_line_has_no_end(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=r"notes\.jsonl:1: "):
        Answers(path)
    assert path.read_text() == text
