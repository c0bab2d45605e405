"""The main job: teacher, synthetic rows, students, figures; stages are joined by files only."""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from lit_synth import recipes
from lit_synth.account import cut_inputs
from lit_synth.data import TaskDataModule
from lit_synth.examples import InputError, read_json_lines
from lit_synth.few_shot import FewShot
from lit_synth.ledger import Ledger, claim, write_json
from lit_synth.metrics import KNOWN
from lit_synth.plan import matrix_rate, plan, plan_table
from lit_synth.report.page import write_report
from lit_synth.report.summary import summarise
from lit_synth.report.table import terminal_table
from lit_synth.seed import Seed
from lit_synth.settings import STUDENTS, RunSettings
from lit_synth.stages import StageCLI, quiet
from lit_synth.students import Students
from lit_synth.synthesis import Synthesis

HOW_ASKED = tuple(
    f"few_shot.endpoint.{name}"
    for name in ("max_requests", "timeout", "retries", "concurrency", "requests_per_minute", "key_variable")
)
"""Settings on which no answer depends: they may be changed between two calls."""
LIBRARIES = ("lit-synth", "torch", "lightning", "transformers", "peft")


class Pipeline:
    """One run: for every seed one teacher, its synthetic rows, and a student for every strategy.

    Args:
        run: The settings.
        tell: Gets every line of progress.
    """

    def __init__(self, run: RunSettings, tell: Callable[[str], None] = print) -> None:
        self.run = run
        self.tell = tell
        self.ledger = Ledger(tell, run.output, run.reuse)
        self.metrics: list[dict[str, Any]] = []
        self.splits: dict[str, Any] = {}
        names = ("synthetic", "curation", "amounts", "failed", "hyperparameters", "few_shot", "cut")
        self.details: dict[str, Any] = {name: {} for name in names}

    def execute(self) -> Path:
        """Do what is not done yet; return the path of the report."""
        quiet()
        run = self.run
        modules = {seed: self._datamodule(seed) for seed in run.seeds}
        for module in modules.values():
            # Read here, so that a mistake in the rows shows before anything is written.
            if run.annotates and not module.splits.pool:
                raise InputError(
                    f"fraction {run.fraction:g} leaves no row of train for the pool: nothing can be annotated; "
                    "lower it, or give --strategies gold,generate,teacher"
                )
        self.module = next(iter(modules.values()))
        self.task = self.module.task
        if unknown := set(self.task.metrics) - set(KNOWN):
            raise InputError(f"task {self.task.name}: unknown metric {min(unknown)!r}; known: {', '.join(KNOWN)}")
        run.refuse_unread(self.task)
        steps = plan(run, self.module)
        claim(run.output, _plain(run), open_keys=("seeds", "strategies"), free=("reuse", *HOW_ASKED))
        self.details["cut"] = cut_inputs(run, self.module)
        for name, found in self.details["cut"].items():
            if found["cut"]:
                told = f"{found['cut']:,} of {found['rows']:,} inputs are longer than {found['max_length']} tokens"
                self.tell(f"{name}: {told}; their {self.task.long_field or 'longest field'} is cut")
        for label, longer in self.task.nested_labels:
            self.tell(f"labels {label!r} and {longer!r}: one begins the other; the end token tells them apart")
        Console().print(plan_table(run, steps, matrix_rate()))
        for seed, module in modules.items():
            self._seed(seed, module)
        if not self.metrics:
            reasons = [reason for found in self.details["failed"].values() for reason in found.values()]
            raise InputError("; ".join(reasons))
        report = write_report(run.output)
        summary = summarise(run.output)
        Console().print(terminal_table(summary))
        for line in (summary.verdict, *summary.others, *summary.warnings, f"Report: {report}"):
            self.tell(line)
        return report

    def _datamodule(self, seed: int) -> TaskDataModule:
        config = recipes.teacher_fit(self.run, seed, self.run.output)
        module: TaskDataModule = StageCLI(config, run=False).datamodule
        return module

    def _seed(self, number: int, module: TaskDataModule) -> None:
        run, splits = self.run, module.splits
        seed = Seed(run, number, module, self.ledger, self.tell)
        sizes = {part: len(getattr(splits, part)) for part in ("gold", "development", "pool", "test")}
        self.splits[seed.name] = {**sizes, "removed": splits.removed}
        self.tell(f"seed {number}: " + ", ".join(f"{count:,} {part}" for part, count in sizes.items()))
        students = Students(seed, self.details["hyperparameters"].setdefault(seed.name, {}))
        synthesis = Synthesis(seed, students, self.details)
        synthesis.execute()
        for strategy in run.strategies:
            if strategy == "teacher":
                stage = synthesis.test_teacher()
            elif strategy == "few_shot":
                self.details["few_shot"][seed.name] = FewShot(seed).execute()
                stage = seed.folder / "few_shot"
            else:
                sources = [name for name in ("annotate", "generate") if strategy in (name, "both")]
                if not set(sources) <= set(synthesis.files):
                    continue
                files = {name: synthesis.files[name] for name in sources}
                stage = students.train(strategy, files, [synthesis.keys[name] for name in sources])
            used = sources if strategy in STUDENTS else []
            count = sum(1 for name in used for _ in read_json_lines(synthesis.files[name]))
            self._record(number, strategy, stage, module, count)

    def _record(self, seed: int, strategy: str, stage: Path, module: TaskDataModule, n_synthetic: int) -> None:
        """Add a stage's figures to the run's files, which are whole after every stage."""
        run, splits = self.run, module.splits
        n_gold = len(splits.gold) + len(splits.development) + (len(splits.pool) if strategy == "full" else 0)
        for metric, value in json.loads((stage / "metrics.json").read_text()).items():
            row = {"task": module.task.name, "strategy": strategy, "fraction": run.fraction, "seed": seed}
            row |= {"n_gold": n_gold, "n_synthetic": n_synthetic, "metric": metric, "value": value}
            self.metrics.append(row)
        write_json(run.output / "metrics.json", self.metrics)
        write_json(run.output / "splits.json", self.splits)
        details = {
            "task": module.task.name,
            "labels": list(module.task.labels),
            "metrics": list(module.task.metrics),
            "fields": list(module.task.fields),
            "prompt": module.task.annotate_prompt,
            "long_field": module.task.long_field,
            "command": shlex.join(["lit_synth", *sys.argv[1:]]),
            "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in LIBRARIES},
            "limit": run.limit,
            "seconds": self.ledger.seconds,
            **self.details,
        }
        write_json(run.output / "run.json", details)


def _plain(run: RunSettings) -> dict[str, Any]:
    """Return the settings as what YAML can hold."""
    plain: dict[str, Any] = yaml.safe_load(json.dumps(asdict(run), default=str))
    return plain
