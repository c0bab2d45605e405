"""How long does the command take until it has said what it can do?

python benchmarks/start.py [--rounds 5]
"""

import subprocess
import sys
from functools import partial
from typing import Any

from harness import Check, measure, options
from sides import Clock, Job, Side, serve

REACH = {"lit_synth --help": 0.3, "lit_synth run --help": 1.5}


def started(job: Job, count: int, clock: Clock, words: tuple[str, ...]) -> dict[str, Any]:
    """Start a Python once, and wait until it has ended."""
    with clock:
        said = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
    return {"units": 1, "output": {"seconds": clock.seconds, "said": len(said)}}


def check(found: dict[str, Any]) -> list[Check]:
    """Hold the seconds of the last round against what is wanted; something was said."""
    told = []
    for name, most in REACH.items():
        seconds, said = found[name]["seconds"], found[name]["said"]
        told.append((f"`{name}`, under {most:g} s", f"{seconds:.2f} s", said > 100 and seconds < most))
    return told


SIDES = {
    "python -c pass": Side(partial(started, words=("-c", "pass"))),
    **{name: Side(partial(started, words=("-m", *name.split()))) for name in REACH},
}

if __name__ == "__main__":
    serve(SIDES)
    measure("start", SIDES, {"rows": 1, "warm": 1}, options(1, rounds=5), "starts", check)
