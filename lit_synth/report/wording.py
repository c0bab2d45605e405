"""Figures as text, in one way for terminal, page and figure."""

from collections.abc import Sequence

from lit_synth.report.statistics import Interval

MINUS = "\N{MINUS SIGN}"

DESCRIPTIONS = {
    "gold": "student on the labels at hand",
    "annotate": "… and pool rows labelled by the teacher",
    "generate": "… and rows written by the teacher",
    "both": "… and both kinds",
    "full": "student on every true label: the ceiling",
    "few_shot": "large model, prompted only",
    "teacher": "the large model itself, fine-tuned",
}


def percent(value: float) -> str:
    """Write a share as a percentage.

    >>> percent(0.7575)
    '75.8 %'
    """
    return f"{100 * value:.1f} %"


def points(value: float, sign: bool = True) -> str:
    """Write a difference of shares in percentage points, without the unit.

    >>> points(0.085), points(-0.0349, sign=False) == MINUS + "3.5", points(-0.0001)
    ('+8.5', True, '0.0')
    """
    text = f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", MINUS)


def span(interval: Interval | None, sign: bool = False) -> str:
    """Write an interval in percent or points; empty where there is none.

    >>> span(Interval(0.059, 0.111)), span(None)
    ('5.9 to 11.1', '')
    """
    return f"{points(interval.low, sign)} to {points(interval.high, sign)}" if interval else ""


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


def basis(seeds: int) -> str:
    """Say what an interval covers.

    >>> basis(1), basis(3)
    ('over test rows only, one seed', 'over 3 seeds and the test rows')
    """
    return "over test rows only, one seed" if seeds == 1 else f"over {seeds} seeds and the test rows"


def cap(limit: int | None) -> str:
    """State the limit of a run, for every caption.

    >>> cap(200), cap(None)
    ('Limited run: pool, synthetic and test rows capped at 200.', '')
    """
    return f"Limited run: pool, synthetic and test rows capped at {limit:,}." if limit is not None else ""
