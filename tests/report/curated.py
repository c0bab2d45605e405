"""What curation leaves in ``run.json``, made up: as the pipeline writes it, with every part."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CONFIDENT = ((0.45, 6, 0.33), (0.55, 12, 0.42), (0.66, 15, 0.6), (0.75, 18, 0.61), (0.86, 24, 0.79), (0.97, 40, 0.85))
"""Mean confidence, rows and accuracy of a bin."""


def figures(accuracy: float, nll: float, ece: float) -> dict[str, float]:
    """Return the figures of one annotator, or of all together."""
    return {"accuracy": accuracy, "nll": nll, "ece": ece, "ece_low": ece - 0.03, "ece_high": ece + 0.05}


def bins(shift: float = 0.0) -> list[dict[str, float]]:
    """Return bins of 115 rows, all of them surer by the shift."""
    found = []
    for confidence, rows, accuracy in CONFIDENT:
        low = int(confidence * 10) / 10
        means = {"confidence": min(0.999, confidence + shift), "accuracy": accuracy}
        found.append({"low": low, "high": low + 0.1, "rows": rows} | means)
    return found


def hit(number: int, part: str) -> dict[str, str]:
    """Return a generated row and the evaluation row that it is like."""
    text = f"a warm, funny and deeply felt piece of work, number {number}"
    return {"id": f"g{number}", "text": text, "part": part, "match": f"A {text}", "how": "near duplicate"}


def strategy() -> dict[str, Any]:
    """Return what is found of the rows of a strategy."""
    return {
        "requested": 1033,
        "accepted": 950,
        "rejected": {"nearly copies a row of gold": 83},
        "memorised": {"rows": 1000, "copied": 9},
        "leakage": {
            "rows": 1000,
            "development": 3,
            "test": 2,
            "hits": [*(hit(i, "development") for i in range(3)), hit(7, "test")],
            "real": {
                "gold": {"rows": 574, "development": 0.004, "test": 0.031},
                "pool": {"rows": 1000, "development": 0.0, "test": 0.028},
            },
        },
        "diversity": {
            "rows": 950,
            "real_rows": 574,
            "distinct": {"1": [0.212, 0.131], "2": [0.655, 0.402], "3": [0.873, 0.611]},
            "self_bleu": [0.284, 0.517],
            "words": [[9, 14, 22], [8, 11, 15.5]],
            "labels": 0.12,
            "names": None,
            "two_sample": {"accuracy": 0.713, "low": 0.685, "high": 0.741},
        },
    }


def found(**changes: Any) -> dict[str, Any]:
    """Return what curation found with one seed; a part that is changed to ``None`` is left out."""
    every = {
        "annotators": [
            {"name": "teacher", "weight": 0.61, "rows": 115, **figures(0.772, 0.912, 0.114)},
            {"name": "student", "weight": 0.34, "rows": 115, **figures(0.701, 1.134, 0.089)},
        ],
        "calibration": {
            "rows": 115,
            "before": figures(0.765, 0.881, 0.131),
            "after": figures(0.783, 0.802, 0.052),
            "bins": {"before": bins(0.08), "after": bins()},
        },
        "threshold": 0.35,
        "strategies": {"generate": strategy()},
        "advice": ["Three in a hundred generated rows are unsure.", "A second teacher would cost more than it tells."],
        "teacher_hash": "9f86d081884c7d65",
    }
    return {key: value for key, value in (every | changes).items() if value is not None}


def add(run: Path, *seeds: dict[str, Any], names: Sequence[str] = ("seed0", "seed1", "seed2")) -> Path:
    """Write what curation found into a run folder, seed by seed."""
    details = json.loads((run / "run.json").read_text())
    details["curation"] = dict(zip(names, seeds, strict=False))
    (run / "run.json").write_text(json.dumps(details))
    return run
