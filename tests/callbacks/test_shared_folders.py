"""Ranks that do not see what others have written, as on a folder of each node's own, or one that tells it late."""

from pathlib import Path
from typing import Any

import pytest

from lit_synth.callbacks import agreement
from lit_synth.callbacks.agreement import agree, verdicts_sum, wait_for_shards
from lit_synth.errors import InputError


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says what the other ranks have, and what happens while this one sleeps."""

    def say(*parts: Any, meanwhile: Any = lambda: None) -> None:
        monkeypatch.setattr(agreement, "gather", lambda own: [own, *parts])
        monkeypatch.setattr("time.sleep", lambda _: meanwhile())

    return say


def test_the_first_rank_waits_until_it_sees_every_shard(tmp_path: Path, others: Any) -> None:
    late = {"records-1.jsonl": 12}
    others(late, {}, meanwhile=lambda: (tmp_path / "records-1.jsonl").write_text("x" * 12))
    wait_for_shards(tmp_path, 0, seconds=2)
    assert (tmp_path / "records-1.jsonl").exists()


def test_a_shard_that_stays_out_of_sight_is_told(tmp_path: Path, others: Any) -> None:
    (tmp_path / "records-1.jsonl").write_text("x" * 11)
    others({"records-1.part0001.jsonl": 5, "records-1.jsonl": 12})
    (tmp_path / "records-1.part0001.jsonl").write_text("x" * 5)
    with pytest.raises(
        InputError, match=r"records-1.jsonl: rank 1 wrote it, rank 0 does not see it; .* all nodes share"
    ):
        wait_for_shards(tmp_path, 0, seconds=2)
    wait_for_shards(tmp_path, 1, seconds=2)


def test_ranks_wait_until_they_read_the_same(tmp_path: Path, others: Any) -> None:
    for name in ("accepted", "rejected"):
        (tmp_path / f"{name}.jsonl").write_text("new\n")
    seen: list[Any] = []
    agree_with = verdicts_sum(tmp_path)
    (tmp_path / "accepted.jsonl").write_text("old\n")

    def told_late() -> None:
        seen.append(1)
        (tmp_path / "accepted.jsonl").write_text("new\n")

    others(agree_with, meanwhile=told_late)
    agree(tmp_path, seconds=3)
    assert seen == [1]


def test_ranks_that_read_other_rows_are_told(tmp_path: Path, others: Any) -> None:
    others(["sum of a file that is not here", None])
    with pytest.raises(InputError, match=r"ranks see different rows there; .* all nodes share"):
        agree(tmp_path, seconds=2)
