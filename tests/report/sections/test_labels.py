"""Precision and recall of every label, against scikit-learn."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from rich.console import Console
from sklearn.metrics import precision_recall_fscore_support  # type: ignore[import-untyped]

from lit_synth.json_lines import read_json_lines
from lit_synth.report.conclusions.findings import StrategySummary, Summary
from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.limits import Limits
from lit_synth.report.sections.labels import by_label
from lit_synth.report.statistics.labels import label_figures
from lit_synth.report.table import label_table
from tests.report.conftest import write_lines
from tests.report.reading import section

MakeRun = Callable[..., Path]
TITLE = "Each label on its own"


def expected(run: Path, name: str) -> tuple[list[str], list[str]]:
    rows = [row for _, row in read_json_lines(run / "seed0" / name / "predictions.jsonl")]
    truth, said = ([row[key] for row in rows] for key in ("gold", "predicted"))
    labels = ["negative", "positive"]
    precision, recall, _, _ = precision_recall_fscore_support(truth, said, labels=labels)
    return ([f"{100 * value:.1f} %" for value in values] for values in (precision, recall))  # type: ignore[return-value]


def printed(run: Path) -> str:
    table, into = label_table(summarise(run)), StringIO()
    if table is not None:
        Console(file=into, width=80).print(table)
    return into.getvalue()


def test_terminal_and_page_tell_recall_and_precision_of_each_label(make_run: MakeRun) -> None:
    run = make_run()
    best = summarise(run).best
    told, page = printed(run), section(run, TITLE)
    for name in ("gold", str(best)):
        for label, precision, recall in zip(("negative", "positive"), *expected(run, name), strict=True):
            line = next(line.split() for line in told.splitlines() if line.split()[:2] == [name, label])
            assert " ".join(line[3:]) == f"{recall} {precision}"
            assert f"{recall} {precision}" in page
    assert f"label test rows gold, recall gold, precision {best}, recall {best}, precision" in page


def test_many_labels_are_folded_on_the_page_and_not_printed(make_run: MakeRun) -> None:
    run = make_run(accuracy=dict.fromkeys(("gold", "annotate"), 0.0))
    for name in ("gold", "annotate"):
        rows = [{"id": f"t{n}", "gold": f"l{n % 30:02d}", "predicted": f"l{(n + n % 2) % 30:02d}"} for n in range(400)]
        write_lines(run, 0, name, "predictions", rows)
        write_lines(run, 0, name, "scores", [{"id": f"t{n}", "score": 0.0} for n in range(400)])
    assert printed(run) == ""
    page = section(run, TITLE)
    assert re.search(r"\b3\d labels label test rows", page)
    assert "l29" in page


def test_a_label_that_one_student_alone_says_stays_in_that_ones_columns() -> None:
    one = StrategySummary("gold", {0: 0.5}, None, 10, 0, {})
    named: dict[str, dict[tuple[str, str | None], int]] = {
        "gold": {("a", "a"): 9},
        "annotate": {("a", "a"): 3, ("a", "b"): 6},
    }
    summary = Summary(
        task="t",
        metrics=(),
        is_text=False,
        seeds=(0,),
        limits=Limits(),
        labels=10,
        test_rows=9,
        test_units=9,
        trivial=None,
        strategies=(one,),
        labelled={name: label_figures(pairs) for name, pairs in named.items()},
        best="annotate",
    )
    *_, last = re.findall("<tr>(.*?)</tr>", by_label(summary))
    cells = re.findall("<t[dh][^>]*>(.*?)</t[dh]>", last)
    assert cells == ["b", "0", *3 * ["\N{EN DASH}"], "0.0&#8239;%"]
