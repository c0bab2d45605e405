"""The end of the page: what was trained how, how long it took, and how to run it again."""

from collections.abc import Mapping
from typing import Any

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, join, section, table, tag
from lit_synth.report.sections.costs import HEADERS, about_work, stage_work, together
from lit_synth.report.wording import seconds


def training(folder: RunFolder) -> Markup:
    """Return the hyper-parameters of every strategy, and what every stage cost."""
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
        parts.append(_times(folder, timed))
    return join(parts)


def _times(folder: RunFolder, timed: Mapping[str, Mapping[str, float]]) -> Markup:
    """Return the time of every stage by seed, and beside it what all seeds together met."""
    stages = list(dict.fromkeys(stage for stages in timed.values() for stage in stages))
    works = stage_work(folder, named=False)

    def met(*shown: str) -> tuple[str, ...]:
        return together(works[stage] for stage in shown if stage in works).cells if works else ()

    rows = [
        (stage, *(seconds(taken[stage]) if stage in taken else "" for taken in timed.values()), *met(stage))
        for stage in stages
    ]
    total = (*(seconds(sum(taken.values())) for taken in timed.values()), *met(*stages))
    headers = ("stage", *(seed.replace("seed", "seed ") for seed in timed), *(HEADERS if works else ()))
    told = [*rows, (tag("b", "together"), *(tag("b", one) for one in total))]
    note = " ".join(filter(None, ["Wall-clock time of the stages, each run once.", about_work(works.values())]))
    return section("Time", table(headers, told, caption=folder.limits.caption), note=note)


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


def _origin(values: Mapping[str, Any]) -> Markup:
    if "searched" not in values:
        return Markup()
    word = "searched" if values["searched"] else "given"
    return tag("span", word, class_=f"chip {word}")


def _number(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
