"""Are synthetic inputs as varied as real ones, and can the two be told apart?"""

from collections.abc import Mapping, Sequence
from typing import Any

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, section, stacked, table, tag
from lit_synth.report.wording import between, count, percent

Found = Sequence[tuple[str, str, Mapping[str, Any]]]
"""Strategy, seed, and what was measured."""

_ORDERS = ("1", "2", "3")
_VARIED = {
    "distinct": "Distinct-n: different n-grams, as a share of all, of equally many inputs.",
    "self_bleu": "Self-BLEU: how much equally many inputs are like each other, 0 to 100.",
    "words": "Words: the median, small the quartiles.",
}
_APART = {
    "labels": "Label distance: total variation of the labels' shares, 0 the same, 1 nothing in common.",
    "names": "Name distance: the same of slots or relations.",
    "two_sample": "Two-sample accuracy: how often a classifier tells a synthetic input from a real one, with its 95 % "
    "interval; 50 % is the toss of a coin, it finds no difference; at 100 % it is never wrong.",
}


def diversity(folder: RunFolder) -> Markup:
    """Return tables of real against synthetic inputs for every strategy.

    Distinct-n follows Li et al. (2016), Self-BLEU Zhu et al. (2018), the two-sample test Lopez-Paz & Oquab (2017).
    """
    found = [(strategy, seed, one["diversity"]) for strategy, seed, one in folder.curated("diversity")]
    tables = [make(folder, found) for make in (_varied, _apart)]
    told = (words for key, words in (_VARIED | _APART).items() if _any(found, key))
    return section("Diversity and fidelity", *tables, note=" ".join(told)) if any(tables) else Markup()


def _varied(folder: RunFolder, found: Found) -> Markup:
    """Return a row of synthetic inputs and one of real ones for every strategy and seed."""
    rows = []
    for strategy, seed, one in found:
        if any(one.get(key) for key in _VARIED):
            name = tag("span", strategy, class_=f"dot {strategy}")
            rows.append((name, seed, count(one.get("rows")), *_measures(one, 1)))
            rows.append((tag("span", "real", class_="part"), seed, count(one.get("real_rows")), *_measures(one, 0)))
    if not rows:
        return Markup()
    headers = ("inputs", "seed", "rows", *(f"distinct-{order}" for order in _ORDERS), "Self-BLEU", "words an input")
    # A hyphen where a line may break would leave the number of a column alone.
    unbroken = [header.replace("-", "\N{NON-BREAKING HYPHEN}") for header in headers]
    return table(unbroken, rows, left=2, caption=folder.limits.caption)


def _apart(folder: RunFolder, found: Found) -> Markup:
    """Return how far synthetic inputs are from real ones, without what a task does not have."""
    columns = {"labels": "label distance", "names": "name distance", "two_sample": "two-sample accuracy"}
    shown = {key: header for key, header in columns.items() if _any(found, key)}
    rows = [
        (tag("span", strategy, class_=f"dot {strategy}"), seed, *(_distance(one, key) for key in shown))
        for strategy, seed, one in found
        if any(one.get(key) is not None for key in shown)
    ]
    headers = ("inputs", "seed", *shown.values())
    return table(headers, rows, left=2, caption=folder.limits.caption) if rows else Markup()


def _any(found: Found, key: str) -> bool:
    return any(one.get(key) is not None for *_, one in found)


def _measures(one: Mapping[str, Any], place: int) -> list[Markup | str]:
    """Return the cells of real inputs, ``place`` 0, or synthetic ones, 1."""
    alike, words = one.get("self_bleu"), one.get("words")
    shares = [(one.get("distinct") or {}).get(order) for order in _ORDERS]
    cells: list[Markup | str] = [_share(pair[place] if pair else None) for pair in shares]
    cells.append(f"{100 * alike[place]:.1f}" if alike else "")
    low, middle, high = words[place] if words else (None, None, None)
    cells.append("" if middle is None else stacked(f"{middle:g}", f"{low:g} to {high:g}"))
    return cells


def _distance(one: Mapping[str, Any], key: str) -> Markup | str:
    value = one.get(key)
    if value is None:
        return ""
    if key == "two_sample":
        return stacked(percent(value["accuracy"]), between(value.get("low"), value.get("high")))
    return f"{value:.2f}"


def _share(value: float | None) -> str:
    """Write a share of n-grams; texts of a single word have none of two."""
    return "" if value is None else f"{value:.3f}"
