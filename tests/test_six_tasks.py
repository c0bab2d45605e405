"""Every task through the whole path with every strategy, on tiny models and made-up rows in the task's own columns."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lit_synth import tasks
from lit_synth.cli import main
from lit_synth.data import Partition
from lit_synth.data.splits import Splits
from lit_synth.examples import Example, read_examples
from lit_synth.report.markup import text
from lit_synth.report.metric import named
from lit_synth.settings import STRATEGIES, STUDENTS
from lit_synth.task import Task
from tests.made_up import MADE

GROUNDED = ("Rte", "BoolQ", "MultiRC")


@dataclass(frozen=True)
class Done:
    """A finished run: its task and folders, and the rows that it was given."""

    name: str
    task: Task
    folder: Path
    splits: Splits

    @property
    def output(self) -> Path:
        return self.folder / "run"

    def run(self) -> None:
        assert main(["run", "--config", str(self.folder / "run.yaml"), "--output", str(self.output)]) == 0

    def read(self, name: str) -> Any:
        return json.loads((self.output / name).read_text())

    def synthetic(self, strategy: str) -> list[Example]:
        return list(read_examples(self.output / "synthetic" / strategy / "seed0.jsonl"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=MADE)
def done(
    request: pytest.FixtureRequest,
    tiny_causal: Path,
    tiny_encoder: Path,
    tiny_seq2seq: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Done:
    """Return a run of each task in turn."""
    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    kind, gold = getattr(tasks, name), 64 if name == "Slurp" else 24
    module = kind(None, data_dir=str(folder), partition=Partition(gold, pool_limit=10))
    rows, sizes = MADE[name](), {"train": 80 if name == "Slurp" else 36, kind.evaluation: 8}
    for split, size in sizes.items():
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in islice(rows, size)))
    small = {"model": str(tiny_causal), "lora": None, "freeze_embeddings": False, "learning_rate": 1e-2}
    epochs = {"Slurp": 8, "Sgd": 20, "WebNlg": 20}.get(name, 12)
    lengths = {"max_length": 48, "max_target_length": 8}
    student = tiny_encoder if module.task.labels else tiny_seq2seq("bart")
    search = {"learning_rates": [1e-3], "max_steps": 2, "every": 2}
    chosen = {strategy: {"learning_rate": 1e-3, "max_steps": 2} for strategy in STUDENTS if strategy != "gold"}
    config = {
        "data": name,
        "data_dir": str(folder),
        "fraction": gold,
        "pool_limit": 10,
        "strategies": list(STRATEGIES),
        "teacher": small | {"max_epochs": epochs, "patience": 4, "max_length": 96, "max_new_tokens": 16},
        # A teacher this small says little of an input, and made-up rows are like each other.
        "curation": {"rules": {"faithful": False, "leakage": False}},
        "generation": {"amount": 4, "attempts": 16.0, "sampling": {"temperature": 0.7, "max_new_tokens": 40}},
        "student": {"model": str(student), "search": search, "chosen": chosen} | lengths,
        "few_shot": {"shots": [0, 1], "max_length": 128},
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(config))
    found = Done(name, module.task, folder, module.splits)
    found.run()
    return found


def written(done: Done) -> dict[Path, int]:
    """Return when each file of a stage was written."""
    return {path: path.stat().st_mtime_ns for path in done.output.glob("seed0/*/**/*") if path.is_file()}


def test_there_is_a_figure_for_every_strategy_and_metric(done: Done) -> None:
    found = done.read("metrics.json")
    assert sorted((row["strategy"], row["metric"]) for row in found) == sorted(product(STRATEGIES, done.task.metrics))
    assert all(-1e-9 <= row["value"] <= 1 + 1e-9 for row in found)


def test_every_strategy_predicts_every_test_row_once(done: Done) -> None:
    for strategy in STRATEGIES:
        lines = (done.output / "seed0" / strategy / "predictions.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        assert {row["id"]: row["gold"] for row in found} == {row.id: row.target for row in done.splits.test}
        assert len(found) == 8
        none = [row for row in found if row["predicted"] is None]
        if strategy == "few_shot":
            assert done.read("run.json")["few_shot"]["seed0"]["outside"] == len(none)
        if done.task.labels:
            assert {row["predicted"] for row in found} <= {*done.task.labels}


def test_annotated_rows_are_the_pool_with_a_label_or_a_text(done: Done) -> None:
    rows, pool = done.synthetic("annotate"), {row.id: row.fields for row in done.splits.pool}
    assert len({row.id for row in rows}) == len(rows) > 0
    for row in rows:
        assert row.origin == "annotated"
        assert row.fields == pool[row.id]
        assert set(row.fields) == {*done.task.columns}
        assert row.target in done.task.labels if done.task.labels else row.target
        assert set(row.probabilities or ()) == {*done.task.labels}


def test_generated_rows_hold_the_tasks_columns_and_know_how_they_were_asked(done: Done) -> None:
    rows, known = done.synthetic("generate"), {done.task.asked(row) for row in done.splits.gold}
    assert 0 < len(rows) <= 4
    asked = list(read_examples(done.output / "seed0" / "generation" / "records-0.jsonl"))
    assert len({row.provenance["seed"] for row in asked}) == len(asked) >= len(rows)
    for row in rows:
        way, requested = row.provenance["writing"], row.provenance["requested"]
        assert row.origin == "generated"
        assert set(row.fields) == {*done.task.columns}
        assert row.target in done.task.labels if done.task.labels else row.target
        assert requested in known
        assert row.fields.get(done.task.condition or "", requested) == requested
        assert row.provenance["prompt"] == done.task.request(way, row.with_target(requested))
        parsed = done.task.parse(way, row.provenance["text"])
        assert parsed
        assert {**row.fields, **parsed} == row.fields


def test_given_fields_are_those_of_a_row_of_the_pool(done: Done) -> None:
    pool = {row.id: row.fields for row in done.splits.pool}
    for row in done.synthetic("generate"):
        given = done.task.given(row.provenance["writing"])
        assert bool(given) == ("source" in row.provenance) == (done.name in GROUNDED)
        if given:
            source = pool[row.provenance["source"]]
            assert {name: row.fields[name] for name in given} == {name: source[name] for name in given}


def test_the_report_has_the_headline_metric_of_every_strategy(done: Done) -> None:
    report, headline = (done.output / "report.html").read_text(encoding="utf-8"), named(done.task.headline)
    _, _, section = report.partition(f"<h2>{headline.title}</h2>")
    table = section.partition("<table")[2].partition("</table>")[0]
    lines = {name: line for line in table.split("<tr>") for name in STRATEGIES if f">{name}" in line}
    values = {row["strategy"]: row["value"] for row in done.read("metrics.json") if row["metric"] == headline.key}
    assert [name for name, value in values.items() if text(headline.show(value)) not in lines.get(name, "")] == []


def test_a_second_call_runs_nothing_again(done: Done, capsys: pytest.CaptureFixture[str]) -> None:
    before, figures = written(done), done.read("metrics.json")
    done.run()
    said = capsys.readouterr().out
    stages = {path.parent.name for path in done.output.glob("seed0/*/stage.json")}
    assert {*STRATEGIES, "teacher_fit", "annotation", "generation", "round_trip", "few_shot_0"} <= stages
    assert [name for name in stages if f"seed0/{name}: done before" not in said] == []
    assert ": starts" not in said
    assert written(done) == before
    assert done.read("metrics.json") == figures
