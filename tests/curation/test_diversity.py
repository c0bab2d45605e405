"""Diversity, against definitions, sacrebleu's own sentence scores, and real texts of one or of two kinds."""

import json
from collections.abc import Callable
from itertools import chain, combinations
from math import sqrt
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu import sentence_bleu

from lit_synth.curation.diversity import compare, distinct, self_bleu, tell_apart, total_variation
from lit_synth.json_lines import read_json_lines

Texts = Callable[..., list[str]]
WORDS = st.lists(st.sampled_from(["play", "Play", "some", "jazz,", "now!", "it's"]), max_size=9).map(" ".join)
NAMES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=9)


@pytest.fixture
def texts(real_data: Callable[[str], Path]) -> Texts:
    """Return a function from task and column to the different texts of its training rows."""
    return lambda task, column: list(
        dict.fromkeys(row[column] for _, row in read_json_lines(real_data(task) / "train.jsonl.gz"))
    )


@given(st.lists(WORDS, min_size=2, max_size=6))
def test_self_bleu_is_the_mean_of_sentence_scores_against_all_others(rows: list[str]) -> None:
    scores = [
        sentence_bleu(text, rows[:place] + rows[place + 1 :], lowercase=True, use_effective_order=True).score
        for place, text in enumerate(rows)
    ]
    assert self_bleu(rows) == pytest.approx(min(fmean(scores) / 100, 1.0))


def test_self_bleu_of_real_texts_is_sacrebleus(texts: Texts) -> None:
    rows = texts("sgd", "prompt")[:60]
    scores = [
        sentence_bleu(text, [other for other in rows if other != text], lowercase=True, use_effective_order=True).score
        for text in rows
    ]
    assert self_bleu(rows) == pytest.approx(fmean(scores) / 100)


@given(st.lists(st.lists(st.sampled_from("ab"), max_size=5), max_size=5), st.integers(1, 3))
def test_distinct_is_the_share_of_different_ngrams(rows: list[list[str]], size: int) -> None:
    runs = [tuple(row[start : start + size]) for row in rows for start in range(len(row) - size + 1)]
    expected = len(set(runs)) / len(runs) if runs else None
    assert distinct([" ".join(row) for row in rows], size) == expected


@given(NAMES, NAMES)
def test_total_variation_is_the_largest_difference_of_any_event(first: list[str], second: list[str]) -> None:
    events = chain.from_iterable(combinations("abcd", size) for size in range(5))
    expected = max(fmean(name in event for name in first) - fmean(name in event for name in second) for event in events)
    assert total_variation(first, second) == pytest.approx(expected)


def test_texts_of_one_kind_cannot_be_told_apart_and_those_of_two_can(texts: Texts) -> None:
    rows = texts("slurp", "text")
    Random(0).shuffle(rows)  # as they come, neighbours are paraphrases
    same, other = tell_apart(rows[:2000], rows[2000:4000]), tell_apart(rows, texts("sgd", "prompt"))
    assert same == tell_apart(rows[:2000], rows[2000:4000])
    assert same
    assert same["low"] <= 0.52
    assert same["high"] >= 0.48
    assert other
    assert other["low"] > 0.95


def test_copies_look_like_chance_and_not_worse(texts: Texts) -> None:
    rows = texts("slurp", "text")
    whole = tell_apart(rows[:300], [text.upper().lower() for text in rows[:300]])
    half = tell_apart(rows[:300], rows[150:450])
    assert whole
    assert whole["accuracy"] == 0.5
    assert half
    assert half["high"] > 0.5


def test_spaces_do_not_give_a_text_away(texts: Texts) -> None:
    first, second = texts("slurp", "text")[:50], texts("slurp", "text")[50:100]
    assert tell_apart(first, [f" {text}".replace(" ", "\n") for text in second]) == tell_apart(first, second)


def test_case_gives_a_text_away(texts: Texts) -> None:
    rows = texts("slurp", "text")[:200]
    found = tell_apart(rows[:100], [text.upper() for text in rows[100:]])
    assert found
    assert found["low"] > 0.9


def test_the_interval_is_wilsons_over_as_many_rows_of_both(texts: Texts) -> None:
    found = tell_apart(texts("slurp", "text")[:100], texts("boolq", "question")[:37])
    assert found
    share, n, z = found["accuracy"], 74, 1.959963984540054
    assert (share * n) == pytest.approx(round(share * n))
    middle, half = share + z * z / (2 * n), z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    bounds = [(middle + sign * half) / (1 + z * z / n) for sign in (-1, 1)]
    assert [found["low"], found["high"]] == pytest.approx(bounds)


def test_one_text_again_and_again_is_too_few_for_a_classifier() -> None:
    assert tell_apart(["a"] * 50, [f"text {i}" for i in range(50)]) is None


@settings(max_examples=30)
@given(
    st.lists(st.text(max_size=4), max_size=14),
    st.lists(st.text(max_size=4), max_size=14),
    st.none() | st.tuples(NAMES, NAMES),
)
def test_any_texts_can_be_compared_and_few_have_no_figures(
    real: list[str], synthetic: list[str], labels: tuple[list[str], list[str]] | None
) -> None:
    found = compare(real, synthetic, labels)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["real_rows"], found["rows"]) == (len(real), len(synthetic))
    enough = min(len(real), len(synthetic)) >= 10
    assert [found[name] is not None for name in ("distinct", "self_bleu")] == [enough] * 2
    assert (found["words"] is None) == (not real or not synthetic)
    assert found["labels"] == (total_variation(*labels) if labels else None)
    assert found["names"] is None


def test_words_are_counted_in_quartiles() -> None:
    real = [" ".join(["word"] * count) for count in range(1, 10)]
    assert compare(real, ["It's me!"])["words"] == [[3.0, 5.0, 7.0], [3.0, 3.0, 3.0]]


@pytest.mark.parametrize(("rows", "told"), [(9, False), (10, True)])
def test_ten_rows_are_enough(rows: int, told: bool) -> None:
    few, many = ([f"{kind} text {place}" for place in range(count)] for kind, count in (("a", rows), ("another", 40)))
    for found in (compare(few, many), compare(many, few)):
        assert [found[name] is not None for name in ("distinct", "self_bleu", "two_sample", "words")] == [told] * 3 + [
            True
        ]


def test_figures_that_fall_with_the_rows_are_of_equally_many() -> None:
    few, many = [[f"word{i % 50} again" for i in range(count)] for count in (30, 3000)]
    found = compare(many, few)
    real, synthetic = found["distinct"]["1"]
    assert synthetic == distinct(few, 1) == 31 / 60
    assert distinct(many, 1) == 51 / 6000
    assert real > 0.3


def test_a_comparison_with_itself_shows_no_difference_and_is_repeatable(texts: Texts) -> None:
    rows = texts("slurp", "text")[:500]
    found = compare(rows, rows, (rows, rows), (rows, rows))
    assert found == compare(rows, list(rows), (rows, rows), (rows, rows))
    pairs: list[Any] = [*found["distinct"].values(), found["self_bleu"], found["words"]]
    assert len(pairs) == 5
    assert all(real == synthetic for real, synthetic in pairs)
    assert (found["labels"], found["names"]) == (0, 0)
    assert (found["two_sample"]["accuracy"], found["rows"], found["real_rows"]) == (0.5, 500, 500)


def test_ngrams_longer_than_every_text_are_left_out() -> None:
    found = compare(["stop"] * 12, ["go on"] * 12)
    assert found["distinct"] == {"1": [1 / 12, 1 / 12]}
    assert found["words"] == [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    assert found["self_bleu"] == [1.0, 1.0]


def test_empty_lists_of_labels_have_no_distance() -> None:
    assert compare(["a"], ["b"], ([], ["x"]), ([], []))["labels"] is None
