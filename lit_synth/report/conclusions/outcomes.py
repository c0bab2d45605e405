"""Several runs of a task as values: every student, what it is worth in labels, and the share of the gap it recovers."""

from collections.abc import Sequence
from dataclasses import dataclass

from lit_synth.report.conclusions.findings import CANDIDATES, Difference, StrategySummary
from lit_synth.report.limits import Limits
from lit_synth.report.metric import Metric
from lit_synth.report.statistics.equivalence import Equivalence
from lit_synth.report.statistics.recovery import Recovery
from lit_synth.report.statistics.units import Units

CURVE = ("gold", "full")
"""Students on gold alone: on the labels of the run, and on every true label there is."""


@dataclass(frozen=True)
class Outcome:
    """A student, or another model, of one run.

    Args:
        run: Name of the run.
        fraction: Share or count of gold rows, as the run was told.
        labels: Gold rows it cost, development rows included.
        strategy: As in ``metrics.json``.
        amount: Synthetic rows of each source it learnt from; ``None`` for all there were.
        summary: Its mean, interval and difference to gold only; p is corrected for all such students of the task.
        units: Scores of single units by seed.
        worth: Gold rows that a student on gold alone would need.
        recovery: Share of the gap from gold only to every true label, on the seeds that all three have.
    """

    run: str
    fraction: float
    labels: float
    strategy: str
    amount: int | None
    summary: StrategySummary
    units: Units
    worth: Equivalence | None = None
    recovery: Recovery | None = None

    @property
    def is_synthetic(self) -> bool:
        """Whether it learnt from synthetic rows."""
        return self.strategy in CANDIDATES

    @property
    def difference(self) -> Difference | None:
        """Difference to gold only of the same run."""
        return self.summary.difference


@dataclass(frozen=True)
class TaskOutcomes:
    """Every student of a task, over runs.

    Args:
        task: Name of the task.
        metric: The headline metric.
        is_text: Whether the task is text to text.
        outcomes: Run after run, those with the fewest labels first.
        limits: Of every run.
        is_paired: Whether all students were tested on the same units, so that intervals over runs count them.
    """

    task: str
    metric: Metric
    is_text: bool
    outcomes: Sequence[Outcome]
    limits: Sequence[Limits]
    is_paired: bool

    @property
    def runs(self) -> list[str]:
        """Names of the runs, in order."""
        return list(dict.fromkeys(outcome.run for outcome in self.outcomes))

    @property
    def seeds(self) -> list[int]:
        """Every seed of any student."""
        return sorted({seed for outcome in self.outcomes for seed in outcome.summary.per_seed})

    @property
    def compared(self) -> int:
        """Number of students held against gold only, for which p-values are corrected."""
        return sum(outcome.is_synthetic and outcome.difference is not None for outcome in self.outcomes)

    @property
    def caption(self) -> str:
        """The caps of the runs, each kind once."""
        return " ".join(dict.fromkeys(filter(None, (limits.caption for limits in self.limits))))

    def of(self, run: str) -> list[Outcome]:
        """Return the students of one run."""
        return [outcome for outcome in self.outcomes if outcome.run == run]

    def of_strategy(self, strategy: str) -> list[Outcome]:
        """Return the students of a strategy that learnt from all there was, by their labels."""
        found = [outcome for outcome in self.outcomes if outcome.strategy == strategy and outcome.amount is None]
        return sorted(found, key=lambda outcome: outcome.labels)
