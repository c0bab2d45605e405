"""The figures of a run as values: made by `measure`, put into words by `verdict`, shown by table, figure and page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

from lit_synth.report.limits import Limits
from lit_synth.report.metric import Metric
from lit_synth.report.statistics.comparisons import Test
from lit_synth.report.statistics.intervals import Interval
from lit_synth.report.statistics.labels import LabelFigures, Trivial

CANDIDATES = ("annotate", "generate", "both")
"""Strategies that use synthetic data: those that may pay or not."""
REFERENCES = ("full", "few_shot", "teacher")
"""What they are seen against, besides gold only."""
ORDER = ("gold", *CANDIDATES, *REFERENCES)


@dataclass(frozen=True, slots=True)
class Difference:
    """A strategy against gold only, on the seeds that both have.

    Args:
        gold: Mean headline metric of gold only, 0 to 1.
        own: Mean headline metric of the strategy.
        interval: 95 % interval of ``own - gold``; ``None`` with one seed and no scores of single units.
        p: Two-sided p-value, Holm-corrected for the number of synthetic strategies; ``None`` for the references.
        test: What gave the p-value.
        lower: Whether lower is better.
    """

    gold: float
    own: float
    interval: Interval | None
    p: float | None
    test: Test | None = None
    lower: bool = False

    @property
    def mean(self) -> float:
        """Difference of the means."""
        return self.own - self.gold

    @property
    def gain(self) -> float:
        """Difference of the means; positive where the strategy is better.

        >>> round(Difference(gold=0.30, own=0.25, interval=None, p=None, lower=True).gain, 2)
        0.05
        """
        return -self.mean if self.lower else self.mean

    @property
    def gain_interval(self) -> Interval | None:
        """95 % interval of the gain."""
        if self.interval is None or not self.lower:
            return self.interval
        return Interval(-self.interval.high, -self.interval.low)

    @property
    def paid(self) -> bool:
        """Whether the gain is beyond chance, one strategy at a time and after correction."""
        interval = self.gain_interval
        return interval is not None and interval.low > 0 and (self.p is None or self.p < 0.05)


@dataclass(frozen=True, slots=True)
class StrategySummary:
    """A strategy on the test rows; shares are 0 to 1, row counts are means over seeds.

    Args:
        per_seed: Headline metric by seed.
        interval: 95 % interval of the mean; ``None`` with one seed and no scores of single units.
        figures: Every metric by its key, means over seeds.
        calibration_error: ``None`` where a model gave no probabilities.
        recovered: Share of the way from gold only to ``full``, on the seeds that all three have; ``None`` where that
            way is not beyond chance, or those seeds show none.
    """

    name: str
    per_seed: Mapping[int, float]
    interval: Interval | None
    n_gold: float
    n_synthetic: float
    figures: Mapping[str, float]
    calibration_error: float | None = None
    difference: Difference | None = None
    recovered: float | None = None

    @property
    def mean(self) -> float:
        """Mean headline metric over seeds."""
        return fmean(self.per_seed.values())


@dataclass(frozen=True)
class Summary:
    """What the terminal, the figure and the page all show.

    Args:
        metrics: Metrics of the run, the headline first.
        is_text: Whether the task is text to text.
        labels: Gold rows spent, development rows included.
        test_rows: Test rows a seed, where known.
        test_units: What intervals and tests of one seed are over: rows, or questions; where known.
        trivial: The best answer that ignores the input, where there is one.
        labelled: Figures of every label by strategy, rows summed over seeds; of labels only.
        failed: One sentence for every source of synthetic rows that gave none.
        best: The synthetic strategy of the verdict.
        verdict: One plain sentence.
        others: One sentence for every other synthetic strategy.
        warnings: What a reader should know before believing a figure.
    """

    task: str
    metrics: tuple[Metric, ...]
    is_text: bool
    seeds: tuple[int, ...]
    limits: Limits
    labels: int
    test_rows: int | None
    test_units: int | None
    trivial: Trivial | None
    strategies: tuple[StrategySummary, ...]
    labelled: Mapping[str, tuple[LabelFigures, ...]] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    best: str | None = None
    verdict: str = ""
    others: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def without_reading(self) -> str:
        """One sentence on what an answer gets that is the same for every row; empty where that is not known."""
        if self.trivial is None:
            return ""
        return f"Without reading a row: {self.trivial.words.format(self.metric.show(self.trivial.value))}."

    @property
    def metric(self) -> Metric:
        """The headline metric."""
        return self.metrics[0]

    @property
    def shown_by_label(self) -> dict[str, tuple[LabelFigures, ...]]:
        """Figures of every label with the student on gold alone and with the best on synthetic rows."""
        return {name: self.labelled[name] for name in ("gold", self.best) if name and name in self.labelled}

    def strategy(self, name: str) -> StrategySummary | None:
        """Return a strategy by name, where the run has it."""
        return next((strategy for strategy in self.strategies if strategy.name == name), None)
