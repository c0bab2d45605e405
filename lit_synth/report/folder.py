"""Reads the files of a run; every one but ``metrics.json`` may be absent, and the report shows what is there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lit_synth.examples import Example, InputError, read_examples, read_json_lines


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said of one test row."""

    gold: str
    predicted: str
    confidence: float

    @property
    def correct(self) -> bool:
        """Whether the predicted label is the gold one."""
        return self.gold == self.predicted


@dataclass(frozen=True)
class RunFolder:
    """A run folder, its small files read.

    Args:
        path: The folder.
        metrics: Rows of ``metrics.json``.
        details: ``run.json``, or empty.
        splits: ``splits.json`` by seed, or empty.
        config: Text of ``config.yaml``, or empty.
    """

    path: Path
    metrics: list[dict[str, Any]]
    details: Mapping[str, Any]
    splits: Mapping[str, Any]
    config: str

    @property
    def limit(self) -> int | None:
        """The cap on pool, synthetic and test rows, where one was set."""
        limit: int | None = self.details.get("limit")
        return limit

    def predictions(self, seed: int, strategy: str) -> dict[str, Prediction] | None:
        """Return the predictions of a strategy by test row; ``None`` where there are none.

        Raises:
            InputError: A line lacks a key, or a row is there twice.
        """
        path = self.path / f"seed{seed}" / strategy / "predictions.jsonl"
        if not path.exists():
            return None
        found: dict[str, Prediction] = {}
        for number, row in read_json_lines(path):
            missing = {"id", "gold", "predicted", "probabilities"} - set(row)
            if missing:
                raise InputError(f"{path}:{number}: no {sorted(missing)[0]!r}; run the student's test stage again")
            if row["id"] in found:
                raise InputError(f"{path}:{number}: row {row['id']!r} is there twice; run the test stage again")
            confidence = float(row["probabilities"].get(row["predicted"], 0.0))
            found[row["id"]] = Prediction(row["gold"], row["predicted"], confidence)
        return found

    def rows(self, kind: str) -> dict[str, list[Example]]:
        """Return the rows below ``synthetic`` or ``rejected``, by strategy, seed after seed."""
        return {
            folder.name: [row for file in sorted(folder.glob("*.jsonl")) for row in read_examples(file)]
            for folder in sorted((self.path / kind).glob("*"))
            if folder.is_dir()
        }


def read_run(path: Path) -> RunFolder:
    """Read a run folder.

    Raises:
        InputError: There is no ``metrics.json``, or a file is not what it should be.
    """
    if not (path / "metrics.json").exists():
        raise InputError(f"{path}: no metrics.json; is this the --output of `lit_synth run`, and has it finished?")
    metrics = _read_json(path / "metrics.json", [])
    for row in metrics:
        missing = {"task", "strategy", "seed", "n_gold", "n_synthetic", "metric", "value"} - set(row)
        if missing:
            raise InputError(f"{path / 'metrics.json'}: a row has no {sorted(missing)[0]!r}: {json.dumps(row)[:120]}")
    config = path / "config.yaml"
    return RunFolder(
        path=path,
        metrics=metrics,
        details=_read_json(path / "run.json", {}),
        splits=_read_json(path / "splits.json", {}),
        config=config.read_text(encoding="utf-8") if config.exists() else "",
    )


def _read_json(path: Path, absent: Any) -> Any:
    """Return the content of a file, which must be of the type of ``absent``, or ``absent`` where there is none."""
    if not path.exists():
        return absent
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not JSON ({error.msg}); run the stage that wrote it again") from None
    if not isinstance(content, type(absent)):
        raise InputError(f"{path}: expected a {type(absent).__name__}, found a {type(content).__name__}")
    return content
