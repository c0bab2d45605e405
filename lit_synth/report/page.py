"""One self-contained page of a run: no script, no network, light and dark."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from string import Template

from lit_synth.report import calibration, evidence, record, results
from lit_synth.report.advice import advice
from lit_synth.report.amounts import amounts
from lit_synth.report.card import yields
from lit_synth.report.diversity import diversity
from lit_synth.report.folder import RunFolder, read_run
from lit_synth.report.markup import Markup, join, text
from lit_synth.report.measure import measure
from lit_synth.report.samples import samples
from lit_synth.report.summary import Summary
from lit_synth.report.verdict import conclude

PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
"""
)


def write_report(run: Path) -> Path:
    """Write ``report.html`` into a run folder and return its path.

    Raises:
        InputError: A file of the run is missing or is not what it should be.
    """
    return save(run / "report.html", page_of(run))


def page_of(run: Path) -> str:
    """Return the page of a run's folder.

    Raises:
        InputError: A file of the run is missing or is not what it should be.
    """
    folder = read_run(run)
    return render(folder, conclude(measure(folder)))


def save(path: Path, text: str) -> Path:
    """Write a file as a whole or not at all, and return its path."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
    return path


def document(title: str, parts: Iterable[Markup]) -> str:
    """Return a whole page with the style in it."""
    style = (files("lit_synth.report") / "page.css").read_text(encoding="utf-8")
    return PAGE.substitute(title=text(title), style=style, body=join(parts, "\n"))


def render(folder: RunFolder, summary: Summary) -> str:
    """Return the page."""
    parts = [
        results.header(summary),
        advice(folder),
        results.headline(summary),
        results.metrics(summary),
        results.measures(summary),
        evidence.data(folder),
        evidence.annotation(folder),
        evidence.few_shot(folder),
        calibration.calibration(folder),
        calibration.annotators(folder),
        yields(folder),
        amounts(folder),
        diversity(folder),
        samples(folder),
        record.training(folder),
        record.reproduction(folder),
    ]
    return document(f"{summary.task}: did it pay?", parts)
