"""Names of gold: all of real rows' acts and relations are found, none inside a value, and a new one is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.curation.schema import known_names, names, unseen
from lit_synth.data.sources import read_split
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.json_lines import read_json_lines
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.sgd import SGD, Sgd
from lit_synth.tasks.sgd import linearise as line_of_acts
from lit_synth.tasks.webnlg import WEBNLG, WebNlg

ACTS, TRIPLES = SGD.schema["acts"], WEBNLG.schema["triples"]


def turn(acts: str) -> Example:
    return Example("1", {"service": "Hotels_1", "acts": acts, "prompt": "hello"}, "hi")


def facts(triples: str) -> Example:
    return Example("1", {"triples": triples, "category": "Airport"}, "It is so.")


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_act_and_slot_of_real_turns_is_a_name(real_data: Callable[[str], Path], split: str) -> None:
    path = real_data("sgd") / f"{split}.jsonl.gz"
    rows = read_split(SGD, path, Sgd(None).normalise)  # type: ignore[arg-type]
    for row, (_, raw) in zip(rows, read_json_lines(path), strict=True):
        expected = {f"{act['act'].lower()}({act['slot']}" for act in raw["dialog_acts"]}
        assert names(ACTS, row.fields["acts"]) == expected


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_relation_of_real_triples_is_a_name(real_data: Callable[[str], Path], split: str) -> None:
    path = real_data("webnlg") / f"{split}.jsonl.gz"
    for row in read_split(WEBNLG, path, WebNlg(None).normalise):  # type: ignore[arg-type]
        expected = {triple.split(" | ")[1] for triple in row.fields["triples"].split(" && ")}
        assert names(TRIPLES, row.fields["triples"]) == expected


@pytest.mark.parametrize(("task", "module"), [(SGD, Sgd), (WEBNLG, WebNlg)])
def test_real_rows_keep_to_the_names_of_all_and_some_have_others_than_a_few(
    real_data: Callable[[str], Path], task: Task, module: Callable[..., Sgd | WebNlg]
) -> None:
    rows = read_split(task, real_data(task.name) / "validation.jsonl.gz", module(None).normalise)
    known = known_names(task, rows)
    assert all(unseen(task, row, known) is None for row in rows)
    ((field, pattern),) = task.schema.items()
    few = known_names(task, rows[:50])
    strange = [row for row in rows if names(pattern, row.fields[field]) - few[field]]
    assert [row for row in rows if unseen(task, row, few)] == strange != []


VALUES = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1), max_size=3)
WORD = st.from_regex(r"[a-z]{1,6}", fullmatch=True)


@given(st.lists(st.tuples(WORD, WORD, VALUES), min_size=1, max_size=4))
def test_no_value_is_taken_for_a_name(acts: list[tuple[str, str, list[str]]]) -> None:
    line = line_of_acts([{"act": act, "slot": slot, "values": values} for act, slot, values in acts])
    assert names(ACTS, line) == {f"{act}({slot}" for act, slot, _ in acts}


def test_a_value_that_looks_like_an_act_is_none() -> None:
    assert names(ACTS, 'inform(name = "a) offer(b", "c(d)") req_more()') == {"inform(name", "req_more("}


KNOWN = known_names(SGD, [turn('inform(time = "9 am") req_more()'), turn("request(city)")])


def test_a_name_that_gold_lacks_is_told_with_its_act() -> None:
    assert unseen(SGD, turn('request(city) inform(pets = "True")'), KNOWN) == "a name unseen in gold: inform(pets"
    assert unseen(SGD, turn("inform(city)"), KNOWN) == "a name unseen in gold: inform(city"
    assert unseen(SGD, turn("request()"), KNOWN) == "a name unseen in gold: request("
    assert unseen(SGD, turn('request(city) inform(time = "noon")'), KNOWN) is None


def test_a_relation_that_gold_lacks_is_told() -> None:
    known = known_names(WEBNLG, [facts("A | city served | B && A | runway length | 3.0")])
    assert known == {"triples": {"city served", "runway length"}}
    assert unseen(WEBNLG, facts("C | runway length | 4 && C | city | D"), known) == "a name unseen in gold: city"
    assert unseen(WEBNLG, facts("C | runway length | 4"), known) is None


def test_a_task_without_a_schema_knows_no_strange_name() -> None:
    row = Example("1", {"text": "anything"}, "positive")
    assert known_names(REVIEWS, [row]) == {}
    assert unseen(REVIEWS, row, {}) is None


def test_a_group_that_holds_nothing_is_no_name() -> None:
    assert names(r"(\d+)?;", "1;;2;") == {"1", "2"}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"label": "(a)"}, r"task reviews: schema 'label' is no field; known: text$"),
        ({"text": "(a"}, r"task reviews: pattern '\(a' of text cannot be read: missing \)"),
        ({"text": "a(?:b)"}, r"task reviews: schema 'a\(\?:b\)' of text has no group; put the name in brackets$"),
    ],
)
def test_a_schema_that_cannot_work_says_why(schema: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        replace(REVIEWS, name="reviews", schema=schema)
