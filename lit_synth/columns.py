"""Which column of a table is the text and which the label: guessed from what the cells hold, and from names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lit_synth.cells import FEW_ROWS, MOST_LABELS, Column
from lit_synth.errors import InputError, shown

LABEL_NAMES = ("label", "labels", "class", "category", "intent", "sentiment", "topic", "tag", "team", "target", "gold")
TARGET_NAMES = ("target", "output", "response", "completion", "summary", "answer", "reply", "translation", "reference")
TEXT_NAMES = (
    *("text", "sentence", "review", "body", "message", "question", "content", "description", "title", "subject"),
    *("utterance", "comment", "tweet", "query", "input", "prompt", "document", "passage", "paragraph", "context"),
    *("premise", "hypothesis", "answer", "abstract", "headline", "source", "email", "post"),
)
ALONE = (
    *("text", "sentence", "review", "body", "message", "utterance", "comment", "tweet", "content", "document", "email"),
)
"""Names that say all: beside a column that has one as its whole name, only such a one as `TEXT_NAMES` is a text too."""
MOSTLY_UNIQUE = 0.5
"""Share of distinct values from which a target is a text of its own and no label."""


@dataclass(frozen=True)
class Guess:
    """The columns of a task.

    Args:
        text: Input columns.
        target: Column of the label or the target text.
        is_label: Whether it holds labels.
        others: Columns that might have been the target.
    """

    text: tuple[str, ...]
    target: str
    is_label: bool
    others: tuple[str, ...] = ()


def guess(columns: dict[str, Column], text: Sequence[str] = (), target: str | None = None) -> Guess:
    """Tell text and target columns; what is given is not guessed.

    Raises:
        InputError: A given column is not there, or there is none that may be the text, or the target.

    >>> from lit_synth.cells import columns_of
    >>> rows = [{"id": n, "body": f"my card {n} is lost", "team": ("a", "b")[n % 2]} for n in range(20)]
    >>> guess(columns_of(rows))
    Guess(text=('body',), target='team', is_label=True, others=())
    """
    for name in (*text, *([target] if target else [])):
        if name not in columns:
            raise InputError(f"no column {name!r}; there are: {', '.join(columns)}")
    if _is_row(columns):
        first = ", ".join(shown(name, 30) for name in list(columns)[:3])
        raise InputError(
            f"the first line looks like a row and not like names: {first}; put names above it, in the order of the "
            f"columns: {', '.join(_names_for(columns))}"
        )
    others: tuple[str, ...] = ()
    if target is None:
        target, *rest = _targets(columns, text)
        others = tuple(rest)
        if not text:
            _refuse_crossed(columns, target)
    if target in text:
        raise InputError(f"column {target!r} is given as text and as label; give another one of the two")
    found = columns[target]
    if not found.is_flat or not found.filled:
        held = "nothing" if not found.filled else "lists or objects"
        raise InputError(f"column {target!r} holds {held}; name another with --label COLUMN")
    return Guess(tuple(text) or _texts(columns, target), target, found.unique <= MOSTLY_UNIQUE, others)


def _is_row(columns: dict[str, Column]) -> bool:
    """Tell whether the names of columns are the cells of a row: one is a label, and no other is a usual name."""
    usual = {*LABEL_NAMES, *TARGET_NAMES, *TEXT_NAMES, "id"}
    is_label = any(column.may_be_label and name.strip() in column.counts for name, column in columns.items())
    return is_label and not any(name.strip().casefold() in usual for name in columns)


def _names_for(columns: dict[str, Column]) -> list[str]:
    """Return names for columns that have none, by what they hold, in their own order.

    >>> from lit_synth.cells import columns_of
    >>> _names_for(columns_of({"x": ("ham", "spam")[n % 2], "7": n, "y": f"see you at {n} then"} for n in range(20)))
    ['label', 'column_2', 'text']
    """
    try:
        target = _targets(columns, ())[0]
        texts = _texts(columns, target)
    except InputError:
        return ["text", "label"]
    names = {target: "label"} | {name: f"text_{place}" for place, name in enumerate(texts, start=1)}
    if len(texts) == 1:
        names[texts[0]] = "text"
    return [names.get(name, f"column_{place}") for place, name in enumerate(columns, start=1)]


def _refuse_crossed(columns: dict[str, Column], target: str) -> None:
    """See that names were not put above the wrong columns: labels under ``text``, and texts under ``label``.

    Raises:
        InputError: They were.
    """
    (text, *_) = _texts(columns, target)
    is_text = _named(target, TEXT_NAMES) and not _named(target, (*LABEL_NAMES, *TARGET_NAMES))
    if is_text and _named(text, LABEL_NAMES) and not _named(text, TEXT_NAMES):
        raise InputError(
            f"column {target!r} holds labels and column {text!r} texts: their names look crossed; put them right, or "
            f"say so with --text {text} --label {target}"
        )


def _targets(columns: dict[str, Column], text: Sequence[str]) -> list[str]:
    """Return what may be the target, likeliest first: by name, then labels from the right, as sheets grow there."""
    free = {name: column for name, column in columns.items() if name not in text}
    labels = [name for name, column in free.items() if column.may_be_label]
    texts = [name for name, column in free.items() if column.may_be_text]
    named = sorted((name for name in labels if _named(name, LABEL_NAMES)), key=lambda name: _rank(name, LABEL_NAMES))
    written = sorted((name for name in texts if _named(name, TARGET_NAMES)), key=lambda name: _rank(name, TARGET_NAMES))
    if len(texts) + len(text) < 2:
        written = []  # nothing would be left to read
    found = list(dict.fromkeys([*named, *written, *reversed(labels)]))
    if not found and len(texts) + bool(text) > 1:
        found = [texts[-1]]
    if not found:
        raise InputError(
            f"no column looks like a label (2 to {MOST_LABELS} short values, {FEW_ROWS} rows of each or more) or like "
            f"a text to be written; name it with --label COLUMN; there are: {', '.join(columns)}"
        )
    return found


def _texts(columns: dict[str, Column], target: str) -> tuple[str, ...]:
    """Return those whose whole name is that of a text, or the longest, and beside it those that hold such a name."""
    texts = [column for name, column in columns.items() if name != target and column.may_be_text]
    if not texts:
        alone = [name for name, column in columns.items() if name != target and column.is_text and column.is_flat]
        if len(alone) == 1:
            return (alone[0],)  # of single words, but there is no other
        raise InputError(f"no column looks like a text; name it with --text COLUMN; there are: {', '.join(columns)}")
    plain = [column.name for column in texts if _whole(column.name) in TEXT_NAMES]
    if any(_whole(name) in ALONE for name in plain):
        return tuple(plain)
    longest = max(texts, key=lambda column: column.mean_words)
    named = [column.name for column in texts if column is longest or _named(column.name, TEXT_NAMES)]
    return tuple(named)


def _named(name: str, known: Sequence[str]) -> bool:
    return _rank(name, known) < len(known)


def _whole(name: str) -> str:
    """Return a name without what tells one of a pair from the other.

    >>> [_whole(name) for name in ("Text", "text_a", "sentence2", "question 1", "tweet_created")]
    ['text', 'text', 'sentence', 'question', 'tweet created']
    """
    return " ".join(word for word in _words(name) if len(word) > 1)


def _words(name: str) -> list[str]:
    return [word.rstrip("0123456789") or word for word in re.split(r"[\s_-]+", name.casefold()) if word]


def _rank(name: str, known: Sequence[str]) -> int:
    """Return the place of the first known word that a name consists of, or holds between underscores or blanks."""
    words = _words(name)
    return min((known.index(word) for word in words if word in known), default=len(known))
