"""What tests/sharded.py leaves, held against one process that has the exported model whole."""

import json
from pathlib import Path
from typing import Any

import lightning as L
import pytest

from lit_synth.callbacks import Generation
from lit_synth.callbacks.generation import predict_all
from lit_synth.callbacks.shards import read_records
from lit_synth.curation.verdicts import by_id
from lit_synth.data import Partition, Requests, TeacherEncoder
from lit_synth.decoding.writing import Sampling
from lit_synth.modules import Teacher
from lit_synth.tasks.reviews import REVIEWS, Reviews


def check_results(folder: Path, rows: Path, tolerance: float = 1e-4, **device: Any) -> None:
    """Check steps, the exported weights by their development loss, and every record."""
    model = str(folder / "model")
    assert list((folder / "model").glob("*.safetensors"))
    partition = Partition(24, pool_limit=9)

    def data(**requests: Any) -> Reviews:
        return Reviews(TeacherEncoder(model, max_length=64), data_dir=str(rows), partition=partition, **requests)

    def trainer(*callbacks: L.Callback) -> L.Trainer:
        quiet: dict[str, Any] = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        return L.Trainer(devices=1, callbacks=list(callbacks), default_root_dir=folder, **quiet, **device)

    found = json.loads((folder / "found.json").read_text())
    assert found["steps"][1] == 2 * found["steps"][0], "it went on where it stopped"
    looks = trainer()
    looks.validate(Teacher(REVIEWS, model), datamodule=data(), verbose=False)
    assert float(looks.callback_metrics["val_loss"]) == pytest.approx(found["best"], rel=tolerance)
    for kind in ("annotate", "generate"):
        alone = folder / f"{kind}_alone"
        requests = Requests(alone, kind, amount=6, attempts=1.0)
        teacher = Teacher(REVIEWS, model, sampling=Sampling(0.7, max_new_tokens=40))
        predict_all(trainer(Generation()), teacher, data(requests=requests))
        known, made = ({row.id: row for row in read_records(one, by_id)} for one in (alone, folder / kind))
        assert made.keys() == known.keys()
        for name, row in known.items():
            if kind == "annotate":
                assert made[name].probabilities == pytest.approx(row.probabilities, abs=tolerance)
            elif tolerance < 1e-3:  # in half precision a text may part from another at a near tie
                assert made[name].provenance["text"] == row.provenance["text"]
