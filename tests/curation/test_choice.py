"""Which of several texts a student learns from."""

import pytest

from lit_synth.curation.choice import Rule, choose

TEXTS = [
    ("a red bus stops", 0.9),
    ("the blue car stops", 0.3),
    ("the blue car halts", 0.6),
    ("the blue cat stops", 0.1),
]


def test_the_likeliest_is_the_most_probable_and_of_equals_the_first() -> None:
    assert choose(TEXTS, "likeliest") == [("a red bus stops", 1.0)]
    assert choose([("drawn", 0.2), ("better", 0.9), ("as good", 0.9)], "likeliest") == [("better", 1.0)]


@pytest.mark.parametrize("rule", ["likeliest", "consensus", "all"])
def test_texts_that_are_hardly_probable_are_chosen_from_all_the_same(rule: Rule) -> None:
    assert sum(weight for _, weight in choose([("one", 0.0), ("another", 0.0)], rule)) == 1


def test_a_text_that_comes_again_keeps_its_place() -> None:
    assert choose([("one", 0.9), ("another", 0.5), ("one", 0.8)], "likeliest") == [("one", 1.0)]


def test_the_consensus_is_most_like_the_others() -> None:
    assert choose(TEXTS, "consensus") == [("the blue car stops", 1.0)]


def test_a_text_that_came_often_is_a_consensus_by_itself() -> None:
    often = [*TEXTS, *[("quite another thing", 0.2)] * 6]
    assert choose(often, "consensus") == [("quite another thing", 1.0)]


def test_all_share_the_weight_by_their_probability() -> None:
    kept = dict(choose([*TEXTS, TEXTS[0]], "all"))
    assert len(kept) == 4
    assert sum(kept.values()) == pytest.approx(1.0)
    assert kept["a red bus stops"] == pytest.approx(0.9 / 1.9)


@pytest.mark.parametrize("rule", ["likeliest", "consensus", "all"])
def test_a_text_that_lacks_what_another_says_is_passed_over(rule: str) -> None:
    def held(text: str) -> float:
        return float("car" in text)

    assert "a red bus stops" not in dict(choose(TEXTS, rule, held))  # type: ignore[arg-type]


def test_where_no_text_holds_anything_all_are_equal() -> None:
    assert choose(TEXTS, "likeliest", lambda _: 0.0) == [("a red bus stops", 1.0)]
