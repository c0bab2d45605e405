"""Verdicts: one for every record, with a reason, whatever the order in which records were written."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.curation.verdicts import (
    DISAGREES,
    OUTSIDE_TEMPLATE,
    REPEATED,
    UNFINISHED,
    judge,
    judge_round_trip,
    known_inputs,
    reject,
)
from lit_synth.examples import Example
from lit_synth.tasks.reviews import REVIEWS

PARTS = {
    "gold": [Example("g", {"text": "A gold row"}, "positive")],
    "test": [Example("t", {"text": "a test row"}, "negative")],
}
KNOWN = known_inputs(REVIEWS, PARTS)


def record(text: str | None, attempt: int = 0, label: str = "positive", **more: Any) -> Example:
    fields = REVIEWS.parse(0, text) if text is not None else None
    provenance = {"attempt": attempt, "text": text, "requested": label, **more}
    return Example(f"generated-{label}-{attempt}", fields or {}, label, "generated", provenance=provenance)


def reasons(rows: Sequence[Example]) -> dict[str, str]:
    return {row.id: row.provenance["reason"] for row in rows}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, UNFINISHED),
        ("", OUTSIDE_TEMPLATE),
        ("two\nlines", OUTSIDE_TEMPLATE),
        (" a GOLD  row ", "copies a row of gold"),
        ("a test row", "copies a row of test"),
    ],
)
def test_what_is_rejected_has_its_reason(text: str | None, reason: str) -> None:
    accepted, rejected = judge(REVIEWS, [record(text)], KNOWN)
    assert (accepted, reasons(rejected)) == ([], {"generated-positive-0": reason})


def test_a_new_text_is_accepted_as_it_is() -> None:
    row = record("something new")
    assert judge(REVIEWS, [row], KNOWN) == ([row], [])


def test_of_two_like_texts_the_earlier_attempt_stays() -> None:
    late, early = record("The same", 4), record("the  SAME", 2, "negative")
    accepted, rejected = judge(REVIEWS, [late, early], {})
    assert accepted == [early]
    assert reasons(rejected) == {late.id: REPEATED}


def test_a_second_copy_of_a_known_row_is_still_a_copy() -> None:
    _, rejected = judge(REVIEWS, [record("a gold row", 0), record("a gold row", 1)], KNOWN)
    assert set(reasons(rejected).values()) == {"copies a row of gold"}


TEXTS = st.sampled_from([None, "", "one", "ONE", "two", "three", "a gold row", "a test row", "x\ny"])
RECORDS = st.lists(
    st.tuples(TEXTS, st.integers(0, 5), st.sampled_from(REVIEWS.labels)), max_size=12, unique_by=lambda row: row[1:]
).map(lambda rows: [record(*row) for row in rows])


@given(RECORDS, st.randoms())
def test_any_order_of_records_gives_the_same_verdicts(records: list[Example], random: Any) -> None:
    shuffled = random.sample(records, len(records))
    assert judge(REVIEWS, shuffled, KNOWN) == judge(REVIEWS, records, KNOWN)


@given(RECORDS)
def test_every_record_gets_one_verdict(records: list[Example]) -> None:
    accepted, rejected = judge(REVIEWS, records, KNOWN)
    assert sorted(row.id for row in (*accepted, *rejected)) == sorted(row.id for row in records)
    assert all("reason" in row.provenance for row in rejected)
    keys = [REVIEWS.key(row) for row in accepted]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & set(KNOWN)


@given(RECORDS, st.integers(0, 12))
def test_later_records_do_not_overturn_a_rejection(records: list[Example], count: int) -> None:
    """So a resumed run, which judges a part first, ends with the verdicts of an undisturbed one."""
    part = judge(REVIEWS, records[:count], KNOWN)[1]
    assert {row.id for row in part} <= {row.id for row in judge(REVIEWS, records, KNOWN)[1]}


AGREES = record("fine", 0, "positive")
ROUND_TRIP = [
    AGREES,
    Example("generated-negative-1", {"text": "so so"}, "positive", "generated", provenance={"requested": "negative"}),
]


def test_a_teacher_of_another_mind_keeps_the_row_or_not() -> None:
    assert {row.id for row in judge_round_trip(ROUND_TRIP, strict=False)[0]} == {row.id for row in ROUND_TRIP}
    accepted, rejected = judge_round_trip(ROUND_TRIP, strict=True)
    assert accepted == [AGREES]
    assert reasons(rejected) == {"generated-negative-1": DISAGREES}


def test_an_annotation_of_the_pool_disagrees_with_nobody() -> None:
    row = Example("train-1", {"text": "fine"}, "positive", "annotated")
    assert judge_round_trip([row], strict=True) == ([row], [])


def test_the_order_of_a_round_trip_does_not_matter() -> None:
    assert judge_round_trip(ROUND_TRIP[::-1], strict=False) == judge_round_trip(ROUND_TRIP, strict=False)


def test_a_rejection_keeps_what_was_known() -> None:
    assert reject(AGREES, "why").provenance == {**AGREES.provenance, "reason": "why"}
    assert "reason" not in AGREES.provenance
