"""What students take for what: a matrix where labels are few, else the most frequent confusions."""

from collections import Counter
from collections.abc import Mapping, Sequence

from lit_synth.report.conclusions.findings import Summary
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, Sorted, join, section, stacked, table, tag
from lit_synth.report.wording import count, percent

FEW = 10
"""Labels up to which a matrix can be read."""
SHOWN = 12
"""Confusions in the list."""
NONE = "no answer"

Pairs = Counter[tuple[str, str]]
"""Test rows by true and predicted label."""


def confusions(folder: RunFolder, summary: Summary) -> Markup:
    """Return what the student on gold and the best one on synthetic rows confuse; nothing for texts."""
    names = [name for name in ("gold", summary.best) if name]
    found = {name: pairs for name in names if (pairs := _count(folder, summary, name))}
    if folder.is_text or not found:
        return Markup()
    labels = sorted({label for pairs in found.values() for pair in pairs for label in pair if label != NONE})
    summed = f" Sums over {len(summary.seeds)} seeds." if len(summary.seeds) > 1 else ""
    rows = count(max(pairs.total() for pairs in found.values()))
    if len(labels) <= FEW:
        body = tag("div", *(_matrix(name, pairs, labels) for name, pairs in found.items()), class_="matrices")
        about = f"{rows} test rows: true labels down, predicted ones across. Small: share of the true label's rows."
    else:
        body = _list(found)
        about = f"The {SHOWN} most frequent of either, on {rows} test rows. Small: share of the true label's rows."
    note = tag("p", folder.limits.caption, class_="note") if folder.limits.caption else ""
    return section("Confusions", body, note, note=about + summed)


def _count(folder: RunFolder, summary: Summary, strategy: str) -> Pairs:
    pairs: Pairs = Counter()
    for seed in summary.seeds:
        for one in (folder.predictions(seed, strategy) or {}).values():
            pairs[one.gold, NONE if one.predicted is None else one.predicted] += 1
    return pairs


def _matrix(name: str, pairs: Pairs, labels: Sequence[str]) -> Markup:
    across = [*labels, *([NONE] if any(said == NONE for _, said in pairs) else [])]
    of = _totals(pairs)
    rows = [(true, *(_shaded(pairs[true, said], of[true], true == said) for said in across)) for true in labels]
    return tag("div", tag("p", tag("span", name, class_=f"dot {name}")), table(["", *across], rows), class_="matrix")


def _shaded(number: int, of: int, right: bool) -> Markup:
    share = number / of if of else 0.0
    shown = stacked(count(number), percent(share) if of else "")
    return tag("span", shown, class_="cell right" if right else "cell", style=f"--share:{share:.3f}")


def _list(found: Mapping[str, Pairs]) -> Markup:
    """Return the confusions of all strategies in one table, those first that are the most frequent with any."""
    wrong = {pair for pairs in found.values() for pair in pairs if pair[0] != pair[1]}
    ranked = sorted(wrong, key=lambda pair: (-max(pairs[pair] for pairs in found.values()), pair))
    totals = {name: _totals(pairs) for name, pairs in found.items()}
    rows = [
        (*pair, *(_counted(pairs[pair], totals[name][pair[0]]) for name, pairs in found.items()))
        for pair in ranked[:SHOWN]
    ]
    headers = ("true label", "predicted", *(f"{name}, rows" for name in found))
    left = len(ranked) - SHOWN
    more = tag("p", f"… and {count(left)} more pairs of labels.", class_="note") if left > 0 else ""
    return join([table(headers, rows, left=2, sorts=True), more])


def _totals(pairs: Pairs) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (true, _), number in pairs.items():
        totals[true] += number
    return totals


def _counted(number: int, of: int) -> Sorted:
    return Sorted(stacked(count(number), percent(number / of) if of else ""), number)
