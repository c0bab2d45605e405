"""The second half of the page: the data, the teacher's labels or texts, and what a prompted model makes of the task."""

from collections.abc import Mapping
from typing import Any

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, section, table, tag
from lit_synth.report.metric import named
from lit_synth.report.wording import count, percent


def data(folder: RunFolder) -> Markup:
    """Return the size of every split, the rows removed because they repeat, and the inputs that were cut."""
    parts = [*_splits(folder), *_cut(folder)]
    kind = "Texts" if folder.is_text else "Labels"
    about = f"Rows a split. {kind} of the pool, where it has any, are hidden. Rows that repeat are left out."
    return section("Data", *parts, note=about) if parts else Markup()


def annotation(folder: RunFolder) -> Markup:
    """Return how right the teacher's labels or texts are."""
    measured = [
        (name, seed.removeprefix("seed"), found)
        for seed, strategies in folder.details.get("synthetic", {}).items()
        for name, found in strategies.items()
        if "score" in found or found.get("accuracy") is not None
    ]
    if not measured:
        return Markup()
    if folder.is_text:
        headers = ["strategy", "seed", "rows", *dict.fromkeys(named(found["metric"]).column for *_, found in measured)]
        rows = [
            (name, seed, count(found["rows"]), named(found["metric"]).show(found["score"]))
            for name, seed, found in measured
        ]
        about = "The teacher's texts against the hidden ones, which are read for this table only."
    else:
        headers = ["strategy", "seed", "rows", "labels right", "confident rows", "right among them"]
        keys = ("accuracy", "covered", "covered_accuracy")
        rows = [
            (name, seed, count(found.get("rows")), *(_share(found.get(key)) for key in keys))
            for name, seed, found in measured
        ]
        about = "The teacher's hard labels against the hidden ones, which are read for this table only."
    return section("Annotation", table(headers, rows, left=2, caption=folder.limits.caption), note=about)


def few_shot(folder: RunFolder) -> Markup:
    """Return how many examples the prompted model was shown, and how often it gave no usable answer."""
    metric = named(folder.headline)
    rows = [
        (
            seed.removeprefix("seed"),
            tag("span", found["model"], class_="path"),
            count(found["shots"]),
            ", ".join(f"{shots}: {metric.show(value)}" for shots, value in found["tried"].items()),
            f"{count(found['outside'])} of {count(found['rows'])}",
        )
        for seed, found in folder.details.get("few_shot", {}).items()
    ]
    if not rows:
        return Markup()
    outside = "no text" if folder.is_text else "answers outside the labels"
    headers = ("seed", "model", "examples shown", f"development {metric.column} by examples shown", outside)
    about = "A large model, prompted only. Development rows choose the number of examples in the prompt. "
    about += (
        "A text that a model on this machine does not end is no text; a served one is scored as far as it goes."
        if folder.is_text
        else "An answer outside the labels is wrong."
    )
    return section("Few-shot", table(headers, rows, left=2, caption=folder.limits.caption), note=about)


def _splits(folder: RunFolder) -> list[Markup]:
    if not folder.splits:
        return []
    names = list(dict.fromkeys(name for split in folder.splits.values() for name in split if name != "removed"))
    shown = {"gold": "gold rows", "development": "of them for development"}
    reasons = list(dict.fromkeys(reason for split in folder.splits.values() for reason in split.get("removed", {})))
    rows = [
        [
            seed.removeprefix("seed"),
            *(count(_size(split, name)) for name in names),
            *(count(split.get("removed", {}).get(reason, 0)) for reason in reasons),
        ]
        for seed, split in folder.splits.items()
    ]
    headers = ["seed", *(shown.get(name, name) for name in names), *(f"removed: {reason}" for reason in reasons)]
    return [table(headers, rows, caption=folder.limits.caption)]


def _size(split: Mapping[str, Any], name: str) -> int | None:
    """Return the rows of a part; gold rows are all that somebody labelled, those for development too."""
    return split["gold"] + split.get("development", 0) if name == "gold" else split.get(name)


def _cut(folder: RunFolder) -> list[Markup]:
    """Say for every model how many inputs were too long for it."""
    found = folder.details.get("cut", {}).items()
    return [tag("p", tag("b", name), ": ", _too_long(folder, cut), class_="cut") for name, cut in found]


def _too_long(folder: RunFolder, found: Mapping[str, Any]) -> str:
    if not found["cut"]:
        return f"none of {count(found['rows'])} rows is longer than {count(found['max_length'])} tokens"
    told = f"{count(found['cut'])} of {count(found['rows'])} rows longer than {count(found['max_length'])} tokens"
    # Without a field of that role a task cuts the longest one of each row.
    return f"{told}: the {folder.details.get('long_field') or 'longest field'} was cut"


def _share(value: float | None) -> str:
    return percent(value) if value is not None else ""
