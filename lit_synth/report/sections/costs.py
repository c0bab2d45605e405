"""What a run cost: time, tokens and GPU hours by stage, searches and smaller amounts told apart from the rest."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lit_synth.report.folders.collection import Collection
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.wording import count, listing

HEADERS = ("tokens", "tokens/s", "GPU hours")
"""Columns of `Work.cells`."""


@dataclass(frozen=True)
class Work:
    """What stages met, as far as they kept count of it: older runs did not, and what is no model's work has no tokens.

    Args:
        tokens: Learnt from, read or written.
        seconds: Wall-clock time of these stages.
        gpu_seconds: The same for every accelerator at work; 0 on a CPU.
        devices: What they worked on.
    """

    tokens: int = 0
    seconds: float = 0.0
    gpu_seconds: float = 0.0
    devices: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, str, str]:
        """Tokens, tokens a second, and GPU hours, of which there are none on a CPU.

        >>> Work(120_000, 60.0, 7200.0).cells, Work(900, 100.0).cells, Work().cells
        (('120,000', '2,000', '2.00'), ('900', '9', '–'), ('', '', ''))
        """  # noqa: RUF002
        if not self.tokens:
            return "", "", ""
        rate = self.tokens / self.seconds if self.seconds else None
        return count(self.tokens), count(rate), f"{self.gpu_seconds / 3600:.2f}" if self.gpu_seconds else count(None)


def together(parts: Iterable[Work]) -> Work:
    """Return the sum of several.

    >>> together([Work(1, 2.0, 0.0, ("CPU",)), Work(3, 4.0, 5.0, ("A", "CPU"))])
    Work(tokens=4, seconds=6.0, gpu_seconds=5.0, devices=('CPU', 'A'))
    """
    every = list(parts)
    return Work(
        sum(part.tokens for part in every),
        sum(part.seconds for part in every),
        sum(part.gpu_seconds for part in every),
        tuple(dict.fromkeys(device for part in every for device in part.devices)),
    )


def stage_work(run: RunFolder, named: bool = True) -> dict[str, Work]:
    """Return what the stages of a run met, summed over seeds, by kind of stage or by its own name.

    Args:
        run: The run.
        named: Whether to name what a stage is for, see `kind`.
    """
    taken = run.details.get("seconds", {})
    found: dict[str, list[Work]] = defaultdict(list)
    for seed, stages in run.details.get("work", {}).items():
        for stage, work in stages.items():
            found[kind(stage) if named else stage].append(_work(work, taken.get(seed, {}).get(stage, 0.0)))
    return {stage: together(every) for stage, every in found.items()}


def about_work(works: Iterable[Work]) -> str:
    """Say what tokens are and on what they were met; empty where nothing was counted."""
    devices = together(works).devices
    if not devices:
        return ""
    told = "Tokens: those learnt from, read or written, padding left out; development rows that are only looked at "
    return f"{told}while learning are not counted. GPU hours: time by number of devices. Worked on: {listing(devices)}."


def _work(found: Mapping[str, Any], seconds: float) -> Work:
    return Work(int(found["tokens"]), seconds, float(found["gpu_seconds"]), tuple(found["devices"]))


def stage_seconds(run: RunFolder) -> dict[str, float]:
    """Return wall-clock seconds by kind of stage, summed over seeds."""
    found: dict[str, float] = defaultdict(float)
    for stages in run.details.get("seconds", {}).values():
        for stage, taken in stages.items():
            found[kind(stage)] += taken
    return dict(found)


def kind(stage: str) -> str:
    """Name what a stage is for.

    >>> kind("annotate_search_0.0003"), kind("annotate_500"), kind("teacher_fit")
    ('annotate, search', 'annotate, smaller amounts', 'teacher fit')
    """
    if searched := re.match(r"(\w+?)(_\d+)?_search_", stage):
        return f"{searched[1]}, search"
    if smaller := re.fullmatch(r"(annotate|generate|both)_\d+", stage):
        return f"{smaller[1]}, smaller amounts"
    return stage.replace("_", " ")


def costs(collection: Collection) -> tuple[Sequence[str], Mapping[str, Mapping[str, float]]]:
    """Return every kind of stage in the order of the runs, and by run the seconds of those it has."""
    by_run = {collection.names[run.path]: stage_seconds(run) for run in collection.runs}
    return list(dict.fromkeys(stage for found in by_run.values() for stage in found)), by_run
