"""Puts the figures of a run into plain sentences: the verdict, and what to know before believing it."""

from dataclasses import replace

from lit_synth.report.conclusions.findings import CANDIDATES, Difference, StrategySummary, Summary
from lit_synth.report.wording import basis, count, points, span


def conclude(summary: Summary) -> Summary:
    """Return the summary with verdict, other sentences and warnings.

    The verdict is on the synthetic strategy that gained most, each on the seeds it has in common with gold only: where
    strategies have different seeds, the best mean may be that of the easiest seed. Best of several is a choice made on
    test rows, which is why a gain has to hold after Holm's correction as well.
    """
    tried = [s for s in summary.strategies if s.name in CANDIDATES and s.difference]
    warnings = tuple(_warnings(summary))
    if not tried:
        return replace(summary, verdict=_no_verdict(summary), warnings=warnings)
    tried.sort(key=_gained, reverse=True)
    first, *others = (_sentence(summary, strategy, len(tried)) for strategy in tried)
    limit = summary.limits.limit
    opening = f"With {summary.labels:,} {'labelled examples' if summary.is_text else 'labels'}"
    opening += f" and a limit of {limit:,} rows" if limit else ""
    return replace(
        summary,
        best=tried[0].name,
        verdict=f"{opening}, {first}",
        others=tuple(sentence[0].upper() + sentence[1:] for sentence in others),
        warnings=warnings,
    )


def _gained(strategy: StrategySummary) -> float:
    return strategy.difference.gain if strategy.difference else 0.0


def _sentence(summary: Summary, strategy: StrategySummary, tried: int) -> str:
    difference, show = strategy.difference, summary.metric.show
    assert difference is not None  # noqa: S101 - the caller kept only strategies with one
    examples = f"{count(strategy.n_synthetic)} examples"
    action = {
        "annotate": f"annotating {examples}",
        "generate": f"generating {examples}",
        "both": f"annotating and generating {examples}",
    }[strategy.name]
    change = f"from {show(difference.gold)} to {show(difference.own)} ({_gain(summary, strategy, difference)})"
    if difference.paid:
        return f"{action} took the student {change}: it paid."
    # A gain that chance may explain is neither a proof nor a failure.
    outcome = "is not shown to pay" if difference.gain > 0 else "did not pay"
    return f"{action} {outcome}: the student went {change}{_why(difference, tried)}."


def _gain(summary: Summary, strategy: StrategySummary, difference: Difference) -> str:
    gain = f"{points(difference.mean)} points"
    # A percentage in this place is read as accuracy; what else there is has to be named.
    gain += "" if summary.metric.key == "accuracy" else f" of {summary.metric.name}"
    if difference.interval is None:
        return f"{gain}, one seed and no predictions: no interval"
    gold = summary.strategy("gold")
    seeds = len(set(strategy.per_seed) & set(gold.per_seed if gold else ()))
    sign = difference.interval.low < 0
    return f"{gain}, 95 % interval {span(difference.interval, sign)} {basis(seeds, summary.metric.units)}"


def _why(difference: Difference, tried: int) -> str:
    interval = difference.gain_interval
    if interval is None:
        return ", which may be chance"
    if interval.high < 0:
        return ", a loss beyond chance"
    if interval.low > 0:
        return f", within chance once corrected for {tried} strategies"
    return ", within chance"


def _no_verdict(summary: Summary) -> str:
    if summary.strategy("gold") is None:
        kind = "texts" if summary.is_text else "labels"
        return f"No verdict: this run has no student on gold {kind} only to compare with."
    return "No verdict: this run has no student on synthetic data."


def _warnings(summary: Summary) -> list[str]:
    found = [*summary.failed, *_weak_teacher(summary)]
    if len(summary.seeds) == 1:
        found.append("One seed: the intervals leave out how another split or another training would come out.")
    for strategy in summary.strategies:
        absent = [str(seed) for seed in summary.seeds if seed not in strategy.per_seed]
        if absent:
            found.append(f"{strategy.name} has no result for seed {', '.join(absent)}; its mean is over the others.")
        if strategy.difference and strategy.name in CANDIDATES and strategy.difference.interval is None:
            found.append(f"{strategy.name} has no predictions on disk and one seed: no interval can be given.")
    return found


def _weak_teacher(summary: Summary) -> list[str]:
    teacher, trivial, show = summary.strategy("teacher"), summary.trivial, summary.metric.show
    found = []
    if teacher and trivial:
        low = teacher.interval.low if teacher.interval else teacher.mean
        if low <= trivial.value:
            found.append(
                f"Teacher {show(teacher.mean)} is not above {trivial.words.format(show(trivial.value))}: "
                "synthetic data is unlikely to pay."
            )
    if teacher and teacher.difference and not teacher.difference.paid:
        found.append(
            f"Teacher {show(teacher.difference.own)} is not beyond chance {summary.metric.beyond} the student on gold "
            f"only {show(teacher.difference.gold)}: there is little it can teach."
        )
    return found
