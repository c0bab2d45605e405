"""Reads the students of one run: those that learnt from every synthetic row, and those of a smaller amount."""

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from lit_synth.errors import InputError
from lit_synth.report.conclusions.differences import compare
from lit_synth.report.conclusions.findings import ORDER, Difference, StrategySummary
from lit_synth.report.conclusions.measure import labels_spent, measure_strategy
from lit_synth.report.conclusions.outcomes import Outcome
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.metric import named
from lit_synth.report.statistics.units import Units


def only(run: RunFolder, key: str) -> object:
    """Return the one value that every row of a run has.

    Raises:
        InputError: There are several, or none.
    """
    values = {row.get(key) for row in [*run.metrics, *run.smaller]}
    if len(values) != 1:
        told = ", ".join(sorted(map(str, values)))
        raise InputError(f"{run.path}: a run has one {key}, metrics.json has {told or 'none'}")
    return next(iter(values))


def gather(run: RunFolder, name: str) -> list[Outcome]:
    """Return every student of a run with its difference to gold only, p not yet corrected.

    Args:
        run: The run.
        name: What it is called.

    Raises:
        InputError: No headline metric in ``metrics.json``, students tested on different rows, or a file that is not
            what it should be.
    """
    rows = [row for row in [*run.metrics, *run.smaller] if row["metric"] == run.headline]
    if not rows:
        raise InputError(
            f"{run.path / 'metrics.json'}: no row with metric {run.headline!r}; is a student stage missing?"
        )
    known = {str(row["strategy"]): row.get("amount") for row in rows}
    bases = {stage: stage if amount is None else stage.removesuffix(f"_{amount}") for stage, amount in known.items()}
    order = {strategy: place for place, strategy in enumerate([*ORDER, *sorted(set(bases.values()) - set(ORDER))])}
    stages = sorted(known, key=lambda stage: (order[bases[stage]], known[stage] or float("inf")))
    seeds = tuple(sorted({int(row["seed"]) for row in rows}))
    units = {stage: run.units(stage, seeds) for stage in stages}
    found = {stage: measure_strategy(run, rows, stage, units[stage], {}) for stage in stages}
    gold = found.get("gold")
    spent = labels_spent(run, seeds, [gold or found[stages[0]]])
    return [
        Outcome(
            run=name,
            fraction=_fraction(run),
            labels=spent + (found[stage].n_gold - gold.n_gold if stage == "full" and gold else 0),
            strategy=bases[stage],
            amount=known[stage],
            summary=_against(gold, found[stage], units, named(run.headline).lower),
            units=units[stage],
        )
        for stage in stages
    ]


def _fraction(run: RunFolder) -> float:
    found = only(run, "fraction")
    if not isinstance(found, int | float):
        raise InputError(f"{run.path / 'metrics.json'}: fraction {found!r} is no number; run the students again")
    return float(found)


def _against(
    gold: StrategySummary | None,
    own: StrategySummary,
    units: Mapping[str, Units],
    lower: bool,
) -> StrategySummary:
    seeds = sorted(set(gold.per_seed) & set(own.per_seed)) if gold else []
    if gold is None or gold is own or not seeds:
        return own
    found = compare(gold, own, seeds, units)
    first, second = (fmean(one.per_seed[seed] for seed in seeds) for one in (gold, own))
    if found is None:
        return replace(own, difference=Difference(first, second, None, None, lower=lower))
    return replace(own, difference=Difference(first, second, found.interval, found.p, found.test, lower))
