"""Every label on its own: which of its rows are found, and which of those so named are right."""

from lit_synth.report.conclusions.findings import Summary
from lit_synth.report.markup import Markup, Sorted, section, table, tag
from lit_synth.report.statistics.labels import LabelFigures
from lit_synth.report.wording import count, share

FEW = 20
"""Labels up to which the table is open at once."""


def by_label(summary: Summary) -> Markup:
    """Return precision and recall of the student on gold and of the best one on synthetic rows; nothing for texts."""
    shown = summary.shown_by_label
    if not shown:
        return Markup()
    found = {name: {one.label: one for one in figures} for name, figures in shown.items()}
    labels = sorted({label for figures in found.values() for label in figures})
    rows = []
    for label in labels:
        # Of a label that no test row has, one may say it and the other not.
        ones = [figures.get(label, LabelFigures(label, 0, 0, 0)) for figures in found.values()]
        cells = [(share(value), value) for one in ones for value in (one.recall, one.precision)]
        rows.append((label, _rows(max(one.rows for one in ones)), *(Sorted(*cell) for cell in cells)))
    headers = ("label", "test rows", *(f"{name}, {figure}" for name in shown for figure in ("recall", "precision")))
    content = table(headers, rows, caption=summary.limits.caption, sorts=True)
    if len(labels) > FEW:
        content = tag("details", tag("summary", f"{count(len(labels))} labels"), content)
    about = "Recall: of the rows with the label, found. Precision: of those so named, right."
    summed = f" Sums over {len(summary.seeds)} seeds." if len(summary.seeds) > 1 else ""
    return section("Each label on its own", content, note=about + summed)


def _rows(number: int) -> Sorted:
    return Sorted(count(number), number)
