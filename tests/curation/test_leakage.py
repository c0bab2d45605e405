"""Leaks, against a search for substrings, and on real test rows that were hidden among others."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lit_synth.curation.leakage import NEAR, NGRAM, NGRAM_SIZE, Leak, Leaks, memorised
from lit_synth.errors import InputError
from lit_synth.json_lines import read_json_lines

TEXTS = st.lists(st.sampled_from(["a", "b", "cc", "a,"]), max_size=7).map(" ".join)


def find_leaks(
    rows: list[tuple[str, str]],
    parts: dict[str, list[str]],
    size: int = NGRAM_SIZE,
    threshold: float = 0.8,
    gold: Sequence[str] = (),
) -> list[Leak]:
    known = Leaks(parts, size, threshold, gold)
    return [leak for row in rows for leak in known.of(*row)]


def plain(text: str) -> str:
    return " ".join(text.replace(",", " ").split())


@given(TEXTS, st.lists(TEXTS, max_size=3), st.integers(1, 5))
def test_an_ngram_is_shared_where_a_run_of_so_many_words_is_in_both(text: str, others: list[str], size: int) -> None:
    words = plain(text).split()
    runs = [" ".join(words[start : start + size]) for start in range(len(words) - size + 1)]
    held = any(f" {run} " in f" {plain(other)} " for run in runs for other in others)
    whole = 0 < len(words) < size and plain(text) in map(plain, others)
    hits = [leak for leak in find_leaks([("g", text)], {"test": others}, size, 1.0) if leak.how == NGRAM]
    assert bool(hits) == (held or whole)
    assert all(leak.match in others for leak in hits)


def test_a_short_text_inside_a_longer_one_is_no_leak() -> None:
    assert find_leaks([("g", "thank you")], {"test": ["thank you for the reminder about tomorrow"]}) == []
    assert find_leaks([("g", "Thank you!")], {"test": ["stop", "thank you"]})[0].match == "thank you"


def test_texts_without_a_word_have_no_ngram_in_common() -> None:
    assert find_leaks([("g", "?!")], {"test": ["...", ""]}) == []


def test_a_row_has_a_hit_for_every_part_that_it_is_in_and_the_ngram_is_told_first() -> None:
    long = "please wake me up at nine in the morning on Friday"
    near = long.replace("nine", "ninety")
    parts = {"development": [near, "stop"], "test": ["stop", long]}
    assert find_leaks([("1", long), ("2", "go on"), ("3", "STOP")], parts, size=9) == [
        Leak("1", long, "development", near, NEAR),
        Leak("1", long, "test", long, NGRAM),
        Leak("3", "STOP", "development", "stop", NGRAM),
        Leak("3", "STOP", "test", "stop", NGRAM),
    ]


def test_a_phrase_of_two_labelled_texts_is_no_leak_and_a_whole_text_is_one() -> None:
    footer = "please think of the trees before you print this message"
    test = [f"my card is lost and I am far from home: {footer}", "thank you"]
    gold = [
        f"where is my parcel? {footer}",
        f"WHERE is my parcel! {footer}",
        f"I moved: {footer}",
        "thank you",
        "Thank you!",
    ]
    rows = [
        ("1", f"cancel all that I ordered this week: {footer}"),
        ("2", test[0].replace("far", "away")),
        ("3", "thank you"),
    ]
    found = [(leak.id, leak.how) for leak in find_leaks(rows, {"test": test}, gold=gold)]
    assert found == [("2", NGRAM), ("3", NGRAM)]
    assert len(find_leaks(rows, {"test": test}, gold=gold[:2])) == 3, "one text, written in two ways"


def test_without_rows_or_parts_nothing_leaks() -> None:
    assert (
        find_leaks([], {"test": ["a"]}) == find_leaks([("g", "a")], {}) == find_leaks([("g", "a")], {"test": []}) == []
    )


def test_real_test_rows_are_found_among_others_whatever_was_done_to_them(real_data: Callable[[str], Path]) -> None:
    test = [row["text"] for _, row in read_json_lines(real_data("slurp") / "test.jsonl.gz")]
    others = [row["prompt"] for _, row in read_json_lines(real_data("sgd") / "test.jsonl.gz")][:300]
    long = [text for text in test if len(text.split()) >= 8][:100]
    near = [text for text in test if len(text) >= 40][:100]
    rows = {f"long{i}": f"well, {text.upper()}, if you can" for i, text in enumerate(long)}
    rows |= {f"near{i}": f"{text}!" for i, text in enumerate(near)}
    rows_and_others = [*rows.items(), *((f"other{i}", text) for i, text in enumerate(others))]
    found = {leak.id: leak for leak in find_leaks(rows_and_others, {"test": test})}
    assert set(rows) <= set(found)
    assert all(found[f"long{i}"].how == NGRAM for i in range(100))
    assert len(found) < len(rows) + 0.05 * len(others)


def test_a_changed_letter_leaves_a_near_duplicate(real_data: Callable[[str], Path]) -> None:
    test = [row["text"] for _, row in read_json_lines(real_data("slurp") / "test.jsonl.gz")]
    short = [text for text in test if len(text) >= 30 and len(text.split()) < 8][:50]
    leaks = find_leaks([(text, text + "s") for text in short], {"test": test})
    assert [leak.id for leak in leaks if leak.how == NEAR] == short


@given(st.lists(st.text("aB ", max_size=3)), st.lists(st.text("Ab ", max_size=3)))
def test_memorised_are_the_texts_that_gold_has_but_for_case_and_space(texts: list[str], gold: list[str]) -> None:
    expected = sum(any(text.lower().split() == row.lower().split() for row in gold) for text in texts)
    assert memorised(texts, gold) == expected
    assume(gold)
    assert memorised(gold, gold) == len(gold)


def test_an_ngram_of_no_word_is_refused() -> None:
    with pytest.raises(InputError, match="an n-gram of 0 words is none; give 1 or more"):
        find_leaks([], {}, size=0)
