"""The page of several runs, its figures, and the same for papers and scripts."""

import csv
import json
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lit_synth.cli import main
from lit_synth.report.charts.curves import learning_figure
from lit_synth.report.charts.gains import gains_figure
from lit_synth.report.charts.saturation import saturation_figure
from lit_synth.report.charts.svg import COLOURS
from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.conclusions.outcomes import TaskOutcomes
from lit_synth.report.conclusions.sentences import best_of, headline, sentences, warnings
from lit_synth.report.export import as_json
from lit_synth.report.folders.collection import Collection, collect
from lit_synth.report.page import write_report
from lit_synth.report.sections.costs import costs
from lit_synth.report.several import render_several
from lit_synth.report.students import cells
from lit_synth.report.wording import points
from tests.report.reading import checked, words
from tests.report.sweeps import make_sweep

Made = tuple[Path, Collection, list[TaskOutcomes]]


def made(path: Path) -> Made:
    collection = collect([path])
    return path, collection, appraise(collection)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(make_sweep(tmp_path_factory.mktemp("one") / "sweep", failed=(256, 1), limit=900))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("two")
    make_sweep(path / "a", seeds=(0,), fractions=(64, 256), amounts=())
    losses = {"annotate": 0.0, "generate": -0.2, "both": -0.1}
    make_sweep(path / "b", fractions=(64, 512), amounts=(), task="<b>topics</b>", gains=losses)
    return made(path)


def test_headline_names_labels_rows_worth_and_outcome(one: Made) -> None:
    (task,) = one[2]
    assert re.fullmatch(
        r"With 64 labels, annotating and generating 2,250 rows "
        r"is worth \d{3} labels in all \(\d{3} to \d{3}\): it paid\.",
        headline([task]),
    )
    assert [told.split(",")[0] for told in sentences(task)] == [f"With {n} labels" for n in (64, 128, 256, 512)]
    assert warnings([task]) == [
        "Some students lack a seed of their run; their means are over the others (column seeds)."
    ]


def test_tasks_are_counted_and_losses_told(two: Made) -> None:
    tasks = two[2]
    assert headline(tasks) == "Synthetic rows are shown to pay in 2 of 4 runs, over 2 tasks."
    lost = [outcome for outcome in tasks[1].outcomes if outcome.strategy == "generate"]
    assert all(outcome.worth and outcome.worth.words == "fewer than 64" for outcome in lost[:1])
    assert all("did not pay" in told or "is not shown to pay" in told for told in sentences(tasks[1]))
    assert warnings(tasks)[0].startswith("reviews: one seed: ")


def test_a_single_number_of_labels_has_no_worth_and_says_why(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", fractions=(64,), seeds=(0, 1), amounts=())
    rows = json.loads((sweep / "fraction_64" / "metrics.json").read_text())
    (sweep / "fraction_64" / "metrics.json").write_text(json.dumps([r for r in rows if r["strategy"] != "full"]))
    (task,) = made(sweep)[2]
    assert re.match(r"With 64 labels, .* rows changed the student by \+\d+\.\d points \(.*\): it", headline([task]))
    assert any(told.startswith("One number of labels was measured") for told in warnings([task]))
    page = words(render_several(collect([sweep]), [task]))
    assert "Learning curves" not in page
    assert "Worth:" not in page


def test_two_runs_of_a_fraction_are_told_apart_and_share_a_curve(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_sweep(tmp_path / name, seeds=(0,), fractions=(64,), amounts=())
    _, collection, (task,) = made(tmp_path)
    page = words(render_several(collection, [task]))
    assert "64 labels (a/fraction_64)" in page
    assert "64 labels (b/fraction_64)" in page
    assert "Runs of the same fraction share one curve" in page


def test_page_is_whole_and_alone(one: Made, two: Made) -> None:
    for _, collection, tasks in (one, two):
        html = render_several(collection, tasks)
        page = checked(html)
        assert not page.tags & {"link", "iframe", "img"}
        assert set(re.findall(r"https?://[^\"' ]+", html)) == {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }
        assert len(page.ids) == len(set(page.ids))
        assert html == render_several(collection, tasks)


def test_page_shows_every_figure_failure_and_limit(one: Made) -> None:
    _, collection, (task,) = one
    page = words(render_several(collection, [task]).split("</style>")[1])
    for title in ("Learning curves", "Amount", "Every student", "Cost", "Failed jobs", "Runs"):
        assert title in page
    assert "sweep 256 1 disk &lt;full&gt; 31.0 s" in page
    assert "lit_synth sweep --config configs/demo.yaml --fractions 512" in page
    assert page.count("Limited run: pool, synthetic and test rows capped at 900.") >= 4
    for outcome in task.outcomes:
        for value, under in cells(task, outcome):
            assert value.replace("<", "&lt;") in page
            assert under in page


def test_the_page_of_one_run_draws_the_same_curve_of_amounts(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0, 1), fractions=(64,), limit=900)
    run = sweep / "fraction_64"
    _, collection, (task,) = made(sweep)

    def amount(html: str) -> str:
        return html.split("<h2>Amount</h2>")[1].split("</section>")[0]

    alone = amount(write_report(run).read_text(encoding="utf-8"))
    assert alone == amount(render_several(collection, [task]))
    assert saturation_figure(task, 720) in alone
    told = words(alone)
    for name in ("annotate", "generate", "both"):
        assert re.search(rf"{name}: (it still rises at|more rows) ", told)
    bare = make_sweep(tmp_path / "bare", seeds=(0,), fractions=(64,), amounts=())
    assert "<h2>Amount</h2>" not in write_report(bare / "fraction_64").read_text(encoding="utf-8")


def test_names_of_tasks_are_escaped(two: Made) -> None:
    html = render_several(two[1], two[2])
    assert "<b>topics" not in html
    assert html.count("&lt;b&gt;topics&lt;/b&gt;: every student") == 1


def test_unfinished_runs_are_told(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0,), amounts=())
    (sweep / "fraction_512" / "metrics.json").unlink()
    _, collection, tasks = made(sweep)
    assert "Left out, since there is no metrics.json: fraction_512." in words(render_several(collection, tasks))


@pytest.mark.parametrize("width", [360, 720])
def test_figures_are_named_text_in_the_colours_of_the_page(one: Made, width: int) -> None:
    (task,) = one[2]
    learning = learning_figure(task, best_of(task, task.runs[0]), width)
    saturation = saturation_figure(task, width)
    for svg, names in ((learning, {"gold", "full", "teacher"}), (saturation, {"gold only", "all labels", "64 labels"})):
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
        assert root.get("role") == "img"
        assert "capped at 900" in (root.get("aria-label") or "")
        shown = {element.text for element in root.iter() if element.tag.endswith("}text")}
        assert names | {"annotate", "generate", "both"} <= shown
        assert "#000000" not in svg
        for name in ("annotate", "generate", "both"):
            assert f"var(--{name}, {COLOURS[name]})" in svg
    both = best_of(task, task.runs[0])
    assert both is not None
    assert both.worth is not None
    assert f"worth {both.worth.words}" in learning
    assert both.worth.span in learning


@pytest.mark.parametrize("width", [360, 720])
def test_gains_of_tasks_are_beside_nothing(two: Made, one: Made, width: int) -> None:
    _, collection, tasks = two
    root = ElementTree.fromstring(gains_figure(tasks, width))  # noqa: S314 - our own output
    label = root.get("aria-label") or ""
    for task in tasks:
        for outcome in task.outcomes:
            if outcome.is_synthetic and outcome.difference:
                assert f"{outcome.strategy} {points(outcome.difference.gain)} (" in label
    shown = [element.text for element in root.iter() if element.tag.endswith("}text")]
    assert shown.count("reviews") == 2
    assert "<h2>Gains</h2>" in render_several(collection, tasks)
    assert "<h2>Gains</h2>" not in render_several(one[1], one[2])


def test_seconds_are_summed_over_seeds_by_what_a_stage_is_for(one: Made) -> None:
    stages, by_run = costs(one[1])
    assert stages[:3] == ["teacher fit", "annotation", "generation"]
    assert by_run["fraction_64"]["gold, search"] == pytest.approx(3 * 41)
    assert by_run["fraction_64"]["annotate, smaller amounts"] == pytest.approx(3 * 41)
    assert sum(by_run["fraction_128"].values()) == pytest.approx(3 * (723.5))


def test_tokens_and_gpu_hours_stand_beside_the_time(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0, 1), fractions=(64, 128), amounts=())
    _, collection, tasks = made(sweep)
    told = words(render_several(collection, tasks))
    # By hand: 2 runs of 2 seeds; a teacher takes 56 s with 64 rows and 72 s with 128, on two devices.
    rate = 4 * 40_000 / (2 * 56 + 2 * 72)
    assert f"teacher fit 1 min 52 s 2 min 24 s 4 min 16 s 160,000 {rate:,.0f} {4 * 1440 / 3600:.2f}" in told
    assert f"gold 1 min 01 s 1 min 01 s 2 min 02 s 24,400 {6100 / 30.5:,.0f} \N{EN DASH} " in told
    assert "Worked on: 2 x A and CPU." in told
    assert re.search(r"together [^A]* 185,200 [\d,]+ 1\.60", told)
    alone = words(write_report(sweep / "fraction_64").read_text(encoding="utf-8"))
    assert f"teacher_fit 56.0 s 56.0 s 80,000 {2 * 40_000 / 112:,.0f} 0.80" in alone
    assert "annotation 1 min 36 s 1 min 36 s generation" in alone, "what was not counted is left empty"
    exported = json.loads(as_json(collection, tasks))["work"]["fraction_64"]["teacher fit"]
    assert exported == {"tokens": 80_000, "seconds": 112.0, "gpu_seconds": 2880.0, "devices": ["2 x A"]}
    details = json.loads((sweep / "fraction_64" / "run.json").read_text())
    (sweep / "fraction_64" / "run.json").write_text(json.dumps({key: details[key] for key in details if key != "work"}))
    assert "tokens" not in words(write_report(sweep / "fraction_64").read_text(encoding="utf-8"))


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["report", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_csv_has_a_line_a_student(one: Made, capsys: pytest.CaptureFixture[str]) -> None:
    path, _, (task,) = one
    rows = list(csv.DictReader(StringIO(run(capsys, path, "--format", "csv"))))
    assert len(rows) == len(task.outcomes)
    for row, outcome in zip(rows, task.outcomes, strict=True):
        assert float(row["mean"]) == pytest.approx(outcome.summary.mean)
        assert row["amount"] == ("" if outcome.amount is None else str(outcome.amount))
        assert (row["worth"] == "") == (outcome.worth is None)
    assert {row["seeds"] for row in rows if row["strategy"] == "generate" and row["labels"] == "256"} == {"2"}


def test_json_says_where_the_curve_ends(two: Made, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run(capsys, two[0], "--format", "json"))
    generate = [row for row in found["students"] if row["strategy"] == "generate" and row["task"] != "reviews"]
    assert generate[0]["worth"] == "<64"
    assert generate[0]["paid"] is False
    assert set(found["seconds"]) == {"a/fraction_64", "b/fraction_64", "fraction_256", "fraction_512"}
    assert found["failed"] == []


def test_markdown_is_the_table_of_the_page(one: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, _, (task,) = one
    target = tmp_path / "report.md"
    assert run(capsys, path, "--format", "md", "--output", target).strip() == str(target)
    lines = target.read_text().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + len(task.outcomes)
    assert {line.count("|") for line in table} == {10}
    assert headline([task]) in lines
    assert "Failed: sweep, fraction 256, seed 1: disk &lt;full>" in lines


def test_a_page_goes_into_the_folder_that_was_given(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0,), fractions=(64, 128), amounts=())
    assert run(capsys, sweep).strip() == str(sweep / "report.html")
    assert "is worth" in (sweep / "report.html").read_text()
    single = sweep / "fraction_64"
    assert run(capsys, single).strip() == str(single / "report.html")
    assert "took the student from" in (single / "report.html").read_text()
    both = tmp_path / "both.html"
    assert run(capsys, single, sweep / "fraction_128", "--output", both).strip() == str(both)
    assert both.read_text() == (sweep / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{sweep}", "{sweep}/fraction_64"], "give --output FILE"),
        (["{sweep}", "--output", "{sweep}/absent/page.html"], "make it first"),
        (["{sweep}", "--output", "{sweep}"], "is a folder; give a file in it"),
        (["{sweep}", "--format", "xml"], "xml"),
    ],
)
def test_mistakes_are_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0,), fractions=(64,), amounts=())
    assert main(["report", *(word.format(sweep=sweep) for word in words)]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


def test_a_reader_that_stops_early_gets_no_traceback(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", seeds=(0,), fractions=(64,), amounts=())
    command = [sys.executable, "-m", "lit_synth", "report", str(sweep), "--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own command
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 141
