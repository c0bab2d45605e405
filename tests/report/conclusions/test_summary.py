"""Figures, verdict and warnings of whole run folders."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest
from rich.console import Console

from lit_synth.errors import InputError
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.page import write_report
from lit_synth.report.table import terminal_table

MakeRun = Callable[..., Path]


def edit(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


def test_one_seed_pays_and_says_what_the_interval_covers(make_run: MakeRun) -> None:
    summary = summarise(make_run())
    assert summary.best == "annotate"
    assert summary.verdict.startswith(
        "With 128 labels, annotating 300 examples took the student from 76.0 % to 84.5 % (+8.5 points, 95 % interval "
    )
    assert summary.verdict.endswith(" over test rows only, one seed): it paid.")
    assert any(warning.startswith("One seed:") for warning in summary.warnings)
    assert len(summary.others) == 2


def test_three_seeds(make_run: MakeRun) -> None:
    summary = summarise(make_run(seeds=(0, 1, 2)))
    gold = summary.strategy("gold")
    assert gold is not None
    assert gold.mean == pytest.approx(0.765, abs=0.002)
    assert len(gold.per_seed) == 3
    assert "over 3 seeds and the test rows): it paid." in summary.verdict
    assert summary.warnings == ()


def test_share_of_the_gap(make_run: MakeRun) -> None:
    summary = summarise(make_run())
    annotate, teacher = summary.strategy("annotate"), summary.strategy("teacher")
    assert annotate is not None
    assert annotate.recovered == pytest.approx(0.085 / 0.10)
    assert teacher is not None
    assert teacher.recovered is None


def test_no_share_of_a_gap_that_may_be_chance(make_run: MakeRun) -> None:
    annotate = summarise(make_run(accuracy={"full": 0.7625})).strategy("annotate")
    assert annotate is not None
    assert annotate.recovered is None


@pytest.mark.parametrize(
    ("reached", "outcome", "why"),
    [
        (0.7625, "is not shown to pay", "within chance."),
        (0.755, "did not pay", "within chance."),
        (0.66, "did not pay", "a loss beyond chance."),
    ],
)
def test_did_not_pay(make_run: MakeRun, reached: float, outcome: str, why: str) -> None:
    run = make_run(strategies=("gold", "annotate"), accuracy={"annotate": reached})
    summary = summarise(run)
    assert f"annotating 300 examples {outcome}: the student went from 76.0 % to" in summary.verdict
    assert summary.verdict.endswith(why)
    assert "it paid" not in summary.verdict


def test_a_gain_lost_to_correction_did_not_pay(make_run: MakeRun) -> None:
    # 6 of 6 changed rows are gains: p = 0.031, and 0.094 as the best of three
    gains = {"annotate": 0.775, "generate": 0.76, "both": 0.76}
    assert summarise(make_run(strategies=("gold", "annotate"), accuracy=gains)).verdict.endswith("it paid.")
    verdict = summarise(make_run(accuracy=gains, name="three")).verdict
    assert verdict.endswith("within chance once corrected for 3 strategies.")


def test_weak_teacher_is_told(make_run: MakeRun) -> None:
    warnings = summarise(make_run(accuracy={"teacher": 0.61})).warnings
    assert warnings[0] == ("Teacher 61.0 % is not above the majority class 60.0 %: synthetic data is unlikely to pay.")
    assert "is not beyond chance above the student on gold only 76.0 %" in warnings[1]


def test_what_one_answer_gets_stands_beside_the_figures(make_run: MakeRun) -> None:
    run = make_run()
    told = "Without reading a row: the majority class 60.0"
    assert f"{told} %." in str(terminal_table(summarise(run)).caption)
    assert told in write_report(run).read_text()


def test_limit_is_in_verdict_and_table(make_run: MakeRun) -> None:
    summary = summarise(make_run(limit=200))
    assert summary.verdict.startswith("With 128 labels and a limit of 200 rows, ")
    assert "capped at 200" in str(terminal_table(summary).caption)


@pytest.mark.parametrize(
    ("strategies", "sentence"),
    [
        (("gold", "full"), "No verdict: this run has no student on synthetic data."),
        (("annotate", "teacher"), "No verdict: this run has no student on gold labels only to compare with."),
    ],
)
def test_missing_strategies(make_run: MakeRun, strategies: tuple[str, ...], sentence: str) -> None:
    summary = summarise(make_run(strategies=strategies))
    assert summary.verdict == sentence
    assert tuple(strategy.name for strategy in summary.strategies) == strategies


def test_a_missing_seed_is_told_and_the_difference_is_on_common_seeds(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1, 2), strategies=("gold", "annotate"))
    rows = [
        row
        for row in json.loads((run / "metrics.json").read_text())
        if (row["strategy"], row["seed"]) != ("annotate", 2)
    ]
    (run / "metrics.json").write_text(json.dumps(rows))
    rmtree(run / "seed2" / "annotate")
    summary = summarise(run)
    annotate = summary.strategy("annotate")
    assert annotate is not None
    assert annotate.difference is not None
    assert annotate.difference.gold == pytest.approx((0.76 + 0.765) / 2, abs=0.001)
    assert "over 2 seeds" in summary.verdict
    assert "annotate has no result for seed 2; its mean is over the others." in summary.warnings


def test_without_predictions_one_seed_has_no_interval_and_three_have_t(make_run: MakeRun) -> None:
    for seeds, words in (((0,), "one seed and no predictions: no interval"), ((0, 1, 2), "over 3 seeds")):
        run = make_run(seeds=seeds, name=f"run{len(seeds)}")
        for seed in seeds:
            rmtree(run / f"seed{seed}")
        summary = summarise(run)
        assert words in summary.verdict
        assert (summary.strategies[0].interval is None) == (len(seeds) == 1)
        assert ("is not shown to pay" in summary.verdict) == (len(seeds) == 1)


def test_seeds_with_other_test_rows_are_compared_by_seed(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1, 2), strategies=("gold", "annotate"))
    for name in ("gold", "annotate"):
        edit(run / "seed1" / name / "predictions.jsonl", '"id": "t', '"id": "u')
    assert "it paid" in summarise(run).verdict


def test_labels_are_those_of_metrics_where_there_are_no_splits(make_run: MakeRun) -> None:
    run = make_run()
    (run / "splits.json").unlink()
    assert summarise(run).labels == 103


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("metrics.json", "accuracy", "rouge", "no row with metric 'accuracy'"),
        ("metrics.json", '"seed": 0', '"sed": 0', "a row has no 'seed'"),
        ("metrics.json", "[", "(", "metrics.json:1: damaged"),
        ("run.json", "{", "[] {", "run.json:1: damaged"),
        ("seed0/gold/predictions.jsonl", '"t1"', '"t0"', "predictions.jsonl:2: row 't0' is there twice"),
        ("seed0/gold/predictions.jsonl", '"gold": ', '"gould": ', "predictions.jsonl:1: no 'gold'"),
        ("seed0/gold/predictions.jsonl", '"t1"', '"x1"', "were tested on different rows"),
        ("seed0/gold/predictions.jsonl", '"predicted": "negative"', '"predicted": "positive"', "metrics.json says"),
    ],
)
def test_bad_files_are_named(make_run: MakeRun, file: str, old: str, new: str, message: str) -> None:
    run = make_run()
    edit(run / file, old, new)
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        summarise(run)


def test_other_content_than_expected(make_run: MakeRun) -> None:
    run = make_run()
    (run / "run.json").write_text("[]")
    with pytest.raises(InputError, match=r"run\.json: expected a dict, found a list"):
        summarise(run)


def test_two_fractions_are_not_mixed(make_run: MakeRun) -> None:
    run = make_run()
    path = run / "metrics.json"
    path.write_text(path.read_text().replace('"fraction": 128', '"fraction": 64', 1))
    with pytest.raises(InputError, match=r"one fraction, metrics\.json has 128, 64"):
        summarise(run)


def test_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no metrics\.json"):
        summarise(tmp_path)


def test_terminal_table_fits_80_columns(make_run: MakeRun) -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(terminal_table(summarise(make_run(seeds=(0, 1, 2)))))
    text = console.export_text()
    assert "…" not in text
    assert "84.5 %" in text or "85.0 %" in text
    assert "annotate" in text
