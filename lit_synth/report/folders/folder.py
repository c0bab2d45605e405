"""Reads the files of a run; every one but ``metrics.json`` may be absent, and the report shows what is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lit_synth.errors import InputError, shown
from lit_synth.report.folders.survey import Survey, read_surveys, reason
from lit_synth.report.folders.tested import Prediction, read_predictions, read_scores
from lit_synth.report.limits import Limits
from lit_synth.report.statistics.units import Units
from lit_synth.whole_files import read_json


@dataclass(frozen=True)
class RunFolder:
    """A run folder, its small files read.

    Args:
        path: The folder.
        metrics: Rows of ``metrics.json`` of students that learnt from every synthetic row, or from none.
        smaller: Rows of students of a smaller amount; their strategy is the stage's folder, such as ``annotate_500``.
        details: ``run.json``, or empty.
        splits: ``splits.json`` by seed, or empty.
        config: Text of ``config.yaml``, or empty.
        settings: What it says.
        limits: Caps on the parts, out of both.
    """

    path: Path
    metrics: list[dict[str, Any]]
    smaller: list[dict[str, Any]]
    details: Mapping[str, Any]
    splits: Mapping[str, Any]
    config: str
    settings: Mapping[str, Any]
    limits: Limits

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Every metric of the run by its key, the headline first; older runs had these two, and did not say so."""
        said = self.details.get("metrics", ["accuracy", "macro_f1"])
        found = {row["metric"] for row in self.metrics}
        return (said[0], *(name for name in said[1:] if name in found), *sorted(found - set(said)))

    @property
    def headline(self) -> str:
        """Key of the metric by which the run is judged."""
        return self.metric_names[0]

    @property
    def is_text(self) -> bool:
        """Whether the task is text to text: it has no labels, and says so."""
        return self.details.get("labels") == []

    @property
    def curation(self) -> dict[str, Mapping[str, Any]]:
        """What curation found, by the number of the seed; older runs knew none."""
        return {seed.removeprefix("seed"): found for seed, found in self.details.get("curation", {}).items()}

    def curated(self, *parts: str) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Return strategy, seed and what curation found, where there is one of the parts, such as ``leakage``."""
        return [
            (strategy, seed, found)
            for seed, every in self.curation.items()
            for strategy, found in every.get("strategies", {}).items()
            if any(found.get(part) for part in parts)
        ]

    def predictions(self, seed: int, strategy: str) -> dict[str, Prediction] | None:
        """Return the predictions of a strategy by test row; ``None`` where there are none.

        Raises:
            InputError: A line lacks a key, or a row is there twice.
        """
        return read_predictions(self.path / f"seed{seed}" / strategy / "predictions.jsonl")

    def scores(self, seed: int, strategy: str) -> dict[str, float] | None:
        """Return the headline metric of every test unit of a strategy; ``None`` where there is nothing on disk.

        Runs made before there was a ``scores.jsonl`` knew accuracy alone, whose units are rows with 1 or 0: their
        predictions say as much, so their reports can still be made.

        Raises:
            InputError: A line is not what it should be, or another metric than accuracy has predictions alone.
        """
        folder = self.path / f"seed{seed}" / strategy
        scores = read_scores(folder / "scores.jsonl")
        if scores is None and (predictions := self.predictions(seed, strategy)) is not None:
            if self.headline != "accuracy":
                raise InputError(f"{folder}: no scores.jsonl beside predictions.jsonl; run the test stage again")
            scores = {name: float(prediction.correct) for name, prediction in predictions.items()}
        return scores

    @cached_property
    def synthetic(self) -> dict[str, Survey]:
        """Accepted rows by strategy, over all seeds; a text of its own is no group."""
        return read_surveys(self.path / "synthetic", lambda row: "" if self.is_text else str(row.target))

    @cached_property
    def rejected(self) -> dict[str, Survey]:
        """Rejected rows by strategy, over all seeds, grouped by reason."""
        return read_surveys(self.path / "rejected", reason)

    def units(self, strategy: str, seeds: Sequence[int]) -> Units:
        """Return the scores of a strategy for those seeds that have any on disk.

        Raises:
            InputError: A file is not what it should be, or holds nothing.
        """
        found = {seed: scores for seed in seeds if (scores := self.scores(seed, strategy)) is not None}
        for seed, scores in found.items():
            if not scores:
                raise InputError(f"{self.path}/seed{seed}/{strategy}: no test row in it; run the test stage again")
        return found


def read_run(path: Path) -> RunFolder:
    """Read a run folder.

    Raises:
        InputError: There is no ``metrics.json``, or a file is not what it should be.
    """
    if not (path / "metrics.json").exists():
        raise InputError(f"{path}: no metrics.json; is this the --output of `lit_synth run`, and has it finished?")
    metrics = read_json(path / "metrics.json", [])
    for row in metrics:
        missing = {"task", "strategy", "seed", "n_gold", "n_synthetic", "metric", "value"} - set(row)
        if missing:
            raise InputError(f"{path / 'metrics.json'}: a row has no {sorted(missing)[0]!r}: {shown(row, 120)}")
        if not isinstance(row.get("amount"), int | None):
            raise InputError(f"{path / 'metrics.json'}: amount {row['amount']!r} is no count of rows and not null")
    details = read_json(path / "run.json", {})
    config = path / "config.yaml"
    text = config.read_text(encoding="utf-8") if config.exists() else ""
    settings = _settings(config, text)
    return RunFolder(
        path=path,
        metrics=[row for row in metrics if row.get("amount") is None],
        smaller=[_of_stage(row) for row in metrics if row.get("amount") is not None],
        details=details,
        splits=read_json(path / "splits.json", {}),
        config=text,
        settings=settings,
        limits=Limits(details.get("limit"), settings.get("pool_limit"), settings.get("test_limit")),
    )


def _of_stage(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"strategy": f"{row['strategy']}_{row['amount']}"}


def _settings(path: Path, text: str) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(text) if text else {}
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: is not a run's config")
    return content
