"""How many generated rows were asked for, and what each further amount brought on the development part."""

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, section, table
from lit_synth.report.metric import named
from lit_synth.report.wording import count


def amounts(folder: RunFolder) -> Markup:
    """Return the saturation curve of every seed, where amounts were tried in turn."""
    metric = named(folder.headline)
    rows = [
        (seed.removeprefix("seed"), count(row["amount"]), metric.show(row["score"]), metric.show(row["noise"]))
        for seed, curve in folder.details.get("amounts", {}).items()
        for row in curve
    ]
    if not rows:
        return Markup()
    about = "A student on gold and so many generated rows, on the development part. A further amount is asked for only "
    about += (
        "while the score rises by more than its standard error; of two the first that is as good is taken, but not 0."
    )
    headers = ("seed", "generated rows", f"development {metric.column}", "standard error")
    return section("Amounts tried in turn", table(headers, rows, caption=folder.limits.caption), note=about)
