"""What students confuse and how labels are shared out, counted again by hand."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lit_synth.json_lines import read_json_lines
from lit_synth.report.page import write_report
from lit_synth.report.sections.confusion import SHOWN
from lit_synth.report.sections.shares import OPEN
from tests.report.conftest import write_lines
from tests.report.reading import section, words

MakeRun = Callable[..., Path]
TITLE = "Labels, real and synthetic"


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file of the run."""
    return [row for _, row in read_json_lines(path)]


def test_matrix_of_few_labels_against_a_count(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1))
    pairs: Counter[tuple[str, str]] = Counter()
    for seed in (0, 1):
        predictions = rows_of(run / f"seed{seed}" / "annotate" / "predictions.jsonl")
        pairs.update((row["gold"], row["predicted"]) for row in predictions)
    told = section(run, "Confusions")
    expected = []
    for true in ("negative", "positive"):
        of = sum(number for (gold, _), number in pairs.items() if gold == true)
        cells = (f"{pairs[true, said]} {100 * pairs[true, said] / of:.1f} %" for said in ("negative", "positive"))
        expected.append(f"{true} {' '.join(cells)}")
    assert f"annotate negative positive {' '.join(expected)}" in told
    assert told.index("gold negative positive") < told.index("annotate negative positive")
    assert "800 test rows: true labels down" in told
    assert "Sums over 2 seeds." in told


def test_no_answer_has_a_column_of_its_own(make_run: MakeRun) -> None:
    run = make_run()
    rows = rows_of(run / "seed0" / "gold" / "predictions.jsonl")
    wrong = next(row for row in rows if row["gold"] != row["predicted"])
    wrong["predicted"] = None
    write_lines(run, 0, "gold", "predictions", rows)
    assert "gold negative positive no answer" in section(run, "Confusions")
    assert "annotate negative positive no answer" not in section(run, "Confusions")


def test_many_labels_have_a_list_the_most_frequent_first(make_run: MakeRun) -> None:
    run = make_run(accuracy=dict.fromkeys(("gold", "annotate"), 0.0))
    for name in ("gold", "annotate"):
        # Label i is taken for label i + 1, i times; with annotated rows one time less.
        less = name == "annotate"
        taken = [(i, i + 1) for i in range(30) for _ in range(i - less)] + [(29, 29)] * 10
        rows = [{"id": f"t{n}", "gold": f"l{i:02d}", "predicted": f"l{j:02d}"} for n, (i, j) in enumerate(taken)]
        write_lines(run, 0, name, "predictions", rows)
    metrics = [row for row in json.loads((run / "metrics.json").read_text()) if row["strategy"] in ("gold", "annotate")]
    for row in metrics:
        number = len(rows_of(run / "seed0" / row["strategy"] / "predictions.jsonl"))
        scores = [{"id": f"u{i}", "score": float(i < 10)} for i in range(number)]
        write_lines(run, 0, row["strategy"], "scores", scores[:400])
        row["value"] = 10 / min(number, 400)
    (run / "metrics.json").write_text(json.dumps(metrics))
    told = section(run, "Confusions")
    rows_shown = re.findall(r"(l\d\d) (l\d\d) (\d+) ([\d.]+) % (\d+) ([\d.]+) %", told)
    assert len(rows_shown) == SHOWN
    # Of label 29 there are 29 wrong rows and 10 right ones; 28 and 10 with annotated rows.
    assert rows_shown[0] == ("l29", "l30", "29", f"{100 * 29 / 39:.1f}", "28", f"{100 * 28 / 38:.1f}")
    assert [int(row[2]) for row in rows_shown] == list(range(29, 29 - SHOWN, -1))
    assert f"… and {29 - SHOWN} more pairs of labels." in told
    assert 'data-value="29"' in (run / "report.html").read_text()


def test_texts_and_runs_without_predictions_have_neither(make_run: MakeRun, make_text: MakeRun) -> None:
    bare = make_run()
    for path in bare.glob("seed0/*/predictions.jsonl"):
        path.unlink()
    for run in (bare, make_text()):
        html = write_report(run).read_text()
        assert "<h2>Confusions</h2>" not in html
        assert f"<h2>{TITLE}</h2>" not in html


def test_shares_of_labels_against_the_rows(make_run: MakeRun) -> None:
    run = make_run(seeds=(0, 1), limit=400)
    told = section(run, TITLE)
    # Of the made-up test rows three in five are positive, of synthetic ones half.
    assert "negative 40.0 % 50.0 % 50.0 %" in told
    assert "positive 60.0 % 50.0 % 50.0 %" in told
    assert "Rows: test rows 800, annotate 600, generate 300." in told
    assert "capped at 400" in told


def test_labels_beyond_the_first_are_folded_and_the_furthest_apart_stand_first(make_run: MakeRun) -> None:
    run = make_run()
    path = run / "synthetic" / "annotate" / "seed0.jsonl"
    rows = rows_of(path)
    for number, row in enumerate(rows):
        row |= {"target": f"label {number % 20}", "probabilities": None} if number % 3 else {"target": "positive"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    html = write_report(run).read_text().split(f"<h2>{TITLE}</h2>")[1].split("</section>")[0]
    table, folded = html.split("<details>")
    assert table.count('scope="row"') == OPEN
    assert folded.count('scope="row"') == 22 - OPEN
    assert "12 more labels, closer together" in folded
    # None of the annotated rows is negative, 40 points less than of test rows; positive ones differ by 27.
    assert "annotate generate negative 40.0 % 0.0 % 50.0 % positive 60.0 % 33.3 % 50.0 %" in words(table)
