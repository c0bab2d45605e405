"""Four formats, one result; and every mistake in a file by file, line, value and remedy."""

import csv
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from lit_synth.data.sources import find_split, read_split
from lit_synth.errors import InputError
from lit_synth.tables import SUFFIXES
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.slurp import SLURP

ROWS = [
    {"text": 'a "quoted", {text} one', "sentiment": "positive"},
    {"text": "naïve 好", "sentiment": "negative"},
]


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _gzip(path: Path, rows: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(path: Path, rows: list[dict[str, Any]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def _tsv(path: Path, rows: list[dict[str, Any]]) -> None:
    _csv(path, rows, "\t")


def _parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    parquet.write_table(pa.Table.from_pylist(rows), path)


WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], None]] = dict(
    zip(SUFFIXES, (_jsonl, _gzip, _csv, _tsv, _parquet), strict=True)
)


@pytest.fixture(params=SUFFIXES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[list[dict[str, Any]]], Path]:
    def write(rows: list[dict[str, Any]]) -> Path:
        path: Path = tmp_path / f"train{request.param}"
        WRITERS[request.param](path, rows)
        return path

    return write


def test_every_format_gives_the_same_examples(written: Callable[[list[dict[str, Any]]], Path]) -> None:
    examples = read_split(REVIEWS, written(ROWS))
    assert [(row.fields["text"], row.target, row.origin) for row in examples] == [
        (row["text"], row["sentiment"], "gold") for row in ROWS
    ]
    assert len({row.id for row in examples}) == len(ROWS)
    assert all(row.id.startswith("train-") for row in examples)


def test_a_missing_column_is_named_in_every_format(written: Callable[[list[dict[str, Any]]], Path]) -> None:
    path = written([{"body": "a", "sentiment": "positive"}])
    with pytest.raises(
        InputError, match=rf"^{re.escape(str(path))}:\d: no column 'text'; the row has: body, sentiment$"
    ):
        read_split(REVIEWS, path)


def test_an_unknown_label_is_named_in_every_format(written: Callable[[list[dict[str, Any]]], Path]) -> None:
    path = written([*ROWS, {"text": "so so", "sentiment": "neutral"}])
    told = r":\d: unknown label 'neutral' in column 'sentiment'; known labels: negative, positive$"
    with pytest.raises(InputError, match=re.escape(str(path)) + told):
        read_split(REVIEWS, path)


def test_the_line_is_the_one_an_editor_shows(tmp_path: Path) -> None:
    _jsonl(tmp_path / "train.jsonl", [*ROWS, {"text": "so so", "sentiment": "neutral"}])
    with pytest.raises(InputError, match=r"train\.jsonl:3: "):
        read_split(REVIEWS, tmp_path / "train.jsonl")
    _csv(tmp_path / "train.csv", [*ROWS, {"text": "so so", "sentiment": "neutral"}])
    with pytest.raises(InputError, match=r"train\.csv:4: "):
        read_split(REVIEWS, tmp_path / "train.csv")


@pytest.mark.parametrize("value", ["", "  ", None, 7, ["a"]])
def test_a_text_that_is_none_is_shown(tmp_path: Path, value: Any) -> None:
    _jsonl(tmp_path / "train.jsonl", [{"text": value, "sentiment": "positive"}])
    told = f"train.jsonl:1: column 'text' holds {value!r}; expected a text that is not empty"
    with pytest.raises(InputError, match=re.escape(told)):
        read_split(REVIEWS, tmp_path / "train.jsonl")


def test_a_short_csv_row_is_no_empty_text(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("sentiment,text\npositive,fine\nnegative\n")
    with pytest.raises(InputError, match=r"train\.csv:3: 1 cells under 2 columns, from 'negative'"):
        read_split(REVIEWS, tmp_path / "train.csv")


def test_many_known_labels_are_counted_not_listed(tmp_path: Path) -> None:
    _jsonl(tmp_path / "test.jsonl", [{"text": "a", "intent": "fly"}])
    with pytest.raises(InputError, match=r"known labels: alarm_query, .*, … \(60 in all\)$"):
        read_split(SLURP, tmp_path / "test.jsonl")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_an_empty_file_says_which_columns_are_expected(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"train{suffix}"
    path.touch()
    with pytest.raises(InputError, match=r"no rows; expected columns text, sentiment$"):
        read_split(REVIEWS, path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_something_else_is_one_clear_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"train{suffix}"
    path.write_bytes("texte,sentiment\né\xff,positive\n".encode("latin-1"))
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}[^\n]*$"):
        read_split(REVIEWS, path)


def test_truth_values_and_numbers_are_labels(tmp_path: Path) -> None:
    task = replace(REVIEWS, labels=("true", "1"))
    _jsonl(tmp_path / "train.jsonl", [{"text": "a", "sentiment": True}, {"text": "b", "sentiment": 1}])
    assert [row.target for row in read_split(task, tmp_path / "train.jsonl")] == ["true", "1"]


def test_a_folder_that_is_not_there_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such folder; give the folder that holds train\.jsonl"):
        find_split(tmp_path / "nowhere", "train")


def test_a_split_in_two_formats_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").touch()
    (tmp_path / "train.csv").touch()
    with pytest.raises(InputError, match=r"train\.jsonl and train\.csv are both there; keep one"):
        find_split(tmp_path, "train")


def test_a_split_is_found_in_any_format_or_not_at_all(tmp_path: Path) -> None:
    for split, suffix in zip(("train", "validation", "test", "more", "last"), SUFFIXES, strict=True):
        (tmp_path / (split + suffix)).touch()
        assert find_split(tmp_path, split) == tmp_path / (split + suffix)
    assert find_split(tmp_path, "other") is None


def test_real_slurp_holds_what_its_page_says(real_data: Callable[[str], Path]) -> None:
    counts = {"train": (11514, 60), "validation": (2033, 59), "test": (2674, 59)}
    for split, (rows, intents) in counts.items():
        path = find_split(real_data("slurp"), split)
        assert path is not None
        examples = read_split(SLURP, path)
        assert (len(examples), len({row.target for row in examples})) == (rows, intents)
