"""Texts that say what their input says, on real turns and facts; those of other rows have to be told."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.curation.faithful import least, share
from lit_synth.data.sources import read_split
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.metrics import Scored, score
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.sgd import SGD, Sgd
from lit_synth.tasks.webnlg import WEBNLG, WebNlg

ACTS = 'offer(name = "Little Hunan") confirm(seats = "2") request(time)'
TRIPLES = "Aarhus Airport | city served | Aarhus && Aarhus Airport | runway length | 2776.0"


def rows_of(task: Task, folder: Path, split: str, step: int) -> list[Example]:
    module = {"sgd": Sgd, "webnlg": WebNlg}[task.name](None)  # type: ignore[arg-type]
    return read_split(task, folder / f"{split}.jsonl.gz", module.normalise)[::step]


@pytest.mark.parametrize(
    ("task", "fields", "text", "expected"),
    [
        (SGD, {"acts": ACTS}, "Little Hunan, for 2?", 1.0),
        (SGD, {"acts": ACTS}, "LITTLE HUNAN, for two?", 0.5),
        (SGD, {"acts": ACTS}, "", 0.0),
        (SGD, {"acts": "request(time) req_more()"}, "When?", None),
        (WEBNLG, {"triples": TRIPLES}, "Aarhus airport serves Aarhus.", 2 / 3),
        (REVIEWS, {"text": "fine"}, "positive", None),
        (replace(SGD, metrics=("rougeL",)), {"acts": ACTS}, "", None),
    ],
)
def test_a_share_is_of_the_values_that_the_metric_counts(
    task: Task, fields: dict[str, str], text: str, expected: float | None
) -> None:
    assert share(task, fields, text) == expected


def test_a_task_with_both_metrics_has_the_values_of_both() -> None:
    both = Task("both", ("acts", "triples"), "target", metrics=("rougeL", "slot_error_rate", "coverage"))
    assert share(both, {"acts": ACTS, "triples": TRIPLES}, "Little Hunan for 2 at Aarhus") == 3 / 5


@pytest.mark.parametrize(("task", "metric"), [(SGD, "slot_error_rate"), (WEBNLG, "coverage")])
def test_shares_of_real_texts_are_those_of_the_metric(
    real_data: Callable[[str], Path], task: Task, metric: str
) -> None:
    rows = rows_of(task, real_data(task.name), "validation", 8)
    valued = [row for row in rows if share(task, row.fields, "") is not None]
    assert len(valued) > 100
    for row, other in pairwise(valued):
        for text in (str(row.target), str(row.target)[:30], str(other.target)):
            found = score([metric], [Scored("a", row.fields, ("x",), text)])[metric]
            expected = 1 - found if metric == "slot_error_rate" else found
            assert share(task, row.fields, text) == pytest.approx(expected)


@pytest.mark.parametrize("task", [SGD, WEBNLG])
def test_nine_of_ten_true_texts_reach_the_bar_and_hardly_any_of_another_row(
    real_data: Callable[[str], Path], task: Task
) -> None:
    folder = real_data(task.name)
    bar = least(task, rows_of(task, folder, "train", 20))
    assert bar > 0.5
    rows = rows_of(task, folder, "validation", 2)
    own = [[share(task, row.fields, text) for text in row.references] for row in rows]
    best = [max(found for found in shares if found is not None) for shares in own if None not in shares]
    assert sum(value >= bar for value in best) > 0.88 * len(best) > 300
    others = [share(task, row.fields, str(rows[place - 7].target)) for place, row in enumerate(rows)]
    assert sum(value < bar for value in others if value is not None) > 0.9 * len(best)


TEXTS = st.lists(st.sampled_from(["one", "two", "three", "four"]), max_size=4).map(" ".join)
GOLD = st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=30)


@given(GOLD)
def test_the_bar_is_a_row_s_own_share_with_a_tenth_below_it_at_most(texts: list[list[str]]) -> None:
    fields = {"acts": 'inform(a = "one", "two") inform(b = "three", "four")'}
    gold = [Example("g", fields, row[0], references=tuple(row)) for row in texts]
    shares = [
        max(sum(word in text.split() for word in ("one", "two", "three", "four")) / 4 for text in row) for row in texts
    ]
    bar = least(SGD, gold)
    assert bar in shares
    assert sum(value < bar for value in shares) <= len(shares) / 10
    assert sum(value <= bar for value in shares) > len(shares) / 10


def test_without_references_the_target_counts_and_without_values_the_bar_is_0() -> None:
    row = Example("g", {"acts": ACTS}, "Little Hunan")
    assert least(SGD, [row]) == 0.5
    assert least(SGD, [replace(row, fields={"acts": "req_more()"})]) == least(SGD, []) == 0.0
    assert least(REVIEWS, [Example("g", {"text": "fine"}, "positive")]) == 0.0


def test_what_is_no_triple_is_refused() -> None:
    with pytest.raises(InputError, match=r"coverage reads 'subject \| predicate \| object', found 'a \| b'"):
        share(WEBNLG, {"triples": "a | b"}, "a")
