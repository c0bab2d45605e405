"""Finds the runs below the folders that were given: single runs, sweeps, and folders that hold either."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError
from lit_synth.report.folders.folder import RunFolder, read_run
from lit_synth.whole_files import read_json

_DEPTH = 2
"""A folder of sweeps, each with a folder a run."""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job of a sweep that ended with an error.

    Args:
        sweep: Name of the sweep's folder.
        fraction: Share or count of gold rows, as it was given.
        seed: The seed.
        error: What it said; empty where it said nothing.
        seconds: Wall-clock time until then, where known.
    """

    sweep: str
    fraction: float
    seed: int
    error: str
    seconds: float | None


@dataclass(frozen=True)
class Collection:
    """What there is to be compared.

    Args:
        runs: Every run with results, in the order given.
        failed: Jobs of sweeps that failed.
        unfinished: Run folders without results.
    """

    runs: Sequence[RunFolder]
    failed: Sequence[FailedJob]
    unfinished: Sequence[Path]

    @property
    def names(self) -> Mapping[Path, str]:
        """A name for every run: its folder's, with as many folders above it as tell it from the others."""
        places = [run.path.resolve().parts for run in self.runs]
        return {run.path: _name(place, places) for run, place in zip(self.runs, places, strict=True)}


def _name(place: Sequence[str], places: Sequence[Sequence[str]]) -> str:
    """Return the shortest end of a path that no other one has."""
    for length in range(1, len(place)):
        if [other[-length:] for other in places].count(place[-length:]) == 1:
            return "/".join(place[-length:])
    return str(Path(*place))


def is_run(path: Path) -> bool:
    """Tell whether a folder is that of one run, finished or not; a sweep has a config, too, but runs below it."""
    if (path / "metrics.json").exists():
        return True
    below = [*path.glob("*/config.yaml"), *path.glob("*/metrics.json"), *path.glob("sweep.json")]
    return (path / "config.yaml").exists() and not below


def collect(paths: Iterable[Path]) -> Collection:
    """Read every run below some folders.

    Raises:
        InputError: A folder is absent or holds no run, or a file is not what it should be.
    """
    found, failed = [], []
    for path in paths:
        below = list(_runs(path, _DEPTH))
        if not below:
            raise InputError(f"{path}: no run in it; give a run's folder, a sweep's, or one of runs")
        found += below
        sweeps = [path, *sorted({run.parent for run in below} - {path, path.parent})]
        failed += [job for sweep in sweeps for job in _failed(sweep)]
    found = _once(found)
    finished = [path for path in found if (path / "metrics.json").exists()]
    if not finished:
        raise InputError(f"{found[0]}: no metrics.json; has no run finished yet?")
    unfinished = [path for path in found if path not in finished]
    return Collection([read_run(path) for path in finished], failed, unfinished)


def _once(paths: Iterable[Path]) -> list[Path]:
    """Leave out what is there already, by whatever path: a run given twice is one."""
    first: dict[Path, Path] = {}
    for path in paths:
        first.setdefault(path.resolve(), path)
    return list(first.values())


def _runs(path: Path, depth: int) -> Iterator[Path]:
    if is_run(path):
        yield path
    elif depth and path.is_dir():
        for child in sorted(path.iterdir(), key=_natural):
            yield from _runs(child, depth - 1)


def _natural(path: Path) -> tuple[str, float, str]:
    """Order ``fraction_64`` before ``fraction_512``."""
    name, _, number = path.name.rpartition("_")
    try:
        return name, float(number), ""
    except ValueError:
        return path.name, 0.0, path.name


def _failed(sweep: Path) -> list[FailedJob]:
    path = sweep / "sweep.json"
    jobs: Sequence[Mapping[str, Any]] = read_json(path, {}).get("jobs", [])
    for job in jobs:
        missing = {"fraction", "seed", "status"} - set(job)
        if missing:
            raise InputError(f"{path}: a job has no {sorted(missing)[0]!r}: {str(job)[:120]}")
    return [
        FailedJob(sweep.resolve().name, job["fraction"], job["seed"], job.get("error") or "", job.get("seconds"))
        for job in jobs
        if job["status"] == "failed"
    ]
