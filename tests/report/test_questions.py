"""A run of questions with several answers each: F1a over questions, with the scores of `lit_synth.metrics`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from lit_synth.errors import InputError
from lit_synth.metrics import Scored, score, unit_scores
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.page import write_report
from lit_synth.report.table import terminal_table

METRICS = ("f1a", "em", "f1m", "accuracy")
RIGHT = {"gold": 0.6, "annotate": 0.72, "generate": 0.6, "teacher": 0.8}
MakeQuestions = Callable[..., Path]


@pytest.fixture
def make_questions(tmp_path: Path) -> MakeQuestions:
    """Return a function that writes a run of 120 questions with four answers each."""

    def make(right: dict[str, float] | None = None, metrics: tuple[str, ...] = METRICS) -> Path:
        rows: list[dict[str, Any]] = []
        for strategy, share in (RIGHT | (right or {})).items():
            tested = _answers(share)
            folder = tmp_path / "seed0" / strategy
            folder.mkdir(parents=True)
            predictions = [{"id": row.id, "gold": row.gold, "predicted": row.predicted} for row in tested]
            scores = [{"id": unit, "score": value} for unit, value in unit_scores(metrics[0], tested).items()]
            for name, lines in (("predictions", predictions), ("scores", scores)):
                (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
            own = {"task": "multirc", "strategy": strategy, "fraction": 128, "seed": 0, "n_gold": 128}
            own["n_synthetic"] = 1500 if strategy in ("annotate", "generate") else 0
            rows += [own | {"metric": name, "value": value} for name, value in score(metrics, tested).items()]
        (tmp_path / "metrics.json").write_text(json.dumps(rows))
        (tmp_path / "run.json").write_text(json.dumps({"labels": ["0", "1"], "metrics": metrics}))
        return tmp_path

    return make


def _answers(share: float) -> list[Scored]:
    rng, rows = np.random.default_rng(5), []
    for i in range(480):
        gold, right = str(int(rng.random() < 0.4)), rng.random() < share
        said = gold if right else str(1 - int(gold))
        rows.append(Scored(f"t{i}", {"paragraph": "p", "question": f"q{i // 4}"}, (gold,), said))
    return rows


def test_f1a_is_compared_over_questions_by_a_t_test(make_questions: MakeQuestions) -> None:
    run = make_questions()
    summary = summarise(run)
    annotate, gold = summary.strategy("annotate"), summary.strategy("gold")
    assert annotate is not None
    assert gold is not None
    assert (summary.metric.name, summary.test_rows, summary.test_units) == ("F1a", 480, 120)
    assert gold.mean == pytest.approx(score(["f1a"], _answers(0.6))["f1a"])
    assert annotate.difference is not None
    first, second = (unit_scores("f1a", _answers(share)) for share in (0.6, 0.72))
    # generate is gold again, with p = 1, so that Holm's correction doubles the other
    expected = 2 * stats.ttest_rel(list(second.values()), list(first.values())).pvalue
    assert annotate.difference.p == pytest.approx(expected)
    assert " points of F1a, 95 % interval " in summary.verdict
    assert "over test questions only, one seed" in summary.verdict
    html = write_report(run).read_text()
    assert "paired t-test over test questions against gold only" in html
    assert "McNemar" not in html
    assert "calibration error" not in html  # no probabilities


def test_em_is_right_or_wrong_a_question_and_keeps_mcnemar(make_questions: MakeQuestions) -> None:
    run = make_questions(metrics=("em", "f1a"))
    assert "exact McNemar test against gold only" in write_report(run).read_text()


def test_all_metrics_stand_in_one_table_headline_first(make_questions: MakeQuestions) -> None:
    run = make_questions()
    summary = summarise(run)
    assert [metric.key for metric in summary.metrics] == list(METRICS)
    table = write_report(run).read_text().split("All metrics</h2>")[1].split("</table>")[0]
    places = [table.index(f">{name}<") for name in ("F1a", "EM", "F1m", "accuracy")]
    assert places == sorted(places)
    expected = score(METRICS, _answers(0.72))
    for name, unit in (("f1a", ""), ("em", "&#8239;%"), ("f1m", ""), ("accuracy", "&#8239;%")):
        assert f">{100 * expected[name]:.1f}{unit}<" in table


def test_weak_teacher_is_held_against_always_answering_1(make_questions: MakeQuestions) -> None:
    summary = summarise(make_questions(right={"teacher": 0.55}))
    gold = [row.gold for row in _answers(0.55)]
    constant = [Scored(str(i), {"paragraph": "p", "question": "q"}, (label,), "1") for i, label in enumerate(gold)]
    reached = 100 * score(["f1a"], constant)["f1a"]
    teacher = 100 * score(["f1a"], _answers(0.55))["f1a"]
    assert summary.warnings[0] == (
        f'Teacher {teacher:.1f} is not above the {reached:.1f} of always answering "1": '
        "synthetic data is unlikely to pay."
    )


def test_terminal_says_rows_and_questions(make_questions: MakeQuestions) -> None:
    title = str(terminal_table(summarise(make_questions())).title)
    assert title == "multirc: F1a on 480 test rows (120 questions), 128 labels"


def test_predictions_without_scores_are_no_figure_of_f1a(make_questions: MakeQuestions) -> None:
    run = make_questions()
    (run / "seed0" / "gold" / "scores.jsonl").unlink()
    with pytest.raises(InputError, match=r"gold: no scores\.jsonl beside predictions\.jsonl; run the test stage again"):
        summarise(run)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"score": ', '"skore": ', r"scores\.jsonl:1: no 'score'"),
        ('"id": "t4"', '"id": "t0"', r"scores\.jsonl:\d+: row 't0' is there twice"),
        ('"t0", "score": ', '"t0", "score": 90', "give f1a .* metrics.json says"),
        ('"t0", "score": ', '"t0", "score": null, "was": ', "the score of 't0' is no number"),
    ],
)
def test_bad_scores_are_named(make_questions: MakeQuestions, old: str, new: str, message: str) -> None:
    run = make_questions()
    path = run / "seed0" / "gold" / "scores.jsonl"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        summarise(run)


def test_no_test_row_is_named(make_questions: MakeQuestions) -> None:
    run = make_questions()
    (run / "seed0" / "gold" / "scores.jsonl").write_text("")
    with pytest.raises(InputError, match="seed0/gold: no test row in it"):
        summarise(run)
