"""Students of a run that do not all have the same seeds: an easy seed must not stand in for a gain."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.folders.collection import collect
from lit_synth.report.statistics.recovery import Recovery
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


def recoveries(run: Path) -> tuple[float | None, Recovery | None]:
    """Return the share of the gap that annotating recovers: on the page of the run, and on that of several."""
    annotate = summarise(run).strategy("annotate")
    assert annotate is not None
    (task,) = appraise(collect([run]))
    (outcome,) = (one for one in task.outcomes if one.strategy == "annotate")
    return annotate.recovered, outcome.recovery


GOLD = {0: 0.60, 1: 0.78, 2: 0.80}


@pytest.mark.parametrize("metric", ["accuracy", "slot_error_rate"])
def test_a_share_of_the_gap_is_on_the_seeds_that_all_three_have(tmp_path: Path, metric: str) -> None:
    shares = {"gold": GOLD, "annotate": {0: 0.66, 1: 0.80, 2: 0.82}, "full": {0: 0.72}}
    if metric == "slot_error_rate":
        shares = {name: {seed: 1 - share for seed, share in found.items()} for name, found in shares.items()}
    alone, among = recoveries(make(tmp_path / "run", shares, metric))
    assert among is not None
    assert among.interval is not None
    assert alone == pytest.approx(0.5)
    assert among.share == pytest.approx(0.5)
    assert among.interval.low < 0.5 < among.interval.high < 0.7


def test_without_a_seed_in_common_there_is_no_share(tmp_path: Path) -> None:
    shares = {"gold": GOLD, "annotate": {1: 0.80, 2: 0.82}, "full": {0: 0.72}}
    assert recoveries(make(tmp_path / "run", shares)) == (None, None)


def test_without_a_gap_on_the_seeds_in_common_there_is_no_share(tmp_path: Path) -> None:
    gold = dict.fromkeys(range(5), 0.60)
    full = {0: 0.60, 1: 0.80, 2: 0.80, 3: 0.80, 4: 0.80}
    assert recoveries(make(tmp_path / "run", {"gold": gold, "annotate": {0: 0.70}, "full": full})) == (None, None)
