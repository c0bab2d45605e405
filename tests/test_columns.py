"""Text and label columns are found in sheets of many kinds, made up and real."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from lit_synth.cells import columns_of
from lit_synth.columns import guess
from lit_synth.errors import InputError
from lit_synth.tables import read_table

WORDS = [
    "card",
    "lost",
    "account",
    "closed",
    "transfer",
    "late",
    "refund",
    "wanted",
    "today",
    "please",
    "never",
    "again",
]


def text(number: int) -> str:
    return " ".join(WORDS[(number * step) % len(WORDS)] for step in (1, 5, 7)) + f" {number}"


SHEETS: dict[str, tuple[Callable[[int], dict[str, Any]], tuple[str, ...], str, bool]] = {
    "plain": (lambda n: {"text": text(n), "label": "ab"[n % 2]}, ("text",), "label", True),
    "names that say nothing": (lambda n: {"A": f"{n}", "B": text(n), "C": "xyz"[n % 3]}, ("B",), "C", True),
    "blanks in names": (
        lambda n: {"Ticket No": n, "Customer message": text(n), "Team name": "ab"[n % 2]},
        ("Customer message",),
        "Team name",
        True,
    ),
    "two texts": (
        lambda n: {"subject": text(n), "body": text(3 * n), "by": f"a{n}", "team": "ab"[n % 2]},
        ("subject", "body"),
        "team",
        True,
    ),
    "two that may be labels": (
        lambda n: {"text": text(n), "lang": "ed"[n % 2], "intent": "abc"[n % 3]},
        ("text",),
        "intent",
        True,
    ),
    "numbers as labels": (lambda n: {"review": text(n), "stars": n % 5}, ("review",), "stars", True),
    "truth as label": (lambda n: {"question": text(n), "label": n % 3 == 0}, ("question",), "label", True),
    "a script without blanks": (
        lambda n: {
            "sentence 1": "光线怎么样" * (1 + n % 7) + f"{n}",
            "sentence 2": f"{n} 可以约业主",
            "fits": f"{n % 2}",
        },
        ("sentence 1", "sentence 2"),
        "fits",
        True,
    ),
    "an index without a name": (
        lambda n: {"column 1": f"{n}", "class": "012"[n % 3], "tweet": text(n)},
        ("tweet",),
        "class",
        True,
    ),
    "text to text": (lambda n: {"source": text(n), "summary": text(n + 1)}, ("source",), "summary", False),
    "a time beside, named like a text": (
        lambda n: {
            "tweet_id": f"57030{n}",
            "airline_sentiment": "abc"[n % 3],
            "name": f"user{n}",
            "text": text(n),
            "tweet_created": f"2015-02-24 11:{n % 60:02}:52 -0800",
            "tweet_location": f"San Francisco {n}",
        },
        ("text",),
        "airline_sentiment",
        True,
    ),
    "dates, numbers and addresses": (
        lambda n: {
            "message_date": f"Tue, {n % 28 + 1} March 2015, 7:{n % 60:02} PM",
            "Customer message": text(n),
            "message_size": f"{n} 000",
            "post_url": f"https://example.org/{n}",
            "team": "ab"[n % 2],
        },
        ("Customer message",),
        "team",
        True,
    ),
    "a pair by letters": (
        lambda n: {"text_a": text(n), "text_b": text(2 * n + 1), "label": "ab"[n % 2]},
        ("text_a", "text_b"),
        "label",
        True,
    ),
    "a pair by digits": (
        lambda n: {"sentence1": text(n), "sentence2": f"short {n}", "label": "ab"[n % 2]},
        ("sentence1", "sentence2"),
        "label",
        True,
    ),
    "a heading beside a longer text": (
        lambda n: {"title": text(n), "what the customer wrote": text(n) * 3, "label": "ab"[n % 2]},
        ("title", "what the customer wrote"),
        "label",
        True,
    ),
    "a list beside": (lambda n: {"text": text(n), "tags": ["a"], "target": "ab"[n % 2]}, ("text",), "target", True),
}


@pytest.mark.parametrize("name", SHEETS)
def test_columns_are_found(name: str) -> None:
    make, fields, target, is_label = SHEETS[name]
    found = guess(columns_of(map(make, range(60))))
    assert (found.text, found.target, found.is_label) == (fields, target, is_label)


@pytest.mark.parametrize(
    ("task", "fields", "target", "is_label"),
    [
        ("slurp", ("text",), "intent", True),
        ("rte", ("premise", "hypothesis"), "label", True),
        ("boolq", ("question", "passage"), "label", True),
        ("multirc", ("paragraph", "question", "answer"), "label", True),
        ("sgd", ("prompt",), "target", False),
    ],
)
def test_columns_of_real_data_are_found(
    real_data: Callable[[str], Path], task: str, fields: tuple[str, ...], target: str, is_label: bool
) -> None:
    rows = (row for _, row in islice(read_table(real_data(task) / "train.jsonl.gz"), 2000))
    found = guess(columns_of(rows))
    assert (found.text, found.target, found.is_label) == (fields, target, is_label)


def test_what_is_given_is_not_guessed() -> None:
    columns = columns_of({"a": text(n), "b": text(2 * n), "c": "xy"[n % 2], "d": "uvw"[n % 3]} for n in range(60))
    assert guess(columns, ["a"], "d").text == ("a",)
    assert guess(columns, target="d").target == "d"
    assert not guess(columns, ["a"], "b").is_label


@pytest.mark.parametrize(
    ("fields", "target", "told"),
    [
        (["nothing"], None, "no column 'nothing'; there are: text, label"),
        ([], "nothing", "no column 'nothing'"),
        (["label"], "label", "given as text and as label"),
    ],
)
def test_a_column_that_cannot_be_is_told(fields: list[str], target: str | None, told: str) -> None:
    columns = columns_of({"text": text(n), "label": "ab"[n % 2]} for n in range(20))
    with pytest.raises(InputError, match=told):
        guess(columns, fields, target)


@pytest.mark.parametrize(
    ("names", "is_row"),
    [
        (("ham", "Go until jurong point, crazy"), True),
        (("no", "what 's the airport at orlando"), False),  # a question as the name of its column, and no label beside
        (("spam", "message"), False),  # a name that is a label, too
        (("label", "How do I locate my card?"), False),
    ],
)
def test_a_sheet_without_names_is_told(names: tuple[str, str], is_row: bool) -> None:
    columns = columns_of({names[0]: ("ham", "spam")[n % 2], names[1]: text(n)} for n in range(60))
    if is_row:
        with pytest.raises(InputError, match="the first line looks like a row and not like names: 'ham', 'Go"):
            guess(columns)
    else:
        assert guess(columns).text == (names[1],)


@pytest.mark.parametrize("label_first", [True, False])
def test_names_are_proposed_in_the_order_of_the_columns(label_first: bool) -> None:
    label, words = ("ham", lambda n: ("ham", "spam")[n % 2]), ("Go until jurong point", text)
    order = [label, words] if label_first else [words, label]
    columns = columns_of({name: make(n) for name, make in order} for n in range(60))
    with pytest.raises(InputError, match=f"of the columns: {'label, text' if label_first else 'text, label'}$"):
        guess(columns)


def test_crossed_names_are_told_and_may_be_meant() -> None:
    columns = columns_of({"text": ("ham", "spam")[n % 2], "label": text(n)} for n in range(60))
    with pytest.raises(InputError, match="column 'text' holds labels and column 'label' texts: their names look"):
        guess(columns)
    assert guess(columns, ["label"], "text").target == "text"


def test_a_sheet_without_a_label_is_told() -> None:
    with pytest.raises(InputError, match="name it with --label COLUMN; there are: text"):
        guess(columns_of({"text": text(n)} for n in range(20)))
