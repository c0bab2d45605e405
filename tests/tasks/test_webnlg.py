"""WebNLG: triples as one line of plain words that the task's own pattern reads."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.sources import find_split, read_split
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tasks.webnlg import WEBNLG, WebNlg, linearise

ROW = {
    "input": ['Aarhus_Airport | cityServed | "Aarhus, Denmark"'],
    "category": "Airport",
    "target": "Aarhus Airport serves Aarhus.",
    "references": ["It serves Aarhus.", "Aarhus Airport serves Aarhus."],
}
Reading = Callable[..., list[Example]]


def test_triples_are_one_line_and_the_target_is_the_first_reference(reading: Reading) -> None:
    (row,) = reading(WebNlg, ROW)
    assert row.fields == {"triples": "Aarhus Airport | city served | Aarhus, Denmark", "category": "Airport"}
    assert row.references == ("Aarhus Airport serves Aarhus.", "It serves Aarhus.")
    assert WEBNLG.asked(row) == "Airport"


@pytest.mark.parametrize("others", [[], None])
def test_without_references_the_target_is_the_only_one(reading: Reading, others: Any) -> None:
    (row,) = reading(WebNlg, ROW | {"references": others})
    assert row.references == (row.target,)


@pytest.mark.parametrize(
    ("triple", "line"),
    [
        ("A_B | leaderName | C", "A B | leader name | C"),
        ('A | birthDate | "1942-12-01"', "A | birth date | 1942-12-01"),
        ("AT&T | isPartOf | R&D", "ATandT | is part of | RandD"),
        ("A | USA_state | 3.5", "A | usa state | 3.5"),
    ],
)
def test_a_triple_is_plain_words(triple: str, line: str) -> None:
    assert linearise([triple]) == line
    assert linearise([triple, triple]) == f"{line} && {line}"


PART = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters='|"_'), min_size=1)


@given(st.lists(st.tuples(PART, PART, PART), min_size=1, max_size=4))
def test_the_pattern_reads_whatever_is_linearised(parts: list[tuple[str, str, str]]) -> None:
    assert re.fullmatch(WEBNLG.patterns["triples"], linearise([" | ".join(part) for part in parts]))


@pytest.mark.parametrize("line", ["", "a | b", "a | b | c &&", "a | b | c | d", "a|b|c", "a | b | c && d", "a | b |  "])
def test_the_pattern_refuses_what_is_no_triple(line: str) -> None:
    assert WEBNLG.parse(0, line) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"input": []}, r"train\.jsonl:2: column 'triples' holds ''; expected a text"),
        ({"input": "a | b | c"}, r"train\.jsonl:2: no column 'triples'; the row has: input, category, target"),
        ({"input": ["a | b"]}, r"train\.jsonl:2: no column 'triples'; the row has: input"),
        ({"input": ["a | b | c | d"]}, r"train\.jsonl:2: no column 'triples'; the row has: input"),
        ({"input": [{"subject": "a"}]}, r"train\.jsonl:2: no column 'triples'; the row has: input"),
        ({"category": 3}, r"train\.jsonl:2: column 'category' holds 3; expected a text"),
    ],
)
def test_a_row_that_cannot_be_read_is_told(reading: Reading, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        reading(WebNlg, ROW, ROW | change)


@pytest.mark.parametrize("column", ["category", "target"])
def test_a_missing_column_is_told(reading: Reading, column: str) -> None:
    with pytest.raises(InputError, match=rf"train\.jsonl:1: no column '{column}'; the row has: "):
        reading(WebNlg, {name: value for name, value in ROW.items() if name != column})


def test_the_pattern_reads_every_real_line(real_data: Callable[[str], Any]) -> None:
    for split in ("train", "test"):
        path = find_split(real_data("webnlg"), split)
        assert path is not None
        rows = read_split(WEBNLG, path, WebNlg(None).normalise)  # type: ignore[arg-type]
        assert all(re.fullmatch(WEBNLG.patterns["triples"], row.fields["triples"]) for row in rows)
        assert all("_" not in row.fields["triples"] for row in rows)
