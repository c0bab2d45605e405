"""SLURP: the intent under both names, and what is told of another."""

from collections.abc import Callable
from typing import Any

import pytest

from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tasks.slurp import SLURP, Slurp

Reading = Callable[..., list[Example]]


@pytest.mark.parametrize(
    "row",
    [
        {"text": "wake me", "intent": "alarm_set"},
        {"text": "wake me", "label": 46, "label_text": "alarm_set"},
        {"sentence": "wake me", "intent": "alarm_set"},
        {"text": "wake me", "sentence": "other", "intent": "alarm_set", "label_text": "other"},
    ],
)
def test_both_spellings_are_read(reading: Reading, row: dict[str, Any]) -> None:
    (found,) = reading(Slurp, row)
    assert (found.fields, found.target) == ({"text": "wake me"}, "alarm_set")
    assert SLURP.completion("alarm_set") == " alarm set"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"text": "a", "intent": "set"}, r":1: unknown label 'set' in column 'intent'; known labels: alarm_query, "),
        ({"text": "a", "label_text": "x"}, r":1: unknown label 'x' in column 'intent'; .*… \(60 in all\)$"),
        ({"text": "a", "label": 3}, r":1: no column 'intent'; the row has: text, label$"),
        ({"intent": "alarm_set"}, r":1: no column 'text'; the row has: intent$"),
        ({"text": "", "intent": "alarm_set"}, r":1: column 'text' holds ''"),
    ],
)
def test_what_is_none_of_these_is_told(reading: Reading, row: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=rf"train\.jsonl{told}"):
        reading(Slurp, row)
