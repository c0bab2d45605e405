"""The card of curation: what became of the rows, what they were judged by, and which look like evaluation rows."""

from collections.abc import Callable
from typing import Any

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, join, section, table, tag
from lit_synth.report.sections.leakage import copies, hits
from lit_synth.report.sections.rows import Yield, count_yield
from lit_synth.report.wording import count, listing, percent


def yields(folder: RunFolder) -> Markup:
    """Return what became of the rows asked of the teacher, and by what they were judged."""
    found = count_yield(folder.synthetic, folder.rejected)
    seeds = {name for one in (*folder.synthetic.values(), *folder.rejected.values()) for name in one.files}
    parts, about = [], []
    if found:
        rows = [row for one in found for row in _became(one)]
        parts.append(table(("", "rows", "share"), rows, caption=folder.limits.caption))
        about.append("Accepted and rejected rows add up to those requested.")
    if len(seeds) > 1:
        about.append(f"Sums over {len(seeds)} seeds.")
    parts += [part for part in (*_facts(folder), copies(folder), hits(folder)) if part]
    if folder.curated("memorised"):
        about.append("Memorised: inputs that are a gold input word for word, of all that could be read.")
    if folder.curated("leakage"):
        about.append("Like a development or test row: an n-gram of it or a near duplicate, accepted or not.")
    if any(found["leakage"].get("real") for *_, found in folder.curated("leakage")):
        about.append("Beneath: the share of real rows that the same rule finds; what people wrote repeats itself too.")
    return section("Curation", *parts, note=" ".join(about)) if parts else Markup()


def _became(one: Yield) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [(tag("b", one.strategy), count(one.requested), _bar(one, one.requested))]
    rows.append((tag("span", "accepted", class_="part"), count(one.accepted), _bar(one, one.accepted, "accepted")))
    for reason, number in one.reasons.items():
        label = tag("span", f"rejected: {reason}", class_="part")
        rows.append((label, count(number), _bar(one, number, "rejected")))
    return rows


def _bar(one: Yield, number: int, kind: str = "requested") -> Markup:
    share = number / one.requested if one.requested else 0.0
    bar = tag("span", class_=f"bar {kind}", style=f"width:{100 * share:.1f}%")
    return tag("span", tag("span", bar, class_="track"), tag("span", percent(share)), class_="share")


def _facts(folder: RunFolder) -> list[Markup]:
    """Return threshold and teacher, each with its seeds where not all have the same."""
    shown: list[tuple[str, str, Callable[[Any], Markup | str]]] = [
        ("threshold", "threshold", _threshold),
        ("teacher, SHA-256", "teacher_hash", _hash),
    ]
    return [
        tag("p", tag("b", name), ": ", _by_seed(folder, key, show), class_="cut")
        for name, key, show in shown
        if any(key in found for found in folder.curation.values())
    ]


def _by_seed(folder: RunFolder, key: str, show: Callable[[Any], Markup | str]) -> Markup:
    values: dict[Any, list[str]] = {}
    for seed, found in folder.curation.items():
        if key in found:
            values.setdefault(found[key], []).append(seed)
    if [len(seeds) for seeds in values.values()] == [len(folder.curation)]:
        return join(map(show, values))
    told = (join([show(value), f" (seed{'s' * (len(seeds) > 1)} {listing(seeds)})"]) for value, seeds in values.items())
    return join(told, "; ")


def _threshold(value: float | None) -> str:
    return "none, however unsure a row is" if value is None else f"rows less sure than {percent(value)} are left out"


def _hash(value: object) -> Markup:
    return tag("code", value)
