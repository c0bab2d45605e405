"""Learning curves by one command: a run for every fraction of gold rows, a job for every fraction and seed."""

import hashlib
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from lit_synth.claim import claim
from lit_synth.display.choice import showing
from lit_synth.errors import InputError
from lit_synth.jobs import Job, run_jobs
from lit_synth.pipeline import FREE, module_of
from lit_synth.plan import matrix_rate, plan
from lit_synth.settings import RunSettings
from lit_synth.stages import quiet
from lit_synth.workload import Step, minutes


@dataclass(frozen=True)
class SweepSettings:
    """What a sweep is told beside a run.

    Args:
        fractions: Of gold rows, each as `fraction` of a run.
        jobs: Jobs at a time; by default one for each GPU that is seen, else one.
        job: Number of the only job to do, from 0: the index of a SLURM array. The sweep's page is left to
            `lit_synth report`.
        dry_run: Show the plan and do nothing.
    """

    fractions: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2)
    jobs: int | None = None
    job: int | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not self.fractions:
            raise InputError("fractions: give one or more")
        if self.jobs is not None and self.jobs < 1:
            raise InputError(f"jobs {self.jobs}: give 1 or more")


class Sweep:
    """All jobs of a sweep.

    Args:
        run: Settings of every run. The largest of its amounts is how many rows are annotated and generated; the
            others are what smaller students learn from.
        sweep: Fractions, and how many jobs at a time.
        tell: Gets every line of progress.
    """

    def __init__(self, run: RunSettings, sweep: SweepSettings, tell: Callable[[str], None] = print) -> None:
        self.sweep = sweep
        self.tell = tell
        self.run = _with_amounts(run)
        self.jobs = [Job(fraction, seed) for seed in run.seeds for fraction in sweep.fractions]

    def execute(self) -> list[Job]:
        """Do what is not done yet; return the jobs that failed."""
        quiet()
        sweep = self.sweep
        if sweep.job is not None and not 0 <= sweep.job < len(self.jobs):
            raise InputError(f"job {sweep.job}: the sweep has jobs 0 to {len(self.jobs) - 1}")
        steps = {fraction: self._plan(fraction) for fraction in sweep.fractions}
        rate = matrix_rate()
        estimates = {fraction: sum(minutes(found, rate)) for fraction, found in steps.items()}
        if not sweep.dry_run:
            self._claim()
        wanted = self.jobs if sweep.job is None else [self.jobs[sweep.job]]
        left = [job for job in wanted if job.found(self.run.output).get("key") != self._key(job)]
        Console().print(self._table(steps, rate))
        self.tell(f"{len(wanted)} jobs, {len(wanted) - len(left)} done before")
        if not sweep.dry_run:
            expected = {job: estimates[job.fraction] for job in left}
            # Of several jobs at a time each end is a line; a panel is for one.
            with showing() if self._at_once == 1 else nullcontext():
                run_jobs(self.run.output, expected, self._words, self._key, self._at_once, self.tell)
        return [job for job in wanted if job.found(self.run.output).get("status") == "failed"]

    @property
    def _at_once(self) -> int:
        import torch

        return self.sweep.jobs or max(1, torch.cuda.device_count())

    def _plan(self, fraction: float) -> list[Step]:
        run = replace(self.run, fraction=fraction)
        return plan(run, module_of(run, run.seeds[0]))

    def _claim(self) -> None:
        free, untold = ("fraction", *FREE), self.run.untold().plain()
        claim(self.run.output, self.run.plain(), ("seeds", "strategies", "amounts"), free, untold)

    def _words(self, job: Job) -> list[str]:
        """Return the command of a job: an ordinary run of one seed."""
        run, output = self.run, self.run.output
        given = {"fraction": job.fraction, "seeds": [job.seed], "output": str(job.folder(output))}
        given |= {"strategies": list(run.strategies), "amounts": list(run.amounts)}
        words = [word for name, value in given.items() for word in (f"--{name}", json.dumps(value).strip('"'))]
        return ["run", "--config", str(output / "config.yaml"), *words]

    def _key(self, job: Job) -> str:
        """Hash of all that a job is told: one that is done is not started again."""
        told: dict[str, Any] = {**self.run.plain(), "seeds": [job.seed], "fraction": job.fraction}
        return hashlib.sha256(yaml.safe_dump(told).encode()).hexdigest()[:16]

    def _table(self, steps: dict[float, list[Step]], rate: float) -> Table:
        """Return minutes by stage and fraction: what a stage is done for once serves every strategy and amount."""
        each = {fraction: minutes(found, rate) for fraction, found in steps.items()}
        whole = sum(map(sum, each.values())) * len(self.run.seeds) / self._at_once
        title = f"Plan of {len(self.jobs)} jobs, {self._at_once} at a time: about {whole:.0f} minutes"
        table = Table(title=title, title_justify="left")
        table.add_column("minutes a seed at fraction")
        for fraction in steps:
            table.add_column(f"{fraction:g}", justify="right")
        names = [step.name for step in next(iter(steps.values()))]
        for row, name in enumerate(names):
            table.add_row(name, *(f"{one[row]:.1f}" for one in each.values()))
        table.add_row("together", *(f"{sum(one):.1f}" for one in each.values()), style="bold")
        return table


def _with_amounts(run: RunSettings) -> RunSettings:
    """Make as many rows as the largest amount; 0 stands for gold alone, which is a strategy."""
    amounts = sorted({amount for amount in run.amounts if amount})
    if not amounts:
        return run
    generation = replace(run.generation, amount=amounts[-1])
    return replace(run, amounts=tuple(amounts[:-1]), pool_limit=amounts[-1], generation=generation)
