"""A task of one's own, from YAML to batches, whatever the format of its files and the kind of its target."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from lit_synth.data.sources import read_split
from lit_synth.errors import InputError
from lit_synth.stages import StageCLI
from lit_synth.task import Task
from lit_synth.tasks import Custom

TEAMS = ("billing", "it")
KINDS: dict[str, tuple[dict[str, Any], Callable[[int], dict[str, Any]]]] = {
    "classification": (
        {"name": "tickets", "fields": ["text"], "target": "team", "labels": list(TEAMS)},
        lambda n: {"text": f'the "card", number {n}', "team": TEAMS[n % 2]},
    ),
    "pairs": (
        {"name": "same", "fields": ["one", "two"], "target": "same", "labels": ["0", "1"], "long_field": "one"},
        lambda n: {"one": f"a warm film {n}", "two": f"a clever film {n}", "same": str(n % 2), "id": n},
    ),
    "texts": (
        {"name": "tell", "fields": ["facts"], "target": "text", "condition": "topic", "instruction": "Tell it."},
        lambda n: {"facts": f"plot {n // 2} is warm", "topic": "ab"[n // 2 % 2], "text": f"warm is plot {n}"},
    ),
}


def save(folder: Path, suffix: str, make: Callable[[int], dict[str, Any]]) -> Path:
    for split, numbers in (("train", range(24)), ("test", range(100, 108))):
        rows = [make(n) for n in numbers]
        if suffix == "jsonl":
            (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            write = csv.write_csv if suffix == "csv" else parquet.write_table
            write(pa.Table.from_pylist(rows), folder / f"{split}.{suffix}")
    return folder


@pytest.fixture
def module(tiny_causal: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function from a folder, a task and an encoder to the module, as a stage's YAML makes it."""
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    models = {"TeacherEncoder": tiny_causal, "ClassifierEncoder": tiny_encoder, "Seq2SeqEncoder": tiny_encoder}

    def make(folder: Path, task: dict[str, Any], encoder: str) -> Any:
        data = {
            "class_path": "lit_synth.tasks.Custom",
            "init_args": {
                "task": task,
                "data_dir": str(folder),
                "partition": {"fraction": 8},
                "encoder": {"class_path": f"lit_synth.data.{encoder}", "init_args": {"model": str(models[encoder])}},
            },
        }
        model = {"class_path": "lit_synth.modules.Teacher", "init_args": {"model": str(tiny_causal)}}
        return StageCLI({"model": model, "data": data}, run=False).datamodule

    return make


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_format_serves_teacher_and_student(
    kind: str, suffix: str, tmp_path: Path, module: Callable[..., Any]
) -> None:
    described, make = KINDS[kind]
    folder = save(tmp_path, suffix, make)
    student = "ClassifierEncoder" if "labels" in described else "Seq2SeqEncoder"
    for encoder, known in (
        ("TeacherEncoder", {"input_ids", "attention_mask", "labels", "direction"}),
        (student, {"input_ids", "attention_mask"}),
    ):
        data = module(folder, described, encoder)
        assert type(data) is Custom
        splits = data.splits
        joined = kind == "texts"  # every input has two texts
        assert len(splits.gold) + len(splits.development) == 8
        assert len(splits.pool) == (12 if joined else 24) - 8
        assert {row.fields[name] for row in splits.gold for name in described["fields"]} <= {
            make(n)[name] for n in range(24) for name in described["fields"]
        }
        assert all(len(row.references) == (2 if joined else 0) for row in splits.gold)
        batch = next(iter(data.train_dataloader()))
        assert known <= set(batch)
        tested = [row for batch in data.test_dataloader() for row in batch["example"]]
        assert {text for row in tested for text in row.references or (row.target,)} == {
            make(n)[described["target"]] for n in range(100, 108)
        }


@pytest.mark.parametrize(("suffix", "others"), [("csv", "another"), ("jsonl", ["another", "third"])])
def test_further_texts_are_read_in_formats_with_and_without_lists(
    suffix: str, others: str | list[str], tmp_path: Path
) -> None:
    tell = Task("tell", ("facts",), "text", condition="topic", instruction="Tell it.", references="references")
    folder = save(tmp_path, suffix, lambda n: KINDS["texts"][1](n) | {"references": others})
    first = read_split(tell, folder / f"train.{suffix}")[0]
    assert first.references == ("warm is plot 0", *([others] if isinstance(others, str) else others))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fields": ["body"]}, r"train\.csv:2: no column 'body'; the row has: text, team$"),
        ({"target": "group"}, r"train\.csv:2: no column 'group'; the row has: text, team$"),
        ({"labels": ["billing", "sales"]}, r"train\.csv:3: unknown label 'it' in column 'team'; known labels: bill"),
        ({"labels": ["billing"]}, r"task tickets: needs two labels or more, or none, found \['billing'\]"),
    ],
)
def test_a_description_that_does_not_fit_the_rows_is_told(
    change: dict[str, Any], told: str, tmp_path: Path, module: Callable[..., Any]
) -> None:
    described, make = KINDS["classification"]
    folder = save(tmp_path, "csv", make)
    with pytest.raises((InputError, ValueError), match=told):
        _ = module(folder, described | change, "ClassifierEncoder").splits
