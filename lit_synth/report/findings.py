"""The figures of a run as values: made by `measure`, put into words by `verdict`, shown by table, figure and page."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from lit_synth.report.statistics import Interval

CANDIDATES = ("annotate", "generate", "both")
"""Strategies that use synthetic data: those that may pay or not."""
ORDER = ("gold", *CANDIDATES, "full", "few_shot", "teacher")


@dataclass(frozen=True, slots=True)
class Difference:
    """A strategy against gold only, on the seeds that both have.

    Args:
        gold: Mean accuracy of gold only, 0 to 1.
        own: Mean accuracy of the strategy.
        interval: 95 % interval of ``own - gold``; ``None`` with one seed and no predictions.
        p: Two-sided p-value, Holm-corrected for the number of synthetic strategies; ``None`` for the references.
    """

    gold: float
    own: float
    interval: Interval | None
    p: float | None

    @property
    def mean(self) -> float:
        """Difference of the means; positive where the strategy is better."""
        return self.own - self.gold

    @property
    def paid(self) -> bool:
        """Whether the gain is beyond chance, one strategy at a time and after correction."""
        return self.interval is not None and self.interval.low > 0 and (self.p is None or self.p < 0.05)


@dataclass(frozen=True, slots=True)
class StrategySummary:
    """A strategy on the test rows; shares are 0 to 1, row counts are means over seeds.

    Args:
        per_seed: Accuracy by seed.
        interval: 95 % interval of the mean; ``None`` with one seed and no predictions.
        recovered: Share of the way from gold only to ``full``; ``None`` where that way is not beyond chance.
    """

    name: str
    per_seed: Mapping[int, float]
    interval: Interval | None
    n_gold: float
    n_synthetic: float
    macro_f1: float | None = None
    calibration_error: float | None = None
    difference: Difference | None = None
    recovered: float | None = None

    @property
    def mean(self) -> float:
        """Mean accuracy over seeds."""
        return fmean(self.per_seed.values())


@dataclass(frozen=True)
class Summary:
    """What the terminal, the figure and the page all show.

    Args:
        labels: Gold labels spent, development rows included.
        test_rows: Test rows a seed, where known.
        majority: Share of the most frequent label among the test rows, where known.
        best: The synthetic strategy of the verdict.
        verdict: One plain sentence.
        others: One sentence for every other synthetic strategy.
        warnings: What a reader should know before believing a figure.
    """

    task: str
    seeds: tuple[int, ...]
    limit: int | None
    labels: int
    test_rows: int | None
    majority: float | None
    strategies: tuple[StrategySummary, ...]
    best: str | None = None
    verdict: str = ""
    others: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def strategy(self, name: str) -> StrategySummary | None:
        """Return a strategy by name, where the run has it."""
        return next((strategy for strategy in self.strategies if strategy.name == name), None)
