"""Final figures as TensorBoard reads them, against ``metrics.json``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lit_synth.report.page import write_report

MakeRun = Callable[..., Path]


def scalars(run: Path) -> dict[tuple[str, int, str, int], float]:
    found = {}
    for folder in (run / "tensorboard").glob("*/*"):
        events = EventAccumulator(str(folder))
        events.Reload()
        for tag in events.Tags()["scalars"]:
            for event in events.Scalars(tag):
                found[folder.parent.name, int(folder.name.removeprefix("seed")), tag, event.step] = event.value
    return found


def test_every_figure_is_a_scalar_once_however_often_it_is_written(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1))
    rows = json.loads((run / "metrics.json").read_text())
    less = next(row for row in rows if row["strategy"] == "both") | {"amount": 50, "n_synthetic": 100, "value": 0.5}
    (run / "metrics.json").write_text(json.dumps([*rows, less]))
    for _ in range(2):
        write_report(run)
    expected = {
        (row["strategy"], row["seed"], f"test/{row['metric']}", row["n_synthetic"]): row["value"]
        for row in [*rows, less]
    }
    assert scalars(run) == pytest.approx(expected)
    assert len(list((run / "tensorboard").rglob("events*"))) == 12
