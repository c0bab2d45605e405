"""Verdicts: one for every record, with a reason, whatever the order in which records were written."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.curation import verdicts
from lit_synth.curation.faithful import LACKS
from lit_synth.curation.rules import Rules
from lit_synth.curation.verdicts import (
    DISAGREES,
    NEARLY_REPEATED,
    OUTSIDE_TEMPLATE,
    REPEATED,
    UNFINISHED,
    Verdict,
    by_attempt,
    by_id,
    reject,
)
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.task import Task
from lit_synth.tasks.boolq import BOOLQ
from lit_synth.tasks.multirc import MULTIRC
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.webnlg import WEBNLG

PARTS = {
    "gold": [Example("g", {"text": "A gold row"}, "positive")],
    "test": [Example("t", {"text": "a test row"}, "negative")],
}
PLAIN = Rules(leakage=False)


def record(text: str | None, attempt: int = 0, label: str = "positive", **more: Any) -> Example:
    fields = REVIEWS.parse(0, text) if text is not None else None
    provenance = {"attempt": attempt, "text": text, "requested": label, "writing": 0, **more}
    return Example(f"generated-{label}-{attempt}", fields or {}, label, "generated", provenance=provenance)


def judge(task: Task, records: Iterable[Example], *more: Any) -> tuple[list[Example], list[Example]]:
    return parted(verdicts.judge(task, sorted(records, key=by_attempt), *more))


def judge_round_trip(task: Task, records: Iterable[Example], *more: Any) -> tuple[list[Example], list[Example]]:
    return parted(verdicts.judge_round_trip(task, sorted(records, key=by_id), *more))


def parted(found: Iterable[Verdict]) -> tuple[list[Example], list[Example]]:
    rows = list(found)
    return [row for accepted, row in rows if accepted], [row for accepted, row in rows if not accepted]


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
    accepted, rejected = judge(REVIEWS, [record(text)], PARTS, PLAIN)
    assert (accepted, reasons(rejected)) == ([], {"generated-positive-0": reason})


def test_a_row_that_leaks_and_repeats_another_says_that_it_leaks() -> None:
    """No reader may keep it, as a repeat could be kept."""
    known = {"test": [Example("t", {"text": "one two three four five six seven eight nine"}, "negative")]}
    rows = [record("one two three four five six seven eight", attempt) for attempt in (0, 1)]
    assert set(reasons(judge(REVIEWS, rows, known)[1]).values()) == {"leaks a row of test"}
    assert len(judge(REVIEWS, rows, known)[1]) == 2


def test_a_new_text_is_accepted_as_it_is() -> None:
    row = record("something new")
    assert judge(REVIEWS, [row], PARTS, PLAIN) == ([row], [])


def test_of_two_like_texts_the_earlier_attempt_stays() -> None:
    late, early = record("The same", 4), record("the  SAME", 2, "negative")
    accepted, rejected = judge(REVIEWS, [late, early], {}, PLAIN)
    assert accepted == [early]
    assert reasons(rejected) == {late.id: REPEATED}


def test_a_second_copy_of_a_known_row_is_still_a_copy() -> None:
    _, rejected = judge(REVIEWS, [record("a gold row", 0), record("a gold row", 1)], PARTS, PLAIN)
    assert set(reasons(rejected).values()) == {"copies a row of gold"}


TEXTS = st.sampled_from(
    [
        None,
        "",
        "one",
        "ONE",
        "two",
        "a gold row",
        "a test row",
        "x\ny",
        "a warm film",
        "a warm films",
        "warm films",
        "farm films",
    ]
)
RULES = st.sampled_from([PLAIN, Rules(), Rules(near_duplicates=0.5)])
RECORDS = st.lists(
    st.tuples(TEXTS, st.integers(0, 5), st.sampled_from(REVIEWS.labels)), max_size=12, unique_by=lambda row: row[1:]
).map(lambda rows: [record(*row) for row in rows])


@given(RECORDS, st.randoms())
def test_any_order_of_records_gives_the_same_verdicts(records: list[Example], random: Any) -> None:
    shuffled = random.sample(records, len(records))
    assert judge(REVIEWS, shuffled, PARTS, PLAIN) == judge(REVIEWS, records, PARTS, PLAIN)


@given(RECORDS)
def test_every_record_gets_one_verdict(records: list[Example]) -> None:
    accepted, rejected = judge(REVIEWS, records, PARTS, PLAIN)
    assert sorted(row.id for row in (*accepted, *rejected)) == sorted(row.id for row in records)
    assert all("reason" in row.provenance for row in rejected)
    keys = [REVIEWS.key(row) for row in accepted]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {REVIEWS.key(row) for rows in PARTS.values() for row in rows}


@given(RECORDS, st.integers(0, 12), RULES)
def test_later_records_do_not_overturn_a_rejection(records: list[Example], count: int, rules: Rules) -> None:
    """So a resumed run, which judges a part first, ends with the verdicts of an undisturbed one."""
    part = judge(REVIEWS, records[:count], PARTS, rules)[1]
    assert {row.id for row in part} <= {row.id for row in judge(REVIEWS, records, PARTS, rules)[1]}


def test_rules_reject_what_is_near_leaked_or_unheard_of() -> None:
    near = [record("a warm and funny film", 0), record("a warm and funny films", 1)]
    assert len(judge(REVIEWS, near, {}, PLAIN)[0]) == 2
    assert reasons(judge(REVIEWS, near, {}, Rules(near_duplicates=0.8))[1]) == {near[1].id: NEARLY_REPEATED}
    leak = record("A test row!")
    assert reasons(judge(REVIEWS, [leak], PARTS)[1]) == {leak.id: "leaks a row of test"}
    assert judge(REVIEWS, [leak], PARTS, PLAIN)[0] == [leak]
    gold = [Example("g", {"category": "City", "triples": "Rome | country | Italy"}, "Rome is in Italy.")]
    fields = {"category": "City", "triples": "Oslo | mayor | Ada"}
    strange = Example("s", fields, None, "generated", provenance={"attempt": 0, "writing": 0, "text": ""})
    assert reasons(judge(WEBNLG, [strange], {"gold": gold})[1]) == {"s": "a name unseen in gold: mayor"}
    assert judge(WEBNLG, [strange], {"gold": gold}, Rules(schema=False))[0] == [strange]


def test_a_second_question_about_a_passage_is_not_near_to_the_first() -> None:
    passage = "The old bridge of stone was built by the town in the year 1790 and fell in 1901. " * 3
    asked = {"attempt": 0, "writing": 0, "text": "", "requested": "true"}
    questions = ["was the bridge made of stone", "did it fall in the year 1901", "did it fall in the year 1902"]
    rows = [
        Example(
            f"q{n}", {"passage": passage, "question": text}, "true", "generated", provenance={**asked, "attempt": n}
        )
        for n, text in enumerate(questions)
    ]
    assert [row.id for row in judge(BOOLQ, rows, {}, Rules(near_duplicates=0.8))[0]] == ["q0", "q1"]


def test_a_text_that_lacks_what_gold_says_is_rejected() -> None:
    gold = [Example("g", {"category": "City", "triples": "Rome | country | Italy"}, "Rome is in Italy.")]
    fields = {"category": "City", "triples": "Oslo | country | Norway"}
    rows = [Example(name, fields, text, "annotated") for name, text in (("a", "Oslo is in Norway."), ("b", "It is."))]
    accepted, rejected = judge_round_trip(WEBNLG, rows, gold)
    assert ([row.id for row in accepted], reasons(rejected)) == (["a"], {"b": LACKS})
    assert len(judge_round_trip(WEBNLG, rows, gold, Rules(faithful=False))[0]) == 2
    silent = Example("s", {"category": "City", "triples": "! | country | ?"}, "It is.", "annotated")
    assert judge_round_trip(WEBNLG, [silent], gold)[0] == [silent], "an input without values asks for none"
    # Where another text that was drawn holds it, the row can still be chosen from.
    drawn = Example("b", fields, "It is.", "annotated", provenance={"samples": [["Oslo, Norway.", 0.5]]})
    assert judge_round_trip(WEBNLG, [drawn], gold)[0] == [drawn]


def test_written_triples_that_cannot_be_read_are_rejected_whatever_the_rules() -> None:
    """Of a task with a pattern the template sees to it; without one no later stage could read them."""
    task = Task("facts", ("triples",), "text", metrics=("rougeL", "coverage"))
    made = {"attempt": 0, "writing": 0, "text": ""}
    texts = {"a": "Oslo | country | Norway", "b": "Oslo | city", "c": "Oslo | country | Norway && Rome"}
    rows = [Example(name, {"triples": text}, None, "generated", None, made) for name, text in texts.items()]
    for rules in (Rules(), Rules(faithful=False)):
        accepted, rejected = judge(task, rows, {}, rules)
        assert ([row.id for row in accepted], set(reasons(rejected))) == (["a"], {"b", "c"})
        assert set(reasons(rejected).values()) == {OUTSIDE_TEMPLATE}
    told = [row.with_target("Oslo is in Norway.") for row in accepted]
    broken = [Example("g", {"triples": "Rome | Italy"}, "Rome is in Italy.")]
    with pytest.raises(InputError, match=r"found 'Rome \| Italy'"):
        judge_round_trip(task, told, broken)


AGREES = record("fine", 0, "positive")
ROUND_TRIP = [
    AGREES,
    Example("generated-negative-1", {"text": "so so"}, "positive", "generated", provenance={"requested": "negative"}),
]


def test_a_teacher_of_another_mind_keeps_the_row_or_not() -> None:
    assert {row.id for row in judge_round_trip(REVIEWS, ROUND_TRIP, [])[0]} == {row.id for row in ROUND_TRIP}
    accepted, rejected = judge_round_trip(REVIEWS, ROUND_TRIP, [], Rules("reject"))
    assert accepted == [AGREES]
    assert reasons(rejected) == {"generated-negative-1": DISAGREES}


def test_an_annotation_of_the_pool_disagrees_with_nobody() -> None:
    row = Example("train-1", {"text": "fine"}, "positive", "annotated")
    assert judge_round_trip(REVIEWS, [row], [], Rules("reject")) == ([row], [])


def test_the_order_of_a_round_trip_does_not_matter() -> None:
    assert judge_round_trip(REVIEWS, ROUND_TRIP[::-1], []) == judge_round_trip(REVIEWS, ROUND_TRIP, [])


def test_a_rejection_keeps_what_was_known() -> None:
    assert reject(AGREES, "why").provenance == {**AGREES.provenance, "reason": "why"}
    assert "reason" not in AGREES.provenance


def test_a_short_answer_that_another_paragraph_has_too_leaks_nothing() -> None:
    test = Example("t", {"paragraph": "Anna went to Rome.", "question": "Who went?", "answer": "Anna"}, "1")
    fields = {"paragraph": "Anna sold a car.", "question": "Who sold it?", "answer": "Anna"}
    asked = {"attempt": 0, "writing": 0, "requested": "1", "text": "Anna"}
    row = Example("g", fields, "1", "generated", provenance=asked)
    assert judge(MULTIRC, [row], {"test": [test]})[0] == [row]
    long = "she told him that she had sold it to Bob in May"
    copied = [
        Example(each.id, {**each.fields, "answer": long}, "1", each.origin, None, each.provenance)
        for each in (test, row)
    ]
    assert reasons(judge(MULTIRC, copied[1:], {"test": copied[:1]})[1]) == {"g": "leaks a row of test"}
