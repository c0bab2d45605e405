"""The main job: teacher, synthetic rows, students, figures; stages are joined by files only."""

import json
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from lit_synth import recipes
from lit_synth.account import annotation_figures, cut_inputs
from lit_synth.data import TaskDataModule
from lit_synth.examples import InputError, read_examples, read_json_lines, write_examples
from lit_synth.few_shot import FewShot
from lit_synth.ledger import Ledger, claim, write_json
from lit_synth.metrics import KNOWN
from lit_synth.plan import matrix_rate, plan, plan_table
from lit_synth.report.page import write_report
from lit_synth.report.summary import summarise
from lit_synth.report.table import terminal_table
from lit_synth.settings import STUDENTS, Choice, RunSettings
from lit_synth.stages import StageCLI, quiet, run_stage

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
        self.ledger = Ledger(tell)
        self.metrics: list[dict[str, Any]] = []
        self.splits: dict[str, Any] = {}
        self.details: dict[str, Any] = {"synthetic": {}, "hyperparameters": {}, "few_shot": {}, "cut": {}}

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
        steps = plan(run, self.module)
        claim(run.output, _plain(run), open_keys=("seeds", "strategies"), free=HOW_ASKED)
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

    def _seed(self, seed: int, module: TaskDataModule) -> None:
        run, splits = self.run, module.splits
        folder = run.output / f"seed{seed}"
        sizes = {part: len(getattr(splits, part)) for part in ("gold", "development", "pool", "test")}
        self.splits[f"seed{seed}"] = {**sizes, "removed": splits.removed}
        self.tell(f"seed {seed}: " + ", ".join(f"{count:,} {part}" for part, count in sizes.items()))
        data = [module.fingerprint()]
        keys: dict[str, str] = {}
        if run.needs_teacher:
            keys["teacher"] = self._teacher(seed, folder, data)
        if run.annotates:
            keys["annotate"] = self._annotate(seed, folder, keys["teacher"])
            rows = list(read_examples(run.output / "synthetic" / "annotate" / f"seed{seed}.jsonl"))
            figures = annotation_figures(self.task, rows, module.splits.pool_gold)
            self.details["synthetic"][f"seed{seed}"] = {"annotate": figures}
        if run.generates:
            keys["generate"] = self._generate(seed, folder, keys["teacher"])
        if "teacher" in run.strategies:
            self._test_teacher(seed, folder, module, keys["teacher"])
        if "few_shot" in run.strategies:
            stage = FewShot(run, self.task, seed, folder, self.ledger, self.tell)
            self.details["few_shot"][f"seed{seed}"] = stage.execute(module, data)
            self._record(seed, "few_shot", folder / "few_shot", module, n_synthetic=0)
        for strategy in run.strategies:
            if strategy in STUDENTS:
                used = [keys[source] for source in ("annotate", "generate") if strategy in (source, "both")]
                self._student(seed, folder, strategy, module, [*data, *used])

    def _teacher(self, seed: int, folder: Path, data: list[str]) -> str:
        stage = folder / "teacher_fit"
        config = recipes.teacher_fit(self.run, seed, stage)
        return self.ledger.do(stage, config, data, partial(run_stage, config, ("fit",)))

    def _test_teacher(self, seed: int, folder: Path, module: TaskDataModule, teacher: str) -> None:
        stage = folder / "teacher"
        config = recipes.teacher_use(self.run, seed, stage, folder / "teacher_fit" / "model", None)
        self.ledger.do(stage, config, [teacher], partial(run_stage, config, ("test",)))
        self._record(seed, "teacher", stage, module, n_synthetic=0)

    def _annotate(self, seed: int, folder: Path, teacher: str) -> str:
        stage = folder / "annotation"
        requests = {"folder": str(stage), "kind": "annotate"}
        config = recipes.teacher_use(self.run, seed, stage, folder / "teacher_fit" / "model", requests)
        key = self.ledger.do(stage, config, [teacher], partial(run_stage, config, ("predict",)))
        self._publish("annotate", seed, stage / "accepted.jsonl", [stage / "rejected.jsonl"])
        return key

    def _generate(self, seed: int, folder: Path, teacher: str) -> str:
        """Generate rows, then let the same teacher read them: its probabilities become their targets."""
        run, model = self.run, folder / "teacher_fit" / "model"
        first, second = folder / "generation", folder / "round_trip"
        order = {"kind": "generate", "amount": run.amount, "balance": run.generation.balance}
        order |= {"folder": str(first), "attempts": run.generation.attempts}
        config = recipes.teacher_use(run, seed, first, model, order)
        key = self.ledger.do(first, config, [teacher], partial(run_stage, config, ("predict",)))
        order = {"folder": str(second), "kind": "annotate", "source": str(first / "accepted.jsonl")}
        config = recipes.teacher_use(run, seed, second, model, order)
        key = self.ledger.do(second, config, [key], partial(run_stage, config, ("predict",)))
        rejected = [first / "rejected.jsonl", second / "rejected.jsonl"]
        self._publish("generate", seed, second / "accepted.jsonl", rejected)
        return key

    def _publish(self, strategy: str, seed: int, accepted: Path, rejected: list[Path]) -> None:
        name = f"{strategy}/seed{seed}.jsonl"
        (self.run.output / "synthetic" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(accepted, self.run.output / "synthetic" / name)
        rows = list(chain.from_iterable(map(read_examples, rejected)))
        reasons = Counter(str(row.provenance["reason"]) for row in rows)
        write_examples(self.run.output / "rejected" / name, rows)
        kept = sum(1 for _ in read_json_lines(accepted))
        told = "".join(f"; {count:,} {reason}" for reason, count in reasons.most_common())
        self.tell(f"seed{seed} {strategy}: {kept:,} of {kept + len(rows):,} rows accepted{told}")
        if not kept:
            raise InputError(f"{strategy}: no row was accepted{told}; look at {self.run.output / 'rejected' / name}")

    def _student(self, seed: int, folder: Path, strategy: str, module: TaskDataModule, inputs: list[str]) -> None:
        stage = folder / strategy
        files = [
            str(self.run.output / "synthetic" / source / f"seed{seed}.jsonl")
            for source in ("annotate", "generate")
            if strategy in (source, "both")
        ]
        mixture = {"gold": True, "pool_gold": strategy == "full", "synthetic": files}
        given = self.run.student.chosen.get(strategy)
        choice = given or self._search(seed, stage, mixture, inputs)
        config = recipes.student_fit(self.run, self.task, seed, stage, mixture, choice)
        self.ledger.do(stage, config, inputs, partial(run_stage, config, ("fit", "test")))
        chosen = self.details["hyperparameters"].setdefault(f"seed{seed}", {})
        chosen[strategy] = {**asdict(choice), "searched": given is None}
        count = sum(1 for file in files for _ in read_json_lines(Path(file)))
        self._record(seed, strategy, stage, module, count)

    def _search(self, seed: int, stage: Path, mixture: dict[str, Any], inputs: list[str]) -> Choice:
        """Try every rate on the development part; return the best rate and step."""
        tried = []
        for rate in self.run.student.search.learning_rates:
            folder = stage.with_name(f"{stage.name}_search_{rate:g}")
            config = recipes.student_search(self.run, self.task, seed, folder, mixture, rate)
            curve = folder / "curve.jsonl"
            self.ledger.do(folder, config, inputs, partial(_afresh, curve, config))
            rows = [row for _, row in read_json_lines(curve)]
            tried += [(row[f"val_{self.task.headline}"], row["step"], -row["val_loss"], rate) for row in rows]
        # Few rows often tie. The longer training is taken then: a baseline cut short looks like a gain elsewhere.
        best, step, _, rate = max(tried)
        told = f"{rate:g} for {step} steps is best on development, {self.task.headline} {100 * best:.1f}"
        self.tell(f"seed{seed}/{stage.name}: {told}")
        return Choice(rate, int(step))

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
            "long_field": module.task.long_field,
            "command": shlex.join(["lit_synth", *sys.argv[1:]]),
            "versions": {"python": sys.version.split()[0]} | {name: version(name) for name in LIBRARIES},
            "limit": run.limit,
            "seconds": self.ledger.seconds,
            **self.details,
        }
        write_json(run.output / "run.json", details)


def _afresh(curve: Path, config: dict[str, Any]) -> None:
    curve.unlink(missing_ok=True)
    run_stage(config, ("fit",))


def _plain(run: RunSettings) -> dict[str, Any]:
    """Return the settings as what YAML can hold."""
    plain: dict[str, Any] = yaml.safe_load(json.dumps(asdict(run), default=str))
    return plain
