"""The main job on tiny models, end to end: files, figures, restarts, kills."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lit_synth.cli import main
from lit_synth.data import ClassifierEncoder, Mixture, Partition, TeacherEncoder
from lit_synth.examples import Example, read_examples
from lit_synth.settings import STUDENTS
from lit_synth.students import Students
from lit_synth.task import Task
from lit_synth.tasks.reviews import REVIEWS, Reviews

KEYS = ["task", "strategy", "fraction", "seed", "amount", "n_gold", "n_synthetic", "metric", "value"]
CHOSEN = {name: {"learning_rate": 1e-3, "max_steps": 2} for name in STUDENTS}

MakeConfig = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small are only slowed down by threads, a lot where other programs want the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def config(tiny_causal: Path, tiny_encoder: Path, reviews_like: Path) -> MakeConfig:
    """Return a function that makes a small run's config; parts can be changed."""

    def make(**changed: Any) -> dict[str, Any]:
        teacher = {"model": str(tiny_causal), "lora": None, "freeze_embeddings": False, "learning_rate": 1e-2}
        search = {"learning_rates": [1e-3, 3e-3], "max_steps": 4, "every": 2}
        sampling = {"max_new_tokens": 20}
        parts = {
            "data": "Reviews",
            "data_dir": str(reviews_like),
            "fraction": 24,
            "limit": 16,
            "teacher": teacher | {"max_length": 64, "batch_size": 8},
            "generation": {"amount": 8, "attempts": 8.0, "batch_size": 16, "sampling": sampling},
            "student": {"model": str(tiny_encoder), "batch_size": 8, "max_length": 32, "search": search},
        }
        return parts | changed

    return make


def write(path: Path, config: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(config))
    return path


def run(folder: Path, config: dict[str, Any], *words: str) -> Path:
    """Run the pipeline in this process; return its output folder."""
    output = folder / "run"
    assert main(["run", "--config", str(write(folder / "run.yaml", config)), "--output", str(output), *words]) == 0
    return output


def metrics(output: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((output / "metrics.json").read_text())
    return rows


def rows(path: Path) -> list[Example]:
    return list(read_examples(path))


def texts(path: Path) -> set[str]:
    return {json.loads(line)["text"] for line in path.read_text().splitlines()}


def times(output: Path) -> dict[Path, int]:
    """Return when each file below the seeds' folders was written."""
    return {path: path.stat().st_mtime_ns for path in output.glob("seed*/**/*") if path.is_file()}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def done(home: Path, config: MakeConfig) -> Path:
    """Return the folder of a run with all but few_shot, as by default; later tests of this file go on with it."""
    return run(home, config())


def test_metrics_are_rows_of_the_designed_keys(done: Path) -> None:
    found = metrics(done)
    assert all(list(row) == KEYS for row in found)
    assert {row["strategy"] for row in found} == {*STUDENTS, "teacher"}
    assert {(row["task"], row["fraction"], row["seed"]) for row in found} == {("reviews", 24, 0)}
    assert all(-1e-9 <= row["value"] <= 1 + 1e-9 for row in found)
    assert len({(row["strategy"], row["metric"]) for row in found}) == len(found)


def test_metrics_count_the_rows_that_a_student_saw(done: Path) -> None:
    counts = {row["strategy"]: (row["n_gold"], row["n_synthetic"]) for row in metrics(done)}
    generated = len(rows(done / "synthetic" / "generate" / "seed0.jsonl"))
    assert 0 < generated <= 8
    assert counts == {
        "gold": (24, 0),
        "annotate": (24, 16),
        "generate": (24, generated),
        "both": (24, 16 + generated),
        "full": (24 + 16, 0),
        "teacher": (24, 0),
    }


def test_a_figure_is_that_of_the_predictions(done: Path) -> None:
    for row in metrics(done):
        if row["metric"] == "accuracy":
            lines = (done / "seed0" / row["strategy"] / "predictions.jsonl").read_text().splitlines()
            hits = [line["gold"] == line["predicted"] for line in map(json.loads, lines)]
            assert row["value"] == pytest.approx(sum(hits) / len(hits))
            assert len(hits) == 16


def test_every_asked_row_is_accepted_or_rejected_with_a_reason(done: Path) -> None:
    for strategy in ("annotate", "generate"):
        accepted = rows(done / "synthetic" / strategy / "seed0.jsonl")
        rejected = rows(done / "rejected" / strategy / "seed0.jsonl")
        assert all(row.provenance["reason"] for row in rejected)
        assert not {row.id for row in accepted} & {row.id for row in rejected}
    records = {row.id for row in rows(done / "seed0" / "generation" / "records-0.jsonl")}
    assert records == {row.id for row in (*accepted, *rejected)}


def test_annotated_rows_are_the_pool_with_a_probability_for_every_label(done: Path, reviews_like: Path) -> None:
    annotated = rows(done / "synthetic" / "annotate" / "seed0.jsonl")
    assert len({row.id for row in annotated}) == 16
    assert {row.fields["text"] for row in annotated} <= texts(reviews_like / "train.jsonl")
    for row in annotated:
        assert row.origin == "annotated"
        assert set(row.probabilities or {}) == set(REVIEWS.labels)
        assert sum((row.probabilities or {}).values()) == pytest.approx(1, abs=1e-5)
        assert row.target == max(row.probabilities or {}, key=(row.probabilities or {}).__getitem__)


def test_generated_rows_are_new_and_know_where_they_come_from(done: Path, reviews_like: Path) -> None:
    generated = rows(done / "synthetic" / "generate" / "seed0.jsonl")
    old = {REVIEWS.key(Example("", {"text": text})) for text in texts(reviews_like / "test.jsonl")}
    assert not old & {REVIEWS.key(row) for row in generated}
    assert max(Counter(row.provenance["requested"] for row in generated).values()) <= 4
    for row in generated:
        assert row.origin == "generated"
        assert {"seed", "attempt", "prompt", "text", "requested"} <= row.provenance.keys()


def test_a_record_is_asked_with_its_own_seed(done: Path) -> None:
    seeds = [row.provenance["seed"] for row in rows(done / "seed0" / "generation" / "records-0.jsonl")]
    assert len(set(seeds)) == len(seeds)


def test_splits_and_settings_are_told(done: Path) -> None:
    removed = {"also in test": 0, "repeated in train": 0}
    sizes = {"gold": 19, "development": 5, "pool": 16, "test": 16, "removed": removed}
    assert json.loads((done / "splits.json").read_text()) == {"seed0": sizes}
    told = json.loads((done / "run.json").read_text())
    assert told["limit"] == 16
    assert told["metrics"] == ["accuracy", "macro_f1"]
    lengths = {"teacher": 64, "student": 32}
    assert told["cut"] == {name: {"rows": 24 + 16 + 16, "cut": 0, "max_length": most} for name, most in lengths.items()}
    chosen = told["hyperparameters"]["seed0"]
    assert set(chosen) == set(STUDENTS)
    assert all(one["searched"] and one["learning_rate"] in (1e-3, 3e-3) for one in chosen.values())
    assert all(one["max_steps"] in (2, 4) for one in chosen.values())


def test_the_choice_is_the_best_on_development(done: Path) -> None:
    chosen = json.loads((done / "run.json").read_text())["hyperparameters"]["seed0"]["gold"]
    curves = {rate: done / "seed0" / f"gold_search_{rate:g}" / "curve.jsonl" for rate in (1e-3, 3e-3)}
    points = [(rate, json.loads(line)) for rate, path in curves.items() for line in path.read_text().splitlines()]
    assert [point["step"] for _, point in points] == [2, 4, 2, 4]
    best = max(points, key=lambda item: (item[1]["val_accuracy"], item[1]["step"], -item[1]["val_loss"]))
    assert (chosen["learning_rate"], chosen["max_steps"]) == (best[0], best[1]["step"])
    curation = json.loads((done / "run.json").read_text())["curation"]["seed0"]
    assert (curation["expected"]["rows"], curation["expected"]["gold"]) == (5, best[1]["val_accuracy"])
    assert curation["expected"]["accuracy"] == curation["annotators"][0]["accuracy"]
    assert any("the student on gold at its best" in one or "commonest label" in one for one in curation["advice"])


def test_the_search_never_scores_test(done: Path) -> None:
    searched = list((done / "seed0").glob("*_search_*"))
    assert len(searched) == 10
    for folder in searched:
        assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "curve.jsonl", "stage.json"]


def test_stages_tell_what_they_have_met(done: Path) -> None:
    told = json.loads((done / "run.json").read_text())
    work = told["work"]["seed0"]
    assert set(told["seconds"]["seed0"]) - set(work) == {"curation_annotate", "curation_generate"}
    assert all(one["tokens"] > 0 and one["gpu_seconds"] == 0 and one["devices"] == ["CPU"] for one in work.values())
    asked = (done / "seed0" / "annotation" / "records-0.jsonl").read_text().splitlines()
    encoder = TeacherEncoder(str(done / "seed0" / "teacher_fit" / "model"), max_length=64)
    prompts = [REVIEWS.prompt(json.loads(line)["fields"]) for line in asked]
    assert work["annotation"]["tokens"] == sum(len(encoder.encode(prompt)) for prompt in prompts)
    assert not list(done.rglob("spent-*"))


def test_a_student_is_there_for_transformers(done: Path) -> None:
    from transformers import pipeline

    classify = pipeline("text-classification", model=str(done / "seed0" / "both" / "model"))
    assert classify("a warm film")[0]["label"] in REVIEWS.labels


def test_the_report_is_there(done: Path) -> None:
    assert "<html" in (done / "report.html").read_text(encoding="utf-8")


def test_no_half_written_file_is_left(done: Path) -> None:
    assert not list(done.rglob("*.partial"))
    assert not list(done.rglob("checkpoints"))


def test_a_second_call_runs_nothing_again(done: Path, home: Path, config: MakeConfig, capsys: Any) -> None:
    before, figures = times(done), metrics(done)
    run(home, config())
    said = capsys.readouterr().out
    stages = sum(path.is_dir() for path in (done / "seed0").iterdir())
    assert said.count("not run again") == stages
    assert "Plan: all of it is done" in said
    assert ": starts" not in said
    assert times(done) == before
    assert metrics(done) == figures


def test_another_config_is_refused_and_nothing_overwritten(
    done: Path, home: Path, config: MakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in done.rglob("*") if path.is_file()}
    changed = write(home / "changed.yaml", config(fraction=30))
    capsys.readouterr()
    assert main(["run", "--config", str(changed), "--output", str(done)]) == 2
    assert capsys.readouterr().err == (
        f"lit_synth: {done / 'config.yaml'}: made with fraction 24.0, now 30.0; give another --output, the same config "
        "to go on, or --redo: the older results are set aside, and what the change touches is done again\n"
    )
    assert {path: path.read_bytes() for path in done.rglob("*") if path.is_file()} == before


def test_another_seed_adds_itself_alone(done: Path, home: Path, config: MakeConfig, capsys: Any) -> None:
    before, figures = times(done), metrics(done)
    run(home, config(student=config()["student"] | {"chosen": {}}), "--seeds", "0,1")
    said = capsys.readouterr().out
    assert "seed0/gold: starts" not in said
    assert "seed1/gold: starts" in said
    after = times(done)
    assert {path: after[path] for path in before} == before
    assert [row for row in metrics(done) if row["seed"] == 0] == figures
    assert [row["strategy"] for row in metrics(done) if row["seed"] == 1] == [row["strategy"] for row in figures]
    assert set(json.loads((done / "splits.json").read_text())) == {"seed0", "seed1"}
    zero, one = (rows(done / "synthetic" / "annotate" / f"seed{seed}.jsonl") for seed in (0, 1))
    assert {row.id for row in zero} != {row.id for row in one}


def test_test_rows_do_not_touch_what_is_learnt(tmp_path: Path, config: MakeConfig, reviews_like: Path) -> None:
    """With other test rows, wrongly labelled at that, every curve and every weight stays the same."""
    spoilt = tmp_path / "rows"
    spoilt.mkdir()
    (spoilt / "train.jsonl").write_bytes((reviews_like / "train.jsonl").read_bytes())
    lines = [{"text": f"nothing like it {i}", "sentiment": "negative"} for i in range(20)]
    (spoilt / "test.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    outputs = []
    for name, data_dir in (("a", reviews_like), ("b", spoilt)):
        (tmp_path / name).mkdir()
        parts = config(strategies=["gold", "annotate"], data_dir=str(data_dir))
        outputs.append(run(tmp_path / name, parts) / "seed0")
    for pattern in ("*/curve.jsonl", "*/model/model.safetensors", "*/accepted.jsonl"):
        first, second = ({path.relative_to(out): path.read_bytes() for path in out.glob(pattern)} for out in outputs)
        assert first == second
        assert first
    tested = [(out / "gold" / "predictions.jsonl").read_text() for out in outputs]
    assert tested[0] != tested[1]


def test_a_kill_in_the_middle_of_generation_changes_nothing(tmp_path: Path, config: MakeConfig, capsys: Any) -> None:
    sampling = {"max_new_tokens": 24}
    parts = config(
        strategies=["generate"],
        limit=None,
        pool_limit=10,
        test_limit=10,
        generation={"amount": 40, "attempts": 20.0, "batch_size": 1, "sampling": sampling},
        student=config()["student"] | {"chosen": CHOSEN},
    )
    (tmp_path / "killed").mkdir()
    path = write(tmp_path / "killed" / "run.yaml", parts)
    output = tmp_path / "killed" / "run"
    words = [sys.executable, "-m", "lit_synth", "run", "--config", str(path), "--output", str(output)]
    records = output / "seed0" / "generation" / "records-0.jsonl"
    with subprocess.Popen(  # noqa: S603 (fixed words)
        words, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        limit = time.monotonic() + 600
        while not (records.exists() and records.read_bytes().count(b"\n") >= 4):
            assert process.poll() is None, process.stdout and process.stdout.read().decode()
            assert time.monotonic() < limit
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    written = records.read_bytes()
    assert not (output / "synthetic").exists()

    run(tmp_path / "killed", parts)
    said = capsys.readouterr().out
    assert "seed0/teacher_fit: done before" in said
    assert "seed0/generation: goes on" in said
    whole = written[: written.rfind(b"\n") + 1]
    assert records.read_bytes().startswith(whole)
    assert len(records.read_bytes()) > len(whole)

    (tmp_path / "undisturbed").mkdir()
    undisturbed = run(tmp_path / "undisturbed", parts)
    for name in ("synthetic", "rejected"):
        resumed, straight = (rows(out / name / "generate" / "seed0.jsonl") for out in (output, undisturbed))
        assert resumed
        assert {row.id: (row.fields, row.target, row.provenance) for row in resumed} == {
            row.id: (row.fields, row.target, row.provenance) for row in straight
        }
    ids = [row.id for row in rows(records)]
    assert len(set(ids)) == len(ids)


def test_a_strategy_added_later_leaves_the_others_as_they_are(tmp_path: Path, config: MakeConfig, capsys: Any) -> None:
    parts = config(student=config()["student"] | {"chosen": CHOSEN})
    before = times(run(tmp_path, parts, "--strategies", "gold"))
    output = run(tmp_path, parts, "--strategies", "gold,annotate")
    assert "seed0/gold: done before" in capsys.readouterr().out
    assert {path: time for path, time in times(output).items() if path in before} == before
    run(tmp_path, parts, "--strategies", "gold")
    assert set(json.loads((output / "run.json").read_text())["cut"]) == {"student", "teacher"}
    manifest = json.loads((output / "synthetic" / "manifest.json").read_text())
    assert manifest["config"]["strategies"] == ["gold", "annotate"], "of all calls, as its rows are"


def test_without_a_teacher_none_is_trained(tmp_path: Path, config: MakeConfig) -> None:
    output = run(tmp_path, config(student=config()["student"] | {"chosen": CHOSEN}), "--strategies", "gold,full")
    assert sorted(path.name for path in (output / "seed0").iterdir()) == ["full", "gold"]
    assert not json.loads((output / "run.json").read_text())["hyperparameters"]["seed0"]["gold"]["searched"]


def test_changed_rows_set_older_results_aside(tmp_path: Path, config: MakeConfig, reviews_like: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for path in reviews_like.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    parts = config(data_dir=str(folder), student=config()["student"] | {"chosen": CHOSEN}, strategies=["gold"])
    run(tmp_path, parts)
    with (folder / "train.jsonl").open("a") as lines:
        lines.write(json.dumps({"text": "one more row", "sentiment": "positive"}) + "\n")
    output = run(tmp_path, parts)
    names = sorted(path.name.split(".")[0] for path in (output / "seed0").iterdir())
    assert names == ["gold", "gold"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_task_of_ones_own_runs_from_yaml_alone(
    tmp_path: Path, config: MakeConfig, reviews_like: Path, suffix: str
) -> None:
    import pyarrow as pa
    from pyarrow import csv, parquet

    folder = tmp_path / "rows"
    folder.mkdir()
    for split in ("train", "test"):
        lines = [json.loads(line) for line in (reviews_like / f"{split}.jsonl").read_text().splitlines()]
        columns = [{"title": line["id"], "body": line["text"], "mood": line["sentiment"][:3]} for line in lines]
        table = pa.Table.from_pylist(columns)
        (csv.write_csv if suffix == "csv" else parquet.write_table)(table, folder / f"{split}.{suffix}")
    task = {
        "name": "tickets",
        "fields": ["title", "body"],
        "target": "mood",
        "labels": ["pos", "neg"],
        "annotate_prompt": "{title}\n{body}\nMood:",
        "writings": {"Mood: {target}\nTicket:": "{title}: {body}"},
        "label_words": {"pos": "good", "neg": "good enough"},
    }
    student = config()["student"] | {"chosen": CHOSEN}
    parts = config(data="Custom", data_dir=str(folder), task=task, student=student)
    output = run(tmp_path, parts, "--strategies", "annotate,gold,teacher")
    assert {(row["task"], row["strategy"]) for row in metrics(output)} == {
        ("tickets", "annotate"),
        ("tickets", "gold"),
        ("tickets", "teacher"),
    }
    annotated = rows(output / "synthetic" / "annotate" / "seed0.jsonl")
    assert {tuple(row.fields) for row in annotated} == {("title", "body")}
    assert {row.target for row in annotated} <= {"pos", "neg"}


def test_real_slurp_runs_with_its_sixty_intents(
    tmp_path: Path, config: MakeConfig, real_data: Callable[[str], Path]
) -> None:
    parts = config(
        data="Slurp",
        data_dir=str(real_data("slurp")),
        fraction=0.01,
        limit=20,
        teacher=config()["teacher"] | {"max_epochs": 1},
        student=config()["student"] | {"chosen": CHOSEN},
    )
    output = run(tmp_path, parts, "--strategies", "annotate,gold")
    sizes = json.loads((output / "splits.json").read_text())["seed0"]
    assert (sizes["gold"] + sizes["development"], sizes["pool"], sizes["test"]) == (115, 20, 20)
    annotated = rows(output / "synthetic" / "annotate" / "seed0.jsonl")
    assert all(len(row.probabilities or {}) == 60 for row in annotated)
    assert json.loads((output / "run.json").read_text())["synthetic"]["seed0"]["annotate"]["rows"] == 20


@pytest.mark.parametrize(("scores", "tried"), [((0.2, 0.6, 1.0, 1.0), [0, 4, 8, 12]), ((0.5, 0.5), [0, 4])])
def test_more_is_generated_while_it_pays_and_a_larger_amount_goes_on_with_the_smaller(
    tmp_path: Path, config: MakeConfig, monkeypatch: pytest.MonkeyPatch, scores: tuple[float, ...], tried: list[int]
) -> None:
    look, told_scores = Students.look, iter(scores)

    def given(*arguments: Any) -> tuple[float, float]:
        score, noise = look(*arguments)  # trained as it is; four rows more would show nothing but chance
        assert 0 <= score <= 1
        assert noise >= 0
        return next(told_scores), 0.1

    monkeypatch.setattr(Students, "look", given)
    generation = config()["generation"] | {"amounts": [4, 8, 12]}
    student = config()["student"] | {"chosen": CHOSEN}
    curation = {"students": 1, "calibrate": True, "confidence": "auto"}
    output = run(
        tmp_path, config(generation=generation, student=student, curation=curation), "--strategies", "gold,generate"
    )
    told = json.loads((output / "run.json").read_text())
    curve = told["amounts"]["seed0"]
    assert [row["amount"] for row in curve] == tried
    assert [row["score"] for row in curve] == list(scores)
    kept = rows(output / "synthetic" / "generate" / "seed0.jsonl")
    assert len(kept) <= (8 if 8 in tried else 4), "the last that rose, or the least"
    sizes = [size for size in tried if size]
    made = [
        {row.id: row.provenance["text"] for row in rows(output / "seed0" / f"generation_{size}" / "accepted.jsonl")}
        for size in sizes
    ]
    assert all(less.items() <= more.items() for less, more in pairwise(made))
    assert {row["name"] for row in told["curation"]["seed0"]["annotators"]} == {"teacher", "student"}
    assert all({"teacher", "student"} == set(row.provenance["annotators"]) for row in kept)
    assert told["curation"]["seed0"]["advice"]
    assert "<h2>Amounts tried in turn</h2>" in (output / "report.html").read_text()


def test_a_source_without_a_row_leaves_the_other_students(tmp_path: Path, config: MakeConfig, capsys: Any) -> None:
    generation = config()["generation"] | {"sampling": {"max_new_tokens": 1}, "attempts": 1.0}
    student = config()["student"] | {"chosen": CHOSEN}
    output = run(tmp_path, config(generation=generation, student=student), "--strategies", "gold,generate,both,teacher")
    assert {row["strategy"] for row in metrics(output)} == {"gold", "teacher"}
    assert "rows accepted: " in json.loads((output / "run.json").read_text())["failed"]["seed0"]["generate"]
    assert "students go on without it" in capsys.readouterr().out
    assert "rows accepted: " in (output / "report.html").read_text()
    alone = ["run", "--config", str(tmp_path / "run.yaml"), "--output", str(tmp_path / "alone")]
    assert main([*alone, "--strategies", "generate"]) == 2
    assert "rows accepted: " in capsys.readouterr().err


def test_amounts_are_nested_and_counted(tmp_path: Path, config: MakeConfig) -> None:
    student = config()["student"] | {"chosen": CHOSEN}
    parts = config(student=student, amounts=[4, 10, 400])
    output = run(tmp_path, parts, "--strategies", "gold,annotate")
    counts = {(row["strategy"], row["amount"]): row["n_synthetic"] for row in metrics(output)}
    assert counts == {("gold", None): 0, ("annotate", 4): 4, ("annotate", 10): 10, ("annotate", None): 16}
    learnt = {}
    for amount in (4, 10):
        data = yaml.safe_load((output / "seed0" / f"annotate_{amount}" / "config.yaml").read_text())["data"][
            "init_args"
        ]
        assert data["mixture"]["synthetic_limit"] == amount
        mixture = Mixture(gold=False, synthetic=tuple(map(Path, data["mixture"]["synthetic"])), synthetic_limit=amount)
        encoder = ClassifierEncoder(data["encoder"]["init_args"]["model"])
        module = Reviews(encoder, data_dir=data["data_dir"], partition=Partition(24), mixture=mixture)
        learnt[amount] = [row.id for row in module.training_examples()]
    assert (len(learnt[4]), len(learnt[10])) == (4, 10)
    assert set(learnt[4]) < set(learnt[10])
    before = times(output)
    run(tmp_path, parts | {"amounts": [6]}, "--strategies", "annotate")
    assert {row["amount"] for row in metrics(output)} == {None, 4, 6, 10}
    assert {row["strategy"] for row in metrics(output)} == {"gold", "annotate"}
    assert {path: time for path, time in times(output).items() if path in before} == before


def test_eight_gold_rows_and_contradictions_still_give_a_student(
    tmp_path: Path, config: MakeConfig, reviews_like: Path, capsys: Any
) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for path in reviews_like.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    first = json.loads((folder / "train.jsonl").read_text().splitlines()[0])
    other = next(label for label in REVIEWS.labels if label != first["sentiment"])
    with (folder / "train.jsonl").open("a") as lines:
        lines.write(json.dumps(first | {"sentiment": other}) + "\n")
    parts = config(data_dir=str(folder), fraction=8, student=config()["student"] | {"chosen": CHOSEN})
    output = run(tmp_path, parts, "--strategies", "gold,annotate")
    said = " ".join(capsys.readouterr().out.split())
    assert "1 rows of train have the input of an earlier row and another label, so the earlier ones count" in said
    assert f"is {other!r}" in said
    assert "2 development rows are few: take this as a hint." in said
    assert {row["strategy"] for row in metrics(output)} == {"gold", "annotate"}
    assert "removed: repeated in train with another label" in (output / "report.html").read_text()


def test_a_run_that_only_annotates_may_leave_writing_out(tmp_path: Path, config: MakeConfig) -> None:
    teacher = config()["teacher"] | {"generate_weight": 0.0}
    output = run(
        tmp_path, config(teacher=teacher, student=config()["student"] | {"chosen": CHOSEN}), "--strategies", "annotate"
    )
    curve = [json.loads(line) for line in (output / "seed0" / "teacher_fit" / "curve.jsonl").read_text().splitlines()]
    assert all(line["val_loss"] == pytest.approx(line["val_annotate_loss"]) for line in curve)
    assert not any("val_generate_loss" in line for line in curve)


def test_synthetic_rows_may_come_first(tmp_path: Path, config: MakeConfig) -> None:
    student = config()["student"] | {"chosen": CHOSEN, "two_stages": True, "gold_weight": 2.0, "average": 0.5}
    student["loss"] = {"kind": "generalised", "smoothing": 0.1}
    output = run(tmp_path, config(student=student), "--strategies", "gold,annotate")
    second = yaml.safe_load((output / "seed0" / "annotate" / "config.yaml").read_text())
    assert second["model"]["init_args"]["model"] == str(output / "seed0" / "annotate_first" / "model")
    assert second["data"]["init_args"]["mixture"]["synthetic"] == []
    first = yaml.safe_load((output / "seed0" / "annotate_first" / "config.yaml").read_text())
    assert (first["data"]["init_args"]["mixture"]["gold"], first["model"]["init_args"]["average"]) == (False, 0.5)


def test_teachers_are_asked_in_words_of_their_own(tmp_path: Path, config: MakeConfig) -> None:
    prompt = "{text}\nIs that good or bad?"
    student = config()["student"] | {"chosen": CHOSEN}
    curation = {"teachers": 2, "prompts": [prompt]}
    output = run(tmp_path, config(student=student, curation=curation), "--strategies", "gold,annotate")
    seen: dict[str, list[str]] = {}
    for stage in ("teacher_fit", "teacher_fit_2", "annotation", "annotation_teacher_2", "development_teacher_2"):
        data = yaml.safe_load((output / "seed0" / stage / "config.yaml").read_text())["data"]["init_args"]
        task = Task(**data["task"]) if "task" in data else REVIEWS
        encoder = TeacherEncoder(data["encoder"]["init_args"]["model"], max_length=64)
        row = Example("r", {"text": "a warm film"}, "positive")
        shown = encoder.training_rows(task, row)[:1] if "fit" in stage else [encoder.prediction_row(task, row)]
        seen[stage] = [str(encoder.tokenizer.decode(ids["input_ids"])) for ids in shown]
    own = REVIEWS.prompt({"text": "a warm film"})
    assert own in seen["teacher_fit"][0]
    assert seen["annotation"] == [own]
    assert "a warm film\nIs that good or bad? positive" in seen["teacher_fit_2"][0]
    assert seen["annotation_teacher_2"] == seen["development_teacher_2"] == ["a warm film\nIs that good or bad?"]
    told = {"teacher": REVIEWS.annotate_prompt, "teacher_2": prompt}
    kept = rows(output / "synthetic" / "annotate" / "seed0.jsonl")
    assert all(row.provenance["prompts"] == told for row in kept)
    assert json.loads((output / "run.json").read_text())["curation"]["seed0"]["prompts"] == told
    assert "Annotator `teacher_2` is asked: {text} Is that good or bad?" in (
        (output / "synthetic" / "README.md").read_text()
    )


def test_a_prompt_without_the_input_is_refused_before_anything_is_written(
    tmp_path: Path, config: MakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "run.yaml", config(curation={"teachers": 2, "prompts": ["Good or bad?"]}))
    assert main(["run", "--config", str(path), "--output", str(tmp_path / "run")]) == 2
    assert "curation.prompts: 'Good or bad?' lacks {text}" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_pool_of_ones_own_is_annotated_and_judged_by_nobody(tmp_path: Path, config: MakeConfig, capsys: Any) -> None:
    (tmp_path / "pool.csv").write_text("text\n" + "".join(f"the plot of film {n} is a joy\n" for n in range(12)))
    changed = {"fraction": 1.0, "limit": 10, "pool": str(tmp_path / "pool.csv"), "strategies": ["gold", "annotate"]}
    changed["student"] = config()["student"] | {"chosen": {"gold": CHOSEN["gold"], "annotate": CHOSEN["annotate"]}}
    output = run(tmp_path, config(**changed))
    said = capsys.readouterr().out
    assert "seed 0: 120 gold rows, 24 of them kept for development; 10 pool rows; 10 test rows\n" in said
    kept = rows(output / "synthetic" / "annotate" / "seed0.jsonl")
    assert {row.id.split("-")[0] for row in kept} == {"pool"}
    told = json.loads((output / "run.json").read_text())
    assert "annotate" not in told.get("synthetic", {}).get("seed0", {}), "nobody knows how right they are"
    assert "Annotation" not in (output / "report.html").read_text()
    again = yaml.safe_dump(config(**changed | {"strategies": ["gold", "full"], "output": str(tmp_path / "other")}))
    (tmp_path / "full.yaml").write_text(again)
    assert main(["run", "--config", str(tmp_path / "full.yaml")]) == 2
    assert "which nobody knows of these rows" in capsys.readouterr().err
