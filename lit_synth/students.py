"""The students of one seed: what they are trained with is searched on the development part, for each strategy alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from lit_synth import recipes
from lit_synth.json_lines import read_json_lines
from lit_synth.seed import Seed
from lit_synth.settings import Choice, Search
from lit_synth.stages import run_stage

Mixture = dict[str, Any]


class Students:
    """Searches and trains students.

    Args:
        seed: What they learn.
        told: Gets the choice of every strategy, as ``run.json`` keeps it.
    """

    def __init__(self, seed: Seed, told: dict[str, Any]) -> None:
        self.seed = seed
        self.told = told
        self.choices: dict[str, Choice] = {}
        self.best: dict[str, float] = {}
        """Best development score of every strategy that was searched."""

    def train(
        self, strategy: str, synthetic: Mapping[str, Path], inputs: Sequence[str], amount: int | None = None
    ) -> Path:
        """Train and test the student of a strategy; return its stage's folder.

        Args:
            strategy: Its name.
            synthetic: Files of synthetic rows by the strategy that made them.
            inputs: Keys of what they were made with.
            amount: Most rows of each file; what was searched for all of them holds for fewer.
        """
        seed, stage = self.seed, self.seed.folder / (f"{strategy}_{amount}" if amount else strategy)
        mixture = mixture_of(strategy, list(synthetic.values()))
        if synthetic:
            mixture["gold_weight"] = seed.run.student.gold_weight
        inputs = [seed.data, *inputs]
        choice = self.choose(strategy, mixture, inputs)
        if amount:
            mixture["synthetic_limit"] = amount
        if synthetic and seed.run.student.two_stages:
            return self._in_two_stages(stage, mixture, choice, inputs)
        config = recipes.student_fit(seed.run, seed.task, seed.number, stage, mixture, choice)
        seed.ledger.do(stage, config, inputs, partial(run_stage, config, ("fit", "test")))
        return stage

    def choose(self, strategy: str, mixture: Mixture, inputs: list[str]) -> Choice:
        """Return the learning rate and steps of a strategy: those given, or the best on the development part."""
        if strategy not in self.choices:
            given = self.seed.run.student.chosen.get(strategy)
            self.choices[strategy] = given or self._search(strategy, mixture, inputs)
            self.told[strategy] = {**asdict(self.choices[strategy]), "searched": given is None}
        return self.choices[strategy]

    def look(self, name: str, synthetic: Path | None, key: str) -> tuple[float, float]:
        """Return the development score of a student on gold and synthetic rows, and its standard error at most.

        It is trained as the student on gold is, so that amounts of rows differ in nothing else.
        """
        seed = self.seed
        choice = self.choose("gold", mixture_of("gold", []), [seed.data])
        search = Search((choice.learning_rate,), choice.max_steps, choice.max_steps)
        run = replace(seed.run, student=replace(seed.run.student, search=search))
        folder = seed.folder / f"look_{name}"
        mixture = mixture_of("generate", [synthetic] if synthetic else [])
        config = recipes.student_search(run, seed.task, seed.number, folder, mixture, choice.learning_rate)
        curve = folder / "curve.jsonl"
        seed.ledger.do(folder, config, [seed.data, key], partial(_afresh, curve, config))
        score = float([row for _, row in read_json_lines(curve)][-1][f"val_{seed.task.headline}"])
        # Scores between 0 and 1 vary no more than those that are either.
        return score, math.sqrt(score * (1 - score) / len(seed.module.splits.development))

    def _in_two_stages(self, stage: Path, mixture: Mixture, choice: Choice, inputs: list[str]) -> Path:
        """Train on the synthetic rows alone, then on gold as the student on gold is."""
        seed = self.seed
        first = stage.with_name(f"{stage.name}_first")
        alone = {**mixture, "gold": False}
        config = recipes.student_fit(seed.run, seed.task, seed.number, first, alone, choice, tests=False)
        key = seed.ledger.do(first, config, inputs, partial(run_stage, config, ("fit",)))
        gold = mixture_of("gold", [])
        then = self.choose("gold", gold, [seed.data])
        config = recipes.student_fit(seed.run, seed.task, seed.number, stage, gold, then, start=first / "model")
        seed.ledger.do(stage, config, [key], partial(run_stage, config, ("fit", "test")))
        return stage

    def _search(self, strategy: str, mixture: Mixture, inputs: list[str]) -> Choice:
        """Try every rate on the development part; return the best rate and step."""
        seed, tried = self.seed, []
        for rate in seed.run.student.search.learning_rates:
            folder = seed.folder / f"{strategy}_search_{rate:g}"
            config = recipes.student_search(seed.run, seed.task, seed.number, folder, mixture, rate)
            curve = folder / "curve.jsonl"
            seed.ledger.do(folder, config, inputs, partial(_afresh, curve, config))
            rows = [row for _, row in read_json_lines(curve)]
            tried += [(row[f"val_{seed.task.headline}"], row["step"], -row["val_loss"], rate) for row in rows]
        # Few rows often tie. The longer training is taken then: a baseline cut short looks like a gain elsewhere.
        best, step, _, rate = max(tried)
        self.best[strategy] = best
        told = f"{rate:g} for {step} steps is best on development, {seed.task.headline} {100 * best:.1f}"
        seed.tell(f"{seed.name}/{strategy}: {told}")
        return Choice(rate, int(step))


def mixture_of(strategy: str, synthetic: Sequence[Path]) -> Mixture:
    """Return which rows a strategy trains on, as `Mixture` reads it."""
    return {"gold": True, "pool_gold": strategy == "full", "synthetic": [str(path) for path in synthetic]}


def _afresh(curve: Path, config: dict[str, Any]) -> None:
    curve.unlink(missing_ok=True)
    run_stage(config, ("fit",))
