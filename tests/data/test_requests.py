"""What a teacher is asked for: quotas that add up, and only what is still missing."""

from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.requests import Requests, missing, quotas, record_seed
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
    return missing(requests, TASK, POOL, GOLD, seed)


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
