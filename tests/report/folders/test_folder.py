"""What is read of a run: scores or the predictions of older runs, answers without probabilities, limits."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lit_synth.errors import InputError
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.folders.folder import read_run
from lit_synth.report.folders.tested import read_predictions
from lit_synth.report.limits import Limits

MakeRun = Callable[..., Path]


def test_an_older_run_has_the_figures_of_one_with_scores(make_run: MakeRun) -> None:
    run = make_run()
    before = summarise(run)
    for path in run.glob("seed0/*/predictions.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        scores = [{"id": row["id"], "score": float(row["gold"] == row["predicted"])} for row in rows]
        path.with_name("scores.jsonl").write_text("".join(json.dumps(score) + "\n" for score in scores))
    assert summarise(run) == before


def test_scores_are_believed_before_predictions(make_run: MakeRun) -> None:
    run = make_run()
    (run / "seed0" / "gold" / "scores.jsonl").write_text('{"id": "t0", "score": 1.0}\n')
    with pytest.raises(InputError, match=r"seed0/gold: the test rows give accuracy 1\.0000, but metrics\.json says"):
        summarise(run)


def test_no_answer_is_wrong_and_has_no_confidence(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text('{"id": "a", "gold": "x", "predicted": null}\n')
    found = (read_predictions(path) or {})["a"]
    assert found.confidence is None
    assert not found.correct


def test_calibration_needs_probabilities_of_every_row(make_run: MakeRun) -> None:
    run = make_run()
    path = run / "seed0" / "gold" / "predictions.jsonl"
    first, rest = path.read_text().split("\n", 1)
    path.write_text(json.dumps({k: v for k, v in json.loads(first).items() if k != "probabilities"}) + "\n" + rest)
    summary = summarise(run)
    errors = {strategy.name: strategy.calibration_error for strategy in summary.strategies}
    assert errors["gold"] is None
    assert errors["annotate"] is not None


def test_limits_are_those_of_run_and_config(make_run: MakeRun) -> None:
    run = make_run(limit=1000)
    (run / "config.yaml").write_text("pool_limit: 500\ntest_limit: 2000\n")
    assert read_run(run).limits == Limits(1000, 500, 2000)
    caption = "Limited run: pool capped at 500, synthetic and test rows capped at 1,000."
    assert read_run(run).limits.caption == caption


@pytest.mark.parametrize(
    ("text", "message"), [("a: [1", r"config\.yaml: not YAML"), ("word", r"config\.yaml: is not a run's config")]
)
def test_a_config_that_is_none_is_named(make_run: MakeRun, text: str, message: str) -> None:
    run = make_run()
    (run / "config.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        summarise(run)
