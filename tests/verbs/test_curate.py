"""A review from the page of a run to its rows, and to the students that learn from them: on tiny models."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lit_synth.cli import main
from lit_synth.examples import Example, read_examples, write_examples

CHOSEN = {name: {"learning_rate": 1e-3, "max_steps": 2} for name in ("gold", "annotate", "generate", "both")}


def rows(run: Path, kind: str, strategy: str) -> dict[str, Example]:
    return {row.id: row for row in read_examples(run / kind / strategy / "seed0.jsonl")}


def keys(run: Path) -> dict[str, str]:
    stages = (path for path in (run / "seed0").glob("*/stage.json") if "." not in path.parent.name)
    return {path.parent.name: json.loads(path.read_text())["key"] for path in stages}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, tiny_causal: Path, tiny_encoder: Path, reviews_like: Path) -> Path:
    teacher = {"model": str(tiny_causal), "lora": None, "freeze_embeddings": False, "learning_rate": 1e-2}
    content = {
        "data": "Reviews",
        "data_dir": str(reviews_like),
        "fraction": 24,
        "limit": 16,
        "strategies": ["gold", "annotate", "generate", "both"],
        "teacher": teacher | {"max_length": 64, "batch_size": 8},
        "generation": {"amount": 8, "attempts": 8.0, "batch_size": 16, "sampling": {"max_new_tokens": 20}},
        "student": {"model": str(tiny_encoder), "batch_size": 8, "max_length": 32, "chosen": CHOSEN},
    }
    path = tmp_path_factory.mktemp("review") / "run.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(scope="module")
def go_on(config: Path) -> Callable[[], Path]:
    """Return a function that does what is not done yet of a run."""

    def run() -> Path:
        output = config.parent / "run"
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        assert main(["run", "--config", str(config), "--output", str(output)]) == 0
        torch.set_num_threads(before)
        return output

    return run


def curate(run: Path, *marks: dict[str, Any]) -> int:
    review = run.parent / "review.jsonl"
    review.write_text("".join(f"{json.dumps(mark)}\n" for mark in marks))
    return main(["curate", "--review", str(review), str(run)])


def test_a_review_changes_its_rows_and_their_students_and_nothing_else(
    go_on: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run = go_on()
    assert len(rows(run.parent / "run", "synthetic", "annotate")) == 16
    assert sum(1 for _ in read_examples(run / "seed0" / "gold.jsonl")) == 24
    before, first = rows(run, "synthetic", "generate"), keys(run)
    refused = {name: row for name, row in rows(run, "rejected", "generate").items() if row.fields}
    dropped, corrected, *left = before
    other = next(label for label in ("negative", "positive") if label != before[corrected].target)
    marks: list[dict[str, Any]] = [
        {"id": f"generate/seed0/{dropped}", "mark": "drop", "target": None},
        {"id": f"generate/seed0/{corrected}", "mark": "correct", "target": other},
        *({"id": f"generate/seed0/{name}", "mark": "keep"} for name in [*left[:1], *list(refused)[:1]]),
    ]
    capsys.readouterr()
    assert curate(run, *marks) == 0
    told = capsys.readouterr().out
    assert "generate, seed0: " in told
    assert "1 dropped, 1 corrected" in told
    now, out = rows(run, "synthetic", "generate"), rows(run, "rejected", "generate")
    assert set(now) == {*before, *list(refused)[:1]} - {dropped}
    assert out[dropped].provenance["reason"] == "review"
    assert (now[corrected].target, now[corrected].probabilities[other]) == (other, 1.0)  # type: ignore[index]
    assert now[corrected].provenance["review"] == {"mark": "correct", "target": before[corrected].target}
    assert {name: keys(run)[name] for name in first} == first, "no student is touched yet"
    published = "synthetic/generate/seed0.jsonl"
    manifest = json.loads((run / "synthetic" / "manifest.json").read_text())
    digest = sha256((run / published).read_bytes()).hexdigest()
    assert manifest["files"][published] == {"rows": len(now), "sha256": digest}
    assert manifest["config"]["fraction"] == 24

    go_on()
    second = keys(run)
    assert {name for name in first if first[name] != second[name]} == {"generate", "both"}
    assert set(second) - set(first) == {"review_generate"}
    assert rows(run, "synthetic", "generate") == now
    said = capsys.readouterr().out
    assert "seed0/review_generate: done before" in said
    assert "seed0/annotate: done before" in said
    assert "seed0/generate: starts" in said
    found = json.loads((run / "run.json").read_text())["curation"]["seed0"]["strategies"]["generate"]
    assert found["accepted"] == len(now)
    assert found["rejected"]["review"] == 1
    assert found["review"] == {"drop": 1, "correct": 1, "keep": len(marks) - 2}
    assert found["unmet"] == 0

    # A review that says nothing any more takes all back.
    assert curate(run) == 0
    assert rows(run, "synthetic", "generate") == before
    assert not list(run.glob("review/*/*.jsonl"))
    go_on()
    assert {name: keys(run)[name] for name in first} == first


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ({"id": "generate/seed0/no-such", "mark": "drop"}, "id 'generate/seed0/no-such': {run} has no such row"),
        ({"id": "generate/seed7/a", "mark": "drop"}, "id 'generate/seed7/a': {run} has no such row"),
        ({"id": "../seed0/a", "mark": "drop"}, "id '../seed0/a': {run} has no such row"),
        ({"id": "annotate/seed0/t3", "mark": "odd"}, "mark 'odd': give keep, drop or correct"),
        ({"id": "annotate/seed0/t3", "mark": "correct", "target": "good"}, "target 'good': no label of the task"),
    ],
)
def test_a_review_that_cannot_be_is_one_line_and_changes_nothing(
    mark: dict[str, Any], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    kept = [Example(f"t{number}", {"text": "fine"}, "positive", "annotated") for number in range(5)]
    for stage in ("synthetic/annotate/seed0.jsonl", "seed0/curation_annotate/accepted.jsonl"):
        write_examples(run / stage, kept)
    write_examples(run / "seed0/curation_annotate/rejected.jsonl", [])
    for path in ("synthetic/generate/seed0.jsonl", "seed0/curation_generate/accepted.jsonl"):
        write_examples(run / path, kept)
    write_examples(run / "seed0/curation_generate/rejected.jsonl", [])
    (run / "run.json").write_text(json.dumps({"labels": ["negative", "positive"]}))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert curate(run, {"id": "annotate/seed0/t1", "mark": "drop"}, mark) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"{tmp_path / 'review.jsonl'}:2: {told.format(run=run)}" in lines[0]
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_review_of_an_older_config_does_not_say_where_rows_come_from(tmp_path: Path) -> None:
    from lit_synth.review import publish, source_of

    seed = tmp_path / "seed0"
    for stage, name in (("curation_generate_30", "a"), ("review_generate", "a-kept"), ("curation_generate", "b")):
        write_examples(seed / stage / "accepted.jsonl", [Example(name, {"text": "x"}, "late")])
        write_examples(seed / stage / "rejected.jsonl", [])
    (seed / "review_generate" / "config.yaml").write_text("review: generate\nsource: curation_generate_30\n")
    publish(tmp_path, "generate", "seed0", seed / "review_generate")
    assert source_of(tmp_path, "generate", "seed0") == seed / "curation_generate_30"
    publish(tmp_path, "generate", "seed0", seed / "curation_generate")  # as with --redo
    assert source_of(tmp_path, "generate", "seed0") == seed / "curation_generate"


def test_marks_of_rows_that_were_made_anew_are_not_met(tmp_path: Path) -> None:
    from lit_synth.ledger import Ledger
    from lit_synth.review import marks_file, reviewed
    from lit_synth.whole_files import read_json, write_json

    seed = tmp_path / "seed0"
    source = seed / "curation_generate"
    write_examples(
        source / "accepted.jsonl", [Example("a", {"text": "new words"}, "late"), Example("b", {"text": "x"}, "late")]
    )
    write_examples(source / "rejected.jsonl", [])
    write_json(source / "curation.json", {"strategy": {"requested": 2}})
    marks = marks_file(tmp_path, "generate", "seed0")
    marks.parent.mkdir(parents=True)
    old = {"id": "generate/seed0/a", "mark": "drop", "content": "0" * 16}
    marks.write_text(f"{json.dumps(old)}\n" + json.dumps({"id": "generate/seed0/b", "mark": "drop"}))
    told: list[str] = []
    stage, key = reviewed(Ledger(told.append, tmp_path), seed, "generate", source, "k" * 16, ["late"])
    assert [row.id for row in read_examples(stage / "accepted.jsonl")] == ["a"]
    found = read_json(stage / "curation.json")["strategy"]
    assert (found["accepted"], found["rejected"], found["unmet"]) == (1, {"review": 1}, 1)
    assert key != "k" * 16
    assert "1 marks of the review are of rows that are no longer as they were" in told[-1]
