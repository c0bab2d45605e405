"""Inputs that are too long: what is cut, what is not, and that the count of them is true."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lit_synth.account import cut_inputs, foreign, unknown_share
from lit_synth.data import ClassifierEncoder, Seq2SeqEncoder, TeacherEncoder
from lit_synth.data.encoders import IGNORED, Encoder
from lit_synth.data.fitting import fit
from lit_synth.data.sources import find_split, read_split
from lit_synth.examples import Example
from lit_synth.settings import RunSettings, StudentSettings, TeacherSettings
from lit_synth.stages import StageCLI
from lit_synth.task import Task
from lit_synth.tasks.multirc import MULTIRC, MultiRC
from lit_synth.tasks.reviews import REVIEWS

TASK = Task("qa", ("passage", "question"), "answer", ("no", "yes"))
LONG = replace(TASK, long_field="question")
TEXT = st.text(st.sampled_from("ab 好"), min_size=1, max_size=40).map(lambda text: " ".join(text.split()) or "a")


def characters(fields: Mapping[str, str]) -> int:
    return sum(map(len, fields.values()))


@given(TEXT, TEXT, st.integers(0, 80), st.sampled_from([TASK, LONG]))
def test_only_the_long_field_is_cut_and_to_what_fits(passage: str, question: str, most: int, task: Task) -> None:
    fields = {"passage": passage, "question": question}
    found = fit(task, fields, characters, most)
    name = task.long_field or max(fields, key=lambda field: len(fields[field]))
    (other,) = set(fields) - {name}
    assert found[other] == fields[other]
    assert fields[name].startswith(found[name])
    if characters(fields) <= most:
        assert found == fields
    elif len(fields[other]) <= most:
        assert characters(found) <= most
    else:
        assert found[name] == ""


@given(TEXT, st.integers(0, 80))
def test_as_many_whole_words_stay_as_fit(passage: str, most: int) -> None:
    words = passage.split(" ")
    fields = {"passage": passage, "question": ""}
    assume(len(passage) > most)
    found = fit(replace(TASK, long_field="passage"), fields, characters, most)["passage"]
    whole = [n for n in range(1, len(words)) if len(" ".join(words[:n])) <= most]
    assert found == (" ".join(words[: max(whole)]) if whole else words[0][:most])


def test_a_text_without_spaces_keeps_its_beginning() -> None:
    fields = {"passage": "你好吗我很好谢谢", "question": "ab"}
    assert fit(TASK, fields, characters, 6) == {"passage": "你好吗我", "question": "ab"}


def test_a_field_that_is_still_to_be_written_is_not_cut() -> None:
    assert fit(LONG, {"passage": "one two three"}, characters, 8) == {"passage": "one two"}


# A paragraph of some 40 words, with a question and an answer that have to stay as they are.
PARAGRAPH = " ".join(f"the plot number {n} is warm ," for n in range(8))
ROW = Example("1", {"paragraph": PARAGRAPH, "question": "is it so ?", "answer": "a warm film"}, "1")
TOLD = replace(MULTIRC, labels=(), label_words={}, writings={}, metrics=())

Encoders = Callable[[int], dict[str, Encoder]]


@pytest.fixture(scope="module")
def encoders(tiny_causal: Path, tiny_encoder: Path) -> Encoders:
    """Return a function from a length to the three encoders."""

    def make(length: int) -> dict[str, Encoder]:
        return {
            "classifier": ClassifierEncoder(str(tiny_encoder), length),
            "seq2seq": Seq2SeqEncoder(str(tiny_encoder), length),
            "teacher": TeacherEncoder(str(tiny_causal), max_length=length),
        }

    return make


def read_back(encoder: Encoder, row: dict[str, Any]) -> str:
    return str(encoder.tokenizer.decode(row["input_ids"], skip_special_tokens=True))


def plain(encoder: Encoder, text: str) -> str:
    """Return a text as it is read back: a tokenizer may lower its case or not know a character."""
    ids = encoder.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return str(encoder.tokenizer.decode(ids, skip_special_tokens=True)).strip()


@pytest.mark.parametrize("name", ["classifier", "seq2seq", "teacher"])
def test_question_and_answer_stay_whole_in_every_encoder(encoders: Encoders, name: str) -> None:
    encoder, task = encoders(80)[name], TOLD if name == "seq2seq" else MULTIRC
    for row in (encoder.prediction_row(task, ROW), *encoder.training_rows(task, ROW)):
        assert len(row["input_ids"]) <= 80
        for field in ("question", "answer"):
            assert plain(encoder, ROW.fields[field]) in read_back(encoder, row)


def test_a_long_writing_keeps_the_fields_behind_the_cut_one_and_its_end(encoders: Encoders) -> None:
    encoder = encoders(100)["teacher"]
    *_, ungrounded = encoder.training_rows(MULTIRC, ROW)
    task = replace(MULTIRC, writings={"{target}:": "{paragraph}\nQuestion: {question}\nAnswer: {answer}"})
    for row, given_task in ((ungrounded, MULTIRC), (encoder.training_rows(task, ROW)[1], task)):
        end = [token for token in row["labels"] if token != IGNORED]
        assert end[-1] == encoder.tokenizer.eos_token_id
        way = len(given_task.writings) - 1
        written = str(encoder.tokenizer.decode(end[:-1]))
        assert written.endswith(f"{ROW.fields['question']}\nAnswer: {ROW.fields['answer']}")
        assert given_task.parse(way, written) is not None


def test_a_row_that_fits_is_not_touched(encoders: Encoders) -> None:
    """Also where the completion is longer than half of the room."""
    encoder = encoders(600)["teacher"]
    task = replace(MULTIRC, writings={"{target}:": "{paragraph}\nQuestion: {question}\nAnswer: {answer}"})
    row = encoder.training_rows(task, ROW)[1]
    assert 100 < len(row["input_ids"]) < 200
    short = encoders(len(row["input_ids"]))["teacher"].training_rows(task, ROW)[1]
    assert short == row
    assert read_back(encoder, row).startswith("right: the plot number 0")


@pytest.mark.parametrize("name", ["classifier", "seq2seq", "teacher"])
def test_an_input_is_counted_as_cut_where_it_is_one_token_too_long(encoders: Encoders, name: str) -> None:
    task = TOLD if name == "seq2seq" else MULTIRC
    whole = encoders(10_000)[name].prediction_row(task, ROW)["input_ids"]
    for length, cut in ((len(whole), False), (len(whole) - 1, True)):
        encoder = encoders(length)[name]
        assert encoder.is_cut(task, ROW) == cut
        assert (encoder.prediction_row(task, ROW)["input_ids"] != whole) == cut


def test_real_paragraphs_leave_question_and_answer_whole(encoders: Encoders, real_data: Callable[[str], Path]) -> None:
    path = find_split(real_data("multirc"), "validation")
    assert path is not None
    module = MultiRC(encoders(10_000)["teacher"])
    rows = read_split(MULTIRC, path, module.normalise)[:600:12]
    wide, narrow = encoders(10_000), encoders(384)
    cut = dict.fromkeys(narrow, 0)
    for name, encoder in narrow.items():
        task = TOLD if name == "seq2seq" else MULTIRC
        for row in rows:
            found = encoder.prediction_row(task, row)
            assert len(found["input_ids"]) <= encoder.max_length
            for field in ("question", "answer"):
                assert plain(encoder, row.fields[field]) in read_back(encoder, found)
            is_cut = found["input_ids"] != wide[name].prediction_row(task, row)["input_ids"]
            assert is_cut == encoder.is_cut(task, row)
            cut[name] += is_cut
    assert all(count > len(rows) / 2 for count in cut.values())


def test_what_a_run_tells_of_cut_rows_is_what_happened(
    tiny_causal: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lit_synth import recipes

    monkeypatch.setattr("sys.argv", ["lit_synth"])
    for split, count in (("train", 20), ("validation", 6)):
        lines = [
            {
                "paragraph": f"{split} paragraph {n} , " + "the plot is warm , " * (n % 5),
                "question": f"is it {n} ?",
                "answer": "a joy",
                "label": n % 2,
            }
            for n in range(count)
        ]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = RunSettings(
        "MultiRC",
        tmp_path / "out",
        data_dir=str(tmp_path),
        fraction=10,
        strategies=("gold", "teacher"),
        teacher=TeacherSettings(model=str(tiny_causal), max_length=80),
        student=StudentSettings(model=str(tiny_encoder), max_length=40),
    )
    module = StageCLI(recipes.teacher_fit(run, 0, tmp_path), run=False).datamodule
    told = cut_inputs(run, module)
    splits = module.splits
    rows = [*splits.gold, *splits.development, *splits.pool, *splits.test]
    for name, make in (("teacher", TeacherEncoder), ("student", ClassifierEncoder)):
        model, length = (tiny_causal, 80) if name == "teacher" else (tiny_encoder, 40)
        short, whole = make(str(model), max_length=length), make(str(model), max_length=10_000)
        changed = [
            short.prediction_row(MULTIRC, row)["input_ids"] != whole.prediction_row(MULTIRC, row)["input_ids"]
            for row in rows
        ]
        assert told[name] == {"rows": 26, "cut": sum(changed), "max_length": length}
        assert 0 < sum(changed) < 26
    assert set(cut_inputs(replace(run, strategies=("gold",)), module)) == {"student"}


def test_a_language_that_the_student_cannot_read_is_told(tiny_encoder: Path, tmp_path: Path) -> None:
    run = RunSettings("Reviews", tmp_path, student=StudentSettings(model=str(tiny_encoder)))
    known, others = ([Example(f"{n}", {"text": text}) for n in range(9)] for text in ("a warm film", "电影很好看"))
    assert (unknown_share(str(tiny_encoder), known), unknown_share(str(tiny_encoder), others)) == (0, 1)
    assert foreign(run, REVIEWS, known) == ""
    assert foreign(run, REVIEWS, known + others).startswith("student: ")
    assert foreign(replace(run, strategies=("teacher",)), REVIEWS, others) == ""
