"""Shares of real rows that the leak rule finds, against a search of every pair."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lit_synth.curation.base_rates import HITS, LONG, SAMPLE, leakage
from lit_synth.curation.written import WrittenLeaks
from lit_synth.examples import Example
from lit_synth.json_lines import read_json_lines
from lit_synth.tasks.boolq import BOOLQ
from lit_synth.tasks.reviews import REVIEWS


def shingles(text: str) -> set[str]:
    plain = " ".join(text.lower().split())
    return {plain[i : i + 5] for i in range(max(1, len(plain) - 4))}


def alike(one: str, other: str) -> bool:
    """Tell whether the rule holds for two texts, by nothing but sets."""
    first, second = (re.findall(r"\w+", text.lower()) for text in (one, other))
    runs = [{tuple(words[i : i + 8]) for i in range(len(words) - 7)} for words in (first, second)]
    whole = first == second and 0 < len(first) < 8
    grams = shingles(one), shingles(other)
    return bool(runs[0] & runs[1]) or whole or len(grams[0] & grams[1]) / len(grams[0] | grams[1]) >= 0.8


def share(rows: list[str], part: list[str]) -> float:
    return sum(any(alike(row, other) for other in part) for row in rows) / len(rows)


def examples(texts: list[str], name: str, **provenance: int) -> list[Example]:
    return [Example(f"{name}{i}", {"text": text}, "positive", provenance=provenance) for i, text in enumerate(texts)]


def test_shares_are_those_of_a_search_of_all_pairs(real_data: Callable[[str], Path]) -> None:
    train = [row["text"] for _, row in read_json_lines(real_data("slurp") / "train.jsonl.gz")]
    test = [row["text"] for _, row in read_json_lines(real_data("slurp") / "test.jsonl.gz")][:200]
    # Of 150 plain rows too few leak to tell one share from another: some are made to.
    gold = [*train[:150], *(f"{text} now" for text in test[:30])]
    pool = train[150:300] + test[40:45]
    development, written = train[300:380], [*train[380:440], *test[:7]]
    parts = {"gold": examples(gold, "g"), "development": examples(development, "d"), "test": examples(test, "t")}
    found = leakage(WrittenLeaks(REVIEWS, parts), examples(written, "w", writing=0), parts, examples(pool, "p"))
    assert 0.04 < share(gold, test) < 0.2
    assert found["real"] == {
        "gold": {
            "rows": 180,
            "development": pytest.approx(share(gold, development)),
            "test": pytest.approx(share(gold, test)),
        },
        "pool": {
            "rows": 155,
            "development": pytest.approx(share(pool, development)),
            "test": pytest.approx(share(pool, test)),
        },
    }
    assert found["rows"] == len(written)
    for part, texts in (("development", development), ("test", test)):
        assert found[part] == round(share(written, texts) * len(written))
    assert 7 <= len(found["hits"]) <= HITS
    assert {hit["id"][0] for hit in found["hits"]} == {"w"}


def test_real_rows_are_judged_in_the_ways_in_which_rows_were_written() -> None:
    question = "is the speed of light the same in every medium"
    passage = "light travels at its own speed in each medium, and slower in glass than it does in air"
    other = "does anybody know who was the first to find that out"

    def row(name: str, passage: str, question: str, **more: int) -> Example:
        return Example(name, {"passage": passage, "question": question}, "True", provenance=more)

    # Of a question on a given passage the question counts, else both: the second row repeats the passage alone.
    gold = [row("g0", "nothing of it stands here", question), row("g1", passage, other)]
    written = [row(f"w{i}", "p", "is it so", writing=int(i == 3)) for i in range(4)]
    parts = {"gold": gold, "test": [row("t", passage, question)]}
    found = leakage(WrittenLeaks(BOOLQ, parts), written, parts, [])
    assert [BOOLQ.given(way) for way in (0, 1)] == [("passage",), ()]
    assert found["real"] == {"gold": {"rows": 2, "test": 3 / 4 * 1 / 2 + 1 / 4 * 2 / 2}}
    assert found["test"] == 0


def test_of_a_row_that_nobody_wrote_all_of_the_input_counts() -> None:
    question = "is the speed of light the same in every medium"
    passage = "light travels at its own speed in each medium, and slower in glass than it does in air"

    def row(name: str, passage: str, question: str) -> Example:
        return Example(name, {"passage": passage, "question": question}, "True")

    parts = {"gold": [row("g", passage, "is it so")], "test": [row("t", passage, question)]}
    pool = [row("same passage", passage, "why"), row("neither", "a lamp", "is it on")]
    found = leakage(WrittenLeaks(BOOLQ, parts), pool, parts, [])
    assert (found["rows"], found["test"], found["hits"][0]["id"]) == (2, 1, "same passage")
    assert found["real"] == {"gold": {"rows": 1, "test": 1.0}}


def test_long_texts_are_listed_by_their_beginning() -> None:
    long = " ".join(f"word{number}" for number in range(3000))
    parts = {"gold": [], "test": examples([long], "t")}
    (hit,) = leakage(WrittenLeaks(REVIEWS, parts), examples([f"now {long}"], "p"), parts, [])["hits"]
    assert (hit["text"], hit["match"]) == (f"now {long}"[:LONG], long[:LONG])


def test_a_large_pool_is_sampled_and_nothing_written_gives_no_share() -> None:
    pool = examples([f"{i} is a number of some size and no other one" for i in range(SAMPLE + 50)], "p")
    parts = {"gold": pool[:3], "test": pool[:1]}
    found = leakage(WrittenLeaks(REVIEWS, parts), examples(["new"], "w", writing=0), parts, pool)
    assert found["real"]["pool"]["rows"] == SAMPLE
    assert found["real"]["gold"] == {"rows": 3, "test": 1.0}
    assert leakage(WrittenLeaks(REVIEWS, parts), [], parts, pool)["real"] == {}
    alone = {"gold": [], "test": pool[:1]}
    without = leakage(WrittenLeaks(REVIEWS, alone), examples(["new"], "w", writing=0), alone, [])
    assert without == {"rows": 1, "test": 0, "hits": [], "real": {}}
