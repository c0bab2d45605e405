"""A few functions that write HTML; whatever is not `Markup` is escaped, so no text of a row can become code."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


class Sorted(NamedTuple):
    """A cell and the number by which its row is sorted, since a reader sees it rounded and with its interval."""

    shown: object
    value: float | None


def text(value: object) -> Markup:
    """Escape a value; `Markup` stays as it is. A percent sign stays with its number.

    >>> text("<b> 5 %")
    '&lt;b&gt; 5&#8239;%'
    """
    return value if isinstance(value, Markup) else Markup(escape(str(value)).replace(" %", "&#8239;%"))


def join(parts: Iterable[object], separator: str = "") -> Markup:
    """Join parts, each escaped where it has to be."""
    return Markup(separator.join(text(part) for part in parts))


def tag(name: str, *children: object, **attributes: str) -> Markup:
    """Return an element; a trailing underscore of an attribute is dropped, others become hyphens.

    >>> tag("p", "a < b", tag("b", "c"), class_="note")
    '<p class="note">a &lt; b<b>c</b></p>'
    """
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], left: int = 1, caption: str = "", sorts: bool = False
) -> Markup:
    """Return a table that scrolls sideways on its own where the screen is too narrow.

    Args:
        headers: Column names.
        rows: Cells; a `Sorted` one says by what its row is sorted.
        left: Number of first columns that hold text; the others hold figures.
        caption: A note under the table; left out where empty.
        sorts: Whether the page's script lets a reader sort the rows: each has to stand for itself.
    """
    return _scrolling(headers, [tag("tbody", *_rows(rows, left))], left, caption, sorts)


def grouped_table(
    headers: Sequence[str],
    groups: Iterable[tuple[str, Iterable[Sequence[object]]]],
    left: int = 1,
    caption: str = "",
    sorts: bool = False,
) -> Markup:
    """Return a table whose rows stand below the name of their group, also when sorted; the rest is as in `table`."""
    across = {"scope": "rowgroup", "colspan": str(len(headers)), "class_": "group"}
    bodies = [tag("tbody", tag("tr", tag("th", name, **across)), *_rows(rows, left)) for name, rows in groups]
    return _scrolling(headers, bodies, left, caption, sorts)


def _scrolling(headers: Sequence[str], bodies: Iterable[Markup], left: int, caption: str, sorts: bool) -> Markup:
    head = tag("tr", *(tag("th", name, scope="col", **_kind(i, left)) for i, name in enumerate(headers)))
    note = tag("p", caption, class_="note") if caption else ""
    inner = tag("table", tag("thead", head), *bodies, **({"class_": "sorts"} if sorts else {}))
    return Markup(tag("div", inner, class_="scroll", tabindex="0") + note)


def _rows(rows: Iterable[Sequence[object]], left: int) -> Iterable[Markup]:
    for row in rows:
        yield tag("tr", *(_cell(i, content, _kind(i, left)) for i, content in enumerate(row)))


def _cell(column: int, content: object, kind: dict[str, str]) -> Markup:
    shown, value = content if isinstance(content, Sorted) else (content, None)
    # As scripts read numbers: what lies beyond all that was measured is endless.
    known = {} if value is None else {"data_value": f"{value:.6g}".replace("inf", "Infinity")}
    return tag("td", shown, **kind, **known) if column else tag("th", shown, scope="row", **kind, **known)


def _kind(column: int, left: int) -> dict[str, str]:
    return {} if column < left else {"class_": "figure"}


def section(title: str, *children: object, note: object = "") -> Markup:
    """Return a section with its heading, and a note beside it on wide screens."""
    aside = tag("p", note, class_="about") if note else ""
    heading = tag("div", tag("h2", title), aside, class_="heading")
    return tag("section", heading, tag("div", *children, class_="body"))


def stacked(value: str, under: str) -> Markup:
    """Return a figure with its interval beneath."""
    return join([value, tag("small", under)]) if under else text(value)
