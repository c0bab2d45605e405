"""Students of a run that do not all have the same seeds: an easy seed must not stand in for a gain."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from lit_synth.report.conclusions.summary import summarise
from tests.report.conftest import write, write_lines

UNITS = 400
Shares = Mapping[str, Mapping[int, float]]
"""Share of right test rows by strategy, then by seed."""


def make(run: Path, shares: Shares, metric: str = "accuracy") -> Path:
    """Write a run whose students meet the same hard and easy rows; where lower is better, the rows they get wrong."""
    rows = []
    for strategy, by_seed in shares.items():
        for seed, share in by_seed.items():
            scores = [float(i < round(share * UNITS)) for i in range(UNITS)]
            write_lines(run, seed, strategy, "scores", [{"id": f"t{i}", "score": one} for i, one in enumerate(scores)])
            row = {"task": "reviews", "strategy": strategy, "fraction": 64.0, "seed": seed, "amount": None}
            row |= {"n_gold": 1564 if strategy == "full" else 64, "n_synthetic": 600 * (strategy != "gold")}
            rows.append(row | {"metric": metric, "value": sum(scores) / UNITS})
    write(run / "metrics.json", rows)
    write(run / "run.json", {"labels": ["negative", "positive"], "metrics": [metric]})
    return run


@pytest.mark.parametrize(
    ("metric", "shares"),
    [
        ("accuracy", {"gold": (0.50, 0.50, 0.80), "annotate": (0.60, 0.61, 0.89), "generate": (0.78,)}),
        ("slot_error_rate", {"gold": (0.50, 0.50, 0.20), "annotate": (0.40, 0.39, 0.11), "generate": (0.22,)}),
    ],
)
def test_the_verdict_is_on_the_largest_gain_and_not_on_the_easiest_seed(
    tmp_path: Path, metric: str, shares: dict[str, tuple[float, ...]]
) -> None:
    by_seed = {name: dict(zip(range(3 - len(found), 3), found, strict=True)) for name, found in shares.items()}
    summary = summarise(make(tmp_path / "run", by_seed, metric))
    assert summary.best == "annotate"
    assert summary.verdict.startswith("With 64 labels, annotating 600 examples took the student from ")
    assert summary.verdict.endswith("it paid.")
    assert [told.split(":")[0] for told in summary.others] == ["Generating 600 examples did not pay"]
