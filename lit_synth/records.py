"""What a run found, one file a seed, so that seeds may run side by side; the run's own files are composed of them."""

import fcntl
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError
from lit_synth.whole_files import read_json, write_json


class Record:
    """Figures and details of one seed, kept on disk after every stage.

    Args:
        output: Of the run.
        seed: Name of the seed, such as ``seed0``.
        data: Hash of its rows: what was found on other rows is forgotten.
    """

    def __init__(self, output: Path, seed: str, data: str) -> None:
        self.path = record_file(output, seed)
        found = read_json(self.path, {})
        if found.get("data") != data:
            found = {"data": data, "metrics": [], "details": {}}
        self.content: dict[str, Any] = found

    @property
    def details(self) -> dict[str, Any]:
        """What else the report shows, by name."""
        details: dict[str, Any] = self.content["details"]
        return details

    def part(self, name: str) -> dict[str, Any]:
        """Return one of the details to be filled."""
        part: dict[str, Any] = self.details.setdefault(name, {})
        return part

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Add the figures of one student, or replace those it had."""
        new = {_whose(row) for row in rows}
        self.content["metrics"] = [row for row in self.content["metrics"] if _whose(row) not in new] + rows

    def learn_from(self, strategy: str, key: str) -> None:
        """Note by which key the rows of a strategy were made; figures of other rows are forgotten."""
        keys: dict[str, str] = self.content.setdefault("rows", {})
        if keys.get(strategy) != key:
            self.forget(strategy)
            keys[strategy] = key

    def forget(self, strategy: str) -> None:
        """Drop the figures of a strategy's rows, and of all students that learnt from them in any call."""
        self.content["metrics"] = [row for row in self.content["metrics"] if row["strategy"] not in (strategy, "both")]
        self.details.get("synthetic", {}).pop(strategy, None)

    def save(self) -> None:
        """Write the file, unless it says the same already."""
        if not self.path.exists() or read_json(self.path) != self.content:
            self.path.parent.mkdir(exist_ok=True)
            write_json(self.path, self.content)


def record_file(output: Path, seed: str) -> Path:
    """Return where the `Record` of a seed is kept."""
    return output / "records" / f"{seed}.json"


@contextmanager
def alone(output: Path, seed: str) -> Iterator[None]:
    """Keep a second process from the same seed of the same run: two would write the same rows.

    Raises:
        InputError: There is one at work.
    """
    path = output / "records" / f"{seed}.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            who = file.read().strip() or "not named"
            raise InputError(
                f"{output}: another process ({who}) works on {seed}; wait for its end, or stop it"
            ) from None
        file.truncate(0)
        file.write(f"pid {os.getpid()} on {socket.gethostname()}")
        file.flush()
        os.set_inheritable(file.fileno(), True)  # held until the stages' own processes have ended, too
        yield


def set_aside(output: Path) -> Path:
    """Move what a run has found into ``older/<hash of its config>``, before another config works in its folder.

    The stages of its seeds stay: each has a key of its own, so those that are the same are not done again, and the
    others are set aside one by one. A kill in between does no harm, since the same is then done again.

    Returns:
        Where it lies now, with the config it was made with.

    Raises:
        InputError: A process works on it.
    """
    config = output / "config.yaml"
    older = output / "older" / hashlib.sha256(config.read_bytes()).hexdigest()[:16]
    kept = ("older", "config.yaml", "answers.jsonl")  # an answer is kept by what was asked
    with ExitStack() as locks:
        for lock in (output / "records").glob("*.lock"):
            locks.enter_context(alone(output, lock.stem))
        older.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(config, older / "config.yaml")
        for path in sorted(output.iterdir()):
            if path.name in kept or (path.name.startswith("seed") and path.is_dir()):
                continue
            target = older / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
    return older


def compose(output: Path, order: list[str], told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write ``metrics.json``, ``splits.json`` and ``run.json`` from the records of all seeds; return the figures.

    Args:
        output: Of the run.
        order: Strategies, as they are listed.
        told: What ``run.json`` says that is of no seed.
    """
    files = sorted((output / "records").glob("seed*.json"), key=lambda path: int(path.stem.removeprefix("seed")))
    found = {path.stem: read_json(path) for path in files}
    metrics = [row for one in found.values() for row in sorted(one["metrics"], key=lambda row: _place(row, order))]
    details: dict[str, dict[str, Any]] = {}
    for seed, one in found.items():
        for name, value in one["details"].items():
            if value:
                details.setdefault(name, {})[seed] = value
    splits = details.pop("splits", {})
    write_json(output / "metrics.json", metrics)
    write_json(output / "splits.json", splits)
    write_json(output / "run.json", {**told, **details})
    return metrics


def _whose(row: Mapping[str, Any]) -> tuple[str, int | None]:
    return row["strategy"], row["amount"]


def _place(row: Mapping[str, Any], order: list[str]) -> tuple[int, float]:
    return order.index(row["strategy"]), row["amount"] or float("inf")
