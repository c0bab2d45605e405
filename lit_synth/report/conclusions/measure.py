"""Computes every figure of a run: means, intervals, differences to gold only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from lit_synth.errors import InputError
from lit_synth.report.conclusions.differences import add_differences
from lit_synth.report.conclusions.findings import ORDER, StrategySummary, Summary
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.folders.tested import Prediction
from lit_synth.report.metric import named
from lit_synth.report.statistics.intervals import Interval, seed_interval, table_interval
from lit_synth.report.statistics.labels import (
    LabelFigures,
    expected_calibration_error,
    label_figures,
    trivial_answer,
)
from lit_synth.report.statistics.units import Units, same_units, table

Predictions = Mapping[int, Mapping[str, Prediction]]
"""Predictions by seed, then by test row."""


def measure(folder: RunFolder) -> Summary:
    """Compute every figure of a run; no words yet.

    Raises:
        InputError: No headline metric in ``metrics.json``, several tasks or fractions in it, strategies whose test rows
            differ, or scores that contradict ``metrics.json``.
    """
    headline = folder.headline
    rows = [row for row in folder.metrics if row["metric"] == headline]
    if not rows:
        raise InputError(
            f"{folder.path / 'metrics.json'}: no row with metric {headline!r}; is a student stage missing?"
        )
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
    units = {name: folder.units(name, seeds) for name in ordered}
    strategies = [measure_strategy(folder, folder.metrics, name, units[name], predictions[name]) for name in ordered]
    test = next((rows for by_seed in predictions.values() for rows in by_seed.values()), {})
    gold = [prediction.gold for prediction in test.values()]
    return Summary(
        task=str(rows[0]["task"]),
        metrics=tuple(map(named, folder.metric_names)),
        is_text=folder.is_text,
        seeds=seeds,
        limits=folder.limits,
        labels=labels_spent(folder, seeds, strategies),
        test_rows=len(gold) or None,
        test_units=next((len(scores) for by_seed in units.values() for scores in by_seed.values()), None),
        trivial=None if folder.is_text else trivial_answer(headline, gold),
        strategies=tuple(add_differences(strategies, units, named(headline).lower)),
        labelled={} if folder.is_text else {name: _by_label(found) for name, found in predictions.items() if found},
        failed=tuple(
            f"{seed.replace('seed', 'Seed ')}: {reason}."
            for seed, sources in folder.details.get("failed", {}).items()
            for reason in sources.values()
        ),
    )


def measure_strategy(
    folder: RunFolder, every: Sequence[Mapping[str, Any]], name: str, units: Units, predictions: Predictions
) -> StrategySummary:
    """Compute the figures of one strategy, without differences.

    Args:
        folder: Of the run.
        every: Rows of ``metrics.json`` among which the strategy's are.
        name: The strategy, which is also the folder of its stage.
        units: Its scores of single units.
        predictions: What calibration is computed from; may be empty.

    Raises:
        InputError: The scores contradict ``metrics.json``.
    """
    rows = [row for row in every if row["strategy"] == name]
    by_metric = {
        metric: {int(row["seed"]): float(row["value"]) for row in rows if row["metric"] == metric}
        for metric in folder.metric_names
    }
    headline = dict(sorted(by_metric[folder.headline].items()))
    _check(folder, name, units, headline)
    interval = seed_interval(list(headline.values())) if len(headline) > 1 else None
    if set(units) == set(headline) and same_units(units):
        interval = table_interval(table(units, list(headline)))
    return StrategySummary(
        name=name,
        per_seed=headline,
        interval=Interval(max(interval.low, 0.0), min(interval.high, 1.0)) if interval else None,
        n_gold=fmean(row["n_gold"] for row in rows),
        n_synthetic=fmean(row["n_synthetic"] for row in rows),
        figures={metric: fmean(values.values()) for metric, values in by_metric.items() if values},
        calibration_error=_calibration(predictions),
    )


def _check(folder: RunFolder, name: str, units: Units, headline: Mapping[int, float]) -> None:
    """Refuse scores whose mean is not the figure: one of the two is of another run."""
    for seed, scores in units.items():
        mean = fmean(scores.values())
        if seed in headline and abs(mean - headline[seed]) > 0.0005:
            raise InputError(
                f"{folder.path}/seed{seed}/{name}: the test rows give {folder.headline} {mean:.4f}, but "
                f"metrics.json says {headline[seed]:.4f}; run the test stage again"
            )


def _calibration(predictions: Predictions) -> float | None:
    every = [prediction for found in predictions.values() for prediction in found.values()]
    confidences = [prediction.confidence for prediction in every if prediction.confidence is not None]
    if not every or len(confidences) < len(every):
        return None
    return expected_calibration_error(confidences, [prediction.correct for prediction in every])


def _by_label(predictions: Predictions) -> tuple[LabelFigures, ...]:
    every = (prediction for found in predictions.values() for prediction in found.values())
    return label_figures(Counter((one.gold, one.predicted) for one in every))


def labels_spent(folder: RunFolder, seeds: Sequence[int], strategies: Sequence[StrategySummary]) -> int:
    """Return the gold rows spent, development rows too: somebody labelled them."""
    parts = [folder.splits[f"seed{seed}"] for seed in seeds if f"seed{seed}" in folder.splits]
    if parts:
        return round(fmean(part.get("gold", 0) + part.get("development", 0) for part in parts))
    return round(strategies[0].n_gold)
