"""Holds every strategy against gold only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from lit_synth.errors import InputError
from lit_synth.report.conclusions.findings import CANDIDATES, Difference, StrategySummary
from lit_synth.report.statistics.comparisons import Comparison, holm, paired_difference, paired_seeds
from lit_synth.report.statistics.units import Units, same_units, table


def add_differences(
    strategies: Sequence[StrategySummary], units: Mapping[str, Units], lower: bool
) -> list[StrategySummary]:
    """Compare every strategy with gold only; correct the p-values of the synthetic ones for their number.

    Args:
        strategies: Without differences.
        units: Scores by strategy.
        lower: Whether lower is better.

    Raises:
        InputError: Two strategies were tested on different rows with the same seed.
    """
    gold = next((strategy for strategy in strategies if strategy.name == "gold"), None)
    if gold is None:
        return list(strategies)
    compared: dict[str, tuple[list[int], Comparison | None]] = {}
    for strategy in strategies:
        seeds = sorted(set(gold.per_seed) & set(strategy.per_seed))
        if strategy.name != "gold" and seeds:
            compared[strategy.name] = seeds, compare(gold, strategy, seeds, units)
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
                test=found.test if found else None,
                lower=lower,
            )
            strategy = replace(strategy, difference=difference)
        results.append(strategy)
    return _recovered(results)


def compare(
    first: StrategySummary, other: StrategySummary, seeds: list[int], units: Mapping[str, Units]
) -> Comparison | None:
    """Compare a strategy with another one, such as gold only; ``None`` where neither units nor seeds allow it.

    Args:
        first: What is compared with.
        other: Its gain counts.
        seeds: Those that both have.
        units: Scores by strategy.

    Raises:
        InputError: The two were tested on different rows with the same seed.
    """
    before, after = units[first.name], units[other.name]
    if all(seed in before and seed in after for seed in seeds):
        for seed in seeds:
            if set(before[seed]) != set(after[seed]):
                raise InputError(
                    f"seed{seed}: {first.name} and {other.name} were tested on different rows; run both again"
                )
        if same_units({seed: before[seed] for seed in seeds}):
            return paired_difference(table(before, seeds), table(after, seeds))
    if len(seeds) < 2:
        return None
    return paired_seeds([first.per_seed[seed] for seed in seeds], [other.per_seed[seed] for seed in seeds])


def _recovered(strategies: list[StrategySummary]) -> list[StrategySummary]:
    """Add the share of the gap to ``full``; a gap that may be chance has no shares."""
    ends = {strategy.name: strategy for strategy in strategies if strategy.name in ("gold", "full")}
    full = ends.get("full")
    if full is None or full.difference is None or not full.difference.paid:
        return strategies
    lower = full.difference.lower
    return [
        replace(strategy, recovered=_share(ends["gold"], strategy, full, lower))
        if strategy.name in CANDIDATES
        else strategy
        for strategy in strategies
    ]


def _share(gold: StrategySummary, own: StrategySummary, full: StrategySummary, lower: bool) -> float | None:
    """Return the share of the gap on the seeds that all three have; ``None`` without any, or without a gap on them."""
    seeds = set(gold.per_seed) & set(own.per_seed) & set(full.per_seed)
    if not seeds:
        return None
    start, reached, end = (fmean(one.per_seed[seed] for seed in seeds) for one in (gold, own, full))
    has_gap = end < start if lower else end > start
    return (reached - start) / (end - start) if has_gap else None
