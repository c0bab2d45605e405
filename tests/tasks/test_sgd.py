"""SGD: dialogue acts as one line that the task's own pattern reads, with act names or the numbers of the hub."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.sources import find_split, read_split
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tasks.sgd import ACTS, SGD, Sgd, linearise

OFFER = {"act": "OFFER", "slot": "restaurant_name", "values": ["71 Saint Peter"]}
ROW = {
    "service": "Restaurants_1",
    "prompt": "I am\n hungry.",
    "dialog_acts": [OFFER, {"act": "REQUEST", "slot": "city", "values": []}],
    "target": "How about 71 Saint Peter? Where?",
    "references": ["How about 71 Saint Peter? Where?", "Try 71 Saint Peter."],
}
Reading = Callable[..., list[Example]]


def test_acts_are_one_line_and_every_text_is_a_reference(reading: Reading) -> None:
    (row,) = reading(Sgd, ROW)
    assert row.fields == {
        "service": "Restaurants_1",
        "acts": 'offer(restaurant_name = "71 Saint Peter") request(city)',
        "prompt": "I am hungry.",
    }
    assert (row.target, row.references) == (ROW["target"], tuple(ROW["references"]))


@pytest.mark.parametrize(
    ("acts", "line"),
    [
        ([{"act": "INFORM", "slot": "a", "values": ["b", "c d"]}], 'inform(a = "b", "c d")'),
        ([{"act": "INFORM", "slot": "a", "values": ['say "b"']}], "inform(a = \"say 'b'\")"),
        ([{"act": "REQ_MORE", "slot": "", "values": []}], "req_more()"),
        ([{"act": "goodbye", "slot": "", "values": []}, OFFER], 'goodbye() offer(restaurant_name = "71 Saint Peter")'),
        ([{"act": ACTS.index("offer"), "slot": "a", "values": [3]}], 'offer(a = "3")'),
    ],
)
def test_acts_are_written_with_slots_and_values(acts: Any, line: str) -> None:
    assert linearise(acts) == line


VALUE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1)
ACT = st.fixed_dictionaries(
    {
        "act": st.one_of(st.sampled_from(ACTS).map(str.upper), st.integers(0, len(ACTS) - 1)),
        "slot": st.from_regex(r"[a-z]\w{0,8}", fullmatch=True),
        "values": st.lists(VALUE, max_size=3),
    }
) | st.fixed_dictionaries({"act": st.sampled_from(ACTS), "slot": st.just(""), "values": st.just([])})


@given(st.lists(ACT, min_size=1, max_size=4))
def test_the_pattern_reads_whatever_is_linearised(acts: list[dict[str, Any]]) -> None:
    assert re.fullmatch(SGD.patterns["acts"], linearise(acts))


@pytest.mark.parametrize(
    "line", ["", "offer", "offer(a = b)", 'offer(a = "b"', 'offer(a = "b"),', 'offer(a "b") ', "a b()"]
)
def test_the_pattern_refuses_what_is_no_act(line: str) -> None:
    assert re.fullmatch(SGD.patterns["acts"], line) is None
    assert SGD.parse(0, f"hello\nActs: {line}") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"target": ""}, r"train\.jsonl:2: column 'target' holds ''; expected a text that is not empty$"),
        ({"references": [None]}, r"train\.jsonl:2: column 'references' holds None"),
        ({"dialog_acts": []}, r"train\.jsonl:2: column 'acts' holds ''; expected a text"),
        ({"dialog_acts": "offer"}, r"train\.jsonl:2: no column 'acts'; the row has: service, prompt, dialog_acts"),
        ({"dialog_acts": ["offer"]}, r"train\.jsonl:2: no column 'acts'; the row has: service, prompt, dialog_acts"),
        ({"dialog_acts": [{"act": "A"}]}, r"train\.jsonl:2: no column 'acts'"),
        ({"dialog_acts": [{**OFFER, "act": 99}]}, r"train\.jsonl:2: no column 'acts'"),
    ],
)
def test_a_row_that_cannot_be_read_is_told(reading: Reading, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        reading(Sgd, ROW, ROW | change)


@pytest.mark.parametrize("column", ["service", "prompt", "target"])
def test_a_missing_column_is_told(reading: Reading, column: str) -> None:
    with pytest.raises(InputError, match=rf"train\.jsonl:1: no column '{column}'; the row has: "):
        reading(Sgd, {name: value for name, value in ROW.items() if name != column})


def test_the_pattern_reads_every_real_line(real_data: Callable[[str], Any]) -> None:
    for split in ("train", "test"):
        path = find_split(real_data("sgd"), split)
        assert path is not None
        rows = read_split(SGD, path, Sgd(None).normalise)  # type: ignore[arg-type]
        assert all(re.fullmatch(SGD.patterns["acts"], row.fields["acts"]) for row in rows)
    first = read_split(SGD, find_split(real_data("sgd"), "train"), Sgd(None).normalise)[1]  # type: ignore[arg-type]
    assert first.fields["acts"] == 'offer(restaurant_name = "71 Saint Peter") offer(city = "San Jose")'
