"""Synthetic rows that are copies of gold, or like a development or test row: how many, and which, for review."""

from collections.abc import Mapping
from typing import Any

from lit_synth.report.conclusions.leaks import PARTS, leaked, share_of
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, stacked, table, tag
from lit_synth.report.sections.samples import folded
from lit_synth.report.wording import count

SHOWN = 20
"""Hits on the page."""


def copies(folder: RunFolder) -> Markup:
    """Return for every strategy how many rows are copies of gold, and how many are like an evaluation row."""
    rows = [
        (tag("span", strategy, class_=f"dot {strategy}"), seed, _memorised(found.get("memorised")), *_leaked(found))
        for strategy, seed, found in folder.curated("memorised", "leakage")
    ]
    headers = ("strategy", "seed", "memorised", "like a development row", "like a test row")
    return table(headers, rows, left=2, caption=folder.limits.caption) if rows else Markup()


def hits(folder: RunFolder) -> Markup:
    """Return the first hits, those of the test part before others, folded away, and say how many more there are."""
    found, total = [], 0
    for strategy, seed, one in folder.curated("leakage"):
        leaked = one["leakage"]
        own = [(place, strategy, seed, hit) for place, hit in enumerate(leaked.get("hits") or ())]
        # A list may have been cut where it was made; its counts are not.
        total += max(len(own), sum(leaked.get(part) or 0 for part in PARTS))
        found += own
    # Those of every strategy and seed in turn, or one with many would leave none of the others on the page.
    found.sort(key=lambda hit: (hit[3].get("part") != "test", hit[0]))
    if not found:
        return Markup()
    shown = [_hit(*hit) for _, *hit in found[:SHOWN]]
    left = total - len(shown)
    title = f"{f'{len(shown)} of ' if left else ''}{count(total)} hit{'s' * (total > 1)} for review"
    more = tag("p", f"… and {count(left)} more.", class_="note") if left else ""
    return tag("details", tag("summary", title), tag("ol", *shown, class_="samples hits"), more)


def _hit(strategy: str, seed: str, hit: Mapping[str, Any]) -> Markup:
    texts = (
        tag("p", tag("i", name), " ", folded(str(hit.get(key, ""))), class_="text")
        for name, key in (
            ("of the pool" if strategy == "annotate" else "synthetic", "text"),
            (f"{hit.get('part', 'evaluation')} row", "match"),
        )
    )
    facts = [tag("span", hit.get("id", ""), class_="label"), tag("span", strategy, class_=f"dot {strategy}")]
    facts += [tag("span", f"seed {seed}"), tag("span", hit.get("how", ""))]
    return tag("li", *texts, tag("p", *facts, class_="facts"))


def _memorised(found: Mapping[str, int] | None) -> str:
    return share_of(found["copied"], found["rows"]) if found else ""


def _leaked(found: Mapping[str, Any]) -> list[Markup]:
    return [stacked(*leaked(found.get("leakage") or {}, part)) for part in PARTS]
