"""Real rows with predictions that are wrong in many ways, each of them made from the gold text or label."""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lit_synth.metrics import Scored


@pytest.fixture(scope="session")
def questions(real_data: Callable[[str], Path]) -> list[Scored]:
    """MultiRC: three labels of ten are changed, one row of twenty has no answer; rows of a question lie apart."""
    rng = random.Random(5)
    rows = [
        Scored(f"r{number}", _fields(row, "paragraph", "question"), (str(row["label"]),), _label(rng, row["label"]))
        for number, row in enumerate(_read(real_data("multirc") / "validation.jsonl.gz"))
    ]
    return rng.sample(rows, len(rows))


@pytest.fixture(scope="session")
def intents(real_data: Callable[[str], Path]) -> list[Scored]:
    """SLURP: a third of the intents are those of another row, which has also one that gold lacks."""
    rng = random.Random(5)
    rows = list(_read(real_data("slurp") / "test.jsonl.gz"))[:900]
    others = [row["intent"] for row in rows] + ["made_up"]
    guesses = [row["intent"] if rng.random() < 0.67 else rng.choice(others) for row in rows]
    guesses[3] = "made_up"
    return [Scored(str(row["id"]), {}, (row["intent"],), guess) for row, guess in zip(rows, guesses, strict=True)]


@pytest.fixture(scope="session")
def turns(real_data: Callable[[str], Path]) -> list[Scored]:
    """SGD: one reference a row."""
    return list(_texts(real_data("sgd") / "test.jsonl.gz", "acts"))


@pytest.fixture(scope="session")
def facts(real_data: Callable[[str], Path]) -> list[Scored]:
    """WebNLG: one to many references a row."""
    return list(_texts(real_data("webnlg") / "test.jsonl.gz", "triples"))


def _texts(path: Path, column: str) -> Iterator[Scored]:
    rng, rows = random.Random(5), list(_read(path))[:300]
    for row, other in zip(rows, [*rows[1:], rows[0]], strict=True):
        field = _triples(row) if column == "triples" else _acts(row)
        guess = _perturbed(rng, row["target"], other["target"])
        yield Scored(row["id"], {column: field}, tuple(row["references"]), guess)


def _perturbed(rng: random.Random, text: str, other: str) -> str | None:
    """Keep a text, drop words, swap halves, take another row's, or none at all."""
    words, middle = text.split(), len(text.split()) // 2
    return rng.choice(
        [
            text,
            " ".join(word for word in words if rng.random() < 0.8),
            " ".join(words[middle:] + words[:middle]),
            text.upper(),
            " ".join(words[:middle] + other.split()[-middle:]),
            other,
            rng.choice(["", None]),
        ]
    )


def _label(rng: random.Random, gold: int) -> str | None:
    if rng.random() < 0.05:
        return None
    return str(1 - gold if rng.random() < 0.3 else gold)


def _acts(row: dict[str, Any]) -> str:
    return " ".join(
        f"{act['act'].lower()}({act['slot']} = " + ", ".join(f'"{value}"' for value in act["values"]) + ")"
        for act in row["dialog_acts"]
        if act["values"]
    )


def _triples(row: dict[str, Any]) -> str:
    parts = ([part.replace("_", " ").strip(' "') for part in triple.split(" | ")] for triple in row["input"])
    return " && ".join(" | ".join(triple) for triple in parts)


def _fields(row: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: row[name] for name in names}


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
