"""On real dialogue acts and triples, whose own references have to do well and other rows' texts badly."""

from dataclasses import replace
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.errors import InputError
from lit_synth.metrics import Scored, score, unit_scores
from lit_synth.metrics.mentions import entities, mentions, slot_values


def _score(name: str, rows: list[Scored], texts: list[str]) -> float:
    return score([name], [replace(row, predicted=text) for row, text in zip(rows, texts, strict=True)])[name]


def test_references_say_their_slot_values_and_others_do_not(turns: list[Scored]) -> None:
    references = [row.gold for row in turns]
    assert _score("slot_error_rate", turns, references) <= 0.001
    assert _score("slot_error_rate", turns, references[7:] + references[:7]) > 0.9
    assert _score("slot_error_rate", turns, [""] * len(turns)) == 1


def test_references_mention_most_of_their_triples_and_others_do_not(facts: list[Scored]) -> None:
    references = [row.gold for row in facts]
    assert _score("coverage", facts, references) > 0.8
    assert _score("coverage", facts, references[7:] + references[:7]) < 0.05
    assert _score("coverage", facts, [row.fields["triples"] for row in facts]) == 1


def test_rates_are_of_all_values_and_units_are_rows(turns: list[Scored], facts: list[Scored]) -> None:
    wanted = {"slot_error_rate": (turns, [slot_values(row.fields["acts"]) for row in turns])}
    wanted["coverage"] = (facts, [entities(row) for row in facts])
    for name, (rows, values) in wanted.items():
        said = [mentions(row.text, value) for row, each in zip(rows, values, strict=True) for value in each]
        expected = fmean(said) if name == "coverage" else 1 - fmean(said)
        assert 0.1 < expected < 0.9
        assert score([name], rows)[name] == pytest.approx(expected)
        units = unit_scores(name, rows)
        assert list(units) == [row.id for row in rows]
        assert fmean(units.values()) == score([name], rows)[name]


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("The Café José is open.", "cafe jose", True),
        ("It is 4:20 p.m. now", "4:20 pm", True),
        ("by J.R.R. Tolkien", "J. R. R. Tolkien", True),
        ("published by Allen & Unwin", "Allen and Unwin", True),
        ("It is at 9 Elm Street.Call 503-200-5678", "503-200-5678", True),
        ("for 12 people", "2", False),
        ("rated 4.3", "3", False),
        ("10,252 people", "10252", False),
        ("born on 13 October 1964", "1964-10-13", False),
        ("New York", "York New", False),
        ("", "Rome", False),
    ],
)
def test_a_mention_is_word_by_word(text: str, value: str, said: bool) -> None:
    assert mentions(text, value) is said


@given(st.text("aB1. ,é'", max_size=12).filter(lambda value: any(map(str.isalnum, value))), st.sampled_from(", ;\n"))
def test_a_value_among_other_words_is_mentioned_in_any_case(value: str, mark: str) -> None:
    quoted = f"so ({value}){mark} then"
    assert mentions(quoted, value)
    assert mentions(quoted.upper(), value)


def test_values_without_words_of_their_own_are_left_out() -> None:
    acts = (
        'confirm(subtitles = "None") offer_intent(intent = "BuyTicket") inform(free = "true") inform(note = "?") bye()'
    )
    assert slot_values(acts) == []
    assert score(["slot_error_rate"], [Scored("a", {"acts": acts}, ("x",), "x")]) == {"slot_error_rate": 0.0}


def test_entities_are_distinct_and_without_notes_in_brackets() -> None:
    triples = "Aenir | author | Garth Nix && Aenir (novel) | pages | 233 && (What) | x | aenir"
    assert entities(Scored("a", {"triples": triples}, ("x",), None)) == ["Aenir", "Garth Nix", "233", "(What)"]


def test_what_is_no_triple_is_refused() -> None:
    with pytest.raises(InputError, match=r"row 'a': coverage reads 'subject \| predicate \| object', found 'a \| b'"):
        score(["coverage"], [Scored("a", {"triples": "a | b"}, ("x",), "x")])
