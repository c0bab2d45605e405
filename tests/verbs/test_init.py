"""`lit_synth init`: what it finds, the YAML it writes, and that a run starts on it at once."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth import init
from lit_synth.cli import main
from lit_synth.errors import InputError
from lit_synth.options import run_settings


@pytest.fixture
def sheet(reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a sheet as people have them: semicolons, a column of numbers, empty cells, repeats, a conflict."""
    monkeypatch.chdir(tmp_path)
    rows = [json.loads(line) for line in (reviews_like / "train.jsonl").read_text().splitlines()]
    cells = [
        [f"{n}", row["text"], {"positive": "yes", "negative": "no"}[row["sentiment"]]] for n, row in enumerate(rows)
    ]
    cells += [["a", "", "yes"], ["b", "a film", ""], ["c", cells[0][1].upper(), cells[0][2]]]
    cells += [["d", cells[1][1], "yes" if cells[1][2] == "no" else "no"]]
    with Path("Our reviews.csv").open("w", encoding="utf-8-sig", newline="") as lines:
        csv.writer(lines, delimiter=";").writerows([["No", "Customer message", "Mood"], *cells])
    return Path("Our reviews.csv")


def test_what_a_sheet_holds_is_told(sheet: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("lit_synth.verbs.init._minutes", lambda *found: "3 minutes")
    assert main(["init", str(sheet)]) == 0
    said = capsys.readouterr().out
    for told in (
        "124 rows",
        "Customer message: ",
        "Mood: yes 62, no 60; the most frequent is 51% of rows",
        "empty    text in 1 of them",
        "pool     1 rows without Mood",
        "of an earlier input: 1; they count once",
        "lines 3 and 125",
        "Next, about 3 minutes:\n  lit_synth run --config 'Our reviews.yaml'",
        "--preview",
        "--generation.amount (written rows)\n",
    ):
        assert told in said


def test_a_run_starts_on_what_it_writes(sheet: Path, tiny_causal: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    from lit_synth.pipeline import module_of

    config = init(sheet)
    models = [f"--teacher.model={tiny_causal}", f"--student.model={tiny_encoder}"]
    run = run_settings("run", [f"--config={config}", *models])[0]
    module = module_of(run, 0)
    splits = module.splits
    assert module.task.labels == ("no", "yes") or module.task.labels == ("yes", "no")  # texts, though YAML knows them
    assert len(splits.test) == round(0.3 * 60) * 2
    assert len(splits.gold) + len(splits.development) + len(splits.test) == 120
    assert splits.removed["without a text"] == 1
    assert [row.fields["Customer message"] for row in splits.pool] == ["a film"]
    assert run.strategies == ("gold", "generate", "teacher"), "one row is no pool to train a student on"
    assert {path.name for path in tmp_path.iterdir()} == {"Our reviews.csv", "Our reviews.yaml"}  # no copy of a row


def test_text_to_text_has_no_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [{"facts": f"name of number {n} is {n * 7}", "target": f"It is called {n * 7}."} for n in range(40)]
    Path("facts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    written = yaml.safe_load(init("facts.jsonl", output="sub/facts.yaml").read_text())
    assert written["task"] == {"name": "facts", "fields": ["facts"], "target": "target"}
    assert written["student"]["max_target_length"] == written["teacher"]["max_new_tokens"] == 32
    run_settings("run", ["--config=sub/facts.yaml"])


@pytest.mark.parametrize(
    ("lines", "words", "told"),
    [
        ("text,label\n" + "a long text,x\n" * 30, [], "no column looks like a label"),
        ("text,label\n" + "a long text,x\n" * 30, ["--label", "label"], "one label only"),
        ("text,label\na b,x\nc d,y\n", ["--label", "label"], "2 different rows"),
        ("text,label\n", [], "no rows"),
        ("text,label\na,b\n", ["--text", "body"], "no column 'body'; there are: text, label"),
        ("text,label\na,b\n", ["--txet", "body"], "--txet body; did you mean --text"),
    ],
)
def test_what_cannot_start_is_told(
    lines: str, words: list[str], told: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(lines)
    assert main(["init", "rows.csv", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not Path("rows.yaml").exists()


def test_a_sheet_writes_no_escape_sequences_to_a_terminal_and_no_settings(tmp_path: Path, capsys: Any) -> None:
    rows = "".join(f"{{'a long text {n}'}},{('good', chr(27) + '[31mbad')[n % 2]}\n" for n in range(20))
    path = tmp_path / "x\noutput: elsewhere.csv"
    path.write_text(f"text,mood\n{rows}")
    assert main(["init", str(path), f"--output={tmp_path / 'rows.yaml'}"]) == 0
    said = capsys.readouterr().out
    assert r"\x1b[31mbad 10" in said
    assert chr(27) not in said
    assert yaml.safe_load((tmp_path / "rows.yaml").read_text())["output"] == "runs/rows"


def test_half_of_an_emoji_is_told(tmp_path: Path) -> None:
    moods = ("good", r"\ud83d")
    rows = "".join(f'{{"text": "a long text {n}", "mood": "{moods[n % 2]}"}}\n' for n in range(20))
    (tmp_path / "rows.jsonl").write_text(rows)
    with pytest.raises(InputError, match=r"rows\.jsonl:2: holds what is no text: "):
        init(tmp_path / "rows.jsonl", output=tmp_path / "rows.yaml")


def test_a_pool_is_told_and_annotated(sheet: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("lit_synth.verbs.init._minutes", lambda *found: "3 minutes")
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        known = [row[1] for row in csv.reader(lines, delimiter=";")][1]
    rows = [known, "", "twice", "Twice", *(f"this is new {n}" for n in range(2100))]
    made = (json.dumps({"Customer message": text, "Mood": "no"}) + "\n" for text in rows)
    Path("new.jsonl").write_text("".join(made))
    assert main(["init", str(sheet), "--pool", "new.jsonl"]) == 0
    said = capsys.readouterr().out
    assert "pool     new.jsonl: 2,101 rows, for the teacher to annotate\n" in said
    assert "left out: 1 with an empty text, 1 with the text of a labelled row, 1 with that of another of them\n" in said
    assert "its column 'Mood' is not read" in said
    run = run_settings("run", ["--config=Our reviews.yaml"])[0]
    assert (run.pool, run.pool_limit) == ("new.jsonl", 2000)
    assert run.strategies == ("gold", "annotate", "teacher")
    assert run.teacher.generate_weight == 0, "nothing is written, so it need not learn to"
    assert "generation" not in yaml.safe_load(Path("Our reviews.yaml").read_text())
    assert "--pool_limit (annotated rows)\n" in said
    assert "--generation.amount" not in said


def test_a_column_that_only_the_labelled_rows_have_is_told_with_those_that_both_have(tmp_path: Path) -> None:
    rows = "".join(f"words {n},a title {n},{'ab'[n % 2]}\n" for n in range(40))
    (tmp_path / "rows.csv").write_text(f"text,title,label\n{rows}")
    (tmp_path / "pool.csv").write_text("text\nnew words\n")
    with pytest.raises(
        InputError, match=r"no column 'title'.*there are: text; give --text text, or give a column that"
    ):
        init(tmp_path / "rows.csv", output=tmp_path / "rows.yaml", pool=tmp_path / "pool.csv")


def test_fifty_empty_labels_are_a_pool(tmp_path: Path) -> None:
    rows = [*([f"this is row {n}", "ab"[n % 2]] for n in range(40)), *([f"this is bare {n}", ""] for n in range(50))]
    with (tmp_path / "rows.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([["text", "label"], *rows])
    written = yaml.safe_load(init(tmp_path / "rows.csv", output=tmp_path / "rows.yaml").read_text())
    assert written["strategies"] == ["gold", "annotate", "teacher"]
    assert "pool" not in written


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "message\nhello\n",
            "new.csv:2: no column 'Customer message', which is the text of the labelled rows; there are",
        ),
        ("Customer message\n ,\n", "new.csv: no row for the pool; left out: 1 with an empty text"),
        (None, "new.csv: no such file"),
    ],
)
def test_a_pool_that_cannot_be_is_told_and_nothing_written(
    content: str | None, told: str, sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        Path("new.csv").write_text(content.replace(" ,", '" "'))
    assert main(["init", str(sheet), "--pool", "new.csv"]) == 2
    assert told in capsys.readouterr().err
    assert not Path("Our reviews.yaml").exists()


def test_a_yaml_that_is_there_is_kept(sheet: Path) -> None:
    init(sheet).write_text("mine")
    with pytest.raises(InputError, match="is there already; give --force"):
        init(sheet)
    assert "data: Custom" in init(sheet, force=True).read_text()


def test_nothing_is_written_where_the_user_says_no(sheet: Path) -> None:
    with pytest.raises(InputError, match="nothing is written"):
        init(sheet, agreed=lambda: False)
    assert not Path("Our reviews.yaml").exists()


def test_the_end_of_input_is_a_no(sheet: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda asked: _end())
    assert main(["init", str(sheet)]) == 2
    said = capsys.readouterr().err
    assert "nothing is written" in said
    assert said.count("\n") == 1
    assert not Path("Our reviews.yaml").exists()


def _end() -> str:
    raise EOFError


@pytest.mark.parametrize("label", ["no", "1e5", "~", "a: b", "# x", "it's", '"q"', "😀", "null", "nan", "[x]", "007"])
def test_labels_that_yaml_would_misread_come_back(label: str, tmp_path: Path) -> None:
    lines = [{"text": f"row number {n}", "label": (label, "other_one", "other one")[n % 3]} for n in range(30)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = init(tmp_path / "rows.jsonl", output=tmp_path / "rows.yaml")
    task = run_settings("run", [f"--config={config}"])[0].task
    assert task is not None
    assert set(task.labels) == {label, "other_one", "other one"}


def test_of_more_rows_than_help_some_are_gold(tmp_path: Path) -> None:
    rows = [["text", "label"], *([f"this is row number {n}", "ab"[n % 2]] for n in range(8000))]
    with (tmp_path / "rows.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows(rows)
    config = init(tmp_path / "rows.csv", output=tmp_path / "rows.yaml")
    assert yaml.safe_load(config.read_text())["fraction"] == 5000
    assert "gold rows, of 5,600: with more" in config.read_text()


def test_a_named_pool_is_annotated_before_labels_that_are_left_over(tmp_path: Path, tiny_causal: Path) -> None:
    from lit_synth.pipeline import module_of
    from lit_synth.preview import _small

    rows = [["text", "label"], *([f"this is row number {n}", "ab"[n % 2]] for n in range(11_000))]
    with (tmp_path / "rows.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows(rows)
    (tmp_path / "new.csv").write_text("text\n" + "".join(f"a new row {n}\n" for n in range(60)))
    config = init(tmp_path / "rows.csv", output=tmp_path / "rows.yaml", pool=tmp_path / "new.csv")
    assert "pool_limit: 2000 # of 2,760 rows, those without a label first" in config.read_text()
    run = run_settings("run", [f"--config={config}", f"--teacher.model={tiny_causal}"])[0]
    module = module_of(run, 0)
    splits = module.splits
    assert (len(splits.unlabelled), len(splits.pool_gold)) == (60, 1940)
    look = module_of(_small(run, module.task, tmp_path / "look", splits), 0).splits
    assert (len(look.unlabelled), len(look.pool_gold)) == (10, 0)


@pytest.mark.parametrize(
    ("labels", "told"), [(("0", "1"), "numbers tell a teacher nothing"), (("a", "1"), "in prompts")]
)
def test_labels_that_are_numbers_want_words(labels: tuple[str, str], told: str, tmp_path: Path) -> None:
    with (tmp_path / "rows.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([["text", "label"], *([f"this is row {n}", labels[n % 2]] for n in range(40))])
    assert told in init(tmp_path / "rows.csv", output=tmp_path / "rows.yaml").read_text()
