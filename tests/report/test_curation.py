"""What the page says of curation: calibration, annotators, card, diversity, and advice in its place."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.page import write_report
from lit_synth.report.table import terminal_table
from tests.report.curated import add, bins, figures, found, hit, strategy
from tests.report.reading import page, read, section

MakeRun = Callable[..., Path]

SECTIONS = {
    "calibration": "Calibration",
    "annotators": "Annotators",
    "advice": "Said before the students were trained",
}


def titles(run: Path) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", write_report(run).read_text(encoding="utf-8"))


def generated(**changes: Any) -> dict[str, Any]:
    """Return the part of a seed that has rows of one strategy; a part changed to ``None`` is left out."""
    return {"generate": {key: value for key, value in (strategy() | changes).items() if value is not None}}


def test_runs_without_curation_have_none_of_it(make_run: MakeRun) -> None:
    run = make_run()
    new = {*SECTIONS.values(), "Diversity and fidelity"}
    assert not new & set(titles(run))
    assert "threshold" not in section(run, "Curation")
    assert new <= set(titles(add(run, found())))


def test_page_stays_whole_and_alone(make_run: MakeRun) -> None:
    checked = read(add(make_run(), found()))
    assert not checked.tags & {"link", "iframe", "img"}
    assert len(checked.ids) == len(set(checked.ids))


def test_calibration_tells_both_figures_and_what_they_are(make_run: MakeRun) -> None:
    told = section(add(make_run(), found()), "Calibration")
    assert "before 0 115 76.5 % 0.881 13.1 % 10.1 to 18.1" in told
    assert "after 0 115 78.3 % 0.802 5.2 % 2.2 to 10.2" in told
    assert "so cross-fitted that no row is judged by what has seen it. The teacher's epoch was chosen by these" in told
    assert "Only 115 development rows: a single one is 0.9 points of accuracy" in told


def test_many_rows_need_no_warning(make_run: MakeRun) -> None:
    many = found()["calibration"] | {"rows": 300}
    assert "Only" not in section(add(make_run(), found(calibration=many)), "Calibration")


def test_a_run_that_fitted_nothing_is_not_called_cross_fitted(make_run: MakeRun) -> None:
    same = figures(0.77, 0.9, 0.1)
    both = {"rows": 400, "before": same, "after": same, "bins": {"before": bins(), "after": bins()}}
    run = add(make_run(), found(calibration=both))
    told = section(run, "Calibration")
    assert "cross-fitted" not in told
    assert "before 0 400 77.0 %" in told
    assert "after" not in told


def test_annotators_stand_alone_and_combined(make_run: MakeRun) -> None:
    told = section(add(make_run(), found()), "Annotators")
    assert "teacher 0 0.61 115 77.2 % 0.912 11.4 % 8.4 to 16.4" in told
    assert "student 0 0.34 115 70.1 % 1.134 8.9 % 5.9 to 13.9" in told
    assert "combined 0 115 78.3 % 0.802 5.2 % 2.2 to 10.2" in told
    assert "combined" not in section(add(make_run(name="alone"), found(calibration=None)), "Annotators")


def test_card_names_threshold_copies_and_teacher(make_run: MakeRun) -> None:
    told = section(add(make_run(), found()), "Curation")
    assert "threshold : rows less sure than 35.0 % are left out" in told
    assert "teacher, SHA-256 : 9f86d081884c7d65" in told
    development = "3 of 1,000 (0.3 %) gold 0.4 %, pool 0.0 %"
    assert f"generate 0 9 of 1,000 (0.9 %) {development} 2 of 1,000 (0.2 %) gold 3.1 %, pool 2.8 %" in told
    assert "Beneath: the share of real rows that the same rule finds" in told
    assert "Accepted and rejected rows add up to those requested." in told


def test_card_without_a_threshold_or_rows_says_so(make_run: MakeRun) -> None:
    older = {"development": 3, "test": 2, "hits": []}  # as runs wrote it that did not look at real rows
    none = found() | {"threshold": None, "strategies": generated(memorised={"rows": 0, "copied": 0}, leakage=older)}
    told = section(add(make_run(), none), "Curation")
    assert "threshold : none, however unsure a row is" in told
    assert "generate 0 0 of 0 3 2" in told
    assert "Beneath" not in told


@pytest.mark.parametrize(("number", "told"), [(1, "1 hit for review"), (20, "20 hits for review")])
def test_few_hits_are_all_shown(make_run: MakeRun, number: int, told: str) -> None:
    leaked = {"development": 0, "test": number, "hits": [hit(i, "test") for i in range(number)]}
    shown = section(add(make_run(), found(strategies=generated(leakage=leaked))), "Curation")
    assert told in shown
    assert shown.count("near duplicate") == number + 1  # and once beside them
    assert "more." not in shown


def test_many_hits_are_cut_with_those_of_test_first(make_run: MakeRun) -> None:
    every = [*(hit(i, "development") for i in range(25)), hit(77, "test")]
    leaked = {"development": 30, "test": 1, "hits": every}
    shown = section(add(make_run(), found(strategies=generated(leakage=leaked))), "Curation")
    assert "20 of 31 hits for review" in shown
    assert "… and 11 more." in shown
    first, *others = shown.split("hits for review")[1].split("synthetic a warm, ")[1:]
    assert (
        "test row A a warm, funny and deeply felt piece of work, number 77 g77 generate seed 0 near duplicate" in first
    )
    assert len(others) == 19
    assert all("development row" in one for one in others)


def test_hits_of_a_pool_are_named_so_and_leave_room_for_others(make_run: MakeRun) -> None:
    def leaked(many: int) -> dict[str, Any]:
        return {"rows": 99, "development": 0, "test": many, "hits": [hit(i, "test") for i in range(many)]}

    strategies = generated(leakage=leaked(2)) | {"annotate": {"accepted": 99, "rejected": {}, "leakage": leaked(20)}}
    shown = section(add(make_run(), found(strategies=strategies)), "Curation")
    assert "20 of 22 hits for review" in shown
    listed = shown.split("hits for review")[1]
    assert (listed.count("of the pool a warm"), listed.count("synthetic a warm")) == (18, 2)


def test_diversity_holds_real_against_synthetic(make_run: MakeRun) -> None:
    told = section(add(make_run(), found()), "Diversity and fidelity")
    assert "generate 0 950 0.131 0.402 0.611 51.7 11 8 to 15.5" in told
    assert "real 0 574 0.212 0.655 0.873 28.4 14 9 to 22" in told
    assert "label distance two-sample accuracy generate 0 0.12 71.3 % 68.5 to 74.1" in told
    assert "50 % is the toss of a coin" in told
    assert "ame distance" not in told  # this task has no names


def test_advice_stands_between_verdict_and_figures_under_its_title(make_run: MakeRun) -> None:
    text = page(add(make_run(), found()))
    places = [text.index(words) for words in ("it paid", SECTIONS["advice"], "A second teacher would", "Test accuracy")]
    assert places == sorted(places)


def test_two_seeds_are_told_apart(make_run: MakeRun) -> None:
    other = found(threshold=0.5, teacher_hash="0123456789abcdef", advice=[found()["advice"][0], "Only here."])
    other["calibration"] = other["calibration"] | {"rows": 120, "after": figures(0.8, 0.7, 0.04)}
    run = add(make_run(seeds=(0, 1)), found(), other)
    told = section(run, "Calibration")
    assert "after 0 115 78.3 %" in told
    assert "after 1 120 80.0 %" in told
    assert "Only 115 to 120 development rows a seed" in told
    assert "Rows of 2 seeds together." in told
    assert "(30 rows)" in re.findall(r'aria-label="(Accuracy by[^"]*)"', (run / "report.html").read_text())[0]
    assert "combined 1 120 80.0 %" in section(run, "Annotators")
    card = section(run, "Curation")
    assert "rows less sure than 35.0 % are left out (seed 0); rows less sure than 50.0 % are left out (seed 1)" in card
    assert "9f86d081884c7d65 (seed 0); 0123456789abcdef (seed 1)" in card
    assert "8 of 10 hits for review" in card
    assert section(run, "Diversity and fidelity").count("real ") >= 2
    advised = section(run, SECTIONS["advice"])
    assert advised.count(found()["advice"][0]) == 1
    assert "Seed 0: A second teacher would cost more than it tells." in advised
    assert "Seed 1: Only here." in advised


def test_seeds_that_agree_are_not_listed(make_run: MakeRun) -> None:
    card = section(add(make_run(seeds=(0, 1)), found(), found()), "Curation")
    assert "are left out teacher, SHA-256 : 9f86d081884c7d65 strategy" in card


def test_a_threshold_of_one_seed_alone_names_it(make_run: MakeRun) -> None:
    card = section(add(make_run(seeds=(0, 1)), found(threshold=None), found()), "Curation")
    assert "rows less sure than 35.0 % are left out (seed 1)" in card


def test_texts_have_leakage_and_diversity_without_calibration(make_text: MakeRun) -> None:
    own = found(annotators=None, calibration=None)
    own["strategies"]["generate"]["diversity"] |= {"labels": None, "names": 0.31}
    run = add(make_text(), own | {"threshold": None})
    assert not {"Calibration", "Annotators"} & set(titles(run))
    card, varied = section(run, "Curation"), section(run, "Diversity and fidelity")
    assert "4 of 5 hits for review" in card
    assert "threshold : none, however unsure a row is" in card
    assert "name distance two-sample accuracy generate 0 0.31 71.3 %" in varied
    assert "abel distance" not in varied
    assert "Limited run" in varied


@pytest.mark.parametrize("part", [*found()])
def test_a_part_that_is_absent_is_left_out(make_run: MakeRun, part: str) -> None:
    run = add(make_run(), found(**{part: None}))
    kept = set(titles(run))
    assert {title for key, title in SECTIONS.items() if key != part} <= kept
    assert SECTIONS.get(part, "") not in kept
    assert ("Diversity and fidelity" in kept) == (part != "strategies")


@pytest.mark.parametrize("part", ["before", "after", "bins", "rows"])
def test_half_a_calibration_is_shown_as_far_as_it_goes(make_run: MakeRun, part: str) -> None:
    half = {key: value for key, value in found()["calibration"].items() if key != part}
    html = write_report(add(make_run(), found(calibration=half))).read_text()
    assert ("<b>before</b>" in html, "<b>after</b>" in html) == (part != "before", part != "after")
    assert ("Accuracy by confidence" in html) == (part != "bins")


@pytest.mark.parametrize("part", ["memorised", "leakage", "diversity"])
def test_half_a_strategy_is_shown_as_far_as_it_goes(make_run: MakeRun, part: str) -> None:
    text = page(add(make_run(), found(strategies=generated(**{part: None}))))
    assert ("9 of 1,000" in text) == (part != "memorised")
    assert ("hits for review" in text) == (part != "leakage")
    assert ("real 0 574" in text) == (part != "diversity")


@pytest.mark.parametrize("part", [*strategy()["diversity"]])
def test_half_a_diversity_is_shown_as_far_as_it_goes(make_run: MakeRun, part: str) -> None:
    varied = {key: value for key, value in strategy()["diversity"].items() if key != part}
    told = section(add(make_run(), found(strategies=generated(diversity=varied))), "Diversity and fidelity")
    assert ("Two-sample" in told, "Self-BLEU:" in told) == (part != "two_sample", part != "self_bleu")


def test_figures_of_too_few_rows_are_empty(make_run: MakeRun) -> None:
    few = strategy()["diversity"] | {"distinct": {"1": [0.5, 0.4], "2": [0.6, None], "3": None}, "self_bleu": None}
    few |= {"labels": None, "two_sample": None}
    told = section(add(make_run(), found(strategies=generated(diversity=few))), "Diversity and fidelity")
    assert "generate 0 950 0.400 11 8 to 15.5 real 0 574 0.500 0.600 14 9 to 22" in told
    assert "wo-sample" not in told


def test_every_text_of_curation_is_escaped(make_run: MakeRun) -> None:
    evil = "<script>alert(1)</script>"
    run = add(make_run(), found())
    details = json.loads((run / "run.json").read_text())
    told = json.dumps(details["curation"])
    names = ("teacher", "generate", "9f86d081884c7d65", "near duplicate", "g7", "number 7", "development", "Three in")
    for name in names:
        told = told.replace(f'"{name}', f'"{evil}{name}').replace(f'{name}"', f'{name}{evil}"')
    # Keys of the format stay; names, texts and ids are anything.
    for key in ("teacher_hash", "development"):
        told = told.replace(f'"{evil}{key}{evil}":', f'"{key}":').replace(f'"{evil}{key}":', f'"{key}":')
    (run / "run.json").write_text(json.dumps(details | {"curation": json.loads(told)}))
    checked = read(run)
    assert checked.text.count(evil) > 12


def test_terminal_says_nothing_new(make_run: MakeRun) -> None:
    def shown(run: Path) -> str:
        console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
        console.print(terminal_table(summarise(run)))
        return console.export_text()

    run = make_run()
    before = shown(run)
    assert shown(add(run, found())) == before
