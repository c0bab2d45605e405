"""The second half of the page: the data, the teacher's work, what was trained how, and how to run it again."""

from collections.abc import Mapping
from typing import Any

from lit_synth.examples import Example
from lit_synth.report.folder import RunFolder
from lit_synth.report.markup import Markup, join, section, table, tag
from lit_synth.report.rows import Yield, count_yield, spread
from lit_synth.report.wording import cap, count, percent, seconds

SHOWN = 10
"""Synthetic rows on the page, and as many rejected ones."""


def splits(folder: RunFolder) -> Markup:
    """Return the size of every split, and the rows removed because they repeat."""
    if not folder.splits:
        return Markup()
    names = list(dict.fromkeys(name for split in folder.splits.values() for name in split if name != "removed"))
    reasons = list(dict.fromkeys(reason for split in folder.splits.values() for reason in split.get("removed", {})))
    rows = [
        [
            seed.removeprefix("seed"),
            *(count(split.get(name)) for name in names),
            *(count(split.get("removed", {}).get(reason, 0)) for reason in reasons),
        ]
        for seed, split in folder.splits.items()
    ]
    headers = ["seed", *names, *(f"removed: {reason}" for reason in reasons)]
    about = "Rows a split. Rows that repeat are kept out of training. Labels of the pool are hidden."
    return section("Data", table(headers, rows, caption=cap(folder.limit)), note=about)


def annotation(folder: RunFolder) -> Markup:
    """Return how right the teacher's labels are."""
    rows = [
        (
            name,
            seed.removeprefix("seed"),
            count(found.get("rows")),
            _share(found.get("accuracy")),
            _share(found.get("covered")),
            _share(found.get("covered_accuracy")),
        )
        for seed, strategies in folder.details.get("synthetic", {}).items()
        for name, found in strategies.items()
        if found.get("accuracy") is not None
    ]
    if not rows:
        return Markup()
    headers = ("strategy", "seed", "rows", "labels right", "confident rows", "right among them")
    about = "The teacher's hard labels against the hidden ones, which are read for this table only."
    return section("Annotation", table(headers, rows, left=2, caption=cap(folder.limit)), note=about)


def yields(folder: RunFolder) -> Markup:
    """Return what became of the rows asked of the teacher."""
    found = count_yield(folder.rows("synthetic"), folder.rows("rejected"))
    if not found:
        return Markup()
    rows: list[tuple[object, ...]] = []
    for one in found:
        rows.append((tag("b", one.strategy), count(one.requested), _bar(one, one.requested)))
        rows.append((tag("span", "accepted", class_="part"), count(one.accepted), _bar(one, one.accepted, "accepted")))
        for reason, number in one.reasons.items():
            label = tag("span", f"rejected: {reason}", class_="part")
            rows.append((label, count(number), _bar(one, number, "rejected")))
    seeds = {file.name for kind in ("synthetic", "rejected") for file in (folder.path / kind).glob("*/*.jsonl")}
    about = "Accepted and rejected rows add up to those requested."
    if len(seeds) > 1:
        about += f" Sums over {len(seeds)} seeds."
    return section("Curation", table(("", "rows", "share"), rows, caption=cap(folder.limit)), note=about)


def samples(folder: RunFolder) -> Markup:
    """Return ten synthetic rows, and ten rejected ones with reasons."""
    parts = []
    for kind, title, rejected in (("synthetic", "Synthetic rows", False), ("rejected", "Rejected rows", True)):
        picked = spread(folder.rows(kind), SHOWN, by_reason=rejected)
        if picked:
            about = (
                f"{len(picked)} rows, spread over strategies and {'reasons' if rejected else 'labels'} by a fixed rule."
            )
            items = (_sample(strategy, example, rejected) for strategy, example in picked)
            parts.append(section(title, tag("ol", *items, class_=f"samples {kind}"), note=about))
    return join(parts)


def training(folder: RunFolder) -> Markup:
    """Return the hyper-parameters of every strategy, and the time of every stage."""
    parts = []
    groups: dict[tuple[str, str], tuple[list[str], Mapping[str, Any]]] = {}
    for seed, strategies in folder.details.get("hyperparameters", {}).items():
        for name, values in strategies.items():  # equal values of several seeds share a row
            groups.setdefault((name, repr(sorted(values.items()))), ([], values))[0].append(seed)
    if groups:
        names = list(dict.fromkeys(key for _, values in groups.values() for key in values if key != "searched"))
        rows = [
            (
                name,
                ", ".join(seed.removeprefix("seed") for seed in seeds),
                _origin(values),
                *(_number(values.get(key)) for key in names),
            )
            for (name, _), (seeds, values) in groups.items()
        ]
        headers = ("strategy", "seeds", "chosen", *(name.replace("_", " ") for name in names))
        about = "Searched on development rows, for every strategy alike, or given in the config."
        parts.append(section("Hyper-parameters", table(headers, rows, left=3), note=about))
    timed = folder.details.get("seconds", {})
    if timed:
        stages = list(dict.fromkeys(stage for stages in timed.values() for stage in stages))
        rows = [
            (stage, *(seconds(taken[stage]) if stage in taken else "" for taken in timed.values())) for stage in stages
        ]
        total = tuple(tag("b", seconds(sum(taken.values()))) for taken in timed.values())
        headers = ("stage", *(seed.replace("seed", "seed ") for seed in timed))
        note = "Wall-clock time of the stages, each run once."
        times = table(headers, [*rows, (tag("b", "together"), *total)], caption=cap(folder.limit))
        parts.append(section("Time", times, note=note))
    return join(parts)


def reproduction(folder: RunFolder) -> Markup:
    """Return the command, and config and versions folded away."""
    parts = []
    if folder.details.get("command"):
        parts.append(tag("pre", tag("code", folder.details["command"]), class_="command"))
    if folder.config:
        parts.append(tag("details", tag("summary", "Config"), tag("pre", tag("code", folder.config))))
    versions = folder.details.get("versions", {})
    if versions:
        lines = "\n".join(f"{name} {version}" for name, version in versions.items())
        parts.append(tag("details", tag("summary", "Versions"), tag("pre", tag("code", lines))))
    return section("Run it again", *parts) if parts else Markup()


def _sample(strategy: str, example: Example, rejected: bool) -> Markup:
    values = list(example.fields.values())
    if len(values) == 1:
        body = tag("p", values[0], class_="text")
    else:
        body = join(tag("p", tag("i", name), " ", value, class_="text") for name, value in example.fields.items())
    label = example.target if example.target is not None else example.provenance.get("requested", "no label")
    share = (example.probabilities or {}).get(str(example.target))
    facts: list[object] = [tag("span", label, class_="label")]
    facts += [f"probability {share:.2f}"] if share is not None else []
    facts.append(tag("span", strategy, class_=f"dot {strategy}"))
    asked = example.provenance.get("requested")
    facts += [f"asked for {asked}"] if asked not in (None, label) else []
    why = tag("p", str(example.provenance.get("reason", "no reason given")), class_="reason") if rejected else ""
    return tag("li", body, why, tag("p", *(tag("span", fact) for fact in facts), class_="facts"))


def _bar(one: Yield, number: int, kind: str = "requested") -> Markup:
    share = number / one.requested if one.requested else 0.0
    bar = tag("span", class_=f"bar {kind}", style=f"width:{100 * share:.1f}%")
    return tag("span", tag("span", bar, class_="track"), tag("span", percent(share)), class_="share")


def _origin(values: Mapping[str, Any]) -> Markup:
    if "searched" not in values:
        return Markup()
    word = "searched" if values["searched"] else "given"
    return tag("span", word, class_=f"chip {word}")


def _share(value: float | None) -> str:
    return percent(value) if value is not None else ""


def _number(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
