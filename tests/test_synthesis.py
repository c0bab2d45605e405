"""What a call publishes of its synthetic rows leaves what calls before it have found."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lit_synth.examples import Example, write_examples
from lit_synth.records import Record
from lit_synth.settings import RunSettings, Strategy
from lit_synth.synthesis import Synthesis
from lit_synth.task import Task
from lit_synth.whole_files import write_json


def publish(output: Path, record: Record, strategy: Strategy, accuracy: float) -> None:
    """Publish one row, with an annotator that is so good, in a call for this strategy alone."""
    stage = output / "seed0" / f"curation_{strategy}"
    stage.mkdir(parents=True)
    write_examples(stage / "accepted.jsonl", [Example("1", {"text": strategy}, "good", probabilities={"good": 1.0})])
    write_examples(stage / "rejected.jsonl", [])
    found = {"annotators": [{"name": "teacher", "accuracy": accuracy}], "strategy": {"accepted": 1}}
    write_json(stage / "curation.json", found)
    run, splits = RunSettings("Reviews", output, strategies=(strategy,)), SimpleNamespace(pool_gold=())
    seed: Any = SimpleNamespace(
        run=run,
        name="seed0",
        task=Task("mood", ("text",), "mood", ("good", "bad")),
        module=SimpleNamespace(splits=splits),
        tell=lambda line: None,
    )
    Synthesis(seed, SimpleNamespace(), record)._publish(strategy, stage)  # type: ignore[arg-type]


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
