"""What a teacher is asked for: quotas that add up, and only what is still missing."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.requests import Requests, missing, quotas, usable_writings
from lit_synth.decoding.sampling import record_seed
from lit_synth.examples import Example, write_examples
from lit_synth.task import Task

LABELS = ("a", "b", "c")
TASK = Task("three", ("text",), "label", LABELS)
GOLD = [Example(str(i), {"text": str(i)}, label) for i, label in enumerate("aaaaaabbbc")]
POOL = [Example(f"train-{i}", {"text": f"text {i}"}) for i in range(5)]


def order(folder: Path, **more: Any) -> Requests:
    given: dict[str, Any] = {"kind": "generate", "amount": 9}
    return Requests(folder, **(given | more))


def ask(requests: Requests, seed: int = 0) -> list[Example]:
    return list(missing(requests, TASK, POOL, GOLD, seed))


def answer(requests: Requests, accepted: list[Example], rejected: list[Example]) -> None:
    write_examples(requests.folder / "accepted.jsonl", accepted)
    write_examples(requests.folder / "rejected.jsonl", rejected)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=60).filter(any),
    st.integers(0, 5000),
    st.sampled_from(["equal", "gold"]),
)
def test_quotas_add_up_and_are_fair(counts: list[int], amount: int, balance: str) -> None:
    gold = {str(i): count for i, count in enumerate(counts)}
    shares = quotas(list(gold), gold, amount, balance)
    assert sum(shares.values()) == amount
    for label, count in gold.items():
        exact = amount / len(gold) if balance == "equal" else amount * count / sum(counts)
        assert abs(shares[label] - exact) < 1 + 1e-6


def test_every_label_is_asked_for_its_quota(tmp_path: Path) -> None:
    asked = ask(order(tmp_path, amount=10, balance="gold"))
    assert Counter(row.target for row in asked) == {"a": 6, "b": 3, "c": 1}
    assert all(not row.fields and row.origin == "generated" for row in asked)
    assert len({row.id for row in asked}) == 10


def test_every_record_has_a_seed_of_its_own(tmp_path: Path) -> None:
    seeds = {row.id: row.provenance["seed"] for row in ask(order(tmp_path))}
    more = {row.id: row.provenance["seed"] for row in ask(order(tmp_path, balance="gold", amount=14))}
    assert len(set(seeds.values())) == len(seeds) == 9
    assert all(more[name] == seeds[name] for name in seeds.keys() & more.keys())
    assert not set(seeds.values()) & {row.provenance["seed"] for row in ask(order(tmp_path), seed=1)}


def test_the_seed_of_a_record_is_the_same_in_every_release() -> None:
    assert record_seed(0, "generated-a-0") == 45331358748746


def test_what_was_rejected_is_asked_again_under_another_id(tmp_path: Path) -> None:
    requests = order(tmp_path)
    first = ask(requests)
    bad = [row for row in first if row.id in ("generated-a-0", "generated-a-1", "generated-c-2")]
    answer(requests, [row for row in first if row not in bad], bad)
    assert [row.id for row in ask(requests)] == ["generated-a-3", "generated-c-3", "generated-a-4"]


def test_a_full_quota_asks_for_nothing(tmp_path: Path) -> None:
    requests = order(tmp_path)
    answer(requests, ask(requests), [])
    assert ask(requests) == []


def test_the_limit_of_attempts_ends_it(tmp_path: Path) -> None:
    requests, rejected = order(tmp_path, attempts=1.5), []
    for _ in range(9):
        rejected += ask(requests)
        answer(requests, [], rejected)
    assert Counter(row.target for row in rejected) == {"a": 5, "b": 5, "c": 5}


def test_a_gap_that_a_killed_rank_left_is_asked_for_first(tmp_path: Path) -> None:
    requests = order(tmp_path)
    first = ask(requests)
    answer(requests, [row for row in first if row.id not in ("generated-a-0", "generated-b-1")], [])
    assert [row.id for row in ask(requests)] == ["generated-a-0", "generated-b-1"]


@given(accepted=st.lists(st.booleans(), min_size=27, max_size=27), killed=st.integers(0, 8))
def test_a_kill_does_not_change_what_is_accepted(tmp_path_factory: Any, accepted: list[bool], killed: int) -> None:
    """Whatever the verdicts are, a run that stopped after some rows ends with the same accepted rows."""
    verdict = {f"generated-{label}-{i}": accepted[9 * n + i] for n, label in enumerate(LABELS) for i in range(9)}
    ends = []
    for stop in (None, killed):
        requests, rows = order(tmp_path_factory.mktemp("run")), ask(order(Path("/nowhere")))[:stop]
        while True:
            answer(requests, [row for row in rows if verdict[row.id]], [row for row in rows if not verdict[row.id]])
            more = ask(requests)
            if not more:
                break
            rows += more
        ends.append({row.id for row in rows if verdict[row.id]})
    assert ends[0] == ends[1]


def test_annotation_asks_for_every_row_once(tmp_path: Path) -> None:
    requests = order(tmp_path, kind="annotate")
    assert ask(requests) == POOL
    answer(requests, POOL[:2], POOL[4:])
    assert ask(requests) == POOL[2:4]


PAIR = Task(
    "pair",
    ("premise", "hypothesis"),
    "label",
    LABELS,
    writings={
        "{premise} A {target}:": "{hypothesis}",
        "A {target}:": "{premise} {hypothesis}",
        "{hypothesis} from {target}:": "{premise}",
    },
)
PAIRS = [
    Example(f"{part}-{n}", {"premise": f"{part} premise {n}", "hypothesis": f"{part} hypothesis {n}"}, "abc"[n % 3])
    for part in ("pool", "gold")
    for n in range(8)
]


def grounded(requests: Requests, pool: list[Example], seed: int = 0) -> list[Example]:
    return list(missing(requests, PAIR, pool, PAIRS[8:], seed))


def test_grounded_ways_take_turns_where_there_is_a_pool_and_the_others_where_there_is_none() -> None:
    assert (usable_writings(PAIR, grounded=True), usable_writings(PAIR, grounded=False)) == ([0, 2], [1])
    assert usable_writings(TASK, grounded=True) == usable_writings(TASK, grounded=False) == [0]
    only = replace(PAIR, writings=dict([PAIR.ways[0]]))
    assert usable_writings(only, grounded=False) == [0]


def test_a_grounded_request_takes_its_fields_from_the_pool(tmp_path: Path) -> None:
    asked = grounded(order(tmp_path, amount=24), PAIRS[:8])
    known = {row.id: row for row in PAIRS[:8]}
    assert {row.provenance["writing"] for row in asked} == {0, 2}
    for row in asked:
        (name,) = row.fields
        assert name == PAIR.given(row.provenance["writing"])[0]
        assert row.fields[name] == known[row.provenance["source"]].fields[name]
        assert row.provenance["writing"] == (0, 2)[row.provenance["attempt"] % 2]
        assert str(row.target) in "abc"
    assert len({row.provenance["source"] for row in asked}) > 4, "not always the same row"


def test_without_a_pool_a_request_holds_nothing_or_fields_of_gold(tmp_path: Path) -> None:
    assert all(not row.fields and row.provenance["writing"] == 1 for row in grounded(order(tmp_path), []))
    only = replace(PAIR, writings=dict([PAIR.ways[0]]))
    asked = list(missing(order(tmp_path), only, [], PAIRS[8:], 0))
    known = {row.id: row for row in PAIRS[8:]}
    assert len(asked) == 9
    assert all(row.fields == {"premise": known[row.provenance["source"]].fields["premise"]} for row in asked)


def test_a_grounded_request_is_the_same_whenever_it_is_asked(tmp_path: Path) -> None:
    requests = order(tmp_path, amount=24)
    first = grounded(requests, PAIRS[:8])
    assert grounded(requests, PAIRS[:8]) == first
    assert [row.fields for row in grounded(requests, PAIRS[:8], seed=1)] != [row.fields for row in first]
    answer(requests, first[:5], first[5:7])
    again = {row.id: row for row in grounded(requests, PAIRS[:8])}
    assert all(again[row.id] == row for row in first if row.id in again)
    assert set(again) > {row.id for row in first[7:]}


TELL = Task("tell", ("facts",), "text", condition="topic", instruction="Tell it.")
TOLD = [Example(str(n), {"facts": f"fact {n}", "topic": "aab"[n % 3]}, f"text {n}") for n in range(9)]


def test_text_to_text_is_asked_by_condition(tmp_path: Path) -> None:
    for balance, shares in (("gold", {"a": 6, "b": 3}), ("equal", {"a": 5, "b": 4})):
        asked = list(missing(order(tmp_path, balance=balance), TELL, POOL, TOLD, 0))
        assert Counter(row.fields["topic"] for row in asked) == shares
        assert all(set(row.fields) == {"topic"} and row.target is None for row in asked)
        assert all(row.provenance["requested"] == row.fields["topic"] for row in asked)


def test_text_to_text_without_a_condition_is_asked_all_the_same(tmp_path: Path) -> None:
    requests = order(tmp_path)
    task = replace(TELL, condition=None, annotate_prompt="", writings={})
    asked = list(missing(requests, task, POOL, TOLD, 0))
    assert [(row.fields, row.target, row.provenance["requested"]) for row in asked] == [({}, None, "")] * 9
    answer(requests, asked[:4], asked[4:6])
    assert len(list(missing(requests, task, POOL, TOLD, 0))) == 5
