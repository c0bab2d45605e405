"""What `datasets` and the hub read of a folder of synthetic rows: files by strategy, and the columns they have."""

from collections.abc import Mapping
from typing import Any

from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.folders.survey import Survey

BOTH = "both"
"""The configuration of all rows, which is loaded where none is named."""
_TEXT = {"dtype": "string"}


def dataset_metadata(folder: RunFolder) -> dict[str, Any]:
    """Return the metadata of the card beside the rows; language and licence are left to the user.

    A configuration for each strategy with a split for each seed. Columns are declared: `datasets` would take them from
    the first 10 MB of a file, and fail on a key that comes later.
    """
    parts = {name: found for name, found in folder.synthetic.items() if found.number}
    shown = {BOTH: list(parts), **{name: [name] for name in parts}} if len(parts) > 1 else {n: [n] for n in parts}
    kind = "text-generation" if folder.is_text else "text-classification"
    return {
        "pretty_name": f"{folder.metrics[0]['task']}: synthetic rows",
        "task_categories": [kind],
        "size_categories": [size_category(sum(found.number for found in parts.values()))],
        "tags": ["synthetic", "lit_synth", *parts],
        "configs": [
            {
                "config_name": name,
                "data_files": _splits({of: parts[of] for of in strategies}),
                **({"default": True} if name == next(iter(shown)) else {}),
            }
            for name, strategies in shown.items()
        ],
        "dataset_info": [
            {"config_name": name, "features": _features([parts[of] for of in strategies])}
            for name, strategies in shown.items()
        ],
    }


def size_category(rows: int) -> str:
    """Return the hub's word for a number of rows.

    >>> size_category(999), size_category(1000), size_category(2_500_000)
    ('n<1K', '1K<n<10K', '1M<n<10M')
    """
    names = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T"]
    step = min(max(len(str(rows)) - 3, 0), len(names))
    return "n<1K" if step == 0 else "n>1T" if step == len(names) else f"{names[step - 1]}<n<{names[step]}"


def _splits(surveys: Mapping[str, Survey]) -> list[dict[str, Any]]:
    """Return a split for each seed; a file without a row would make the others unreadable."""
    seeds = dict.fromkeys(name for found in surveys.values() for name, number in found.files.items() if number)
    return [
        {"split": seed, "path": [f"{name}/{seed}.jsonl" for name, found in surveys.items() if found.files.get(seed)]}
        for seed in seeds
    ]


def _features(surveys: list[Survey]) -> list[dict[str, Any]]:
    """Return the columns as `datasets` writes them; what differs from row to row, such as provenance, is JSON."""
    fields, labels, parts = (
        list(dict.fromkeys(name for found in surveys for name in getattr(found, part)))
        for part in ("fields", "labels", "parts")
    )
    number = {"dtype": "float64"}
    columns: dict[str, Any] = {
        "id": _TEXT,
        "fields": {"struct": [{"name": name, **_TEXT} for name in fields]},
        "target": _TEXT,
        "origin": _TEXT,
    }
    if labels:
        columns["probabilities"] = {"struct": [{"name": name, **number} for name in labels]}
    columns |= {"references": {"list": "string"}} if "references" in parts else {}
    columns |= {"weight": number} if "weight" in parts else {}
    return [{"name": name, **kind} for name, kind in {**columns, "provenance": {"dtype": "json"}}.items()]
