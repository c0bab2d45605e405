"""Computes every figure of a run: means, intervals, differences to gold only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from lit_synth.examples import InputError
from lit_synth.report.findings import CANDIDATES, ORDER, Difference, StrategySummary, Summary
from lit_synth.report.folder import Prediction, RunFolder
from lit_synth.report.statistics import (
    Comparison,
    Interval,
    expected_calibration_error,
    holm,
    paired_difference,
    paired_seeds,
    seed_interval,
    table_interval,
)

Predictions = Mapping[int, Mapping[str, Prediction]]
"""Predictions by seed, then by test row."""


def measure(folder: RunFolder) -> Summary:
    """Compute every figure of a run; no words yet.

    Raises:
        InputError: No accuracy in ``metrics.json``, several tasks or fractions in it, strategies whose test rows
            differ, or predictions that contradict ``metrics.json``.
    """
    rows = [row for row in folder.metrics if row["metric"] == "accuracy"]
    if not rows:
        raise InputError(f"{folder.path / 'metrics.json'}: no row with metric 'accuracy'; is a student stage missing?")
    for key in ("task", "fraction"):
        values = sorted({str(row.get(key)) for row in rows})
        if len(values) > 1:
            raise InputError(f"{folder.path}: a report shows one {key}, metrics.json has {', '.join(values)}")
    names = {row["strategy"] for row in rows}
    ordered = [name for name in ORDER if name in names] + sorted(names - set(ORDER))
    seeds = tuple(sorted({int(row["seed"]) for row in rows}))
    predictions = {
        name: {seed: found for seed in seeds if (found := folder.predictions(seed, name)) is not None}
        for name in ordered
    }
    strategies = _differences([_strategy(folder, name, predictions[name]) for name in ordered], predictions)
    test = next((rows for table in predictions.values() for rows in table.values()), None)
    gold = [prediction.gold for prediction in test.values()] if test else []
    return Summary(
        task=str(rows[0]["task"]),
        seeds=seeds,
        limit=folder.limit,
        labels=_labels_spent(folder, seeds, strategies),
        test_rows=len(gold) or None,
        majority=max(map(gold.count, set(gold))) / len(gold) if gold else None,
        strategies=tuple(strategies),
    )


def _strategy(folder: RunFolder, name: str, predictions: Predictions) -> StrategySummary:
    rows = [row for row in folder.metrics if row["strategy"] == name]
    accuracy = {int(row["seed"]): float(row["value"]) for row in rows if row["metric"] == "accuracy"}
    f1 = [float(row["value"]) for row in rows if row["metric"] == "macro_f1"]
    for seed, found in predictions.items():
        share = fmean(prediction.correct for prediction in found.values())
        if seed in accuracy and abs(share - accuracy[seed]) > 0.0005:
            raise InputError(
                f"{folder.path}/seed{seed}/{name}/predictions.jsonl: {share:.4f} of its rows are right, but "
                f"metrics.json says {accuracy[seed]:.4f}; run the test stage again"
            )
    every = [prediction for found in predictions.values() for prediction in found.values()]
    interval = seed_interval(list(accuracy.values())) if len(accuracy) > 1 else None
    if set(predictions) == set(accuracy) and _same_rows(predictions):
        interval = table_interval(_table(predictions, sorted(accuracy)))
    return StrategySummary(
        name=name,
        per_seed=dict(sorted(accuracy.items())),
        interval=Interval(max(interval.low, 0.0), min(interval.high, 1.0)) if interval else None,
        n_gold=fmean(row["n_gold"] for row in rows),
        n_synthetic=fmean(row["n_synthetic"] for row in rows),
        macro_f1=fmean(f1) if f1 else None,
        calibration_error=expected_calibration_error([p.confidence for p in every], [p.correct for p in every])
        if every
        else None,
    )


def _differences(
    strategies: Sequence[StrategySummary], predictions: Mapping[str, Predictions]
) -> list[StrategySummary]:
    """Compare every strategy with gold only; correct the p-values of the synthetic ones for their number."""
    gold = next((strategy for strategy in strategies if strategy.name == "gold"), None)
    if gold is None:
        return list(strategies)
    compared: dict[str, tuple[list[int], Comparison | None]] = {}
    for strategy in strategies:
        seeds = sorted(set(gold.per_seed) & set(strategy.per_seed))
        if strategy.name != "gold" and seeds:
            compared[strategy.name] = seeds, _compare(gold, strategy, seeds, predictions)
    tested = {name: found.p for name, (_, found) in compared.items() if name in CANDIDATES and found}
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    results = []
    for strategy in strategies:
        if strategy.name in compared:
            seeds, found = compared[strategy.name]
            difference = Difference(
                gold=fmean(gold.per_seed[seed] for seed in seeds),
                own=fmean(strategy.per_seed[seed] for seed in seeds),
                interval=found.interval if found else None,
                p=corrected.get(strategy.name),
            )
            strategy = replace(strategy, difference=difference)
        results.append(strategy)
    return _recovered(results)


def _compare(
    gold: StrategySummary, other: StrategySummary, seeds: list[int], predictions: Mapping[str, Predictions]
) -> Comparison | None:
    first, second = predictions["gold"], predictions[other.name]
    if all(seed in first and seed in second for seed in seeds):
        for seed in seeds:
            if set(first[seed]) != set(second[seed]):
                raise InputError(f"seed{seed}: gold and {other.name} were tested on different rows; run both again")
        if _same_rows({seed: first[seed] for seed in seeds}):
            return paired_difference(_table(first, seeds), _table(second, seeds))
    if len(seeds) < 2:
        return None
    return paired_seeds([gold.per_seed[seed] for seed in seeds], [other.per_seed[seed] for seed in seeds])


def _recovered(strategies: list[StrategySummary]) -> list[StrategySummary]:
    """Add the share of the gap to ``full``; a gap that may be chance has no shares."""
    full = next((strategy.difference for strategy in strategies if strategy.name == "full"), None)
    if full is None or not full.paid:
        return strategies
    return [
        replace(strategy, recovered=strategy.difference.mean / full.mean)
        if strategy.difference and strategy.name in CANDIDATES
        else strategy
        for strategy in strategies
    ]


def _labels_spent(folder: RunFolder, seeds: Sequence[int], strategies: Sequence[StrategySummary]) -> int:
    """Count development rows too: somebody labelled them."""
    parts = [folder.splits[f"seed{seed}"] for seed in seeds if f"seed{seed}" in folder.splits]
    if parts:
        return round(fmean(part.get("gold", 0) + part.get("development", 0) for part in parts))
    return round(strategies[0].n_gold)


def _same_rows(predictions: Predictions) -> bool:
    return len({frozenset(found) for found in predictions.values()}) == 1


def _table(predictions: Predictions, seeds: Sequence[int]) -> list[list[int]]:
    """Return 1 where right, shape ``(seeds, rows)``, the rows in one order."""
    ids = sorted(predictions[seeds[0]])
    return [[int(predictions[seed][row].correct) for row in ids] for seed in seeds]
