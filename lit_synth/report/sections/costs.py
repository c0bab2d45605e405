"""What a run cost: seconds by stage, a stage's searches and smaller amounts told apart from its own training."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from lit_synth.report.folders.collection import Collection
from lit_synth.report.folders.folder import RunFolder


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
