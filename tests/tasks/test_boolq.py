"""BoolQ: truth values in every spelling, under both names, and texts in one line."""

from collections.abc import Callable
from typing import Any

import pytest

from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tasks.boolq import BOOLQ, BoolQ

ROW = {"passage": "Rain -- It is\n wet.", "question": "is rain  wet", "label": True}
Reading = Callable[..., list[Example]]


@pytest.mark.parametrize(("yes", "no"), [(True, False), (1, 0), ("1", "0"), ("true", "false"), ("True", "False")])
@pytest.mark.parametrize("column", ["label", "answer"])
def test_an_answer_is_a_truth_value_in_any_spelling(reading: Reading, column: str, yes: Any, no: Any) -> None:
    texts = {name: ROW[name] for name in ("passage", "question")}
    rows = reading(BoolQ, texts | {column: yes}, texts | {column: no})
    assert [row.target for row in rows] == ["true", "false"]
    assert [BOOLQ.completion(str(row.target)) for row in rows] == [" yes", " no"]


def test_a_text_is_one_line(reading: Reading) -> None:
    (row,) = reading(BoolQ, ROW)
    assert row.fields == {"passage": "Rain -- It is wet.", "question": "is rain wet"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": 2}, r"train\.jsonl:2: unknown label '2' in column 'label'; known labels: false, true$"),
        ({"label": -1}, r"train\.jsonl:2: unknown label '-1' in column 'label'; known labels: false, true$"),
        ({"label": "maybe"}, r"train\.jsonl:2: unknown label 'maybe'"),
        ({"passage": 7}, r"train\.jsonl:2: column 'passage' holds 7; expected a text"),
        ({"question": " \n"}, r"train\.jsonl:2: column 'question' holds ''; expected a text"),
    ],
)
def test_what_is_none_of_these_is_told(reading: Reading, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        reading(BoolQ, ROW, ROW | change)


@pytest.mark.parametrize("column", ["passage", "question", "label"])
def test_a_missing_column_is_told(reading: Reading, column: str) -> None:
    with pytest.raises(InputError, match=rf"train\.jsonl:1: no column '{column}'; the row has: "):
        reading(BoolQ, {name: value for name, value in ROW.items() if name != column})
