"""What the annotators are worth on development rows: calibration before and after, and each of them alone."""

from collections.abc import Mapping
from typing import Any

from lit_synth.report.charts.reliability import pooled, reliability_figure
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, section, stacked, table, tag
from lit_synth.report.wording import between, count, percent, points

FEW = 300
"""Rows below which a page says how few there are: at 300 an accuracy of 80 % is known to some 5 points."""
_ECE = "ECE, expected calibration error: how far confidence is from accuracy, lower is better; small: 95 % interval."
_AFTER = "; after: as they count, shifted to the expected shares of labels where they are, and by weights and a"
_AFTER += " temperature where those are fitted, so cross-fitted that no row is judged by what has seen it"


def calibration(folder: RunFolder) -> Markup:
    """Return figure and table of the annotators together: before weights and temperature were fitted, and after."""
    seeds = {seed: found["calibration"] for seed, found in folder.curation.items() if found.get("calibration")}
    rows = [
        (tag("b", part), seed, count(found.get("rows")), *_cells(found[part]))
        for seed, found in seeds.items()
        for part in _parts(found)
    ]
    if not rows:
        return Markup()
    fitted = any("after" in _parts(found) for found in seeds.values())
    about = f"Before: the annotators as they read, with equal weights{_AFTER if fitted else ''}. "
    about += "The teacher's epoch was chosen by these rows, which flatters it a little."
    headers = ("", "seed", "rows", "accuracy", "negative log-likelihood", "ECE")
    shown = table(headers, rows, left=2, caption=folder.limits.caption)
    return section("Calibration", _figure(folder, seeds), shown, _few(seeds), note=f"{about} {_ECE}")


def annotators(folder: RunFolder) -> Markup:
    """Return every annotator alone, and the pool of them."""
    rows: list[tuple[object, ...]] = []
    for seed, found in folder.curation.items():
        alone = found.get("annotators") or ()
        rows += [
            (one.get("name"), seed, _number(one.get("weight"), 2), count(one.get("rows")), *_cells(one))
            for one in alone
        ]
        judged = found.get("calibration") or {}
        if alone and judged.get("after"):
            rows.append((tag("b", "combined"), seed, "", count(judged.get("rows")), *_cells(judged["after"])))
    if not rows:
        return Markup()
    about = "Each alone, as it counts, on development rows. Weight: the power its probabilities have in "
    about += "their product; weights with a sum above 1 make the pool surer than they are, below 1 less sure. "
    about += "NLL: negative log-likelihood, lower is better."
    headers = ("annotator", "seed", "weight", "rows", "accuracy", "NLL", "ECE")
    return section("Annotators", table(headers, rows, left=2, caption=folder.limits.caption), note=about)


def _parts(found: Mapping[str, Any]) -> list[str]:
    """Return what there is of before and after; a run that fitted nothing has the same figures twice."""
    both = [part for part in ("before", "after") if found.get(part)]
    return both[:1] if len(both) == 2 and found["before"] == found["after"] else both


def _figure(folder: RunFolder, seeds: Mapping[str, Mapping[str, Any]]) -> Markup:
    drawn = {
        part: pooled((found.get("bins") or {}).get(part) or () for found in seeds.values() if part in _parts(found))
        for part in ("before", "after")
    }
    panels = {part: bins for part, bins in drawn.items() if bins}
    if not panels:
        return Markup()
    alone = len(seeds) == 1
    note = "Dot: rows of about the same confidence, the larger the more. "
    note += "Bar: 95 % interval of their accuracy. " if alone else f"Rows of {len(seeds)} seeds together. "
    note += "Dashed: as accurate as confident."
    return tag(
        "figure",
        tag("div", Markup(reliability_figure(panels, alone, 720)), class_="wide"),
        tag("div", Markup(reliability_figure(panels, alone, 360)), class_="narrow"),
        tag("figcaption", " ".join(filter(None, [note, folder.limits.caption]))),
    )


def _few(seeds: Mapping[str, Mapping[str, Any]]) -> Markup:
    sizes = sorted({found["rows"] for found in seeds.values() if found.get("rows")})
    if not sizes or sizes[0] >= FEW:
        return Markup()
    several = f"{count(sizes[0])} to {count(sizes[-1])}" if len(sizes) > 1 else count(sizes[0])
    told = f"Only {several} development rows{' a seed' if len(seeds) > 1 else ''}: "
    # One row's share is what the least difference in accuracy can be.
    told += f"a single one is {points(1 / sizes[0], sign=False)} points of accuracy, and a gap of a few may be chance."
    return tag("p", told, class_="warning", role="note")


def _cells(found: Mapping[str, Any]) -> tuple[object, ...]:
    accuracy, error = found.get("accuracy"), found.get("ece")
    interval = between(found.get("ece_low"), found.get("ece_high"))
    return (
        "" if accuracy is None else percent(accuracy),
        _number(found.get("nll"), 3),
        "" if error is None else stacked(percent(error), interval),
    )


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
