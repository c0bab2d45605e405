"""One self-contained page of a run: no network, light and dark; its one script sorts, searches and keeps marks."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Template

from lit_synth.report.cards.dataset_card import write_dataset_card
from lit_synth.report.cards.model_card import write_model_cards
from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.conclusions.measure import measure
from lit_synth.report.conclusions.summary import Summary
from lit_synth.report.conclusions.verdict import conclude
from lit_synth.report.folders.collection import Collection
from lit_synth.report.folders.folder import RunFolder, read_run
from lit_synth.report.markup import Markup, join, text
from lit_synth.report.scalars import write_scalars
from lit_synth.report.sections import calibration, evidence, record, results
from lit_synth.report.sections.advice import advice
from lit_synth.report.sections.amounts import amounts
from lit_synth.report.sections.browser import browser
from lit_synth.report.sections.card import yields
from lit_synth.report.sections.confusion import confusions
from lit_synth.report.sections.diversity import diversity
from lit_synth.report.sections.labels import by_label
from lit_synth.report.sections.samples import samples
from lit_synth.report.sections.saturation import saturated
from lit_synth.report.sections.shares import label_shares
from lit_synth.whole_files import write_whole

PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="$policy">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
$body
</main>
<script>$script</script>
</body>
</html>
"""
)


def write_report(run: Path) -> Path:
    """Write ``report.html`` into a run folder, the cards of its rows and students, and its scalars; return its path.

    Raises:
        InputError: A file of the run is missing or is not what it should be.
    """
    folder = read_run(run)
    summary = conclude(measure(folder))
    path = save(run / "report.html", render(folder, summary))
    write_dataset_card(folder, summary)
    write_model_cards(folder, summary)
    write_scalars(folder)
    return path


def page_of(run: Path) -> str:
    """Return the page of a run's folder.

    Raises:
        InputError: A file of the run is missing or is not what it should be.
    """
    folder = read_run(run)
    return render(folder, conclude(measure(folder)))


def save(path: Path, text: str) -> Path:
    """Write a file as a whole or not at all, and return its path."""
    write_whole(path, text)
    return path


def document(title: str, parts: Iterable[Markup]) -> str:
    """Return a whole page with style and script in it."""
    style, script = _inside("page.css", "browser.css"), _inside("page.js", "browser.js")
    return PAGE.substitute(title=text(title), style=style, script=script, policy=policy(script), body=join(parts, "\n"))


def _inside(*names: str) -> str:
    return "".join((files("lit_synth.report") / name).read_text(encoding="utf-8") for name in names)


def policy(script: str) -> str:
    """Return what a browser may do with the page: nothing from elsewhere, and no script but this one, by its hash.

    >>> policy("")[:45]
    "default-src 'none'; style-src 'unsafe-inline'"
    """
    digest = b64encode(sha256(script.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return f"{allowed}; base-uri 'none'; form-action 'none'"


def render(folder: RunFolder, summary: Summary) -> str:
    """Return the page."""
    smaller = appraise(Collection([folder], [], [])) if folder.smaller else []
    parts = [
        results.header(summary),
        advice(folder),
        results.headline(summary),
        *map(saturated, smaller),
        results.metrics(summary),
        results.measures(summary),
        by_label(summary),
        confusions(folder, summary),
        evidence.data(folder),
        evidence.annotation(folder),
        evidence.few_shot(folder),
        calibration.calibration(folder),
        calibration.annotators(folder),
        yields(folder),
        amounts(folder),
        diversity(folder),
        label_shares(folder, summary),
        samples(folder),
        browser(folder),
        record.training(folder),
        record.reproduction(folder),
    ]
    return document(f"{summary.task}: did it pay?", parts)
