"""Figures of several runs against second ways to compute them, and against the truth they were made from."""

import json
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lit_synth.errors import InputError
from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.folders.collection import collect
from lit_synth.report.statistics.comparisons import holm, paired_difference
from tests.report.sweeps import AMOUNTS, FRACTIONS, GAINS, make_sweep


def only(path: Path) -> TaskOutcomes:
    (task,) = appraise(collect([path]))
    return task


def find(task: TaskOutcomes, run: str, strategy: str, amount: int | None = None) -> Outcome:
    (found,) = (o for o in task.of(run) if (o.strategy, o.amount) == (strategy, amount))
    return found


def scores(run: Path, stage: str, seeds: int = 3) -> list[list[float]]:
    paths = [run / f"seed{seed}" / stage / "scores.jsonl" for seed in range(seeds)]
    return [[json.loads(line)["score"] for line in path.read_text().splitlines()] for path in paths]


def change(run: Path, edit: Any) -> None:
    rows = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps([edit(row) for row in rows]))


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sweep(tmp_path_factory.mktemp("sweeps") / "sweep")


@pytest.fixture(scope="module")
def task(sweep: Path) -> TaskOutcomes:
    return only(sweep)


def test_every_student_is_there_once(task: TaskOutcomes) -> None:
    found = [(outcome.run, outcome.strategy, outcome.amount) for outcome in task.outcomes]
    assert len(found) == len(set(found)) == len(FRACTIONS) * (3 * (len(AMOUNTS) + 1) + 3)
    assert task.of_strategy("gold")[0].labels == 64
    assert [o.labels for o in task.of_strategy("full")] == [fraction + 1500 for fraction in FRACTIONS]


def test_differences_are_paired_and_corrected_for_all_of_the_task(task: TaskOutcomes, sweep: Path) -> None:
    raw = {}
    for outcome in task.outcomes:
        if outcome.is_synthetic:
            stage = outcome.strategy if outcome.amount is None else f"{outcome.strategy}_{outcome.amount}"
            expected = paired_difference(scores(sweep / outcome.run, "gold"), scores(sweep / outcome.run, stage))
            assert outcome.difference is not None
            assert outcome.difference.mean == pytest.approx(expected.difference)
            assert outcome.difference.interval == pytest.approx(expected.interval)
            raw[outcome.run, stage] = expected.p
    corrected = [o.difference.p for o in task.outcomes if o.is_synthetic and o.difference]
    assert corrected == pytest.approx(holm(list(raw.values())))
    assert task.compared == len(raw) == 36


def test_worth_is_about_the_truth(task: TaskOutcomes) -> None:
    for fraction in FRACTIONS[:3]:
        both = find(task, f"fraction_{fraction}", "both")
        # gold alone gains 5 points a doubling, which is how the sweep was made
        truth = fraction * 2 ** (GAINS["both"] * 0.5 ** (log2(fraction / 64) / 2) / 0.05)
        assert both.worth is not None
        assert both.worth.interval is not None
        assert both.worth.interval.low < truth < both.worth.interval.high
        assert (both.worth.least, both.worth.most) == (64, 2012)


def test_gap_is_that_of_the_means(task: TaskOutcomes) -> None:
    gold, both, full = (find(task, "fraction_64", name) for name in ("gold", "both", "full"))
    assert both.recovery is not None
    expected = (both.summary.mean - gold.summary.mean) / (full.summary.mean - gold.summary.mean)
    assert both.recovery.share == pytest.approx(expected)
    assert both.recovery.interval is not None
    assert both.recovery.interval.low < expected < both.recovery.interval.high
    assert find(task, "fraction_64", "teacher").recovery is None


def test_a_report_of_one_run_leaves_smaller_amounts_out(sweep: Path, tmp_path: Path) -> None:
    plain = make_sweep(tmp_path / "plain", amounts=())
    found = summarise(sweep / "fraction_64")
    assert [s.name for s in found.strategies] == [s.name for s in summarise(plain / "fraction_64").strategies]
    annotate = found.strategy("annotate")
    assert annotate is not None
    assert annotate.n_synthetic == 1500
    assert annotate.mean == pytest.approx(np.mean(scores(sweep / "fraction_64", "annotate")))


def test_lower_is_better(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", amounts=())
    for run in sweep.glob("fraction_*"):
        change(run, lambda row: row | {"metric": "slot_error_rate", "value": 1 - row["value"]})
        details = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps(details | {"metrics": ["slot_error_rate"]}))
        for path in run.rglob("scores.jsonl"):
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            path.write_text("".join(json.dumps(row | {"score": 1 - row["score"]}) + "\n" for row in rows))
    turned, usual = only(sweep), only(make_sweep(tmp_path / "usual", amounts=()))
    for one, other in zip(turned.outcomes, usual.outcomes, strict=True):
        assert one.worth == other.worth or (one.worth and other.worth and one.worth.words == other.worth.words)
        assert (one.recovery is None) == (other.recovery is None)
        if one.recovery and other.recovery:
            assert one.recovery.share == pytest.approx(other.recovery.share)
        if one.difference and other.difference:
            assert one.difference.paid == other.difference.paid


def test_a_curve_that_does_not_rise_gives_no_worth(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "flat", fractions=(64,), amounts=())
    run = sweep / "fraction_64"
    for seed in range(3):
        full, gold = (run / f"seed{seed}" / name / "scores.jsonl" for name in ("full", "gold"))
        full.write_text(gold.read_text())
    golds = {
        row["seed"]: row["value"] for row in json.loads((run / "metrics.json").read_text()) if row["strategy"] == "gold"
    }
    change(run, lambda row: row | ({"value": golds[row["seed"]]} if row["strategy"] == "full" else {}))
    task = only(sweep)
    assert not any(outcome.worth or outcome.recovery for outcome in task.outcomes)


def test_a_missing_seed_leaves_the_others(tmp_path: Path) -> None:
    task = only(make_sweep(tmp_path / "sweep", failed=(128, 1), amounts=()))
    generate = find(task, "fraction_128", "generate")
    assert sorted(generate.summary.per_seed) == [0, 2]
    assert generate.worth is not None
    assert generate.worth.interval is not None
    assert task.is_paired


def test_runs_on_other_test_rows_are_compared_by_seeds(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", amounts=(), fractions=(64, 256))
    for path in (sweep / "fraction_256").rglob("scores.jsonl"):
        path.write_text(path.read_text().replace('"id": "t', '"id": "u'))
    task = only(sweep)
    assert not task.is_paired
    both = find(task, "fraction_64", "both")
    assert both.worth is not None
    assert both.worth.interval is not None
    assert both.difference is not None
    assert both.difference.test == "seeds and units"  # a run's own students met the same rows


def test_without_scores_one_seed_has_figures_and_no_intervals(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0,), amounts=())
    for path in sweep.rglob("scores.jsonl"):
        path.unlink()
    both = find(only(sweep), "fraction_64", "both")
    assert both.worth is not None
    assert both.worth.interval is None
    assert both.summary.interval is None
    assert both.recovery is None  # whether there is a gap at all is not known


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"fraction": 1.0}, r"a run has one fraction, metrics\.json has 1\.0, 64\.0"),
        ({"task": "other"}, r"a run has one task"),
        ({"amount": "500"}, r"metrics\.json: amount '500' is no count of rows"),
    ],
)
def test_a_run_is_of_one_task_and_fraction(tmp_path: Path, edit: dict[str, Any], message: str) -> None:
    sweep = make_sweep(tmp_path / "sweep", fractions=(64,), seeds=(0,), amounts=())
    change(sweep / "fraction_64", lambda row: row | (edit if row["strategy"] == "full" else {}))
    with pytest.raises(InputError, match=message):
        only(sweep)


def test_a_task_has_one_metric(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", fractions=(64, 128), seeds=(0,), amounts=())
    details = sweep / "fraction_128" / "run.json"
    details.write_text(details.read_text().replace('"accuracy"', '"f1a"'))
    with pytest.raises(InputError, match=r"judged by f1a, in .*fraction_64 by accuracy"):
        only(sweep)


def test_a_fraction_is_a_number(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", fractions=(64,), seeds=(0,), amounts=())
    change(sweep / "fraction_64", lambda row: row | {"fraction": None})
    with pytest.raises(InputError, match="fraction None is no number"):
        only(sweep)
