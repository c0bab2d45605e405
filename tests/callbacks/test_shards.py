"""Shards: closed before they are larger than what is sealed, and read back whole in the order that is asked for."""

from pathlib import Path

import pytest

from lit_synth.callbacks import shards
from lit_synth.curation.verdicts import by_attempt
from lit_synth.examples import Example


def test_a_shard_that_would_grow_too_large_is_closed_and_none_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "LARGEST", 500)
    rows = [Example(f"r{n:02}", {"text": "x" * n}, "a", "generated", provenance={"attempt": 40 - n}) for n in range(40)]
    for start in range(0, 40, 2):
        shards.append_records(tmp_path / "records-0.jsonl", rows[start : start + 2])
        shards.append_records(tmp_path / "records-1.jsonl", rows[start : start + 1])
    sizes = shards.sizes(tmp_path)
    assert len(sizes) > 20
    assert max(sizes.values()) <= 500
    assert {Path(path).name for path in sizes} >= {"records-0.jsonl", "records-0.part0001.jsonl", "records-1.jsonl"}
    assert list(shards.read_records(tmp_path, by_attempt)) == rows[::-1]
