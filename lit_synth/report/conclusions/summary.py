"""From a run folder to its conclusions."""

from pathlib import Path

from lit_synth.report.conclusions.findings import Difference, StrategySummary, Summary
from lit_synth.report.conclusions.measure import measure
from lit_synth.report.conclusions.verdict import conclude
from lit_synth.report.folders.folder import read_run

__all__ = ["Difference", "StrategySummary", "Summary", "summarise"]


def summarise(run: Path) -> Summary:
    """Read a run folder, compute its figures and draw its conclusions.

    Raises:
        InputError: A file is missing or is not what it should be; strategies were tested on different rows.
    """
    return conclude(measure(read_run(run)))
