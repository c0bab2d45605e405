"""The first half of the page: verdict, figure, tables of results."""

import re
from collections.abc import Callable

from lit_synth.report.charts.strategies import headline_figure
from lit_synth.report.conclusions.findings import StrategySummary, Summary
from lit_synth.report.markup import Markup, Sorted, join, section, stacked, table, tag, text
from lit_synth.report.table import cells
from lit_synth.report.wording import (
    basis,
    describe,
    describe_test,
    listing,
    p_value,
    percent,
    points,
    span,
    spent,
    whole_percent,
)


def header(summary: Summary) -> Markup:
    """Return the verdict with the key figures, and what to know before believing it."""
    seeds = f"seed{'s' * (len(summary.seeds) > 1)} {listing([str(seed) for seed in summary.seeds])}"
    facts = [summary.task, spent(summary.labels, summary.is_text), seeds]
    if summary.test_rows:
        facts.append(f"{summary.test_rows:,} test rows")
    if summary.test_units and summary.metric.units != "rows":
        facts.append(f"{summary.test_units:,} {summary.metric.units}")
    return tag(
        "header",
        tag("p", *(tag("span", fact) for fact in [*facts, *summary.limits.facts]), class_="facts"),
        tag("h1", emphasise(summary.verdict)),
        *(tag("p", emphasise(sentence), class_="other") for sentence in summary.others),
        key_figures(summary),
        *(tag("p", warning, class_="warning", role="note") for warning in summary.warnings),
    )


def key_figures(summary: Summary) -> Markup:
    """Return the four numbers of the verdict, those of them that are known."""
    best, gold, metric = summary.strategy(summary.best or ""), summary.strategy("gold"), summary.metric
    if best is None or gold is None or best.difference is None:
        return Markup()
    difference = best.difference
    shown = [
        ("gold only", metric.show(difference.gold), span(gold.interval), "gold"),
        (best.name, metric.show(difference.own), span(best.interval), best.name),
        ("difference, points", points(difference.mean), span(difference.interval, sign=True), ""),
    ]
    if best.recovered is not None:
        shown.append(("gap recovered", whole_percent(best.recovered), "", "full"))
    items = (
        tag("div", tag("dt", name), tag("dd", tag("b", value), tag("small", under)), class_=f"key {colour}".strip())
        for name, value, under, colour in shown
    )
    told = f"{metric.title}. Small figures: 95 % intervals {basis(len(summary.seeds), metric.units)}."
    note = " ".join(filter(None, [told, summary.without_reading, summary.limits.caption]))
    return join([tag("dl", *items, class_="keys"), tag("p", note, class_="note")])


def headline(summary: Summary) -> Markup:
    """Return the figure and the table of the headline metric."""
    metric, caption = summary.metric, summary.limits.caption
    note = f"Large dot: mean. Bar: 95 % interval {basis(len(summary.seeds), metric.units)}."
    if len(summary.seeds) > 1:
        note += " Small rings: single seeds."
    figure = tag(
        "figure",
        tag("div", Markup(headline_figure(summary, 720)), class_="wide"),
        tag("div", Markup(headline_figure(summary, 360)), class_="narrow"),
        tag("figcaption", " ".join(filter(None, [note, caption]))),
    )
    headers = ("strategy", "gold rows", "synthetic rows", metric.name, "to gold, points")
    rows = [_row(summary, strategy) for strategy in summary.strategies]
    about = f"Test {metric.column}; validation and test rows are always gold."
    return section(metric.title, figure, table(headers, rows, caption=caption, sorts=True), note=about)


def metrics(summary: Summary) -> Markup:
    """Return every metric of the run by strategy; nothing where the headline is the only one."""
    if len(summary.metrics) < 2:
        return Markup()
    rows = [
        (
            _name(strategy),
            *(
                Sorted(metric.show(strategy.figures[metric.key]), strategy.figures[metric.key])
                if metric.key in strategy.figures
                else ""
                for metric in summary.metrics
            ),
        )
        for strategy in summary.strategies
    ]
    # A name such as ROUGE-L stays in one line of a narrow header.
    headers = ("strategy", *(metric.column.replace("-", "\N{NON-BREAKING HYPHEN}") for metric in summary.metrics))
    about = "Every metric of the test rows" + (", means over seeds." if len(summary.seeds) > 1 else ".")
    return section("All metrics", table(headers, rows, caption=summary.limits.caption, sorts=True), note=about)


def measures(summary: Summary) -> Markup:
    """Return calibration, p-values and the share of the gap recovered, as far as the run has them."""
    shown = summary.strategies
    compared = [strategy.difference for strategy in shown if strategy.difference and strategy.difference.p is not None]
    columns: dict[str, list[Sorted]] = {}
    about = []
    if any(strategy.calibration_error is not None for strategy in shown):
        errors = [strategy.calibration_error for strategy in shown]
        columns["calibration error"] = [_sorted(error, percent) for error in errors]
        about.append("Calibration error: how far confidence is from accuracy, ten bins; lower is better.")
    if compared:
        chances = [strategy.difference.p if strategy.difference else None for strategy in shown]
        columns["p, corrected"] = [_sorted(p, p_value) for p in chances]
        tests = dict.fromkeys(describe_test(d.test, summary.metric.units) for d in compared if d.test)
        about.append(f"p: {listing(list(tests))} against gold only, Holm-corrected.")
    if any(strategy.recovered is not None for strategy in shown):
        shares = [strategy.recovered for strategy in shown]
        columns["gap recovered"] = [_sorted(share, whole_percent) for share in shares]
        about.append("Gap: from gold only (0 %) to full (100 %).")
    if not columns:
        return Markup()
    rows = [
        (_name(strategy), *found)
        for strategy, *found in zip(shown, *columns.values(), strict=True)
        if any(cell.shown for cell in found)
    ]
    body = table(("strategy", *columns), rows, caption=summary.limits.caption, sorts=True)
    return section(f"Beyond {summary.metric.name}", body, note=" ".join(about))


def _row(summary: Summary, strategy: StrategySummary) -> tuple[object, ...]:
    _, gold, synthetic, mean, interval, change, change_interval = cells(strategy, summary.metric)
    name = join([_name(strategy), tag("small", describe(strategy.name, summary.is_text), class_="description")])
    return (
        name,
        Sorted(gold, strategy.n_gold),
        Sorted(synthetic, strategy.n_synthetic),
        Sorted(stacked(mean, interval), strategy.mean),
        Sorted(stacked(change, change_interval), strategy.difference.mean if strategy.difference else None),
    )


def _sorted(value: float | None, show: Callable[[float], str]) -> Sorted:
    return Sorted("" if value is None else show(value), value)


def _name(strategy: StrategySummary) -> Markup:
    return tag("span", strategy.name, class_=f"dot {strategy.name}")


def emphasise(sentence: str) -> Markup:
    """Set the outcome in strong type and what is in brackets in a lighter one."""
    escaped = re.sub(r"(\([^)]*\))", r'<span class="aside">\1</span>', text(sentence))
    escaped = re.sub(r"\b(it paid)\b", r'<strong class="paid">\1</strong>', escaped)
    return Markup(re.sub(r"\b(did not pay|is not shown to pay)\b", r'<strong class="unpaid">\1</strong>', escaped))
