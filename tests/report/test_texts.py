"""Runs of text to text: ROUGE-L, few-shot, cut inputs, limits, samples with their texts."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.page import write_report
from lit_synth.report.table import terminal_table
from tests.report.reading import page, section

MakeText = Callable[..., Path]


def test_verdict_is_in_points_of_rouge_without_percent(make_text: MakeText) -> None:
    summary = summarise(make_text())
    assert re.match(
        r"With 660 labelled examples, annotating 1,500 examples took the student from \d\d\.\d to \d\d\.\d "
        r"\(\+\d\.\d points of ROUGE-L, 95 % interval \d\.\d to \d\.\d over test rows only, one seed\): it paid\.",
        summary.verdict,
    )
    assert summary.trivial is None
    assert summary.is_text


def test_every_word_is_of_texts(make_text: MakeText) -> None:
    run = make_text()
    text = page(run)
    assert "accuracy" not in text.casefold()
    assert "labels" not in text.replace("labelled", "")
    assert "660 inputs with their texts" in text
    assert "ROUGE-L. Small figures: 95 % intervals" in text
    assert "all texts" in text
    assert "paired t-test over test rows against gold only" in text
    assert "calibration" not in text


def test_three_seeds_have_intervals_over_both(make_text: MakeText) -> None:
    run = make_text(seeds=(0, 1, 2))
    assert "over 3 seeds and the test rows): it paid." in summarise(run).verdict
    assert "paired t-test over seeds and test rows" in page(run)


def test_few_shot_is_a_reference(make_text: MakeText) -> None:
    run = make_text(gains={"few_shot": 0.3})
    summary = summarise(run)
    few_shot = summary.strategy("few_shot")
    assert summary.best == "annotate"
    assert few_shot is not None
    assert few_shot.difference is not None
    assert few_shot.difference.p is None
    assert few_shot.recovered is None
    assert "few_shot large model, prompted only" in page(run)
    told = section(run, "Few-shot")
    assert "0 models/large 4 0: 24.1, 4: 28.5 12 of 200" in told
    assert "a served one is scored as far as it goes" in told


def test_few_shot_of_labels_tells_answers_outside(make_run: Callable[..., Path]) -> None:
    run = make_run(strategies=("gold", "few_shot"), accuracy={"few_shot": 0.7})
    details = json.loads((run / "run.json").read_text())
    details["few_shot"] = {"seed0": {"shots": 0, "model": "m", "tried": {"0": 0.4}, "outside": 3, "rows": 400}}
    (run / "run.json").write_text(json.dumps(details))
    told = section(run, "Few-shot")
    assert "answers outside the labels" in told
    assert "0 m 0 0: 40.0 % 3 of 400" in told


def test_cut_inputs_are_told_for_every_model(make_text: MakeText) -> None:
    run = make_text()
    told = section(run, "Data")
    assert "teacher : 12 of 2,860 rows longer than 256 tokens: the triples was cut" in told
    assert "student : none of 2,860 rows is longer than 1,280 tokens" in told
    (run / "run.json").write_text((run / "run.json").read_text().replace('"long_field"', '"other"'))
    assert "the longest field was cut" in section(run, "Data")


def test_limits_of_the_config_stand_beside_figures(make_text: MakeText) -> None:
    run = make_text()
    text = page(run)
    assert text.count("Limited run: pool capped at 2,000, test rows capped at 200.") >= 6
    assert "pool limit 2,000 test limit 200" in text
    caption = str(terminal_table(summarise(run)).caption)
    assert "pool capped at 2,000, test rows capped at 200" in caption


def test_annotation_is_scored_by_the_metric_it_names(make_text: MakeText) -> None:
    told = section(make_text(), "Annotation")
    assert "strategy seed rows ROUGE-L annotate 0 2,000 41.2" in told
    assert "The teacher's texts against the hidden ones" in told


def test_samples_show_input_and_text(make_text: MakeText) -> None:
    html = write_report(make_text()).read_text()
    synthetic, rejected = (
        html.split(f'class="samples {kind}"')[1].split("</ol>")[0] for kind in ("synthetic", "rejected")
    )
    assert synthetic.count('class="input"') == synthetic.count('class="text target"') == 10
    assert "<i>category</i> Athlete" in synthetic
    assert re.search(r'<p class="text target">Ash \d+ is a player of Club 0\.</p>', synthetic)
    assert rejected.count("no text</p>") == rejected.count('class="reason"') == 10
    assert "characters more</summary>" in synthetic + rejected
    assert "asked for" not in synthetic  # the condition is there already


def test_a_lower_rate_of_slot_errors_is_a_gain(make_text: MakeText) -> None:
    metrics = ("slot_error_rate", "rougeL")
    run = make_text(gains={"annotate": -0.03, "generate": 0.04, "full": -0.06, "teacher": 0.0}, metrics=metrics)
    summary = summarise(run)
    annotate = summary.strategy("annotate")
    assert summary.best == "annotate"
    assert annotate is not None
    assert annotate.recovered is not None
    assert 0 < annotate.recovered < 1
    assert "it paid" in summary.verdict
    assert "a loss beyond chance" in summary.others[0]
    assert any("is not beyond chance below the student" in warning for warning in summary.warnings)
    assert "slot error rate (lower is better)" in page(run)


@pytest.mark.parametrize("metric", ["rougeL", "slot_error_rate"])
def test_terminal_table_of_texts_fits_80_columns(make_text: MakeText, metric: str) -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(terminal_table(summarise(make_text(seeds=(0, 1, 2), metrics=(metric,)))))
    text = console.export_text()
    assert "…" not in text
    assert "few_shot" in text


def test_one_metric_alone_needs_no_table_of_all(make_text: MakeText) -> None:
    assert "All metrics" not in page(make_text(metrics=("rougeL",)))
