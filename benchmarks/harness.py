"""Speed against others, in one run: every side is a process of its own, and they work in turn, A B A B.

A script names its sides. A side is a function ``work(job, count, clock)``: it does the first ``count`` rows of the job,
the part inside ``with clock`` is timed, and it returns ``{"units": ..., "output": ...}``. Each side works once to warm
up. Outputs are checked, not only timed; what was found is kept as JSON, of which `speed.py` makes the page.
"""

import argparse
import json
import platform
import shlex
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from floor import Ceilings, Cost
from sides import CORES, Job, Side, Worker

Check = tuple[str, str, bool]
"""What was held against what, the figure, and whether it holds."""


def options(rows: int, **more: Any) -> argparse.Namespace:
    """Read the options that every script has, and ``more`` of its own with their defaults."""
    parser = argparse.ArgumentParser()
    known = {"rows": rows, "rounds": 2, "limit": 600.0, "dtype": "float32", "teacher": ""}
    for name, default in {**known, "data": "../shared/data", "output": "runs/bench", **more}.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def measure(
    name: str,
    sides: dict[str, Side],
    job: Job,
    given: argparse.Namespace,
    unit: str,
    check: Callable[[dict[str, Any]], list[Check]],
    cost: Callable[[float], Cost] | None = None,
) -> None:
    """Let the sides work in turn, check what they made, and keep the figures.

    Args:
        name: Of the question, and of its file.
        sides: Ours comes first.
        job: What every side is given; ``rows`` is how many there are, ``warm`` how many to warm up with.
        given: From `options`.
        unit: What is counted, such as ``rows``.
        check: From each side's last output to what was checked.
        cost: From our side's units to its least operations and bytes.
    """
    folder = Path(given.output)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.job"
    path.write_text(json.dumps(job))
    ceilings = Ceilings.measured(job.get("dtype", "float32")) if cost else None
    workers = {one: Worker(one, side, path, given.limit) for one, side in sides.items()}
    for worker in workers.values():
        worker.work(job["warm"])
    rounds: dict[str, list[dict[str, Any]]] = {one: [] for one in sides}
    for number in range(given.rounds):
        for one, worker in workers.items():
            count = max(1, round(job["rows"] * sides[one].share))
            if found := worker.work(count):
                rounds[one].append(found)
                print(f"{name} {number + 1} {one}: {found['units'] / found['seconds']:.1f} {unit}/s", flush=True)
    for worker in workers.values():
        worker.end()
    ours = rounds[next(iter(sides))]
    if not ours:
        sys.exit(f"{name}: {workers[next(iter(sides))].failed}; {folder} has its log")
    result: dict[str, Any] = {
        "question": name,
        "unit": unit,
        "sides": {one: _summary(found, workers[one].failed, sides[one], ours) for one, found in rounds.items()},
        "checks": check({one: found[-1]["output"] for one, found in rounds.items() if found}),
        "machine": f"{CORES} cores, {platform.machine()}",
        "command": shlex.join(["python", *sys.argv]),
    }
    if cost and ceilings:
        least = ceilings.seconds(cost(ours[-1]["units"]))
        seconds = statistics.median(found["seconds"] for found in ours)
        result["floor"] = {"seconds": least, "above": seconds / least, **ceilings.to_dict()}
    (folder / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    for what, figure, holds in result["checks"]:
        print(f"{name}: {what}: {figure}{'' if holds else ' (NOT AS IT SHOULD BE)'}")
    for one, side in result["sides"].items():
        told = side.get("failed") or f"{side['rate']:.1f} {unit}/s, ours {side['ratio']:.2f} times"
        print(f"{name} {one}: {told}")


def _summary(found: list[dict[str, Any]], failed: str, side: Side, ours: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return rates, and in each round how many times this side's rate ours has."""
    if not found:
        return {"failed": failed, "reach": side.reach}
    rates = [one["units"] / one["seconds"] for one in found]
    ratios = [own["units"] / own["seconds"] / rate for own, rate in zip(ours, rates, strict=False)]
    return {
        "rate": statistics.median(rates),
        "rates": rates,
        "ratio": min(ratios) if ratios else None,  # what else the machine did flatters nobody
        "ratios": ratios,
        "reach": side.reach,
        "peak_mib": max(one["peak_mib"] for one in found),
        "units": found[-1]["units"],
        "note": found[-1].get("note", ""),
        "versions": found[-1]["versions"],
    }
