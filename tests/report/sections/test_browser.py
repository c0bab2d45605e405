"""Rows as the page holds them for its script."""

from collections.abc import Callable
from pathlib import Path

from tests.report.reading import rows as held

MakeRun = Callable[..., Path]


def test_texts_of_a_row_cannot_end_the_element_that_holds_them(make_run: MakeRun) -> None:
    evil = "</script><script>document.title = 1</script><!--"
    found = held(make_run(text=lambda number: f"{evil}{number}"))  # checked: parsed as one element
    assert found["rows"][0]["x"][0][1].startswith(evil)


def test_texts_with_columns_and_without_labels_are_held(make_text: MakeRun) -> None:
    found = held(make_text())
    assert found["labels"] == []
    row = found["rows"][0]
    assert [name for name, _ in row["x"]] == ["triples", "category"]
    assert row["t"].startswith("Ash")
    assert "g" not in row
