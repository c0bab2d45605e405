"""Makes a matplotlib figure part of the page: its colours and fonts, light and dark, and a text that is read aloud."""

import re
from html import escape
from io import StringIO
from typing import Any

from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the page's own text colour until `inline` writes ``currentColor``."""
PAPER = "#fdfefc"
"""Stands for the page's own background, behind a name that a line may cross."""

COLOURS = {  # Okabe & Ito (2008): told apart with any colour vision
    "gold": "#e69f00",
    "annotate": "#0072b2",
    "generate": "#009e73",
    "both": "#cc79a7",
    "full": "#999999",
    "few_shot": "#f0e442",
    "teacher": "#d55e00",
}
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: searchable, read aloud, in the page's font
    "svg.hashsalt": "lit_synth",  # the same ids, and so the same file, at every call
    "font.family": "DejaVu Sans",  # only to measure: it comes with matplotlib
}
"""Settings of matplotlib under which a figure is drawn and written."""


def inline(figure: Figure, description: str, prefix: str) -> str:
    """Return a figure as an inline SVG: no prologue, own ids, the page's colours and font, a name.

    Colours are CSS variables (``--gold``, ``--annotate``, …) that fall back to the Okabe-Ito palette, and text follows
    ``currentColor``, so that the page decides on light and dark.

    Args:
        figure: Drawn under `STYLE`.
        description: What a reader who cannot see it is told.
        prefix: Of every id, a different one for every figure of a page.
    """
    buffer = StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = (
        re.sub(r"font-family: [^;\"]*;? ?", "", svg)
        .replace(INK, "currentColor")
        .replace(PAPER, "var(--paper, #ffffff)")
    )
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name.replace('_', '-')}, {colour})")
    box = re.search(r'viewBox="[^"]+"', svg)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {box[0] if box else ""}'
    text = escape(description)
    return re.sub(r"<svg[^>]*>", lambda _: f'{head} role="img" aria-label="{text}">', svg, count=1).strip()
