"""What a run found: a file a seed, the run's files out of them, one process a seed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lit_synth.errors import InputError
from lit_synth.records import Record, alone, compose

ORDER = ["gold", "annotate", "both"]


def row(strategy: str, value: float, amount: int | None = None) -> dict[str, Any]:
    return {"strategy": strategy, "amount": amount, "metric": "accuracy", "value": value}


def metrics(folder: Path) -> list[tuple[str, int | None, float]]:
    rows = json.loads((folder / "metrics.json").read_text())
    return [(row["strategy"], row["amount"], row["value"]) for row in rows]


def test_seeds_of_several_processes_add_up(tmp_path: Path) -> None:
    for seed, value in (("seed10", 0.1), ("seed2", 0.2)):
        record = Record(tmp_path, seed, "hash")
        record.add([row("annotate", value)])
        record.add([row("annotate", value / 2, amount=4)])
        record.add([row("gold", value)])
        record.details["splits"] = {"gold": int(10 * value)}
        record.part("synthetic")["annotate"] = {"rows": 5}
        record.part("failed")
        record.save()
    compose(tmp_path, ORDER, {"task": "reviews"})
    by_seed = [[("gold", None, v), ("annotate", 4, v / 2), ("annotate", None, v)] for v in (0.2, 0.1)]
    assert metrics(tmp_path) == by_seed[0] + by_seed[1]
    assert json.loads((tmp_path / "splits.json").read_text()) == {"seed2": {"gold": 2}, "seed10": {"gold": 1}}
    told = json.loads((tmp_path / "run.json").read_text())
    assert told == {"task": "reviews", "synthetic": {seed: {"annotate": {"rows": 5}} for seed in ("seed2", "seed10")}}


def test_a_figure_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    record = Record(tmp_path, "seed0", "hash")
    record.add([row("gold", 0.5)])
    record.add([row("both", 0.6), row("both", 0.6) | {"metric": "macro_f1"}])
    record.save()
    record = Record(tmp_path, "seed0", "hash")
    record.add([row("both", 0.7)])
    record.save()
    compose(tmp_path, ORDER, {})
    assert metrics(tmp_path) == [("gold", None, 0.5), ("both", None, 0.7)]


@pytest.mark.parametrize(
    ("key", "left"),
    [
        ("as before", ["gold", "annotate", "annotate", "generate", "both", "both"]),
        ("made anew", ["gold", "generate"]),
    ],
)
def test_figures_of_rows_that_were_made_anew_are_forgotten(tmp_path: Path, key: str, left: list[str]) -> None:
    record = Record(tmp_path, "seed0", "hash")
    record.learn_from("annotate", "as before")
    record.learn_from("generate", "others")
    for strategy, amount in (("gold", None), ("annotate", 500), ("annotate", None), ("generate", None)):
        record.add([row(strategy, 0.5, amount)])
    record.add([row("both", 0.6, 500), row("both", 0.6)])
    record.part("synthetic")["annotate"] = {"rows": 600}
    record.save()
    record = Record(tmp_path, "seed0", "hash")
    record.learn_from("annotate", key)
    record.learn_from("generate", "others")
    assert [one["strategy"] for one in record.content["metrics"]] == left
    assert ("annotate" in record.part("synthetic")) == (key == "as before")


def test_figures_of_a_record_that_does_not_say_of_which_rows_are_forgotten(tmp_path: Path) -> None:
    record = Record(tmp_path, "seed0", "hash")
    record.add([row("gold", 0.5)])
    record.add([row("annotate", 0.5)])
    record.learn_from("annotate", "key")
    assert [one["strategy"] for one in record.content["metrics"]] == ["gold"]


def test_what_was_found_on_other_rows_is_forgotten(tmp_path: Path) -> None:
    record = Record(tmp_path, "seed0", "hash")
    record.add([row("gold", 0.5)])
    record.save()
    assert Record(tmp_path, "seed0", "another").content["metrics"] == []


def test_what_is_the_same_is_not_written_again(tmp_path: Path) -> None:
    record = Record(tmp_path, "seed0", "hash")
    record.save()
    before = record.path.stat().st_mtime_ns
    record.save()
    assert record.path.stat().st_mtime_ns == before


def test_two_at_one_seed_are_told(tmp_path: Path) -> None:
    with alone(tmp_path, "seed0"):
        with alone(tmp_path, "seed1"):
            pass
        with (
            pytest.raises(
                InputError,
                match=rf"another process \(pid {os.getpid()} on \S+\) works on seed0; wait for its end, or stop it",
            ),
            alone(tmp_path, "seed0"),
        ):
            pass
    with alone(tmp_path, "seed0"):
        pass
