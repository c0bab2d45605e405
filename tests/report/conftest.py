"""Fake run folders, as the pipeline writes them: labels without scores (an older run), and texts."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lit_synth.examples import Example, write_examples

ACCURACY = {"gold": 0.76, "annotate": 0.845, "generate": 0.80, "both": 0.836, "full": 0.86, "teacher": 0.888}
ROWS = {"gold": 0, "annotate": 300, "generate": 150, "both": 450, "full": 0, "teacher": 0}
GAINS = {"gold": 0.0, "annotate": 0.03, "generate": 0.005, "full": 0.05, "few_shot": -0.06, "teacher": 0.08}
LABELS = ("negative", "positive")
LINES = (
    "A warm, funny and deeply felt piece of work.",
    "The plot runs out of road long before the credits arrive.",
    "It is hard to look away from her, and harder to care.",
    "Two hours of handsome photography in search of a story.",
    "Sly, quick, and far better than its poster.",
)


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a run folder; every part can be changed."""

    def make(
        seeds: Sequence[int] = (0,),
        strategies: Sequence[str] = tuple(ACCURACY),
        accuracy: dict[str, float] | None = None,
        limit: int | None = None,
        name: str = "run",
        text: Callable[[int], str] | None = None,
    ) -> Path:
        run, wanted = tmp_path / name, ACCURACY | (accuracy or {})
        metrics = [row for seed in seeds for strategy in strategies for row in _test(run, seed, strategy, wanted)]
        for seed in seeds:
            for strategy in {"annotate", "generate"} & set(strategies):
                _rows(run, seed, strategy, text or (lambda i: f"{LINES[i % len(LINES)]} ({i})"))
        write(run / "metrics.json", metrics)
        write(run / "run.json", _details(seeds, strategies, limit))
        removed = {"repeated in train": 3, "also in test": 1}
        split = {"gold": 103, "development": 25, "pool": 1500, "test": 400, "removed": removed}
        write(run / "splits.json", {f"seed{seed}": split for seed in seeds})
        (run / "config.yaml").write_text("task: reviews\nfraction: 128\nnote: <b>raw</b>\n")
        return run

    return make


@pytest.fixture
def make_text(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a run with texts: ROUGE-L, several metrics, few-shot, cut inputs, limits."""

    def make(
        seeds: Sequence[int] = (0,),
        gains: dict[str, float] | None = None,
        metrics: Sequence[str] = ("rougeL", "bleu", "slot_error_rate"),
        name: str = "texts",
    ) -> Path:
        run, rows = tmp_path / name, []
        for seed in seeds:
            easy = np.random.default_rng(7).beta(2, 3, 200)
            for number, (strategy, gain) in enumerate((GAINS | (gains or {})).items()):
                noise = np.random.default_rng([seed, number]).normal(gain + 0.004 * seed, 0.1, 200)
                scores = np.clip(easy + noise, 0, 1)
                names = [f"t{i}" for i in range(200)]
                units = [{"id": i, "score": value} for i, value in zip(names, scores, strict=True)]
                write_lines(run, seed, strategy, "scores", units)
                texts = {"gold": "Ash is here.", "predicted": "Ash was here.", "references": ["Ash is here."]}
                write_lines(run, seed, strategy, "predictions", [{"id": i, **texts} for i in names])
                values = dict.fromkeys(metrics, 0.123) | {metrics[0]: float(scores.mean())}
                rows += _figures("webnlg", seed, strategy, values)
            for origin in ("annotate", "generate"):
                _pairs(run, seed, origin)
        write(run / "metrics.json", rows)
        write(
            run / "run.json", {"labels": [], "metrics": list(metrics), "long_field": "triples", **_text_details(seeds)}
        )
        write(run / "splits.json", {f"seed{seed}": {"gold": 528, "development": 132, "pool": 2000} for seed in seeds})
        (run / "config.yaml").write_text("limit: null\npool_limit: 2000\ntest_limit: 200\n")
        return run

    return make


def write(path: Path, content: Any) -> None:
    """Write JSON below a folder that may not exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_lines(run: Path, seed: int, strategy: str, name: str, rows: Sequence[Any]) -> None:
    """Write a file of a test stage."""
    path = run / f"seed{seed}" / strategy / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _figures(task: str, seed: int, strategy: str, values: dict[str, float]) -> list[dict[str, Any]]:
    row = {"task": task, "strategy": strategy, "fraction": 0.05, "seed": seed, "n_gold": 660}
    row |= {"n_synthetic": 1500 if strategy in ("annotate", "generate") else 0}
    return [row | {"metric": name, "value": value} for name, value in values.items()]


def _test(run: Path, seed: int, strategy: str, accuracy: dict[str, float]) -> list[dict[str, Any]]:
    """Write predictions; every strategy meets the same hard and easy rows."""
    rng, rows = np.random.default_rng(seed), 400
    hard = np.random.default_rng(99).permutation(rows) + 12 * rng.standard_normal(rows)
    right = hard.argsort().argsort() < accuracy[strategy] * rows + 2 * seed
    path = run / f"seed{seed}" / strategy / "predictions.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lines:
        for i, correct in enumerate(right):
            gold = LABELS[i % 5 < 3]
            said = gold if correct else LABELS[gold == LABELS[0]]
            share = {label: 0.9 if label == said else 0.1 for label in LABELS}
            lines.write(json.dumps({"id": f"t{i}", "gold": gold, "predicted": said, "probabilities": share}) + "\n")
    row = {"task": "reviews", "strategy": strategy, "fraction": 128, "seed": seed, "n_gold": 103}
    row |= {"n_gold": 1603 if strategy == "full" else 103, "n_synthetic": ROWS.get(strategy, 0)}
    value = float(right.mean())
    return [row | {"metric": "accuracy", "value": value}, row | {"metric": "macro_f1", "value": value - 0.01}]


def _rows(run: Path, seed: int, strategy: str, text: Callable[[int], str]) -> None:
    origin: Any = "annotated" if strategy == "annotate" else "generated"
    reasons = ["teacher disagrees: 0.31", "duplicate: of row 7", "outside the template"]

    def example(i: int, **more: Any) -> Example:
        label = LABELS[i % 2]
        share = {label: 0.93, LABELS[1 - i % 2]: 0.07}
        provenance = {"prompt": f"Review ({label}):", "seed": seed, "attempt": i % 3, "requested": label, **more}
        return Example(f"{strategy}-{i}", {"text": text(i)}, label, origin, share, provenance)

    number = ROWS[strategy]
    write_examples(run / "synthetic" / strategy / f"seed{seed}.jsonl", (example(i) for i in range(number)))
    bad = (example(i, reason=reasons[i % 7 % 3]) for i in range(number, number + 42))
    write_examples(run / "rejected" / strategy / f"seed{seed}.jsonl", bad)


def _details(seeds: Sequence[int], strategies: Sequence[str], limit: int | None) -> dict[str, Any]:
    measured = {"accuracy": 0.88, "rows": 1500, "covered": 0.67, "covered_accuracy": 0.92}
    found = {"learning_rate": 1e-4, "max_steps": 120, "searched": True}
    given = {"learning_rate": 2e-4, "max_epochs": 3, "searched": False}
    return {
        "task": "reviews",
        "labels": list(LABELS),
        "command": "lit_synth run --config configs/demo.yaml --output runs/demo",
        "versions": {"lit_synth": "0.1.0", "torch": "2.12.0", "python": "3.11.7"},
        "limit": limit,
        "synthetic": {f"seed{seed}": {"annotate": measured} for seed in seeds if "annotate" in strategies},
        "hyperparameters": {
            f"seed{seed}": {name: given if name == "teacher" else found for name in strategies} for seed in seeds
        },
        "seconds": {f"seed{seed}": {"teacher": 300.1, "annotate": 83.2, "gold": 8.24} for seed in seeds},
    }


def _pairs(run: Path, seed: int, strategy: str) -> None:
    """Write rows of texts, as a teacher leaves them; a rejected one has no text yet."""

    def example(i: int, target: str | None, **more: Any) -> Example:
        triples = " && ".join(f"Ash {i} | plays for | Club {j}" for j in range(1 + 20 * (i % 5 == 0)))
        provenance = {"requested": "Athlete", "attempt": i, **more}
        return Example(f"{strategy}-{i}", {"triples": triples, "category": "Athlete"}, target, provenance=provenance)

    rows = (example(i, f"Ash {i} is a player of Club 0.") for i in range(40))
    write_examples(run / "synthetic" / strategy / f"seed{seed}.jsonl", rows)
    bad = (example(i, None, reason="outside the template") for i in range(40, 60))
    write_examples(run / "rejected" / strategy / f"seed{seed}.jsonl", bad)


def _text_details(seeds: Sequence[int]) -> dict[str, Any]:
    shots = {"shots": 4, "model": "models/large", "tried": {"0": 0.241, "4": 0.285}, "outside": 12, "rows": 200}
    measured = {"rows": 2000, "metric": "rougeL", "score": 0.412}
    return {
        "cut": {
            "teacher": {"rows": 2860, "cut": 12, "max_length": 256},
            "student": {"rows": 2860, "cut": 0, "max_length": 1280},
        },
        "few_shot": {f"seed{seed}": shots for seed in seeds},
        "synthetic": {f"seed{seed}": {"annotate": measured} for seed in seeds},
    }
