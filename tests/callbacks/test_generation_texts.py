"""Generation of text to text in its two stages: an input for a condition, then the text of that input."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import lightning as L
import pytest
import torch

from lit_synth.callbacks.generation import Generation, predict_all
from lit_synth.curation.rules import Rules
from lit_synth.curation.verdicts import EMPTY, OUTSIDE_TEMPLATE, UNFINISHED
from lit_synth.data import Partition, Requests, TeacherEncoder
from lit_synth.data.collate import Collate
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import Example, read_examples
from lit_synth.modules import Teacher
from lit_synth.tasks import WebNlg
from lit_synth.tasks.webnlg import WEBNLG

MOST = 24
"""Tokens: enough for all that the teacher knows but two texts, which are far longer."""
LONG = "every scene seems cold , the cast remains clumsy , in the end the script was a bore and the plot dreadful"
# By condition: the facts that the teacher writes, and the text that it writes for them.
KNOWN = {
    "Film": ("plot | is | warm", "the plot is warm"),
    "Book": (f"{LONG} | is | cold", "nobody will ask for it"),
    "Play": ("cast | is | cold", LONG),
    "Radio": ("no facts at all", "nor for this"),
    "Game": ("work | is | brilliant", ""),
}
Stage = Callable[..., WebNlg]


@pytest.fixture(scope="module")
def taught(tiny_causal: Path) -> Teacher:
    """Return a teacher that knows one input for each condition by heart, and its text."""
    torch.manual_seed(0)
    teacher = Teacher(WEBNLG, str(tiny_causal), freeze_embeddings=False, sampling=Sampling(0.0, 1.0, MOST))
    teacher.configure_model()
    encoder = TeacherEncoder(str(tiny_causal), max_length=120)
    rows = [Example(name, {"triples": facts, "category": name}, text) for name, (facts, text) in KNOWN.items()]
    lessons = [lesson for row in rows for lesson in encoder.training_rows(WEBNLG, row)]
    batch = Collate(int(encoder.tokenizer.pad_token_id or 0))(lessons)
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        teacher.losses(batch).mean().backward()
        optimizer.step()
    return teacher.eval()


@pytest.fixture
def stage(tmp_path: Path, tiny_causal: Path, taught: Teacher) -> Stage:
    """Return a function that does one stage, on gold rows of the same conditions and other facts."""
    for split, moods in (("train", ("clever", "moving", "stupid")), ("test", ("tedious",))):
        rows = [
            {"category": name, "input": [f"{name} | is | {mood}"], "target": f"{name} is {mood}", "references": []}
            for name in KNOWN
            for mood in moods
        ]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(name: str, disagreement: Literal["keep", "reject"] = "keep", **order: Any) -> WebNlg:
        data = WebNlg(
            TeacherEncoder(str(tiny_causal), max_length=120),
            data_dir=str(tmp_path),
            partition=Partition(10),
            requests=Requests(tmp_path / name, **order),
            predict_batch_size=4,
        )
        trainer = L.Trainer(
            callbacks=[Generation(Rules(disagreement))],
            default_root_dir=tmp_path,
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        predict_all(trainer, taught, data)
        return data

    return run


def rows(path: Path) -> dict[str, Example]:
    return {row.id: row for row in read_examples(path)}


def reasons(path: Path) -> dict[str, str]:
    return {name: row.provenance["reason"] for name, row in rows(path).items()}


def test_an_input_is_written_for_every_condition_or_rejected_with_a_reason(stage: Stage, tmp_path: Path) -> None:
    data = stage("inputs", kind="generate", amount=5, attempts=2.0)
    accepted = rows(tmp_path / "inputs" / "accepted.jsonl")
    assert {row.fields["category"]: row.fields["triples"] for row in accepted.values()} == {
        name: KNOWN[name][0] for name in ("Film", "Play", "Game")
    }
    for row in accepted.values():
        assert (row.origin, row.target, row.references) == ("generated", None, ())
        assert row.provenance["prompt"] == f"Facts about {row.fields['category']}, as subject | predicate | object:"
        assert row.provenance["requested"] == row.fields["category"]
    # What was rejected was asked for once more, and that was the limit.
    assert reasons(tmp_path / "inputs" / "rejected.jsonl") == {
        "generated-Book-0": UNFINISHED,
        "generated-Book-1": UNFINISHED,
        "generated-Radio-0": OUTSIDE_TEMPLATE,
        "generated-Radio-1": OUTSIDE_TEMPLATE,
    }
    assert list(data.pending()) == []


@pytest.mark.parametrize("disagreement", ["keep", "reject"])
def test_a_written_input_gets_its_text_and_one_without_is_rejected(
    stage: Stage, tmp_path: Path, disagreement: Literal["keep", "reject"]
) -> None:
    """There is no label to disagree about, so that nothing is rejected for it."""
    stage("inputs", kind="generate", amount=5, attempts=1.0)
    inputs = rows(tmp_path / "inputs" / "accepted.jsonl")
    data = stage("texts", disagreement, kind="annotate", source=tmp_path / "inputs" / "accepted.jsonl")
    accepted, rejected = (rows(tmp_path / "texts" / f"{name}.jsonl") for name in ("accepted", "rejected"))
    assert {name: row.target for name, row in accepted.items()} == {"generated-Film-0": KNOWN["Film"][1]}
    assert reasons(tmp_path / "texts" / "rejected.jsonl") == {"generated-Play-0": UNFINISHED, "generated-Game-0": EMPTY}
    for name, row in (accepted | rejected).items():
        assert row.fields == inputs[name].fields
        assert row.origin == "generated"
        assert inputs[name].provenance.items() <= row.provenance.items()
    assert list(data.pending()) == []


def test_a_pool_row_without_a_whole_text_is_rejected_too(stage: Stage, tmp_path: Path) -> None:
    pool = [Example(name, {"triples": KNOWN[name][0], "category": name}) for name in ("Film", "Play", "Game")]
    source = tmp_path / "pool.jsonl"
    source.write_text("".join(json.dumps(row.to_dict()) + "\n" for row in pool))
    stage("texts", kind="annotate", source=source)
    accepted = rows(tmp_path / "texts" / "accepted.jsonl")
    assert {name: row.target for name, row in accepted.items()} == {"Film": KNOWN["Film"][1]}
    assert {row.origin for row in accepted.values()} == {"annotated"}
    assert reasons(tmp_path / "texts" / "rejected.jsonl") == {"Play": UNFINISHED, "Game": EMPTY}
