"""The card of every student: ``README.md`` in the folder from which `transformers` loads it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from lit_synth.report.cards.readme import bullets, plain, write_readme
from lit_synth.report.conclusions.findings import CANDIDATES, Summary
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.statistics.comparisons import paired_difference
from lit_synth.report.statistics.intervals import table_interval
from lit_synth.report.wording import count, points, span

_LEARNT = {
    "gold": "gold rows alone",
    "annotate": "gold rows and pool rows whose targets are a teacher's",
    "generate": "gold rows and rows that a teacher wrote",
    "both": "gold rows, pool rows whose targets are a teacher's, and rows that it wrote",
    "full": "every true target there is",
}
_UNKNOWN = "a model that is not on record"
_EMBEDDED = {
    "embedded:student": "sentence-transformers/all-MiniLM-L6-v2",
    "embedded:seq2seq": "sentence-transformers/all-MiniLM-L6-v2",
}
"""Where the models come from that ship inside packages."""
_MINILM = "all-MiniLM-L6-v2 of sentence-transformers (Apache-2.0; the package it was taken from says MIT)"
_NAMED = {
    "embedded:student": _MINILM,
    "embedded:seq2seq": f"{_MINILM}, its first two layers as reader, all six as writer, and capitals and accents added "
    "to its vocabulary",
}
"""What they are called, and their licences."""


def write_model_cards(folder: RunFolder, summary: Summary) -> None:
    """Write a card into the folder of every student that this run has exported itself.

    It tells of that student alone, so that a seed which is added later leaves it as it is.
    """
    for row in (*folder.metrics, *folder.smaller):
        if row["metric"] == folder.headline and _source(row) in _LEARNT:
            model = folder.path / f"seed{row['seed']}" / row["strategy"] / "model"
            if model.is_dir() and _is_own(folder.path, model):
                write_readme(model, _metadata(folder, summary, model, row), _parts(folder, summary, model, row))


def _source(row: Mapping[str, Any]) -> str:
    """Return the strategy of a student, which of a smaller amount is known by both."""
    return str(row["strategy"]).removesuffix(f"_{row.get('amount')}")


def _is_own(run: Path, model: Path) -> bool:
    """Tell whether a folder lies in the run itself: a stage that is reused is a link to another run's."""
    return model.resolve() == run.resolve() / model.relative_to(run)


def _metadata(folder: RunFolder, summary: Summary, model: Path, row: Mapping[str, Any]) -> dict[str, Any]:
    kind = "text2text-generation" if folder.is_text else "text-classification"
    base = _base(model)
    known = _EMBEDDED.get(base, base)
    metadata: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": kind,
        # The hub takes names of its own for this; a folder says nothing to others.
        **({"base_model": known} if known.count("/") == 1 and not Path(known).exists() else {}),
        "tags": ["lit_synth", *(["synthetic"] if _source(row) in CANDIDATES else [])],
        "metrics": [folder.headline],
    }
    interval = _interval(folder, summary, row)
    if interval:  # the hub shows a metric by its name
        name = f"{summary.metric.column}, {interval}"
        metric = {"type": folder.headline, "name": name, "value": round(float(row["value"]), 4)}
        found = {
            "task": {"type": kind},
            "dataset": {"name": summary.task, "type": summary.task, "split": "test"},
            "metrics": [metric],
        }
        metadata["model-index"] = [{"name": f"{summary.task}-{row['strategy']}", "results": [found]}]
    return metadata


def _parts(folder: RunFolder, summary: Summary, model: Path, row: Mapping[str, Any]) -> list[str]:
    return [
        f"# {plain(summary.task)}: {row['strategy']}, seed {row['seed']}",
        f"A small model for {plain(summary.task)}, made by lit_synth. It began as {plain(_named_base(model))} and "
        f"learnt from {_LEARNT[_source(row)]}: {count(row['n_gold'])} rows with true targets, development rows among "
        f"them, and {count(row['n_synthetic'])} synthetic rows.",
        "## Use",
        _use(folder),
        "## Figures",
        bullets(_figures(folder, summary, row))
        or "None: scores of single test rows are not on disk, so it has no interval.",
        "## Limits",
        bullets(_limits(folder, summary, row)),
        "## Licence",
        "None is chosen here; add one to the metadata above. The gold rows, the model that this one began as, and the "
        "teacher of the synthetic rows each have a licence that may bind it.",
    ]


def _use(folder: RunFolder) -> str:
    fields = folder.details.get("fields") or next((found.fields for found in folder.synthetic.values()), ())
    if folder.is_text:
        lines: tuple[str, ...] = (
            "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer",
            'folder, source = "PATH/TO/THIS/FOLDER", "SOURCE"',
            "model, tokenizer = (kind.from_pretrained(folder) for kind in (AutoModelForSeq2SeqLM, AutoTokenizer))",
            'written = model.generate(**tokenizer(source, return_tensors="pt"), max_new_tokens=64)',
            "print(tokenizer.decode(written[0], skip_special_tokens=True))",
        )
        note = "The source is the task's prompt with its fields filled in: `Task.prompt` in lit_synth makes it."
        if folder.details.get("prompt"):
            note = f"The source is this prompt, its fields filled in:\n\n{_block(folder.details['prompt'])}"
    else:
        given = '{"text": "FIRST", "text_pair": "OTHERS"}' if len(fields) > 1 else '"TEXT"'
        lines = (
            "from transformers import pipeline",
            'classify = pipeline("text-classification", model="PATH/TO/THIS/FOLDER")',
            f"print(classify({given}, truncation=True))",
        )
        pair = "The first field is the first text, the others, joined by a space, the second. Fields: "
        note = f"{pair}{plain(', '.join(fields))}." if len(fields) > 1 else ""
    return "\n\n".join(filter(None, [_block("\n".join(lines), "python"), note]))


def _block(text: str, language: str = "") -> str:
    """Return a block of code, fenced so that no line of it ends the block."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _interval(folder: RunFolder, summary: Summary, row: Mapping[str, Any]) -> str:
    """Return interval and rows of the headline metric of one model; empty without scores, and then it has no figure."""
    scores = folder.scores(row["seed"], row["strategy"])
    if not scores:
        return ""
    interval = span(table_interval([list(scores.values())]))
    return f"95 % interval {interval}, {count(len(scores))} test {summary.metric.units}"


def _figures(folder: RunFolder, summary: Summary, row: Mapping[str, Any]) -> Iterator[str]:
    metric, interval = summary.metric, _interval(folder, summary, row)
    if not interval:
        return
    yield f"Test {metric.column}: {metric.show(row['value'])}, {interval}."
    own, gold = folder.scores(row["seed"], row["strategy"]), folder.scores(row["seed"], "gold")
    if row["strategy"] != "gold" and own and gold and set(own) == set(gold):
        names = sorted(gold)
        found = paired_difference([gold[name] for name in names], [own[name] for name in names])
        told = f"{points(found.difference)} points, 95 % interval {span(found.interval, sign=True)}"
        yield f"Against the student on gold alone, same seed and rows: {told}."


def _limits(folder: RunFolder, summary: Summary, row: Mapping[str, Any]) -> Iterator[str]:
    if folder.limits.caption:
        yield folder.limits.caption
    yield "Intervals of one model are over test rows: another training, or another split, may come out differently."
    yield "What is unlike the rows of this task it has not been tested on."
    if _source(row) in CANDIDATES:
        yield "It has learnt the mistakes and biases of its teacher along with the rest."
    if row["strategy"] == "full":
        yield "It learnt from every true target: it is the ceiling of the run, which others are held against."


def _named_base(model: Path) -> str:
    base = _base(model)
    return _NAMED.get(base, base)


def _base(model: Path) -> str:
    """Return the model that a student began as, by the config of its first stage."""
    stage = model.parent
    for path in (stage.with_name(f"{stage.name}_first") / "config.yaml", stage / "config.yaml"):
        if path.exists():
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            return str(content.get("model", {}).get("init_args", {}).get("model", _UNKNOWN))
    return _UNKNOWN
