"""The card of the synthetic rows: ``synthetic/README.md``, for whoever is given the folder without the report."""

from collections import Counter
from collections.abc import Iterator

from lit_synth.report.cards.dataset_metadata import BOTH, dataset_metadata
from lit_synth.report.cards.readme import bullets, grid, plain, write_readme
from lit_synth.report.conclusions.findings import Summary
from lit_synth.report.conclusions.leaks import PARTS, compared
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.statistics.intervals import share_interval
from lit_synth.report.table import cells
from lit_synth.report.wording import basis, between, count, percent, span

REASONS = 15
"""Reasons of rejection that are told each for itself."""
METHOD = {
    "annotate": "rows of an unlabelled pool; the target is the teacher's",
    "generate": "the teacher wrote the input too, then read it back for the target",
}


def write_dataset_card(folder: RunFolder, summary: Summary) -> None:
    """Write the card beside the rows; nothing where a run has none."""
    if not any(found.number for found in folder.synthetic.values()):
        return
    parts = [
        f"# {plain(summary.task)}: synthetic rows",
        _opening(folder, summary),
        "## Rows",
        folder.limits.caption,
        _yields(folder),
        "## How they were made",
        bullets(_method(folder)),
        "## What was rejected",
        _rejected(folder),
        "## Copies and leaks",
        _copies(folder) or "Not measured in this run.",
        "## How right the targets are",
        bullets(_quality(folder)) or "Not measured in this run.",
        "## Models that learnt from them, and others",
        _students(summary),
        "## Limits",
        bullets(_limits(summary)),
        "## Licence",
        "None is chosen here; add one to the metadata above. Inputs of annotated rows, and those on which a generated "
        "row is grounded, are under the licence of the data they were taken from; the gold rows taught the teacher; "
        "and a teacher's licence may say what its outputs may be used for.",
    ]
    write_readme(folder.path / "synthetic", dataset_metadata(folder), parts)


def _opening(folder: RunFolder, summary: Summary) -> str:
    names = [name for name, found in folder.synthetic.items() if found.number]
    seed = next(seed for seed, number in folder.synthetic[names[0]].files.items() if number)
    chosen = names[0] if len(names) == 1 else BOTH
    other = f"; {', '.join(f'`{name}`' for name in names)} alone by its name" if len(names) > 1 else ""
    told = [
        f"Training rows for {plain(summary.task)} that a teacher labelled or wrote, made by lit_synth. The columns are "
        "input `fields`, the `target`, its `origin`, for labels the `probabilities` of all of them, and the "
        "`provenance` of each row. A `weight` that is missing is 1.",
        f'```python\nfrom datasets import load_dataset\n\nrows = load_dataset("PATH/TO/THIS/FOLDER", "{chosen}", '
        f'split="{seed}")\n```',
        f"A split for each seed of the run{other}. Seeds differ in which rows are gold: do not mix them.",
    ]
    return "\n\n".join(told)


def _yields(folder: RunFolder) -> str:
    rows = []
    for name, found in folder.synthetic.items():
        refused = folder.rejected[name].files if name in folder.rejected else {}
        for seed, number in found.files.items():
            asked = number + refused.get(seed, 0)
            rows.append((name, seed, count(asked), count(number), percent(number / asked) if asked else ""))
    return grid(("strategy", "seed", "asked for", "accepted", "share"), rows)


def _method(folder: RunFolder) -> Iterator[str]:
    yield (
        "Method: a teacher is fine-tuned on the gold rows in both directions, input to target and target to input "
        "([Kaddour & Liu 2023](https://arxiv.org/abs/2310.01119))."
    )
    for name in folder.synthetic:
        if name in METHOD:
            yield f"`{name}`: {METHOD[name]}."
    teacher = folder.settings.get("teacher", {}).get("model")
    if teacher:
        yield f"Teacher: {plain(teacher)}, fine-tuned."
    for seed, found in folder.curation.items():
        if "teacher_hash" in found:
            yield f"seed{plain(seed)}: SHA-256 of the teacher's weights begins with `{plain(found['teacher_hash'])}`."
    asked = [one for found in folder.curation.values() for one in (found.get("prompts") or {}).items()]
    for name, prompt in dict.fromkeys(asked):
        yield f"Annotator `{plain(name)}` is asked: {plain(prompt)}"
    sampling = folder.settings.get("generation", {}).get("sampling")
    if sampling and "generate" in folder.synthetic:
        yield f"Sampling: {plain(', '.join(f'{key} {value}' for key, value in sampling.items()))}."
    for strategy, rows in folder.synthetic.items():
        passed = dict.fromkeys(name for row in rows.shown for name in row.provenance.get("passed", ()))
        if passed:
            yield f"Filters that rows of `{strategy}` have passed: {plain(', '.join(passed))}."
    for strategy, seed, found in folder.curated("least_held"):
        least = percent(found["least_held"])
        yield f"`{strategy}`, seed{plain(seed)}: a text holds {least} of its input's values or more, as in gold."


def _rejected(folder: RunFolder) -> str:
    reasons = Counter[str]()
    for found in folder.rejected.values():
        reasons.update(found.groups)
    every = reasons.most_common()
    rows = [(reason, *_by_strategy(folder, reason)) for reason, _ in every[:REASONS]]
    rest = sum(number for _, number in every[REASONS:])
    told = f"And {count(rest)} rows for {count(len(every) - REASONS)} other reasons." if rest else ""
    return "\n\n".join(filter(None, [grid(("reason", *folder.rejected), rows), told])) or "No row."


def _by_strategy(folder: RunFolder, reason: str) -> list[str]:
    return [count(found.groups.get(reason, 0)) for found in folder.rejected.values()]


def _copies(folder: RunFolder) -> str:
    rows = []
    for strategy, seed, found in folder.curated("memorised", "leakage"):
        copied, leaked = found.get("memorised") or {}, found.get("leakage") or {}
        told = f"{count(copied['copied'])} of {count(copied['rows'])}" if copied else ""
        rows.append((strategy, f"seed{seed}", told, *(count(leaked.get(part)) for part in PARTS)))
    headers = ("strategy", "seed", "copies of a gold input", "like a development row", "like a test row")
    beside = [
        f"`{plain(strategy)}`, seed{plain(seed)}: {told}"
        for strategy, seed, found in folder.curated("leakage")
        if (told := compared(found["leakage"]))
    ]
    return "\n\n".join(filter(None, [grid(headers, rows), bullets(beside)]))


def _quality(folder: RunFolder) -> Iterator[str]:
    """Tell the teacher's accuracy and calibration, each with its rows and interval; what has none is left out."""
    for seed, strategies in folder.details.get("synthetic", {}).items():
        for name, found in strategies.items():
            if found.get("accuracy") is not None and found.get("rows"):
                interval = span(share_interval(found["accuracy"], found["rows"]))
                told = f"{percent(found['accuracy'])} of {count(found['rows'])} rows, 95 % interval {interval}"
                yield f"{plain(seed)}, `{plain(name)}`: the likeliest label is the hidden one in {told}."
    for seed, found in folder.curation.items():
        for part in ("before", "after"):
            one = (found.get("calibration") or {}).get(part) or {}
            interval = between(one.get("ece_low"), one.get("ece_high"))
            if interval and one.get("ece") is not None:
                rows = count((found.get("calibration") or {}).get("rows"))
                told = f"{percent(one['ece'])}, 95 % interval {interval}, on {rows} development rows"
                yield f"seed{plain(seed)}: calibration error {part} fitting {told}."


def _students(summary: Summary) -> str:
    metric = summary.metric
    rows = [cells(one, metric) for one in summary.strategies if one.interval]
    if not rows:
        return "No figure of this run has an interval, so none is told."
    interval = "95 % interval"
    headers = ("strategy", "gold rows", "synthetic rows", metric.column, interval, "to gold, points", interval)
    tested = f"{count(summary.test_rows)} test rows, which" if summary.test_rows else "Test rows"
    about = f"{tested} are real and took no part in training. Intervals {basis(len(summary.seeds), metric.units)}."
    return "\n\n".join(filter(None, [about, summary.limits.caption, grid(headers, rows), plain(summary.verdict)]))


def _limits(summary: Summary) -> Iterator[str]:
    yield "Nobody has read these rows; inputs may be untrue or ill formed, and targets wrong."
    yield "They carry what the teacher knows and its biases. Do not measure a model on them."
    yield "Filters find copies by words, not paraphrases of them."
    yield from map(plain, summary.warnings)
