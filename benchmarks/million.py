"""A million generated rows without a model: written, judged, read back by two annotators, curated, and learnt from.

    python benchmarks/million.py [--rows 1000000] [--near_duplicates 0.8] [--folder FOLDER]

Rows are sentences of made-up words. Every step tells its seconds of processor time, and the peak of the memory so far.
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from lit_synth.callbacks import Generation
from lit_synth.callbacks.shards import append_records
from lit_synth.curate import curate
from lit_synth.curation.rules import Rules
from lit_synth.data import ClassifierEncoder, Mixture, Partition, Requests, TaskDataModule
from lit_synth.examples import Example
from lit_synth.readings import Readings
from lit_synth.settings import CurationSettings
from lit_synth.task import Task

LABELS = ("billing", "support", "sales", "travel")
TASK = Task("tickets", ("text",), "team", LABELS)
WORDS = ["".join(parts) for parts in product("bdfgklmnprst", "aeiou", "bdgklmnrst", "aeo")]
BATCH = 256
ANNOTATORS = ["teacher", "student"]


def sentence(number: int) -> str:
    """Return a text of 5 to 12 words that depends on its number alone; one in 50 is that of a small number."""
    random = Random(number if number % 50 else number % 9973)
    return " ".join(random.choices(WORDS, k=random.randint(5, 12)))


def gold_rows(folder: Path) -> Path:
    """Write 400 rows to learn from and 400 to test on; return their folder."""
    folder.mkdir(parents=True)
    for place, split in enumerate(("train", "test")):
        rows = ({"text": sentence(2 * n + place), "team": LABELS[n % 4]} for n in range(1, 401))
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def written(row: Example) -> Example:
    """Return the record of a request: a text, or in one of 100 cases none that ended."""
    number = row.provenance["seed"] % 10**9
    text = sentence(number) if number % 100 else None
    fields = {"text": text} if text else {}
    return replace(row, fields=fields, provenance={**row.provenance, "prompt": "Team:", "text": text})


def read(row: Example, by: str) -> Example:
    """Return a row as an annotator reads it: a probability for each label."""
    random = Random(f"{by} {row.id}")
    shares = [random.random() ** 3 + (2 if label == row.target else 0.01) for label in LABELS]
    probabilities = {label: share / sum(shares) for label, share in zip(LABELS, shares, strict=True)}
    return replace(row, target=max(probabilities, key=probabilities.__getitem__), probabilities=probabilities)


def answer(module: TaskDataModule, folder: Path, rules: Rules, make: Callable[[Example], Example]) -> None:
    """Answer all that is pending as a stage does, in batches, and judge it."""
    callback = Generation(rules)
    trainer: Any = SimpleNamespace(world_size=1, is_global_zero=True, datamodule=module, global_rank=0)
    pending = module.pending()
    while rows := list(islice(pending, BATCH)):
        append_records(folder / "records-0.jsonl", [make(row) for row in rows])
    callback.on_predict_end(trainer, None)  # type: ignore[arg-type]


def work(folder: Path, rows: int, near: float | None) -> dict[str, Any]:
    """Go the whole way in a folder; return rows, and seconds and peak by step."""
    data = str(gold_rows(folder / "gold"))
    encoder = ClassifierEncoder("none")  # rows are read as texts alone

    def module(**more: Any) -> TaskDataModule:
        return TaskDataModule(TASK, encoder, data_dir=data, partition=Partition(200), **more)

    steps: dict[str, dict[str, float]] = {}
    rules, stages = Rules(near_duplicates=near), {name: folder / name for name in ("generation", *ANNOTATORS)}
    with step(steps, "generate"):
        order = Requests(stages["generation"], "generate", amount=rows, attempts=1.0)
        answer(module(requests=order), order.folder, rules, written)
    with step(steps, "annotate"):
        for name in ANNOTATORS:
            again = Requests(stages[name], "annotate", source=stages["generation"] / "accepted.jsonl")
            answer(module(requests=again), again.folder, rules, lambda row, by=name: read(row, by))  # type: ignore[misc]
            again = Requests(folder / f"{name}_known", "annotate", source=known(folder, module()))
            answer(module(requests=again), again.folder, rules, lambda row, by=name: read(row, by))  # type: ignore[misc]
    with step(steps, "curate"):
        (folder / "model").mkdir()
        development, read_rows = (
            [folder / f"{name}{more}" / "accepted.jsonl" for name in ANNOTATORS] for more in ("_known", "")
        )
        readings = Readings(ANNOTATORS, development, read_rows, folder / "model")
        rejected = [stages[name] / "rejected.jsonl" for name in ("generation", "teacher")]
        curate(folder / "curation", CurationSettings(confidence=0.6), module(), readings, rejected)
    with step(steps, "learn"):
        mixture = Mixture(synthetic=(folder / "curation" / "accepted.jsonl",), synthetic_limit=rows // 2)
        learnt = sum(1 for _ in module(mixture=mixture).training_examples())
    found = json.loads((folder / "curation" / "curation.json").read_text())["strategy"]
    sizes = {name: found[name] for name in ("requested", "accepted", "rejected")}
    bytes_ = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shards = len(list(stages["generation"].glob("records-*.jsonl")))
    return {"rows": rows, **sizes, "learnt": learnt, "shards": shards, "bytes": bytes_, "steps": steps}


def known(folder: Path, module: TaskDataModule) -> Path:
    """Write the development part for annotators; return its file."""
    from lit_synth.examples import write_examples

    path = folder / "known.jsonl"
    write_examples(path, module.splits.development)
    return path


@contextmanager
def step(steps: dict[str, dict[str, float]], name: str) -> Iterator[None]:
    """Time a step."""
    started = time.process_time()
    yield
    steps[name] = {"seconds": round(time.process_time() - started, 2), "peak_mib": round(peak(), 1)}


def peak() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Say what was found."""
    rows = found["rows"]
    for name, one in found["steps"].items():
        each = 1e6 * one["seconds"] / rows
        yield f"{name:<10} {one['seconds']:8.1f} s  {each:7.0f} us a row  peak {one['peak_mib']:.0f} MiB"
    yield f"{found['accepted']:,} of {found['requested']:,} rows accepted; {found['bytes'] / rows:.0f} bytes a row"


def main() -> None:
    """Do it, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--near_duplicates", type=float)
    parser.add_argument("--folder", type=Path, help="for the rows; removed again")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    print(f"before: {peak():.0f} MiB", flush=True)
    try:
        found = work(folder, given.rows, given.near_duplicates)
        print("\n".join(lines(found)))
        print(json.dumps(found))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
