"""One self-contained page of several runs: what synthetic rows are worth, curves, every student, cost, failures."""

from collections.abc import Sequence

from lit_synth.report.charts.curves import learning_figure
from lit_synth.report.charts.gains import gains_figure, lines
from lit_synth.report.conclusions.findings import CANDIDATES
from lit_synth.report.conclusions.outcomes import Outcome, TaskOutcomes
from lit_synth.report.conclusions.sentences import about_worth, best_of, headline, sentences, warnings
from lit_synth.report.folders.collection import Collection
from lit_synth.report.markup import Markup, Sorted, grouped_table, section, stacked, table, tag
from lit_synth.report.page import document
from lit_synth.report.sections.costs import HEADERS, about_work, costs, stage_work, together
from lit_synth.report.sections.results import emphasise
from lit_synth.report.sections.saturation import saturated
from lit_synth.report.students import about_students, cells, group_title, headers, values
from lit_synth.report.wording import listing, seconds


def render_several(collection: Collection, tasks: Sequence[TaskOutcomes]) -> str:
    """Return the page."""
    parts = [_header(collection, tasks), _gains(tasks)]
    for number, task in enumerate(tasks):
        name = f"{task.task}: " if len(tasks) > 1 else ""
        parts += [_learning(task, name, number), saturated(task, name, number), _students(task, name)]
    parts += [_cost(collection), _failed(collection), _runs(collection)]
    return document(f"{listing([task.task for task in tasks])}: what synthetic rows are worth", parts)


def _header(collection: Collection, tasks: Sequence[TaskOutcomes]) -> Markup:
    seeds = sorted({seed for task in tasks for seed in task.seeds})
    facts = [
        listing([task.task for task in tasks]),
        f"{len(collection.runs)} run{'s' * (len(collection.runs) > 1)}",
        f"seed{'s' * (len(seeds) > 1)} {listing(list(map(str, seeds)))}",
    ]
    first = headline(tasks)
    others = [
        (task.task if len(tasks) > 1 and not place else "", one)
        for task in tasks
        for place, one in enumerate(sentences(task)[len(tasks) == 1 :])
    ]
    notes = filter(None, [about_worth(tasks), *dict.fromkeys(task.caption for task in tasks)])
    return tag(
        "header",
        tag("p", *(tag("span", fact) for fact in facts), class_="facts"),
        tag("h1", emphasise(first)),
        *(tag("p", tag("b", f"{name}. ") if name else "", emphasise(one), class_="other") for name, one in others),
        tag("p", " ".join(notes), class_="note after"),
        *(tag("p", warning, class_="warning", role="note") for warning in [*warnings(tasks), *_absent(collection)]),
    )


def _absent(collection: Collection) -> list[str]:
    found = []
    if collection.unfinished:
        names = listing([path.name for path in collection.unfinished])
        found.append(f"Left out, since there is no metrics.json: {names}.")
    if collection.failed:
        number = len(collection.failed)
        found.append(f"{number} job{'s' * (number > 1)} of the sweep failed; see below.")
    return found


def _gains(tasks: Sequence[TaskOutcomes]) -> Markup:
    """Return the figure that holds tasks against each other; one task has its curves."""
    if len(tasks) < 2 or not lines(tasks):
        return Markup()
    key = tag("p", *(tag("span", name, class_=f"dot {name}") for name in CANDIDATES), class_="facts key-of")
    captions = dict.fromkeys(filter(None, (task.caption for task in tasks)))
    figure = tag(
        "figure",
        key,
        tag("div", Markup(gains_figure(tasks, 720)), class_="wide"),
        tag("div", Markup(gains_figure(tasks, 360)), class_="narrow"),
        tag("figcaption", " ".join(["From top to bottom: annotate, generate, both. Bar: 95 % interval.", *captions])),
    )
    shown = {task for task, *_ in lines(tasks)}
    metrics = listing([f"{task.task} in {task.metric.name}" for task in tasks if task.task in shown])
    about = f"What synthetic rows changed, in points of each task's own metric: {metrics}. Right of 0 is better."
    return section("Gains", figure, note=about)


def _learning(task: TaskOutcomes, name: str, number: int) -> Markup:
    marked = next((best for run in task.runs if (best := best_of(task, run))), None)
    if len({outcome.labels for outcome in task.outcomes if outcome.strategy != "full"}) < 2:
        return Markup()
    figure = tag(
        "figure",
        tag("div", Markup(learning_figure(task, marked, 720, number)), class_="wide"),
        tag("div", Markup(learning_figure(task, marked, 360, number)), class_="narrow"),
        tag("figcaption", " ".join(filter(None, [_caption(task), task.caption]))),
    )
    about = f"Test {task.metric.column} over the labels that each student cost, in equal steps of their logarithm."
    return section(f"{name}{'learning curves' if name else 'Learning curves'}", figure, note=about)


def _caption(task: TaskOutcomes) -> str:
    told = "Point: mean over seeds. " if len(task.seeds) > 1 else ""
    told += "Band or bar: 95 % interval; that of teacher and few_shot stands in the table."
    if task.of_strategy("gold") and task.of_strategy("full"):
        told += " Dotted: the curve of gold alone goes on to the student with every true label (full)."
    if any(outcome.worth for outcome in task.outcomes):
        told += " For worth that curve is made to rise, and is straight between its points."
    return told


def _students(task: TaskOutcomes, name: str) -> Markup:
    def row(outcome: Outcome) -> list[object]:
        strategy, *figures = cells(task, outcome)
        _, *numbers = values(outcome)
        dot = stacked(tag("span", strategy[0], class_=f"dot {strategy[0]}"), strategy[1])
        return [dot, *(Sorted(stacked(*shown), number) for shown, number in zip(figures, numbers, strict=True))]

    groups = [(group_title(task, run), list(map(row, task.of(run)))) for run in task.runs]
    shown = grouped_table(headers(task), groups, caption=task.caption, sorts=True)
    title = f"{name}{'every student' if name else 'Every student'}"
    return tag("div", section(title, shown, note=about_students(task)), class_="broad")


def _cost(collection: Collection) -> Markup:
    stages, by_run = costs(collection)
    if not stages:
        return Markup()
    names = list(by_run)
    works = [stage_work(run) for run in collection.runs]
    counted = any(works)

    def total(found: Sequence[float]) -> Markup | str:
        return seconds(sum(found)) if found else ""

    def met(*shown: str) -> tuple[str, ...]:
        return together(work[stage] for work in works for stage in shown if stage in work).cells if counted else ()

    rows = [
        (
            stage,
            *(seconds(by_run[run][stage]) if stage in by_run[run] else "" for run in names),
            total(every),
            *met(stage),
        )
        for stage in stages
        if (every := [found[stage] for found in by_run.values() if stage in found])
    ]
    sums = [total(list(found.values())) for found in by_run.values()]
    everything = total([taken for found in by_run.values() for taken in found.values()])
    last = (tag("b", "together"), *(tag("b", one) for one in [*sums, everything, *met(*stages)]))
    shown = table(["stage", *names, "together", *(HEADERS if counted else ())], [*rows, last])
    about = about_work(one for work in works for one in work.values())
    note = " ".join(filter(None, ["Wall-clock time of the stages, summed over seeds.", about]))
    return tag("div", section("Cost", shown, note=note), class_="broad")


def _failed(collection: Collection) -> Markup:
    if not collection.failed:
        return Markup()
    rows = [
        (job.sweep, f"{job.fraction:g}", str(job.seed), job.error, "" if job.seconds is None else seconds(job.seconds))
        for job in collection.failed
    ]
    about = "Their students are missing above; the same command of the sweep tries them again."
    return section("Failed jobs", table(("sweep", "fraction", "seed", "error", "after"), rows, left=4), note=about)


def _runs(collection: Collection) -> Markup:
    rows = [
        (collection.names[run.path], tag("code", run.details.get("command", ""), class_="path"))
        for run in collection.runs
    ]
    return section("Runs", table(("run", "command"), rows, left=2))
