"""Templates of both directions: what is filled in stays as it is, and what was written can be read back."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lit_synth.examples import Example
from lit_synth.task import Task

PAIR = Task(
    name="pair",
    fields=("premise", "hypothesis"),
    target="label",
    labels=("entailment", "not_entailment"),
    annotate_prompt="{premise}\nSo {hypothesis}? Answer: ",
    writings={"Answer: {target}\nPremise:": "{premise}\nHypothesis: {hypothesis}"},
    label_words={"entailment": "yes", "not_entailment": "no"},
)


def test_braces_and_template_words_inside_a_text_stay() -> None:
    text = "{target} {premise} {} {{x}} \\1 Answer: {hypothesis}"
    assert text in PAIR.prompt({"premise": text, "hypothesis": "b"})
    assert PAIR.prompt({"premise": "{hypothesis}", "hypothesis": "b"}) == "{hypothesis}\nSo b? Answer:"


def test_prompts_end_without_and_completions_start_with_a_space() -> None:
    assert not PAIR.prompt({"premise": "a", "hypothesis": "b"}).endswith(" ")
    row = Example("1", {"premise": "a", "hypothesis": "b"}, "entailment")
    assert PAIR.request(0, row) == "Answer: yes\nPremise:"
    assert PAIR.completion("not_entailment") == " no"
    assert PAIR.written(0, row) == " a\nHypothesis: b"


def test_underscores_become_spaces_where_no_word_is_given() -> None:
    assert replace(PAIR, label_words={}).word("not_entailment") == "not entailment"


WORD = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), min_size=1)


@given(WORD, WORD)
def test_parse_inverts_written(premise: str, hypothesis: str) -> None:
    assume(premise.strip() and hypothesis.strip() and "Hypothesis:" not in premise + hypothesis)
    # White space is one space each: a field is one line.
    fields = {"premise": " ".join(premise.split()), "hypothesis": " ".join(hypothesis.split())}
    assert PAIR.parse(0, PAIR.written(0, Example("1", fields))) == fields


@pytest.mark.parametrize(
    "text", ["", "  \n ", "only a premise", "a\nHypothesis:", "\nHypothesis: b", "a Hypothesis: b", "a\nhypothesis: b"]
)
def test_what_does_not_follow_the_template_is_none(text: str) -> None:
    assert PAIR.parse(0, text) is None


def test_a_second_line_is_outside_a_template_of_one_line() -> None:
    task = replace(PAIR, fields=("text",), annotate_prompt="{text}", writings={"{target}:": "{text}"})
    assert task.parse(0, "a\nb") is None


def test_two_inputs_are_the_same_whatever_their_case_and_spaces() -> None:
    first = Example("1", {"premise": "It  rains. ", "hypothesis": "WET"})
    same = Example("2", {"premise": "it\train\u00adS.".replace("\u00ad", ""), "hypothesis": "wet"})
    other = Example("3", {"premise": "it rains. wet", "hypothesis": "wet"})
    assert PAIR.key(first) == PAIR.key(same) != PAIR.key(other)


def test_a_word_may_not_move_from_one_column_to_the_next_unseen() -> None:
    one, two = Example("1", {"premise": "a b", "hypothesis": "c"}), Example("2", {"premise": "a", "hypothesis": "b c"})
    assert PAIR.key(one) != PAIR.key(two)


def test_nested_labels_are_the_pairs_of_which_one_begins_the_other() -> None:
    task = replace(PAIR, labels=("play", "play_game", "stop"), label_words={})
    assert task.nested_labels == [("play", "play_game")]
    assert PAIR.nested_labels == []


def test_prompts_are_made_of_instruction_and_columns() -> None:
    task = Task("tickets", ("subject", "long_body"), "team", ("billing", "it"), instruction="Who answers this?")
    row = Example("1", {"subject": "card", "long_body": "charged twice"}, "billing")
    start = "Who answers this?\nSubject: card\nLong body: charged twice\nTeam:"
    assert task.prompt(row.fields) + task.completion("billing") == f"{start} billing"
    assert task.request(0, row) + task.written(0, row) == "Team: billing\nSubject: card\nLong body: charged twice"
    assert task.parse(0, task.written(0, row)) == row.fields
    assert task.metrics == ("accuracy", "macro_f1")


TELL = Task("tell", ("facts",), "text", instruction="Say it in words.", condition="topic")
PLAIN = Task("plain", ("title", "body"), "summary", instruction="Sum it up.")


def test_text_to_text_writes_for_a_condition() -> None:
    row = Example("1", {"facts": "a is b", "topic": "maths"}, "It is so: a is b.")
    assert TELL.columns == ("facts", "topic")
    assert TELL.prompt(row.fields) == "Say it in words.\nFacts: a is b\nText:"
    assert TELL.completion(str(row.target)) == " It is so: a is b."
    assert TELL.request(0, row) + TELL.written(0, row) == "Topic: maths\nFacts: a is b"
    assert (TELL.asked(row), TELL.headline, TELL.nested_labels) == ("maths", "rougeL", [])


def test_text_to_text_without_a_condition_writes_from_the_instruction() -> None:
    row = Example("1", {"title": "a", "body": "b"}, "c_d")
    assert PLAIN.columns == ("title", "body")
    assert PLAIN.request(0, row) + PLAIN.written(0, row) == "Sum it up.\nTitle: a\nBody: b"
    assert PLAIN.asked(row) == ""
    assert PLAIN.completion("c_d") == " c_d", "a target text stands for itself"


def test_a_condition_may_be_an_input_too_and_is_not_written_then() -> None:
    task = replace(TELL, fields=("topic", "facts"), annotate_prompt="", writings={})
    row = Example("1", {"facts": "a is b", "topic": "maths"}, "a")
    assert task.columns == ("topic", "facts")
    assert task.prompt(row.fields) == "Say it in words.\nTopic: maths\nFacts: a is b\nText:"
    assert task.request(0, row) + task.written(0, row) == "Topic: maths\nFacts: a is b"
    assert task.parse(0, "a is b") == {"facts": "a is b"}


def test_an_input_is_written_once_it_has_every_field() -> None:
    assert not TELL.is_written(Example("1", {"topic": "maths"}))
    assert TELL.is_written(Example("1", {"facts": "a is b"}))
    assert not PLAIN.is_written(Example("1", {"title": "a"}))


GROUNDED = replace(
    PAIR,
    writings={
        "{premise}\nThis {target}:": "{hypothesis}",
        "{target}.\nPremise:": "{premise}\nHypothesis: {hypothesis}",
    },
)


def test_a_grounded_way_of_writing_is_given_fields() -> None:
    row = Example("1", {"premise": "It rains {target}."}, "entailment")
    assert (GROUNDED.given(0), GROUNDED.given(1)) == (("premise",), ())
    assert GROUNDED.request(0, row) == "It rains {target}.\nThis yes:"
    assert GROUNDED.parse(0, " It is wet. ") == {"hypothesis": "It is wet."}
    assert GROUNDED.parse(1, "It rains.\nHypothesis: It is wet.") == {
        "premise": "It rains.",
        "hypothesis": "It is wet.",
    }


def test_a_condition_is_asked_for_and_never_given() -> None:
    task = replace(TELL, fields=("topic", "facts"), annotate_prompt="", writings={"On {topic}:": "{facts}"})
    assert task.given(0) == ()


MARKED = replace(PLAIN, patterns={"title": "[A-Z]+", "body": r"\w+(?: \w+)*"}, writings={"Write:": "{title}: {body}"})


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (" ABC: one two", {"title": "ABC", "body": "one two"}),
        ("abc: one two", None),
        ("ABC: one  two", None),
        ("ABC: one two.", None),
        ("x ABC: one two", None),
    ],
)
def test_a_written_field_matches_its_pattern_as_a_whole(text: str, fields: dict[str, str] | None) -> None:
    assert MARKED.parse(0, text) == fields
