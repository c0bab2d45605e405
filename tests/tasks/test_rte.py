"""RTE: labels by name and number, and a hypothesis that stands in a list."""

from collections.abc import Callable
from typing import Any

import pytest

from lit_synth.data import Partition
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tasks.rte import RTE, Rte

ROW = {"premise": "It rains.", "hypothesis": "It is wet.", "label": "entailment"}
Reading = Callable[..., list[Example]]


@pytest.mark.parametrize("label", ["not_entailment", 1, "1"])
def test_a_label_is_a_name_or_a_number(reading: Reading, label: Any) -> None:
    first, second = reading(Rte, ROW, ROW | {"label": label})
    assert (first.target, second.target) == ("entailment", "not_entailment")
    assert [RTE.completion(str(row.target)) for row in (first, second)] == [" follows", " does not follow"]


def test_a_hypothesis_may_stand_in_a_list(reading: Reading) -> None:
    (row,) = reading(Rte, ROW | {"hypothesis": ["It is wet."]})
    assert row.fields == {"premise": "It rains.", "hypothesis": "It is wet."}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"label": 2},
            r"train\.jsonl:2: unknown label '2' in column 'label'; known labels: entailment, not_entailment$",
        ),
        ({"label": -1}, r"train\.jsonl:2: unknown label '-1' in column 'label'; known labels: entailment"),
        ({"label": None}, r"train\.jsonl:2: column 'label' holds None; give the row a label"),
        ({"hypothesis": ["a", "b"]}, r"train\.jsonl:2: column 'hypothesis' holds \['a', 'b'\]; expected a text"),
        ({"premise": None}, r"train\.jsonl:2: column 'premise' holds None; expected a text that is not empty$"),
    ],
)
def test_what_is_none_of_these_is_told(reading: Reading, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        reading(Rte, ROW, ROW | change)


@pytest.mark.parametrize("column", ["premise", "hypothesis", "label"])
def test_a_missing_column_is_told(reading: Reading, column: str) -> None:
    there = [name for name in ROW if name != column]
    with pytest.raises(InputError, match=rf"train\.jsonl:1: no column '{column}'; the row has: {', '.join(there)}$"):
        reading(Rte, {name: ROW[name] for name in there})


def test_validation_is_scored_and_five_percent_are_gold() -> None:
    module = Rte(None)  # type: ignore[arg-type]
    assert (module.evaluation, module.partition) == ("validation", Partition(0.05))
