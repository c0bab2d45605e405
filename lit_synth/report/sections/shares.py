"""How often each label stands among real rows and among synthetic ones."""

from collections import Counter

from lit_synth.report.conclusions.findings import Summary
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, Sorted, section, table, tag
from lit_synth.report.wording import count, percent

OPEN = 10
"""Labels that are seen at once; the others are folded away."""


def label_shares(folder: RunFolder, summary: Summary) -> Markup:
    """Return a table of labels: their share of test rows, and of the accepted rows of every strategy.

    Test rows are what is real and on disk with its labels; those of the pool are hidden.
    """
    synthetic = {name: found for name, found in folder.synthetic.items() if found.number}
    real: Counter[str] = Counter()
    for seed in summary.seeds:
        every = (folder.predictions(seed, strategy.name) for strategy in summary.strategies)
        real.update(one.gold for one in next(filter(None, every), {}).values())
    if folder.is_text or not real or not synthetic:
        return Markup()
    columns = {"test rows": real} | {name: Counter(found.groups) for name, found in synthetic.items()}
    labels = sorted({label for counts in columns.values() for label in counts})
    labels.sort(key=lambda label: -max(abs(_share(counts, label) - _share(real, label)) for counts in columns.values()))
    rows = [(label, *(_cell(_share(counts, label)) for counts in columns.values())) for label in labels]
    first, rest = (table(("label", *columns), part, sorts=True) for part in (rows[:OPEN], rows[OPEN:]))
    parts = [first, tag("p", folder.limits.caption, class_="note") if folder.limits.caption else ""]
    if len(labels) > OPEN:
        parts.append(tag("details", tag("summary", f"{len(labels) - OPEN} more labels, closer together"), rest))
    sizes = ", ".join(f"{name} {count(counts.total())}" for name, counts in columns.items())
    told = "Share of each label among test rows, by their true labels, and among synthetic ones, by their targets. "
    return section("Labels, real and synthetic", *parts, note=f"{told}Furthest apart first. Rows: {sizes}.")


def _share(counts: Counter[str], label: str) -> float:
    return counts[label] / counts.total()


def _cell(share: float) -> Sorted:
    return Sorted(percent(share), share)
