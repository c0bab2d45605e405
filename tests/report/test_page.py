"""The page: self-contained, escaped, with the counts that the files hold."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lit_synth.examples import Example, write_examples
from lit_synth.report.charts.strategies import headline_figure
from lit_synth.report.charts.svg import COLOURS
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.folders.survey import reason, survey
from lit_synth.report.page import write_report
from lit_synth.report.sections.rows import count_yield, spread
from lit_synth.report.table import cells
from tests.report.reading import read

MakeRun = Callable[..., Path]


def plain(text: str) -> str:
    return text.replace("\u202f", " ")


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_page_is_whole_and_alone(make_run: MakeRun, seeds: tuple[int, ...]) -> None:
    run = make_run(seeds=seeds)
    page = read(run)
    html = (run / "report.html").read_text()
    assert not page.tags & {"link", "iframe", "img"}
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert len(page.ids) == len(set(page.ids))
    for title in ("Accuracy", "Data", "Annotation", "Curation", "Hyper-parameters", "Time", "Run it again"):
        assert title in page.text
    assert not (run / "report.html.partial").exists()


def test_page_repeats_itself(make_run: MakeRun) -> None:
    run = make_run()
    assert write_report(run).read_bytes() == write_report(run).read_bytes()


def test_page_and_terminal_show_the_same_figures(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1))
    text, summary = plain(read(run).text), summarise(run)
    assert summary.verdict in text
    for strategy in summary.strategies:
        for cell in cells(strategy, summary.metric):
            assert cell in text


def test_every_text_is_escaped(make_run: MakeRun) -> None:
    evil = "<script>alert(1)</script>"
    run = make_run(text=lambda i: f"{evil} & \"{i}\" 'x'")
    for file in ("run.json", "splits.json", "metrics.json"):
        content = (run / file).read_text().replace("reviews", f"reviews{evil}")
        content = (
            content.replace("repeated in train", evil).replace("2.12.0", evil).replace('"learning_rate"', f'"{evil}"')
        )
        (run / file).write_text(content)
    page = read(run)
    assert "b" not in re.findall(r"note: <(b)>", (run / "report.html").read_text())
    assert page.text.count(evil) > 20


def test_ten_rows_of_a_kind_are_shown(make_run: MakeRun) -> None:
    run = make_run()
    text = read(run).text
    html = (run / "report.html").read_text()
    synthetic, rejected = (
        html.split(f'class="samples {kind}"')[1].split("</ol>")[0] for kind in ("synthetic", "rejected")
    )
    assert synthetic.count("<li>") == rejected.count("<li>") == 10
    assert "10 of 450 rows, spread over strategies and labels" in text
    assert "10 of 84 rows, spread over strategies and reasons" in text
    assert rejected.count('class="reason"') == 10
    assert "teacher disagrees: 0.31" in rejected
    for name in ("annotate", "generate"):
        assert synthetic.count(f"dot {name}") == 5


def test_counts_add_up(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1))
    text = read(run).text
    assert "684" in text  # 2 seeds: 300 accepted and 42 rejected each
    accepted, rejected = ({"generate": survey({"seed0": [Example("1", {})] * number}, reason)} for number in (5, 2))
    found = count_yield(accepted, rejected)
    assert (found[0].requested, found[0].accepted, found[0].rejected) == (7, 5, 2)
    assert "Sums over 2 seeds." in text


def test_limit_stands_wherever_a_figure_is(make_run: MakeRun) -> None:
    text = read(make_run(limit=200)).text
    assert text.count("capped at 200") >= 7
    assert "capped" not in read(make_run(name="free")).text


def test_searched_and_given(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1))
    read(run)
    html = (run / "report.html").read_text()
    assert html.count('class="chip searched"') == 5
    assert html.count('class="chip given"') == 1
    assert "0, 1" in html


@pytest.mark.parametrize(
    "strategies", [("gold",), ("gold", "generate"), ("annotate", "teacher"), ("gold", "few_shot_x")]
)
def test_missing_strategies(make_run: MakeRun, strategies: tuple[str, ...]) -> None:
    read(make_run(strategies=strategies, accuracy={"few_shot_x": 0.5}))


def test_only_metrics(make_run: MakeRun) -> None:
    run = make_run()
    bare = run.parent / "bare"
    bare.mkdir()
    (bare / "metrics.json").write_bytes((run / "metrics.json").read_bytes())
    text = read(bare).text
    assert "No verdict" not in text
    assert "no interval" in text


def test_rows_of_several_fields_and_another_label_than_asked(make_run: MakeRun) -> None:
    run = make_run()
    row = Example(
        "9", {"premise": "It rains.", "claim": "It is wet."}, "positive", "generated", None, {"requested": "negative"}
    )
    (run / "synthetic" / "generate" / "seed0.jsonl").write_text(json.dumps(row.to_dict()) + "\n")
    text = read(run).text
    assert "premise It rains." in text
    assert "asked for negative" in text


def test_spread_is_even_without_repeats() -> None:
    rows = [Example(f"{seed}-{i}", {"text": str(i)}, "abc"[i % 3]) for seed in (0, 1) for i in range(9)]
    by_label = survey({"seed0": rows[:9], "seed1": rows[9:]}, lambda row: str(row.target))
    picked = [row for _, row in spread({"annotate": by_label}, 6)]
    assert sorted(str(row.target) for row in picked) == ["a", "a", "b", "b", "c", "c"]
    assert len({row.fields["text"] for row in picked}) == 6
    assert spread({}, 10) == []


def test_figure_is_named_text_in_the_colours_of_the_page(make_run: MakeRun) -> None:
    summary = summarise(make_run(seeds=(0, 1, 2), limit=50))
    svg = headline_figure(summary, 720)
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
    assert root.get("role") == "img"
    label = root.get("aria-label") or ""
    assert "annotate 85.0 %" in label
    assert "capped at 50" in label
    words = {element.text for element in root.iter() if element.tag.endswith("}text")}
    assert {"gold", "annotate", "85.0 %", "gold only", "all labels"} <= words
    assert "currentColor" in svg
    assert "#000000" not in svg
    for name in ("gold", "annotate", "generate", "both", "full", "teacher"):
        assert f"var(--{name}, {COLOURS[name]})" in svg


@pytest.mark.parametrize("change", [{"full": 0.70}, dict.fromkeys(COLOURS, 1.0)])
def test_figure_of_odd_runs(make_run: MakeRun, change: dict[str, float]) -> None:
    ElementTree.fromstring(headline_figure(summarise(make_run(accuracy=change)), 360))  # noqa: S314 - our own output


def test_a_text_outside_the_template_is_shown_as_it_was_written(make_run: MakeRun) -> None:
    run = make_run()
    provenance = {"requested": "positive", "reason": "outside the template", "text": "two\nlines <b>"}
    odd = Example("odd", {}, "positive", "generated", provenance=provenance)
    blank = Example("blank", {}, "positive", "generated", provenance={**provenance, "text": " "})
    for path in (run / "rejected").rglob("*.jsonl"):
        write_examples(path, [odd, blank])
    html = write_report(run).read_text()
    assert "two\nlines &lt;b&gt;" in html
    assert "(blank)" in html


def test_a_long_document_is_cut_and_says_so(make_run: MakeRun) -> None:
    run = make_run(text=lambda i: f"{i} " + "word " * 20_000)
    html = write_report(run).read_text()
    assert len(html) < 15e6 / 2
    assert re.search(r"w\w* … 90,00\d characters are left out", html)
    assert "99,6" in html.split("characters more")[0][-20:]
