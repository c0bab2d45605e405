"""What a test stage leaves: figures of the whole test set, whatever the batches, and files that agree with them."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from types import SimpleNamespace
from typing import Any

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from lit_synth.callbacks import Predictions
from lit_synth.callbacks.predictions import scored, write_results
from lit_synth.examples import Example
from lit_synth.metrics import Scored, score, unit_scores
from lit_synth.task import Task
from lit_synth.tasks.multirc import MULTIRC
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.sgd import SGD
from lit_synth.tasks.webnlg import WEBNLG

Answers = dict[str, Any]
FILES = ("metrics.json", "predictions.jsonl", "scores.jsonl")


class Known(L.LightningModule):
    """Answers what the test says: probabilities by row, or a text."""

    def __init__(self, task: Task, answers: Answers) -> None:
        super().__init__()
        self.task = task
        self.answers = answers

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch

    def test_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, Any]:
        found = [self.answers[row.id] for row in batch["example"]]
        return {"probabilities": torch.tensor(found)} if self.task.labels else {"texts": found}


def run_tests(folder: Path, task: Task, rows: Sequence[Example], answers: Answers, size: int) -> dict[str, float]:
    """Return what the trainer has logged, without the prefix; the files lie in the folder."""
    collate = lambda part: {"input_ids": torch.zeros(len(part), 1), "example": part}  # noqa: E731
    loader: Any = DataLoader(rows, batch_size=size, collate_fn=collate)  # type: ignore[arg-type]
    quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    quiet |= {"accelerator": "cpu", "enable_checkpointing": False, "default_root_dir": folder}
    trainer = L.Trainer(callbacks=[Predictions(folder)], **quiet)
    trainer.test(Known(task, answers), loader, verbose=False)
    return {name.removeprefix("test_"): float(value) for name, value in trainer.callback_metrics.items()}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def figures(folder: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads((folder / "metrics.json").read_text())
    return found


REVIEWED = [Example(f"t{n}", {"text": f"film {n}"}, "positive" if n % 3 else "negative") for n in range(10)]
SURE = {row.id: [0.75, 0.25] if n in (0, 4) else [0.25, 0.75] for n, row in enumerate(REVIEWED)}


def multirc() -> tuple[list[Example], Answers]:
    """Return answers to seven questions about two paragraphs, in an order in which no question stands together."""
    rows, answers = [], {}
    for place in range(3):
        for question in range(7):
            if place <= question % 3:
                fields = {"paragraph": f"p{question % 2}", "question": f"q{question}", "answer": f"a{place}"}
                rows.append(Example(f"m{question}{place}", fields, str((question + place) % 2)))
                right = (question * place + question // 3) % 2
                answers[rows[-1].id] = [1.0 - right, float(right)]
    return rows, answers


def test_every_row_is_predicted_once_in_the_order_of_ids(tmp_path: Path) -> None:
    run_tests(tmp_path / "new", REVIEWS, REVIEWED[::-1], SURE, 4)
    found = lines(tmp_path / "new" / "predictions.jsonl")
    assert [(line["id"], line["gold"]) for line in found] == [(row.id, row.target) for row in REVIEWED]
    assert [line["predicted"] for line in found].count("negative") == 2
    assert found[4]["probabilities"] == {"negative": 0.75, "positive": 0.25}
    assert figures(tmp_path / "new")["accuracy"] == pytest.approx(0.6)


CASES = {"reviews": (REVIEWS, (REVIEWED, SURE)), "multirc": (MULTIRC, multirc())}


@pytest.mark.parametrize("name", CASES)
def test_figures_are_those_of_the_metrics_whatever_the_batches(name: str, tmp_path: Path) -> None:
    task, (rows, answers) = CASES[name]
    kept = []
    for size in (1, 3, 100):
        folder = tmp_path / str(size)
        logged = run_tests(folder, task, rows, answers, size)
        labels = {row.id: task.labels[answers[row.id].index(max(answers[row.id]))] for row in rows}
        expected = [Scored(row.id, row.fields, (str(row.target),), labels[row.id]) for row in rows]
        assert figures(folder) == pytest.approx(score(task.metrics, expected))
        assert list(figures(folder)) == list(task.metrics)
        assert logged == pytest.approx(figures(folder), abs=1e-6)
        units = {line["id"]: line["score"] for line in lines(folder / "scores.jsonl")}
        assert units == pytest.approx(unit_scores(task.headline, expected))
        assert fmean(units.values()) == pytest.approx(figures(folder)[task.headline])
        kept.append([(folder / file).read_bytes() for file in FILES])
    assert kept[0] == kept[1] == kept[2]


def test_a_unit_of_multirc_is_a_question(tmp_path: Path) -> None:
    rows, answers = multirc()
    run_tests(tmp_path, MULTIRC, rows, answers, 3)
    units = [line["id"] for line in lines(tmp_path / "scores.jsonl")]
    assert sorted(units) == [f"m{question}0" for question in range(7)]
    assert len(lines(tmp_path / "predictions.jsonl")) == len(rows) == 13


ACTS = 'inform(city = "Rome") goodbye()'
TOLD = [
    Example("a", {"service": "Trips_1", "acts": ACTS, "prompt": "where"}, "Rome it is.", references=("Rome it is.",)),
    Example("b", {"service": "Trips_1", "acts": ACTS, "prompt": "hi"}, "To Rome.", references=("To Rome.", "Rome.")),
    Example("c", {"service": "Trips_1", "acts": ACTS, "prompt": "no"}, "Say Rome."),
]
TEXTS: Answers = {"a": "Rome it is.", "b": "rome", "c": None}


@pytest.mark.parametrize("size", [1, 2])
def test_texts_are_scored_against_every_reference_and_none_is_an_empty_one(tmp_path: Path, size: int) -> None:
    logged = run_tests(tmp_path, SGD, TOLD, TEXTS, size)
    found = lines(tmp_path / "predictions.jsonl")
    assert [line["predicted"] for line in found] == ["Rome it is.", "rome", None]
    assert [line["references"] for line in found] == [["Rome it is."], ["To Rome.", "Rome."], ["Say Rome."]]
    assert [line["gold"] for line in found] == ["Rome it is.", "To Rome.", "Say Rome."]
    assert all("probabilities" not in line for line in found)
    assert list(figures(tmp_path)) == list(SGD.metrics)
    assert figures(tmp_path)["rougeL"] == pytest.approx(2 / 3)
    assert figures(tmp_path)["slot_error_rate"] == pytest.approx(1 / 3)
    assert logged == pytest.approx(figures(tmp_path), abs=1e-6)
    assert [(line["id"], line["score"]) for line in lines(tmp_path / "scores.jsonl")] == [("a", 1), ("b", 1), ("c", 0)]


def test_a_text_counts_by_what_it_covers(tmp_path: Path) -> None:
    fields = {"triples": "Rome | capital of | Italy", "category": "City"}
    rows = [Example("a", fields, "Rome is the capital of Italy."), Example("b", fields, "Italy's capital is Rome.")]
    run_tests(tmp_path, WEBNLG, rows, {"a": "Rome is in Italy.", "b": "It rains."}, 1)
    assert figures(tmp_path)["coverage"] == pytest.approx(0.5)


def test_a_second_test_forgets_the_first(tmp_path: Path) -> None:
    run_tests(tmp_path, REVIEWS, REVIEWED, SURE, 4)
    run_tests(tmp_path, REVIEWS, REVIEWED[:3], SURE, 4)
    assert len(lines(tmp_path / "predictions.jsonl")) == 3


def test_a_callback_that_tests_twice_starts_afresh(tmp_path: Path) -> None:
    predictions, module = Predictions(tmp_path), SimpleNamespace(task=REVIEWS)
    trainer: Any = SimpleNamespace()
    for row in REVIEWED[:2]:
        predictions.on_test_start(trainer, module)
        predictions.on_test_batch_end(
            trainer, module, {"probabilities": torch.tensor([SURE[row.id]])}, {"example": [row]}, 0
        )
    assert [row.id for row in predictions.rows] == list(predictions.probabilities) == ["t1"]


def test_rows_of_classification_may_be_without_an_answer_too(tmp_path: Path) -> None:
    """As a prompted model leaves them; a row without probabilities is written without."""
    rows = [scored(row, None if row.id == "t1" else str(row.target)) for row in REVIEWED]
    write_results(tmp_path, REVIEWS, rows, score(REVIEWS.metrics, rows), {})
    found = lines(tmp_path / "predictions.jsonl")
    assert [line["predicted"] for line in found][:3] == ["negative", None, "positive"]
    assert all(set(line) == {"id", "gold", "predicted"} for line in found)
    assert figures(tmp_path)["accuracy"] == pytest.approx(0.9)
    assert fmean(line["score"] for line in lines(tmp_path / "scores.jsonl")) == pytest.approx(0.9)


def test_a_scored_row_has_every_reference(tmp_path: Path) -> None:
    assert scored(TOLD[1], "x").references == ("To Rome.", "Rome.")
    assert scored(TOLD[2], None) == Scored("c", TOLD[2].fields, ("Say Rome.",), None)
    assert scored(REVIEWED[0], "negative").references == ("negative",)
