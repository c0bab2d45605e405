"""The figure of calibration: panels, dots, intervals, and what a reader who cannot see it is told."""

from xml.etree import ElementTree

import pytest

from lit_synth.report.charts.reliability import Bin, pooled, reliability_figure
from lit_synth.report.charts.svg import COLOURS
from tests.report.curated import bins

BINS = {"before": pooled([bins(0.08)]), "after": pooled([bins()])}


def words(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
    return [element.text or "" for element in root.iter() if element.tag.endswith("}text")]


@pytest.mark.parametrize("width", [720, 360])
def test_figure_is_named_text_in_the_colours_of_the_page(width: int) -> None:
    svg = reliability_figure(BINS, intervals=True, width=width)
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own output
    assert root.get("role") == "img"
    label = root.get("aria-label") or ""
    assert label.startswith("Accuracy by confidence on development rows. Before: 53.0 % sure, 33.0 % right (6 rows), ")
    assert "After: 45.0 % sure, 33.0 % right (6 rows), " in label
    assert {"before", "after", "confidence", "accuracy", "50 %", "100 %"} <= set(words(svg))
    assert "currentColor" in svg
    assert "#000000" not in svg
    assert f"var(--annotate, {COLOURS['annotate']})" in svg


def test_one_panel_stands_alone() -> None:
    assert "before" not in words(reliability_figure({"after": BINS["after"]}, intervals=True))


def test_intervals_are_left_out_where_rows_may_repeat() -> None:
    one = {"after": [Bin(10, 0.75, 0.8)]}
    with_bars, without = (reliability_figure(one, intervals) for intervals in (True, False))
    assert with_bars.count("stroke-opacity: 0.45") == 1
    assert without.count("stroke-opacity: 0.45") == 0


def test_empty_bins_are_no_dots() -> None:
    assert pooled([[{"low": 0.1, "rows": 0, "confidence": 0.0, "accuracy": 0.0}], bins()]) == pooled([bins()])
    assert pooled([]) == []
