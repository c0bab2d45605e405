"""The rows that a page holds, out of all that a run has made."""

from collections.abc import Callable
from pathlib import Path

from lit_synth.examples import Example, write_examples
from lit_synth.report.folders.browsed import browse

MakeRun = Callable[..., Path]


def test_a_page_holds_rows_up_to_a_bound_and_those_reviewed_first(make_run: MakeRun) -> None:
    run = make_run()
    marked = Example("late", {"text": "x"}, "positive", "generated", provenance={"review": {"mark": "keep"}})
    write_examples(run / "synthetic" / "generate" / "seed1.jsonl", [marked])
    rows, total = browse(run, most=20)
    assert (len(rows), total) == (20, 300 + 150 + 84 + 1)
    assert rows == browse(run, most=20)[0]
    assert "generate/seed1/late" in {row.address for row in rows}
    assert {row.is_rejected for row in rows} == {True, False}
    some, _ = browse(run, characters=300)
    assert sum(row.size for row in some) <= 300 < sum(row.size for row in rows)
