"""The main job: teacher, synthetic rows, students, figures; stages are joined by files only."""

import json
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from lit_synth import recipes
from lit_synth.account import all_cut, cut_inputs, foreign, parts_told
from lit_synth.claim import claim, config_in
from lit_synth.cluster import take_the_lead
from lit_synth.data import TaskDataModule
from lit_synth.display.choice import showing
from lit_synth.errors import InputError
from lit_synth.few_shot import FewShot
from lit_synth.json_lines import read_json_lines
from lit_synth.ledger import Ledger
from lit_synth.manifest import write_manifest
from lit_synth.metrics import KNOWN
from lit_synth.outlook import expect
from lit_synth.plan import matrix_rate, outlook_of, plan
from lit_synth.records import Record, alone, compose, set_aside
from lit_synth.remaining import done_before, plan_table
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.page import write_report
from lit_synth.report.table import label_table, terminal_table
from lit_synth.route import route
from lit_synth.seed import Seed
from lit_synth.settings import STRATEGIES, RunSettings, Strategy, Until
from lit_synth.stages import StageCLI, quiet
from lit_synth.students import Students
from lit_synth.synthesis import Synthesis
from lit_synth.whole_files import read_json

HOW_ASKED = tuple(
    f"few_shot.endpoint.{name}"
    for name in ("max_requests", "timeout", "retries", "concurrency", "requests_per_minute", "key_variable")
)
"""Settings on which no answer depends: they may be changed between two calls."""
FREE = ("reuse", "trainer.num_nodes", "trainer.devices", *HOW_ASKED)
"""The same of a whole run: a stage that is done stays so on any number of devices."""
LIBRARIES = ("lit-synth", "torch", "lightning", "transformers", "peft")


class Pipeline:
    """One run: for every seed one teacher, its synthetic rows, and a student for every strategy.

    Args:
        run: The settings.
        tell: Gets every line of progress.
        redo: Whether a folder of another config is taken: what was found with it is then set aside.
        until: How far to go; the same run goes on from there later, perhaps elsewhere.
    """

    def __init__(
        self, run: RunSettings, tell: Callable[[str], None] = print, redo: bool = False, until: Until = "report"
    ) -> None:
        self.run = run
        self.until = until
        self.tell = tell
        self.redo = redo
        self.ledger = Ledger(tell, run.output, run.reuse)
        self.metrics: list[dict[str, Any]] = []

    def execute(self) -> Path:
        """Do what is not done yet; return the path of the report, or of the run's folder where it ends before."""
        quiet()
        run = self.run
        if run.needs_teacher:
            run.teacher.engine.check()
        take_the_lead(run.trainer)
        modules = {seed: module_of(run, seed) for seed in run.seeds}
        for module in modules.values():
            # Read here, so that a mistake in the rows shows before anything is written.
            if run.annotates and not module.splits.pool:
                raise InputError(
                    f"fraction {run.fraction:g} leaves no row of train for the pool: nothing can be annotated; name a "
                    "file of unlabelled rows with --pool, lower it, or give --strategies gold,generate,teacher"
                )
            if "full" in run.strategies and module.splits.unlabelled and not module.splits.pool_gold:
                raise InputError(
                    "strategy full learns from the true labels of the pool, which nobody knows of these rows; give "
                    "--strategies without it, or leave labelled rows to the pool by --fraction and --pool_limit"
                )
        self.module = next(iter(modules.values()))
        self.task = self.module.task
        if unknown := set(self.task.metrics) - set(KNOWN):
            raise InputError(f"task {self.task.name}: unknown metric {min(unknown)!r}; known: {', '.join(KNOWN)}")
        run.refuse_unread(self.task)
        steps = plan(run, self.module, self.until)
        self.claim()
        self.cut = cut_inputs(run, self.module)
        for name, found in self.cut.items():
            if found["cut"]:
                told = f"{found['cut']:,} of {found['rows']:,} inputs are longer than {found['max_length']} tokens"
                self.tell(f"{name}: {told}; their {self.task.long_field or 'longest field'} is cut")
        if strange := foreign(run, self.task, self.module.splits.gold):
            self.tell(strange)
        if contradictions := self.module.splits.contradictions:
            one, other = contradictions[0]
            self.tell(
                f"{len(contradictions):,} rows of train have the input of an earlier row and another label, so the "
                f"earlier ones count; first: {other.id} is {other.target!r}, {one.id} is {one.target!r}"
            )
        for label, longer in self.task.nested_labels:
            self.tell(f"labels {label!r} and {longer!r}: one begins the other; the end token tells them apart")
        rate = matrix_rate()
        stages = route(run, self.task, self.until)
        seeds = [Seed(run, number, module, self.ledger, self.tell) for number, module in modules.items()]
        done = set[str]().union(*(done_before(seed, stages) for seed in seeds))
        Console().print(plan_table(steps, rate, len(seeds), stages, done))
        expect(outlook_of(run, steps, rate))
        try:
            with showing(stages):
                for seed in seeds:
                    with alone(run.output, seed.name):
                        self._seed(seed)
        finally:
            expect(None)
        if self.until != "teacher":
            write_manifest(run.output, config_in(run.output / "config.yaml"), versions())
        if self.until != "report":
            self.tell(f"Done until {self.until}; without --until the same command goes on")
            return run.output
        if not self.metrics:
            failed = json.loads((run.output / "run.json").read_text())["failed"]
            raise InputError("; ".join(reason for found in failed.values() for reason in found.values()))
        report = write_report(run.output)
        summary = summarise(run.output)
        for table in filter(None, (terminal_table(summary), label_table(summary))):
            Console().print(table)
        for line in (summary.verdict, *summary.others, *summary.warnings, f"Report: {report}"):
            self.tell(line)
        return report

    def claim(self) -> None:
        """Write the run's config into its folder, or check that the folder is of the same run.

        Raises:
            InputError: It is of another one, and `redo` was not given.
        """
        output = self.run.output

        def differs(changed: str) -> None:
            if not self.redo:
                raise InputError(
                    f"{output / 'config.yaml'}: made with {changed}; give another --output, the same config to go on, "
                    "or --redo: the older results are set aside, and what the change touches is done again"
                )
            self.tell(f"made with {changed}: the older figures and rows are set aside in {set_aside(output)}")

        claim(output, self.run.plain(), ("seeds", "strategies", "amounts"), FREE, self.run.untold().plain(), differs)

    def _seed(self, seed: Seed) -> None:
        run, splits = self.run, seed.module.splits
        record = Record(run.output, seed.name, seed.data)
        sizes = {part: len(getattr(splits, part)) for part in ("gold", "development", "pool", "test")}
        record.details["splits"] = {**sizes, "removed": splits.removed}
        for line in parts_told(splits):
            self.tell(f"seed {seed.number}: {line}")
        if run.annotates or run.generates:
            seed.keep_gold()
        students = Students(seed, record.part("hyperparameters"))
        synthesis = Synthesis(seed, students, record)
        try:
            synthesis.execute(self.until)
        finally:
            # Of what is done, should the rest be broken off; that a disk is full is told already.
            with suppress(OSError):
                self._keep_costs(record)
        for strategy in run.strategies if self.until != "teacher" else ():
            if strategy == "teacher":
                self._record(record, seed, strategy, synthesis.test_teacher())
            elif strategy == "few_shot":
                record.details["few_shot"] = FewShot(seed).execute()
                self._record(record, seed, strategy, seed.folder / "few_shot")
            elif self.until != "synthesis":
                self._students(record, seed, strategy, students, synthesis)
        self._compose(record)

    def _students(
        self, record: Record, seed: Seed, strategy: Strategy, students: Students, synthesis: Synthesis
    ) -> None:
        """Train the student of a strategy on all rows of its sources, and on the smaller amounts asked for."""
        sources = [name for name in ("annotate", "generate") if strategy in (name, "both")]
        if not set(sources) <= set(synthesis.files):
            return
        files = {name: synthesis.files[name] for name in sources}
        sizes = [sum(1 for _ in read_json_lines(path)) for path in files.values()]
        keys = [synthesis.keys[name] for name in sources]
        amounts = [amount for amount in self.run.amounts if 0 < amount < max(sizes, default=0)]
        for amount in (None, *amounts):
            stage = students.train(strategy, files, keys, amount)
            self._record(record, seed, strategy, stage, amount, sum(min(size, amount or size) for size in sizes))

    def _record(
        self, record: Record, seed: Seed, strategy: str, stage: Path, amount: int | None = None, n_synthetic: int = 0
    ) -> None:
        """Add a stage's figures to the run's files, which are whole after every stage."""
        splits = seed.module.splits
        n_gold = len(splits.gold) + len(splits.development) + (len(splits.pool_gold) if strategy == "full" else 0)
        row = {"task": seed.task.name, "strategy": strategy, "fraction": self.run.fraction, "seed": seed.number}
        row |= {"amount": amount, "n_gold": n_gold, "n_synthetic": n_synthetic}
        found = json.loads((stage / "metrics.json").read_text())
        record.add([{**row, "metric": metric, "value": value} for metric, value in found.items()])
        self._compose(record)

    def _keep_costs(self, record: Record) -> None:
        record.part("seconds").update(self.ledger.seconds.get(record.path.stem, {}))
        record.part("work").update(self.ledger.work.get(record.path.stem, {}))
        record.save()

    def _compose(self, record: Record) -> None:
        self._keep_costs(record)
        told = {
            "task": self.task.name,
            "labels": list(self.task.labels),
            "metrics": list(self.task.metrics),
            "fields": list(self.task.fields),
            "prompt": self.task.annotate_prompt,
            "long_field": self.task.long_field,
            "command": shlex.join(["lit_synth", *sys.argv[1:]]),
            "versions": versions(),
            "limit": self.run.limit,
            "cut": all_cut(self.cut, read_json(self.run.output / "run.json", {}).get("cut", {})),
        }
        self.metrics = compose(self.run.output, list(STRATEGIES), told)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries on which results depend."""
    return {"python": sys.version.split()[0]} | {name: version(name) for name in LIBRARIES}


def module_of(run: RunSettings, seed: int) -> TaskDataModule:
    """Return the data of a seed, with the teacher's encoder."""
    # Without its trainer: where the run is planned, or submitted, there may be none of its devices, and rows need none.
    config = {**recipes.teacher_fit(run, seed, run.output), "trainer": {"accelerator": "cpu", "logger": False}}
    module: TaskDataModule = StageCLI(config, run=False).datamodule
    return module
