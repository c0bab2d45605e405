"""What a call publishes of its synthetic rows leaves what calls before it have found."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lit_synth.examples import Example, write_examples
from lit_synth.readers import Readers
from lit_synth.records import Record
from lit_synth.settings import RunSettings, Strategy
from lit_synth.synthesis import Synthesis
from lit_synth.task import Task
from lit_synth.whole_files import write_json


def publish(output: Path, record: Record, strategy: Strategy, accuracy: float) -> None:
    """Publish one row, with an annotator that is so good, in a call for this strategy alone."""
    stage = curated(output, strategy, accuracy, 1)
    synthesis_of(output, record, strategy)._publish(strategy, stage)


def curated(output: Path, strategy: Strategy, accuracy: float, rows: int) -> Path:
    """Leave what curation does of so many rows; return the stage."""
    stage = output / "seed0" / f"curation_{strategy}"
    stage.mkdir(parents=True, exist_ok=True)
    row = Example("1", {"text": strategy}, "good", probabilities={"good": 1.0})
    write_examples(stage / "accepted.jsonl", [row] * rows)
    write_examples(stage / "rejected.jsonl", [])
    sizes = {"requested": rows, "accepted": rows, "rejected": {}}
    found = {"annotators": [{"name": "teacher", "accuracy": accuracy}], "strategy": sizes}
    write_json(stage / "curation.json", found)
    return stage


def synthesis_of(output: Path, record: Record, strategy: Strategy) -> Synthesis:
    run, splits = RunSettings("Reviews", output, strategies=(strategy,)), SimpleNamespace(pool_gold=())
    seed: Any = SimpleNamespace(
        run=run,
        name="seed0",
        task=Task("mood", ("text",), "mood", ("good", "bad")),
        module=SimpleNamespace(splits=splits),
        folder=output / "seed0",
        ledger=None,
        tell=lambda line: None,
    )
    return Synthesis(seed, SimpleNamespace(), record)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("calls", "accuracy"),
    [
        ({"generate": 0.6}, 0.6),
        ({"annotate": 0.9, "generate": 0.6}, 0.9),
        ({"generate": 0.6, "annotate": 0.9}, 0.9),
    ],
)
def test_annotators_are_those_of_the_pool_whichever_call_read_it(
    calls: dict[Strategy, float], accuracy: float, tmp_path: Path
) -> None:
    for strategy, right in calls.items():
        record = Record(tmp_path, "seed0", "rows")
        publish(tmp_path, record, strategy, right)
        record.save()
    curation = Record(tmp_path, "seed0", "rows").part("curation")
    assert curation["annotators"] == [{"name": "teacher", "accuracy": accuracy}]
    assert set(curation["strategies"]) == set(calls)
    assert {path.parent.name for path in tmp_path.glob("synthetic/*/seed0.jsonl")} == set(calls)


@pytest.mark.parametrize(
    ("key", "rows", "left"),
    [
        ("first", 1, ["gold", "annotate", "annotate", "generate", "both"]),
        ("reviewed", 1, ["gold", "generate"]),
        ("first", 0, ["gold", "generate"]),
    ],
)
def test_figures_of_students_that_learnt_from_rows_of_before_are_dropped(
    key: str, rows: int, left: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those that this call does not train, and where no row is left to train one on."""
    monkeypatch.setattr(Readers, "train_teachers", lambda readers: None)
    monkeypatch.setattr("lit_synth.synthesis.advise", lambda found: [])

    def call(key: str, rows: int) -> Record:
        record = Record(tmp_path, "seed0", "rows")
        synthesis, stage = synthesis_of(tmp_path, record, "annotate"), curated(tmp_path, "annotate", 0.9, rows)
        monkeypatch.setattr(synthesis, "_curated", lambda strategy: (stage, key))
        synthesis.execute("synthesis")
        return record

    record, plain = call("first", 1), {"metric": "accuracy", "value": 0.5}
    for strategy, amount in (("gold", None), ("annotate", 500), ("annotate", None), ("generate", None), ("both", None)):
        record.add([{"strategy": strategy, "amount": amount, **plain}])
    record.save()
    record = call(key, rows)
    assert [row["strategy"] for row in record.content["metrics"]] == left
    assert bool(record.part("failed")) == (rows == 0)
