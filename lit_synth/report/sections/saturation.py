"""How students of one strategy go on with more synthetic rows: the same for the page of a run and of several."""

from lit_synth.report.charts.saturation import panels, saturation_figure
from lit_synth.report.conclusions.outcomes import TaskOutcomes
from lit_synth.report.conclusions.saturation import saturation
from lit_synth.report.markup import Markup, section, tag
from lit_synth.report.students import group_title


def saturated(task: TaskOutcomes, name: str = "", number: int = 0) -> Markup:
    """Return figure and sentences; nothing without students of smaller amounts.

    Args:
        task: Students of one run or of several.
        name: Put in front of the title where a page has several tasks.
        number: Of the task on its page.
    """
    runs = panels(task)
    if not runs:
        return Markup()
    figure = tag(
        "figure",
        tag("div", Markup(saturation_figure(task, 720, number)), class_="wide"),
        tag("div", Markup(saturation_figure(task, 360, number)), class_="narrow"),
        tag("figcaption", " ".join(filter(None, ["Band: 95 % interval.", task.caption]))),
    )
    said = [
        tag("li", tag("b", f"{group_title(task, run)}. ") if len(runs) > 1 else "", told)
        for run in runs
        for told in saturation(task, run)
    ]
    about = (
        "What more synthetic rows bring at each number of labels. With both, annotated and generated rows together. "
    )
    about += "Sentences hold all rows against every smaller amount, in points with their 95 % interval; p is corrected "
    about += "by Holm for the amounts of a curve."
    return section(f"{name}{'amount' if name else 'Amount'}", figure, tag("ul", *said, class_="advice"), note=about)
