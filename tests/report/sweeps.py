"""A made-up sweep, as the pipeline would leave it: a run a fraction, students of several amounts, a failed job."""

from collections.abc import Mapping, Sequence
from math import log1p, log2
from pathlib import Path
from typing import Any

import numpy as np

from tests.report.conftest import write, write_lines

FRACTIONS = (64, 128, 256, 512)
AMOUNTS = (125, 500)
ROWS = {"annotate": 1500, "generate": 750}
POOL, UNITS = 1500, 400
WORK = {
    "teacher_fit": {"tokens": 40_000, "gpu_seconds": 1440.0, "devices": ["2 x A"]},
    "gold": {"tokens": 6100, "gpu_seconds": 0.0, "devices": ["CPU"]},
    "gold_search_0.0003": {"tokens": 200, "gpu_seconds": 0.0, "devices": ["CPU"]},
}
GAINS = {"annotate": 0.13, "generate": 0.07, "both": 0.15}


def make_sweep(
    path: Path,
    seeds: Sequence[int] = (0, 1, 2),
    fractions: Sequence[int] = FRACTIONS,
    amounts: Sequence[int] = AMOUNTS,
    task: str = "reviews",
    gains: Mapping[str, float] | None = None,
    failed: tuple[int, int] | None = None,
    limit: int | None = None,
) -> Path:
    """Write a sweep folder.

    Args:
        path: The folder.
        seeds: Of every run.
        fractions: Gold rows of the runs.
        amounts: Smaller amounts, besides all there is.
        task: Its name.
        gains: By how much a synthetic student is better than gold only at 64 rows; half of it at 256.
        failed: Fraction and seed of a job that failed: its seed has no student on generated rows.
        limit: Cap on the rows of every run.
    """
    for fraction in fractions:
        stages = _stages(fraction, amounts, GAINS | dict(gains or {}))
        rows = [
            row
            for seed in seeds
            for place, stage in enumerate(stages)
            if (fraction, seed) != failed or stage["strategy"] != "generate"
            for row in _student(path / f"fraction_{fraction:g}", task, fraction, seed, place, stage)
        ]
        write(path / f"fraction_{fraction:g}" / "metrics.json", rows)
        write(path / f"fraction_{fraction:g}" / "run.json", _details(task, fraction, seeds, limit))
        (path / f"fraction_{fraction:g}" / "config.yaml").write_text(
            f"fraction: {fraction}\namounts: {list(amounts)}\n"
        )
    jobs = [
        {"fraction": fraction, "seed": seed, "status": "done", "error": None, "seconds": 812.5}
        | ({"status": "failed", "error": "disk <full>", "seconds": 31.0} if (fraction, seed) == failed else {})
        for fraction in fractions
        for seed in seeds
    ]
    write(path / "sweep.json", {"jobs": jobs})
    return path


def gold_alone(rows: float) -> float:
    """Return the true accuracy of a student on gold alone."""
    return 0.62 + 0.05 * log2(rows / 64)


def _stages(fraction: int, amounts: Sequence[int], gains: Mapping[str, float]) -> list[dict[str, Any]]:
    own = gold_alone(fraction)
    found: list[dict[str, Any]] = [{"strategy": "gold", "true": own, "gold": fraction, "rows": 0, "amount": None}]
    for strategy, gain in gains.items():
        for amount in (*amounts, None):
            each = [ROWS["annotate"]] * (strategy != "generate") + [ROWS["generate"]] * (strategy != "annotate")
            rows = sum(min(amount or most, most) for most in each)
            share = log1p(rows / 100) / log1p(sum(each) / 100) * 0.5 ** (log2(fraction / 64) / 2)
            row = {"strategy": strategy, "true": own + gain * share, "gold": fraction, "rows": rows}
            found.append(row | {"amount": amount})
    most = fraction + POOL
    found.append({"strategy": "full", "true": gold_alone(most), "gold": most, "rows": 0, "amount": None})
    teacher = own + 0.07
    return [*found, {"strategy": "teacher", "true": teacher, "gold": fraction, "rows": 0, "amount": None}]


def _student(run: Path, task: str, fraction: int, seed: int, place: int, stage: Mapping[str, Any]) -> list[Any]:
    """Write the scores of a student; all of them meet the same hard and easy rows."""
    hard = np.random.default_rng(99).uniform(size=UNITS)
    rng = np.random.default_rng([seed, fraction, place])
    noisy = hard + rng.normal(0, 0.12, UNITS)
    right = noisy.argsort().argsort() < (stage["true"] + rng.normal(0, 0.006)) * UNITS
    name = stage["strategy"] if stage["amount"] is None else f"{stage['strategy']}_{stage['amount']}"
    write_lines(run, seed, name, "scores", [{"id": f"t{i}", "score": float(one)} for i, one in enumerate(right)])
    row = {"task": task, "strategy": stage["strategy"], "fraction": float(fraction), "seed": seed}
    row |= {"n_gold": stage["gold"], "n_synthetic": stage["rows"], "amount": stage["amount"]}
    return [row | {"metric": "accuracy", "value": float(right.mean())}]


def _details(task: str, fraction: int, seeds: Sequence[int], limit: int | None) -> dict[str, Any]:
    taken = {"teacher_fit": 40.0 + fraction / 4, "annotation": 95.5, "generation": 310.0, "gold_search_0.0003": 20.0}
    taken |= {"gold_search_0.0006": 21.0, "gold": 30.5, "annotate": 62.0, "annotate_500": 41.0, "full": 71.5}
    return {
        "task": task,
        "labels": ["negative", "positive"],
        "metrics": ["accuracy"],
        "command": f"lit_synth sweep --config configs/demo.yaml --fractions {fraction}",
        "limit": limit,
        "seconds": {f"seed{seed}": taken for seed in seeds},
        "work": {f"seed{seed}": WORK for seed in seeds},
    }
