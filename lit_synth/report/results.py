"""The first half of the page: verdict, figure, tables of results."""

import re

from lit_synth.report.figures import accuracy_figure
from lit_synth.report.findings import StrategySummary, Summary
from lit_synth.report.markup import Markup, join, section, stacked, table, tag, text
from lit_synth.report.table import cells
from lit_synth.report.wording import DESCRIPTIONS, MINUS, basis, cap, listing, p_value, percent, points, span


def header(summary: Summary) -> Markup:
    """Return the verdict with the key figures, and what to know before believing it."""
    seeds = f"seed{'s' * (len(summary.seeds) > 1)} {listing([str(seed) for seed in summary.seeds])}"
    facts = [summary.task, f"{summary.labels:,} labels", seeds]
    if summary.test_rows:
        facts.append(f"{summary.test_rows:,} test rows")
    if summary.limit is not None:
        facts.append(f"limit {summary.limit:,}")
    return tag(
        "header",
        tag("p", *(tag("span", fact) for fact in facts), class_="facts"),
        tag("h1", _emphasise(summary.verdict)),
        *(tag("p", _emphasise(sentence), class_="other") for sentence in summary.others),
        key_figures(summary),
        *(tag("p", warning, class_="warning", role="note") for warning in summary.warnings),
    )


def key_figures(summary: Summary) -> Markup:
    """Return the four numbers of the verdict, those of them that are known."""
    best, gold = summary.strategy(summary.best or ""), summary.strategy("gold")
    if best is None or gold is None or best.difference is None:
        return Markup()
    difference = best.difference
    shown = [
        ("gold only", percent(difference.gold), span(gold.interval), "gold"),
        (best.name, percent(difference.own), span(best.interval), best.name),
        ("difference, points", points(difference.mean), span(difference.interval, sign=True), ""),
    ]
    if best.recovered is not None:
        shown.append(("gap recovered", _whole(best.recovered), "", "full"))
    items = (
        tag("div", tag("dt", name), tag("dd", tag("b", value), tag("small", under)), class_=f"key {colour}".strip())
        for name, value, under, colour in shown
    )
    note = " ".join(filter(None, [f"Small figures: 95 % intervals {basis(len(summary.seeds))}.", cap(summary.limit)]))
    return join([tag("dl", *items, class_="keys"), tag("p", note, class_="note")])


def accuracy(summary: Summary) -> Markup:
    """Return the figure and the table of accuracies."""
    note = f"Large dot: mean. Bar: 95 % interval {basis(len(summary.seeds))}."
    if len(summary.seeds) > 1:
        note += " Small rings: single seeds."
    figure = tag(
        "figure",
        tag("div", Markup(accuracy_figure(summary, 720)), class_="wide"),
        tag("div", Markup(accuracy_figure(summary, 360)), class_="narrow"),
        tag("figcaption", " ".join(filter(None, [note, cap(summary.limit)]))),
    )
    headers = ("strategy", "gold rows", "synthetic rows", "accuracy", "to gold, points")
    rows = [_row(strategy) for strategy in summary.strategies]
    about = "Test accuracy; validation and test rows are always gold."
    return section("Accuracy", figure, table(headers, rows, caption=cap(summary.limit)), note=about)


def measures(summary: Summary) -> Markup:
    """Return macro F1, calibration, p-values and the share of the gap recovered."""
    rows = [
        (
            _name(strategy),
            percent(strategy.macro_f1) if strategy.macro_f1 is not None else "",
            percent(strategy.calibration_error) if strategy.calibration_error is not None else "",
            p_value(strategy.difference.p) if strategy.difference and strategy.difference.p is not None else "",
            _whole(strategy.recovered) if strategy.recovered is not None else "",
        )
        for strategy in summary.strategies
    ]
    headers = ("strategy", "macro F1", "calibration error", "p, corrected", "gap recovered")
    test = "exact McNemar test" if len(summary.seeds) == 1 else "t-test over seeds and rows"
    about = (
        "Calibration error: how far confidence is from accuracy, ten bins; lower is better. "
        f"p: {test} against gold only, Holm-corrected. Gap: from gold only (0 %) to full (100 %)."
    )
    return section("Beyond accuracy", table(headers, rows, caption=cap(summary.limit)), note=about)


def _row(strategy: StrategySummary) -> tuple[object, ...]:
    _, gold, synthetic, mean, interval, change, change_interval = cells(strategy)
    name = join([_name(strategy), tag("small", DESCRIPTIONS.get(strategy.name, ""), class_="description")])
    return name, gold, synthetic, stacked(mean, interval), stacked(change, change_interval)


def _name(strategy: StrategySummary) -> Markup:
    return tag("span", strategy.name, class_=f"dot {strategy.name}")


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %".replace("-", MINUS)


def _emphasise(sentence: str) -> Markup:
    """Set the outcome in strong type and what is in brackets in a lighter one."""
    escaped = re.sub(r"(\([^)]*\))", r'<span class="aside">\1</span>', text(sentence))
    escaped = re.sub(r"\b(it paid)\b", r'<strong class="paid">\1</strong>', escaped)
    return Markup(re.sub(r"\b(did not pay|is not shown to pay)\b", r'<strong class="unpaid">\1</strong>', escaped))
