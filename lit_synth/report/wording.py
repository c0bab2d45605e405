"""Figures as text, in one way for terminal, page and figure."""

import math
from collections.abc import Sequence

from lit_synth.report.statistics.comparisons import Test
from lit_synth.report.statistics.intervals import Interval

MINUS = "\N{MINUS SIGN}"

_DESCRIPTIONS = {
    "gold": "student on the labels at hand",
    "annotate": "… and pool rows labelled by the teacher",
    "generate": "… and rows written by the teacher",
    "both": "… and both kinds",
    "full": "student on every true label: the ceiling",
    "few_shot": "large model, prompted only",
    "teacher": "the large model itself, fine-tuned",
}
_OF_TEXTS = {
    "gold": "student on the texts at hand",
    "annotate": "… and pool rows with the teacher's texts",
    "full": "student on every true text: the ceiling",
}


def describe(strategy: str, is_text: bool) -> str:
    """Say what a strategy is; empty for one that is not ours.

    >>> describe("gold", is_text=False), describe("gold", is_text=True)
    ('student on the labels at hand', 'student on the texts at hand')
    """
    return (_DESCRIPTIONS | _OF_TEXTS if is_text else _DESCRIPTIONS).get(strategy, "")


def spent(labels: int, is_text: bool) -> str:
    """Say what gold rows are.

    >>> spent(1280, is_text=False), spent(660, is_text=True)
    ('1,280 labels', '660 inputs with their texts')
    """
    return f"{labels:,} inputs with their texts" if is_text else f"{labels:,} labels"


def percent(value: float) -> str:
    """Write a share as a percentage.

    >>> percent(0.7575)
    '75.8 %'
    """
    return f"{100 * value:.1f} %"


def share(value: float | None) -> str:
    """Write a share as a percentage; a dash for none, as where there is nothing to share.

    >>> share(0.75), share(None)
    ('75.0 %', '–')
    """  # noqa: RUF002
    return "\N{EN DASH}" if value is None else percent(value)


def whole_percent(share: float) -> str:
    """Write a share as a whole percentage.

    >>> whole_percent(0.853), whole_percent(float("inf"))
    ('85 %', 'endless')
    """
    return "endless" if math.isinf(share) else f"{100 * share:.0f} %".replace("-", MINUS)


def points(value: float, sign: bool = True) -> str:
    """Write a difference of shares in percentage points, without the unit.

    >>> points(0.085), points(-0.0349, sign=False) == MINUS + "3.5", points(-0.0001)
    ('+8.5', True, '0.0')
    """
    text = f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", MINUS)


def span(interval: Interval | None, sign: bool = False) -> str:
    """Write an interval as 0 to 100 or in points; empty where there is none.

    >>> span(Interval(0.059, 0.111)), span(None)
    ('5.9 to 11.1', '')
    """
    return f"{points(interval.low, sign)} to {points(interval.high, sign)}" if interval else ""


def between(low: float | None, high: float | None) -> str:
    """Write an interval of which a file may lack a bound.

    >>> between(0.059, 0.111), between(0.059, None)
    ('5.9 to 11.1', '')
    """
    return "" if low is None or high is None else span(Interval(low, high))


def p_value(p: float | None) -> str:
    """Write a p-value to three digits.

    >>> p_value(0.0312), p_value(0.00001), p_value(None)
    ('0.031', '< 0.001', '–')
    """  # noqa: RUF002
    if p is None:
        return "\N{EN DASH}"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(number: float | None) -> str:
    """Write a number of rows, rounded; a dash for none known.

    >>> count(1500), count(761.6), count(None)
    ('1,500', '762', '–')
    """  # noqa: RUF002
    return "\N{EN DASH}" if number is None else f"{number:,.0f}"


def seconds(value: float) -> str:
    """Write a duration.

    >>> seconds(8.24), seconds(300.1), seconds(7380)
    ('8.2 s', '5 min 00 s', '2 h 03 min')
    """
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def listing(parts: Sequence[str]) -> str:
    """Join names as in a sentence.

    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def basis(seeds: int, units: str) -> str:
    """Say what an interval covers.

    >>> basis(1, "rows"), basis(3, "questions")
    ('over test rows only, one seed', 'over 3 seeds and the test questions')
    """
    return f"over test {units} only, one seed" if seeds == 1 else f"over {seeds} seeds and the test {units}"


def describe_test(test: Test, units: str) -> str:
    """Name a test as it was done.

    >>> describe_test("mcnemar", "rows"), describe_test("units", "questions")
    ('exact McNemar test', 'paired t-test over test questions')
    """
    if test == "mcnemar":
        return "exact McNemar test"
    over = {"units": f"test {units}", "seeds and units": f"seeds and test {units}", "seeds": "seeds"}[test]
    return f"paired t-test over {over}"
