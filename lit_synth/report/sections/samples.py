"""Synthetic rows for the eye: some that were accepted, and some that were rejected."""

from lit_synth.examples import Example
from lit_synth.report.folders.folder import RunFolder
from lit_synth.report.markup import Markup, join, section, tag
from lit_synth.report.sections.rows import spread
from lit_synth.report.wording import count

OPEN = 10
"""Rows of a list; all of them are where rows are searched and marked."""
LONG = 320
"""Characters of a text that are shown; what is more is folded away."""
MOST = 10_000
"""Characters of a text that are on the page at all, so that it stays small where documents are long."""


def samples(folder: RunFolder) -> Markup:
    """Return synthetic rows to read, and rejected ones with reasons; how many there are of how many."""
    parts = []
    for kind, title, rejected in (("synthetic", "Synthetic rows", False), ("rejected", "Rejected rows", True)):
        surveys = folder.rejected if rejected else folder.synthetic
        picked = spread(surveys, OPEN)
        if picked:
            over = " and reasons" if rejected else "" if folder.is_text else " and labels"
            total = sum(found.number for found in surveys.values())
            about = f"{len(picked)} of {count(total)} rows, spread over strategies{over} by a fixed rule."
            show = _pair if folder.is_text else _labelled
            items = [show(strategy, example, rejected) for strategy, example in picked]
            parts.append(section(title, tag("ol", *items, class_=f"samples {kind}"), note=about))
    return join(parts)


def _labelled(strategy: str, example: Example, rejected: bool) -> Markup:
    """Return the input of a row, with its label among the facts."""
    asked = example.provenance.get("requested")
    label = example.target if example.target is not None else asked or "no label"
    share = (example.probabilities or {}).get(str(example.target))
    facts: list[object] = [tag("span", label, class_="label")]
    facts += [f"probability {share:.2f}"] if share is not None else []
    facts.append(tag("span", strategy, class_=f"dot {strategy}"))
    facts += [f"asked for {asked}"] if asked not in (None, label) else []
    return _item(_fields(example), example, rejected, facts)


def _pair(strategy: str, example: Example, rejected: bool) -> Markup:
    """Return the input of a row, and beneath it the text that goes with it."""
    target = "no text" if example.target is None else example.target
    body = [tag("div", _fields(example), class_="input"), tag("p", folded(target), class_="text target")]
    asked = example.provenance.get("requested")
    facts: list[object] = [tag("span", strategy, class_=f"dot {strategy}")]
    facts += [f"asked for {asked}"] if asked and asked not in example.fields.values() else []
    return _item(join(body), example, rejected, facts)


def _item(body: Markup, example: Example, rejected: bool, facts: list[object]) -> Markup:
    why = tag("p", str(example.provenance.get("reason", "no reason given")), class_="reason") if rejected else ""
    return tag("li", body, why, tag("p", *(tag("span", fact) for fact in facts), class_="facts"))


def _fields(example: Example) -> Markup:
    """Return the input; the name of its only field goes without saying. Where there is none, what was written."""
    written = example.provenance.get("text")
    if not example.fields and written is not None:
        return tag("p", folded(str(written)) if str(written).strip() else "(blank)", class_="text")
    if len(example.fields) == 1:
        return join(tag("p", folded(value), class_="text") for value in example.fields.values())
    return join(tag("p", tag("i", name), " ", folded(value), class_="text") for name, value in example.fields.items())


def folded(value: str) -> object:
    """Return a text, the rest of a long one folded away."""
    if len(value) <= LONG:
        return value
    cut = value.rfind(" ", 0, LONG) if " " in value[:LONG] else LONG
    left = f" … {count(len(value) - MOST)} characters are left out" if len(value) > MOST else ""
    more = tag("summary", f"{count(len(value) - cut)} characters more")
    return join([value[:cut], " … ", tag("details", more, f"{value[cut:MOST].strip()}{left}", class_="more")])
