"""MultiRC: labels as numbers, truth values and words, and an answer that is empty."""

from collections.abc import Callable
from typing import Any

import pytest

from lit_synth.data.sources import find_split, read_split
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.tasks.multirc import MULTIRC, MultiRC

ROW = {"paragraph": "It rains.\n\nIt is wet.", "question": "How is it?", "answer": "Wet", "label": 1}
Reading = Callable[..., list[Example]]


@pytest.mark.parametrize(("right", "wrong"), [(1, 0), ("1", "0"), (True, False), ("true", "false"), ("True", "False")])
def test_a_label_is_a_number_or_a_truth_value(reading: Reading, right: Any, wrong: Any) -> None:
    rows = reading(MultiRC, ROW | {"label": right}, ROW | {"label": wrong})
    assert [row.target for row in rows] == ["1", "0"]
    assert [MULTIRC.completion(str(row.target)) for row in rows] == [" right", " wrong"]


def test_a_text_is_one_line_and_an_empty_answer_says_so(reading: Reading) -> None:
    (row,) = reading(MultiRC, ROW | {"answer": " "})
    assert row.fields == {"paragraph": "It rains. It is wet.", "question": "How is it?", "answer": "(no answer)"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": 2}, r"train\.jsonl:2: unknown label '2' in column 'label'; known labels: 0, 1$"),
        ({"label": None}, r"train\.jsonl:2: column 'label' holds None; give the row a label"),
        ({"answer": None}, r"train\.jsonl:2: column 'answer' holds None; expected a text"),
        ({"paragraph": {"text": "a"}}, r"train\.jsonl:2: column 'paragraph' holds \{'text': 'a'\}; expected a text"),
    ],
)
def test_what_is_none_of_these_is_told(reading: Reading, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        reading(MultiRC, ROW, ROW | change)


@pytest.mark.parametrize("column", ["paragraph", "question", "answer", "label"])
def test_a_missing_column_is_told(reading: Reading, column: str) -> None:
    with pytest.raises(InputError, match=rf"train\.jsonl:1: no column '{column}'; the row has: "):
        reading(MultiRC, {name: value for name, value in ROW.items() if name != column})


def test_real_questions_have_several_answers_and_three_rows_had_none(real_data: Any) -> None:
    path = find_split(real_data("multirc"), "train")
    assert path is not None
    rows = read_split(MULTIRC, path, MultiRC(None).normalise)  # type: ignore[arg-type]
    questions = {(row.fields["paragraph"], row.fields["question"]) for row in rows}
    assert 5_000 < len(questions) <= 5_131
    assert sum(row.fields["answer"] == "(no answer)" for row in rows) == 3
