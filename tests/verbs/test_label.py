"""`lit_synth label`: the model's own probabilities beside the columns of a table, in order, whole or not at all."""

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lit_synth import Student, label
from lit_synth.cli import main
from lit_synth.errors import InputError
from tests.verbs.conftest import PAIRS, TEXTS, MakeStudent

SENTENCES = ["a warm film", "two hours of a dull plot " * 9, "", "the script was a bore , all in all", "fine"]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_probabilities_are_those_of_a_pipeline(student: MakeStudent, tmp_path: Path) -> None:
    from transformers import pipeline

    folder = student()
    file = write(tmp_path / "new.csv", [{"id": n, "text": text} for n, text in enumerate(SENTENCES)])
    assert main(["label", f"--model={folder}", str(file), f"--output={tmp_path / 'out.csv'}"]) == 0
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert [row["id"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert [row["text"] for row in rows] == SENTENCES
    assert rows[2]["predicted"] == rows[2]["probability"] == ""
    classify: Any = pipeline("text-classification", model=str(folder), top_k=None)
    for row in rows:
        if row["text"]:
            wanted = {one["label"]: one["score"] for one in classify([row["text"]], truncation=True, max_length=24)[0]}
            found = {name: float(row[f"probability of {name}"]) for name in wanted}
            assert found == pytest.approx(wanted, abs=2e-6)
            assert row["predicted"] == max(wanted, key=wanted.__getitem__)
            assert float(row["probability"]) == max(found.values())


def test_pairs_are_read_by_name_from_json_lines(student: MakeStudent, tmp_path: Path) -> None:
    rows = [{"hypothesis": "a bore", "premise": text or "none"} for text in SENTENCES]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder = student(PAIRS)
    output = label(Student(folder), tmp_path / "new.jsonl", tmp_path / "out.jsonl")
    found = [json.loads(line) for line in output.read_text().splitlines()]
    answers = list(Student(folder, batch_size=2).predict(rows))
    assert [row["predicted"] for row in found] == [answer.target for answer in answers]
    assert [row["probability"] for row in found] == pytest.approx([answer.probability for answer in answers], abs=2e-6)
    with pytest.raises(InputError, match="one text, where the student reads premise, hypothesis"):
        list(Student(folder).predict(["a bore"]))


def test_texts_are_written(student: MakeStudent, tmp_path: Path) -> None:
    file = write(tmp_path / "new.csv", [{"facts": text or "a"} for text in SENTENCES])
    output = label(Student(student(TEXTS)), file, tmp_path / "out.tsv")
    rows = list(csv.DictReader(output.open(), delimiter="\t"))
    assert list(rows[0]) == ["facts", "predicted"]
    assert len(rows) == len(SENTENCES)


def test_rows_are_read_as_they_are_needed(student: MakeStudent) -> None:
    taken = 0

    def rows() -> Iterator[str]:
        nonlocal taken
        for _ in range(10_000):
            taken += 1
            yield "a film"

    answers = Student(student(), batch_size=2).predict(rows())
    next(answers)
    assert taken == 32


def test_half_of_an_emoji_is_told_before_a_row_is_labelled(student: MakeStudent, tmp_path: Path) -> None:
    rows = tmp_path / "new.jsonl"
    rows.write_text('{"text": "fine", "more": []}\n' + r'{"text": "fine", "more": ["\ud83d"]}' + "\n")
    with pytest.raises(InputError, match=r"new\.jsonl:2: holds what is no text: "):
        label(Student(student()), rows, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_order_does_not_depend_on_length(student: MakeStudent) -> None:
    made = Student(student(), batch_size=3)
    texts = ["a film " * random.Random(n).randint(1, 8) + str(n) for n in range(20)]
    together = [answer.probabilities for answer in made.predict(texts)]
    alone = [next(made.predict([text])).probabilities for text in texts]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_the_output_lies_beside_the_table_and_replaces_none(
    student: MakeStudent, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    folder = student()
    (tmp_path / "t").mkdir()
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "t" / "mixed.csv", [{"text": "a film"}, {"text": ""}, {"text": "a plot"}])
    words = ["label", f"--model={folder}", "t/mixed.csv"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "Wrote t/mixed.labelled.csv\n" in said
    assert "1 row has no text; nothing is said of it\n" in said
    assert not (tmp_path / "mixed.labelled.csv").exists()
    (tmp_path / "t" / "mixed.labelled.csv").write_text("mine")
    assert main(words) == 2
    assert "t/mixed.labelled.csv: is there already; give --force to replace it" in capsys.readouterr().err
    assert (tmp_path / "t" / "mixed.labelled.csv").read_text() == "mine"
    assert main([*words, "--force"]) == 0
    assert len((tmp_path / "t" / "mixed.labelled.csv").read_text().splitlines()) == 4


def test_a_stop_leaves_no_half_of_a_file(student: MakeStudent, tmp_path: Path, monkeypatch: Any) -> None:
    made = Student(student(), batch_size=1)
    file = write(tmp_path / "new.csv", [{"text": "a film"} for _ in range(40)])
    (tmp_path / "out.csv").write_text("older")
    calls = iter(range(20))
    answer = made._answer
    monkeypatch.setattr(made, "_answer", lambda rows: answer(rows) if next(calls, None) is not None else exit(1))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SystemExit):
        label(made, file, tmp_path / "out.csv", force=True)
    assert (tmp_path / "out.csv").read_text() == "older"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("header", "words", "told"),
    [
        ("body", [], "new.csv:2: no column 'text'; the row has: body"),
        ("text,predicted", [], "has a column 'predicted' already"),
        ("text", ["--output=new.csv"], "is the table itself"),
        ("text", ["--output=out.parquet"], "written are .csv, .tsv and .jsonl"),
        ("text", ["--batch_size=0"], "give 1 or more"),
        ("text", ["--device=gpu"], "device gpu: is not there; give cpu"),
        ("text", ["--device=cuda:99"], "device cuda:99: is not there"),
        ("text", ["--modle=x"], "--modle=x; did you mean --model?"),
    ],
)
def test_what_cannot_be_labelled_is_told(
    student: MakeStudent, header: str, words: list[str], told: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    folder = student()
    monkeypatch.chdir(tmp_path)
    Path("new.csv").write_text(f"{header}\n" + ",".join(["a"] * len(header.split(","))) + "\n")
    assert main(["label", f"--model={folder}", "new.csv", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["lit_synth.json", "../config.yaml"])
@pytest.mark.parametrize(
    "content", ["[]", "{", "data: 5", '{"task": {"mood": 1}, "max_length": 8}', "a: !!python/name:os"]
)
def test_what_does_not_tell_how_a_student_reads_is_told(student: MakeStudent, name: str, content: str) -> None:
    folder = student()
    (folder / name).write_text(content)
    with pytest.raises(InputError, match=r"how a student reads|which tell how it reads"):
        Student(folder)


def test_a_folder_without_a_student_is_told(student: MakeStudent, tmp_path: Path) -> None:
    folder = student()
    with pytest.raises(InputError, match=f"no student there; there is one in {folder}"):
        Student(tmp_path / "run")
    (folder.parent / "config.yaml").unlink()
    with pytest.raises(InputError, match=r"neither lit_synth\.json nor the config\.yaml"):
        Student(folder)
