"""One self-contained page of a run: no script, no network, light and dark."""

from importlib.resources import files
from pathlib import Path
from string import Template

from lit_synth.report import calibration, evidence, record, results
from lit_synth.report.advice import advice
from lit_synth.report.amounts import amounts
from lit_synth.report.card import yields
from lit_synth.report.dataset_card import write_dataset_card
from lit_synth.report.diversity import diversity
from lit_synth.report.folder import RunFolder, read_run
from lit_synth.report.markup import join, text
from lit_synth.report.measure import measure
from lit_synth.report.model_card import write_model_cards
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
    """Write ``report.html`` into a run folder, and the cards of its rows and students; return the page's path.

    Raises:
        InputError: A file of the run is missing or is not what it should be.
    """
    folder = read_run(run)
    summary = conclude(measure(folder))
    path = run / "report.html"
    partial = path.with_name(path.name + ".partial")
    partial.write_text(render(folder, summary), encoding="utf-8")
    partial.replace(path)
    write_dataset_card(folder, summary)
    write_model_cards(folder, summary)
    return path


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
    style = (files("lit_synth.report") / "page.css").read_text(encoding="utf-8")
    return PAGE.substitute(title=text(f"{summary.task}: did it pay?"), style=style, body=join(parts, "\n"))
