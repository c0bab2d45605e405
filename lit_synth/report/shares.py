"""How often each label stands among real rows and among synthetic ones."""

from collections import Counter

from lit_synth.report.findings import Summary
from lit_synth.report.folder import RunFolder
from lit_synth.report.markup import Markup, Sorted, section, table, tag
from lit_synth.report.wording import count, percent

OPEN = 12
"""Labels up to which the table is not folded away."""


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
    labels = sorted({label for counts in columns.values() for label in counts}, key=lambda label: (-real[label], label))
    rows = [(label, *(_cell(counts[label] / counts.total()) for counts in columns.values())) for label in labels]
    shown = table(("label", *columns), rows, caption=folder.limits.caption, sorts=True)
    if len(labels) > OPEN:
        shown = tag("details", tag("summary", f"Shares of {len(labels)} labels"), shown)
    sizes = ", ".join(f"{name} {count(counts.total())}" for name, counts in columns.items())
    told = (
        f"Share of each label: real, by the true labels of test rows, and synthetic, by their targets. Rows: {sizes}."
    )
    return section("Labels, real and synthetic", shown, note=told)


def _cell(share: float) -> Sorted:
    return Sorted(percent(share), share)
