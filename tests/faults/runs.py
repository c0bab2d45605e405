"""A run that is started again and again in children of the test process, and what two of them must agree in."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.forked import Child, start

NOISE = 1e-4
"""Of probabilities, whose rows shared other batches."""


class Run:
    """A run that is started again and again, in children of this process."""

    def __init__(self, home: Path, config: dict[str, Any]) -> None:
        self.home, self.output = home, home / "run"
        (home / "run.yaml").write_text(yaml.safe_dump(config))
        self.count = 0
        self.has_disk = False

    def start(self, before: Callable[[], Any] = int, *words: str) -> Child:
        self.count += 1
        given = ["run", "--config", str(self.home / "run.yaml"), "--output", str(self.output), *words]
        return start(given, self.home / f"log{self.count}", before)

    def end(self, before: Callable[[], Any] = int, *words: str) -> tuple[int, str]:
        """Start it, and wait for its end; return the exit code and what it said, in which there is no traceback."""
        child = self.start(before, *words)
        code = child.wait()
        said = child.said()
        assert "Traceback" not in said, said
        return code, said

    def found(self) -> dict[str, Any]:
        """Return all that a user takes from a run."""
        found: dict[str, Any] = {
            name: json.loads((self.output / name).read_text()) for name in ("metrics.json", "splits.json")
        }
        for path in (*self.output.glob("synthetic/*/*.jsonl"), *self.output.glob("rejected/*/*.jsonl")):
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            found[str(path.relative_to(self.output))] = rows
        return found

    def records(self) -> int:
        shard = self.output / "seed0" / "generation" / "records-0.jsonl"
        return shard.read_bytes().count(b"\n") if shard.exists() else 0


def compare(one: dict[str, Any], other: dict[str, Any]) -> tuple[int, int]:
    """Compare what two runs found: the same rows for the same requests, to the letter but for one in twenty at most.

    After a fault the rows that are left share other batches, whose sums end otherwise in the last bit. Between tokens
    that are as good as equally likely that decides, and in a model of random weights many are.

    Returns:
        Number of rows, and of those with another text.
    """
    rows, twins = (
        {row["id"]: row for name in part if name.endswith("jsonl") for row in part[name]} for part in (one, other)
    )
    assert rows.keys() == twins.keys()
    changed = [name for name, row in rows.items() if row["provenance"]["text"] != twins[name]["provenance"]["text"]]
    assert len(changed) <= len(rows) / 20
    for name in set(rows) - set(changed):
        found, expected = (dict(part[name]) for part in (rows, twins))
        assert found.pop("probabilities", None) == pytest.approx(expected.pop("probabilities", None), abs=NOISE)
        assert found == expected
    assert one["splits.json"] == other["splits.json"]
    figures, expected_figures = (_figures(part["metrics.json"], gold_only=bool(changed)) for part in (one, other))
    assert figures == pytest.approx(expected_figures, abs=1e-6)
    return len(rows), len(changed)


def _figures(rows: list[Mapping[str, Any]], gold_only: bool) -> dict[str, float]:
    """Return figures by what they are of; where a text has changed, those of students that have not seen it."""
    return {
        f"{row['strategy']} {row['amount']} {row['seed']} {row['metric']} of {row['n_gold']}, {row['n_synthetic']}": (
            row["value"] if row["strategy"] == "gold" or not gold_only else 0.0
        )
        for row in rows
    }
