"""Names, refusals, and what holds for every metric."""

import subprocess
import sys
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.errors import InputError
from lit_synth.metrics import KNOWN, WITH_UNITS, Scored, score, unit_scores
from lit_synth.metrics.scored import ratio_scores

FIELDS = {
    "paragraph": "p",
    "question": "q",
    "acts": 'inform(city = "Rome")',
    "triples": "Rome | country | Italy",
}
ROWS = [Scored("a", FIELDS, ("Rome is in Italy",), "Rome is in Italy"), Scored("b", FIELDS, ("1",), None)]


def test_scores_come_in_the_order_asked_for_and_lie_between_0_and_1() -> None:
    found = score(KNOWN, ROWS)
    assert tuple(found) == KNOWN
    assert all(type(value) is float and 0 <= value <= 1 for value in found.values())


@pytest.mark.parametrize("name", WITH_UNITS)
def test_the_mean_over_units_is_the_metric(name: str) -> None:
    assert fmean(unit_scores(name, ROWS).values()) == score([name], ROWS)[name]


def test_an_unknown_metric_is_refused_with_the_known_ones() -> None:
    for refused in (lambda: score(["accuracy", "rougel"], ROWS), lambda: unit_scores("rougel", ROWS)):
        with pytest.raises(InputError, match=r"unknown metric 'rougel'; known: accuracy, .*rougeL, .*bleu, chrf$"):
            refused()


@pytest.mark.parametrize("name", sorted(set(KNOWN) - set(WITH_UNITS)))
def test_a_figure_of_all_rows_has_no_units(name: str) -> None:
    with pytest.raises(InputError, match=f"^{name} is a figure of all rows together.*: accuracy, "):
        unit_scores(name, ROWS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows to score"),
        ([ROWS[0], ROWS[0]], "the id 'a' occurs twice"),
        ([Scored("c", {}, (), "x")], "row 'c' has no gold label"),
    ],
)
def test_rows_that_give_no_figure_are_refused(rows: list[Scored], message: str) -> None:
    for refused in (lambda: score(["accuracy"], rows), lambda: unit_scores("accuracy", rows)):
        with pytest.raises(InputError, match=message):
            refused()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40))
def test_ratio_scores_have_the_ratio_as_their_mean(parts: list[tuple[int, int]]) -> None:
    above, below = (sum(values) for values in zip(*parts, strict=True))
    values = ratio_scores({str(number): part for number, part in enumerate(parts)})
    assert fmean(values.values()) == pytest.approx(above / below if below else 0)


def test_no_torch_is_needed() -> None:
    code = "import sys, lit_synth.metrics; assert not {'torch', 'lightning', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code
