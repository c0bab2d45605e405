"""The browser of rows for those who have no mouse, hear the page, or see little."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.report.chromium import Browser, needs_chromium

NAMED = """
const seen = element => element.checkVisibility();
const named = element =>
  element.getAttribute("aria-label") || element.labels?.[0]?.textContent.trim() || element.textContent.trim();
const controls = [...document.querySelectorAll("input, select, textarea, button, summary, [tabindex]")].filter(seen);
return {
  unnamed: controls.filter(one => !named(one) && !one.matches(".scroll")).map(one => one.outerHTML),
  controls: controls.length,
  live: [...document.querySelectorAll("output")].map(one => one.getAttribute("aria-live")),
  headless: [...document.querySelectorAll("table")].filter(one => !one.querySelector("th[scope=col]")).length,
  groups: [...document.querySelectorAll(".marking")].map(one => [one.getAttribute("role"), one.ariaLabel !== null]),
  lang: document.documentElement.lang,
};
"""


@needs_chromium
def test_all_that_can_be_done_has_a_name_and_a_place_among_the_keys(shown: Callable[..., Any], tab: Browser) -> None:
    told = tab.run(NAMED)
    assert told["unnamed"] == []
    assert told["controls"] > 70
    assert set(told["live"]) == {"polite"}
    assert told["headless"] == 0
    assert told["groups"] == [["group", True]] * 20
    assert told["lang"] == "en"
    shown("control('order').focus()")
    outline = "const now = document.activeElement; return [now.textContent, getComputedStyle(now).outlineStyle]"
    tab.press("Tab")  # the button that downloads is not to be pressed while there are no marks
    assert tab.run(outline) == ["Keep", "solid"]
    tab.press("Enter")
    assert shown("return items()[0].className") == "keep"
    assert tab.run(outline) == ["Keep", "solid"], "the focus stays"
    tab.press("Tab")
    tab.press(" ")
    assert shown("return items()[0].className") == "drop"
    tab.press("Tab")
    assert tab.run("return document.activeElement.tagName") == "SELECT"


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_words_can_be_told_from_their_ground(
    shown: Callable[..., Any], tab: Browser, tmp_path: Path, dark: bool
) -> None:
    tab.show(Path(tab.run("return decodeURI(location.pathname)")), width=400, dark=dark)
    told = tab.run(
        """
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const light = colour => {
          canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
          return .2126 * r + .7152 * g + .0722 * b;
        };
        const ground = one => {
          for (; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return light(colour);
          }
        };
        return [...document.querySelectorAll("#browser :is(p, span, button:enabled, label, output, select)")]
          .filter(one => one.checkVisibility() && one.textContent.trim())
          .map(one => [light(getComputedStyle(one).color), ground(one), one.className])
          .map(([a, b, name]) => [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), name])
          .filter(([ratio]) => ratio < 4.5);
        """
    )
    assert told == []  # WCAG 2, level AA
