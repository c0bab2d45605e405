"""Finished students of random weights, as a run leaves them."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.task import Task

LABELS = Task("mood", ("text",), "mood", ("bad", "good", "so_so"))
PAIRS = Task("pairs", ("premise", "hypothesis"), "label", ("no", "yes"))
TEXTS = Task("facts", ("facts",), "text")

MakeStudent = Callable[..., Path]


@pytest.fixture
def student(tmp_path: Path, tiny_encoder: Path, tiny_seq2seq: Callable[[str], Path]) -> MakeStudent:
    """Return a function that leaves a run with one student and returns its folder."""

    def make(task: Task = LABELS, strategy: str = "gold", seed: int = 0, value: float = 0.5) -> Path:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoModelForSequenceClassification, AutoTokenizer

        source = tiny_encoder if task.labels else tiny_seq2seq("bart")
        stage = tmp_path / "run" / f"seed{seed}" / strategy
        labels = dict(enumerate(task.labels))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            if task.labels:
                ids = {label: index for index, label in labels.items()}
                model: Any = AutoModelForSequenceClassification.from_pretrained(source, id2label=labels, label2id=ids)
            else:
                model = AutoModelForSeq2SeqLM.from_pretrained(source)
                model.generation_config.max_new_tokens = 5
        model.save_pretrained(stage / "model")
        AutoTokenizer.from_pretrained(source).save_pretrained(stage / "model")
        kind = "ClassifierEncoder" if task.labels else "Seq2SeqEncoder"
        encoder = {"class_path": f"lit_synth.data.{kind}", "init_args": {"model": str(source), "max_length": 24}}
        data = {"class_path": "lit_synth.tasks.Custom", "init_args": {"encoder": encoder, "task": asdict(task)}}
        (stage / "config.yaml").write_text(yaml.safe_dump(json.loads(json.dumps({"data": data}))))
        figures = tmp_path / "run" / "metrics.json"
        rows = json.loads(figures.read_text()) if figures.exists() else []
        row = {"task": task.name, "strategy": strategy, "seed": seed, "amount": None, "n_gold": 8, "n_synthetic": 0}
        row |= {"metric": "accuracy", "value": value}
        figures.write_text(json.dumps([*rows, row]))
        return stage / "model"

    return make
