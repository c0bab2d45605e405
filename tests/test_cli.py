"""The command line: exit codes, and one line for whatever was wrong in what was given."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth import __version__, cli
from lit_synth.cli import main
from lit_synth.recipes import teacher_fit

CONFIGS = Path(__file__).parents[1] / "configs"
STAGES = {"teacher": "fit", "classifier": "fit", "seq2seq": "fit", "generate": "predict"}
TRAINERS = sorted((CONFIGS / "trainer").glob("*.yaml"))
OF_STAGES = [path for path in TRAINERS if path.name != "slurm.yaml"]
"""Overlays that a stage can be given too: only a run is submitted."""
RUNS = sorted(CONFIGS.glob("*.yaml"))
ROW = {"text": "fine", "sentiment": "positive"}

Refused = Callable[..., str]


@pytest.fixture
def folder(reviews_like: Path, tmp_path: Path) -> Path:
    """Return a folder of rows that a test may spoil."""
    folder = tmp_path / "rows"
    folder.mkdir()
    for path in reviews_like.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def refused(
    tiny_causal: Path, tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> Refused:
    """Return a function that runs a bad command, sees that it ends as it should, and returns what it says."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, **changed: Any) -> str:
        output = tmp_path / "out"
        config = {
            "data": "Reviews",
            "data_dir": str(tmp_path / "rows"),
            "output": str(output),
            "fraction": 24,
            "teacher": {"model": str(tiny_causal)},
            "student": {"model": str(tiny_encoder)},
        }
        (tmp_path / "run.yaml").write_text(yaml.safe_dump(config | changed))
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        capfd.readouterr()
        assert main(["run", "--config", "run.yaml", *words]) == 2
        said = capfd.readouterr()
        assert said.out == ""
        assert re.fullmatch(r"lit_synth: [^\n]+\n", said.err)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        return str(said.err)

    return call


def spoil(path: Path, line: int, row: Any) -> None:
    """Replace one line of a file, counted from 1."""
    lines = path.read_text().splitlines()
    lines[line - 1] = row if isinstance(row, str) else json.dumps(row)
    path.write_text("".join(f"{one}\n" for one in lines))


@pytest.mark.parametrize("file", ["train.jsonl", "test.jsonl"])
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"body": "fine", "sentiment": "positive"}, "no column 'text'; the row has: body, sentiment"),
        ({"text": "fine"}, "no column 'sentiment'; the row has: text"),
        (
            ROW | {"sentiment": "neutral"},
            "unknown label 'neutral' in column 'sentiment'; known labels: negative, positive",
        ),
        (ROW | {"text": " "}, "column 'text' holds ' '; expected a text that is not empty"),
        ("{text: fine}", "not JSON"),
        ("[]", "expected an object, found list"),
    ],
)
def test_a_bad_row_is_named_by_file_line_and_value(
    refused: Refused, folder: Path, file: str, row: Any, told: str
) -> None:
    spoil(folder / file, 7, row)
    assert f"{folder / file}:7: {told}" in refused()


def test_an_empty_file_is_told(refused: Refused, folder: Path) -> None:
    (folder / "train.jsonl").write_text("")
    assert f"{folder / 'train.jsonl'}: no rows; expected columns text, sentiment" in refused()


def test_one_class_only_is_told(refused: Refused, folder: Path) -> None:
    lines = (folder / "train.jsonl").read_text().splitlines()
    (folder / "train.jsonl").write_text("".join(f"{line}\n" for line in lines if '"positive"' in line))
    assert "train holds one class only (positive); two or more are needed" in refused()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--fraction", "3"], "fraction 3 gives 3 gold rows of 120 for 2 classes: .*; use --fraction 4 or more"),
        (["--fraction", "0.01"], r"fraction 0\.01 gives 1 gold rows"),
        (["--fraction", "500"], "fraction 500 asks for 500 gold rows; .* no more than train has after repeats, 120"),
        (["--fraction", "1.0"], "leaves no row of train for the pool: .*--pool, lower it"),
        (["--development_share", "0"], "development_share 0: give a share between 0 and 1"),
        (["--limit", "0"], "limit 0: give 1 or more"),
        (["--seeds", "[]"], "seeds and strategies: give one or more of each"),
        (["--data_dir", "nowhere"], r"data_dir nowhere: no such folder; give the folder that holds train\.jsonl"),
        (
            ["--student.chosen", '{"golden": {"learning_rate": 1, "max_steps": 1}}'],
            "'golden' is no student; known: gold",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_told(refused: Refused, folder: Path, words: list[str], told: str) -> None:
    assert re.search(told, refused(*words))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--colour", "red"], "unrecognized arguments: --colour red"),
        (["--fraction", "many"], "fraction.*many"),
        (["--limit", "some"], "limit.*some"),
        (["--seeds", "0,x"], "seeds.*x"),
        (["--strategies", "gold,golden"], "strategies.*golden"),
        (["--generation.balance", "odd"], "balance.*odd"),
        (["--config", "nowhere.yaml"], r"nowhere\.yaml"),
        (["--teacher.nothing", "1"], "nothing"),
    ],
)
def test_an_option_that_is_none_is_told_in_one_line(
    refused: Refused, folder: Path, words: list[str], told: str
) -> None:
    assert re.search(told, refused(*words))


def test_a_key_of_the_config_that_is_none_is_told(refused: Refused, folder: Path) -> None:
    assert "fractoin" in refused(fractoin=3)


@pytest.mark.parametrize(("name", "told"), [("Nope", "Nope"), ("nope.Nope", "nope")])
def test_a_task_that_is_none_is_told(refused: Refused, folder: Path, name: str, told: str) -> None:
    assert told in refused(data=name)


def test_a_task_without_its_folder_is_told(refused: Refused) -> None:
    assert "data_dir" in refused(data="Slurp", data_dir=None)


@pytest.mark.parametrize("part", ["teacher", "student"])
def test_a_model_that_is_not_there_is_told(refused: Refused, folder: Path, part: str) -> None:
    assert "/nowhere/model" in refused(**{part: {"model": "/nowhere/model"}})


TASK = {
    "name": "mood",
    "fields": ["text"],
    "target": "sentiment",
    "labels": ["positive", "negative"],
    "annotate_prompt": "{text}\nMood:",
    "writings": {"Mood: {target}\nText:": "{text}"},
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"labels": ["positive"]}, "task mood: needs two labels or more"),
        ({"labels": ["a b", "a_b"]}, "labels 'a b' and 'a_b' share the word 'a b'; give one of them another"),
        ({"annotate_prompt": "{body}:"}, r"template '\{body\}:' must use \{text\}"),
    ],
)
def test_a_task_of_ones_own_that_cannot_work_is_told(
    refused: Refused, folder: Path, change: dict[str, Any], told: str
) -> None:
    assert re.search(told, refused(data="Custom", task=TASK | change))


def test_a_folder_of_another_config_is_refused_and_kept(refused: Refused, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "config.yaml").write_text("data: Reviews\nfraction: 12.0\n")
    (tmp_path / "out" / "metrics.json").write_text("[]")
    assert "give another --output, the same config to go on, or --redo" in refused()


def test_a_folder_of_something_else_is_refused_and_kept(refused: Refused, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()
    assert "is not empty and not a run's folder; give another --output" in refused()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["fly"], "no command 'fly'; known: run, sweep, report, fit"),
        (["report"], "required: runs"),
        (["report", "a", "b"], "give --output FILE"),
        (["report", "nowhere"], "nowhere"),
        (["fit", "--config", str(CONFIGS / "stages" / "teacher.yaml"), "--colour", "red"], "--colour red"),
        (["fit", "--config", str(CONFIGS / "stages" / "teacher.yaml"), "--trainer.max_epochs", "x"], "max_epochs"),
        (["predict", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_other_commands_say_their_mistakes_in_one_line_too(
    words: list[str], told: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lit_synth", *words])
    assert main() == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert re.fullmatch(r"lit_synth: [^\n]+\n", said.err)
    assert told in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_names_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    said = capsys.readouterr().out
    assert all(command in said for command in ("run", "report", "fit", "validate", "test", "predict"))


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_a_defect_of_ours_is_no_mistake_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("ours")

    monkeypatch.setattr("lit_synth.cli._report", broken)
    with pytest.raises(ValueError, match="ours"):
        main(["report", "folder"])


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function from the words of a run to its settings; nothing runs."""
    found: list[Any] = []
    monkeypatch.setattr("lit_synth.pipeline.Pipeline.execute", lambda self: found.append(self.run))
    monkeypatch.setattr("lit_synth.submission.submit", lambda run, *_, **__: found.append(run))

    def parse(*words: str) -> Any:
        assert main(["run", *words]) == 0
        return found.pop()

    return parse


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name)
def test_every_run_config_is_read(path: Path, settings: Callable[..., Any]) -> None:
    run = settings("--config", str(path))
    given = yaml.safe_load(path.read_text())
    assert (run.data, str(run.output), run.fraction) == (given["data"], given["output"], given["fraction"])


@pytest.mark.parametrize("overlay", TRAINERS, ids=lambda path: path.name)
@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.name)
def test_every_overlay_is_laid_over_every_run(
    path: Path,
    overlay: Path,
    settings: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = settings("--config", str(path), "--config", str(overlay))
    for key, value in yaml.safe_load(overlay.read_text())["trainer"].items():
        if isinstance(value, dict):
            assert run.trainer[key]["class_path"] == value["class_path"]
            assert value.get("init_args", {}).items() <= run.trainer[key]["init_args"].items()
        else:
            assert run.trainer[key] == value
    assert run.data == yaml.safe_load(path.read_text())["data"]
    # And what the teacher's stage makes of it can be written down and is what LightningCLI reads.
    stage = teacher_fit(replace(run, data_dir="rows"), 0, tmp_path)
    (tmp_path / "stage.yaml").write_text(yaml.safe_dump(stage))
    monkeypatch.setattr("sys.argv", ["lit_synth", "fit", "--config", str(tmp_path / "stage.yaml"), "--print_config"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert {key: shown["trainer"][key] for key in run.trainer} == run.trainer


@pytest.mark.parametrize("overlay", [None, *OF_STAGES], ids=lambda path: path.name if path else "alone")
@pytest.mark.parametrize("name", STAGES)
def test_every_stage_config_is_read(
    name: str, overlay: Path | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [STAGES[name], "--config", str(CONFIGS / "stages" / f"{name}.yaml")]
    words += ["--config", str(overlay)] if overlay else []
    monkeypatch.setattr("sys.argv", ["lit_synth", *words, "--print_config"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    given = yaml.safe_load((CONFIGS / "stages" / f"{name}.yaml").read_text())
    assert shown["data"]["init_args"]["task"]["name"] == ("webnlg" if name == "seq2seq" else "reviews")
    for part in ("model", "data"):
        assert shown[part]["class_path"] == given[part]["class_path"]
        plain = {key: value for key, value in given[part]["init_args"].items() if not isinstance(value, dict)}
        assert {key: shown[part]["init_args"][key] for key in plain} == plain
    if overlay:
        for key, value in yaml.safe_load(overlay.read_text())["trainer"].items():
            assert shown["trainer"][key] == value or isinstance(value, dict)


def test_no_config_is_left_out() -> None:
    tested = {*RUNS, *TRAINERS, *(CONFIGS / "stages" / f"{name}.yaml" for name in STAGES)}
    assert set(CONFIGS.rglob("*.yaml")) == tested


@pytest.mark.parametrize(
    "words", [("--seeds", "0,2"), ("--seeds=0,2",), ("--seeds", "[0,2]"), ("--seeds=[0, 2]",)], ids=" ".join
)
def test_seeds_are_given_as_a_list_or_with_commas(words: tuple[str, ...], settings: Callable[..., Any]) -> None:
    given = ("--data", "Reviews", "--output", "out", *words, "--strategies", "gold,full")
    run = settings(*given)
    assert (run.seeds, run.strategies) == ((0, 2), ("gold", "full"))


def test_a_later_word_beats_the_config(settings: Callable[..., Any]) -> None:
    run = settings("--config", str(CONFIGS / "demo.yaml"), "--fraction", "0.05", "--teacher.lora", "null")
    assert (run.fraction, run.teacher.lora, run.data) == (0.05, None, "Reviews")


def interrupted(words: list[str]) -> None:
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        raise SystemExit(1)  # noqa: B904 - as Lightning does in a fit


def ended(words: list[str]) -> None:
    raise SystemExit  # as Lightning does on SIGTERM


@pytest.mark.parametrize(("command", "code"), [(interrupted, 130), (ended, 143)])
def test_a_stopped_command_says_so_and_does_not_pass_for_a_finished_one(
    command: Callable[[list[str]], None], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(cli, "_sweep", command)
    assert main(["sweep"]) == code
    assert capsys.readouterr().err == "lit_synth: stopped; the same command goes on\n"
    # A page is written anew.
    monkeypatch.setattr(cli, "_report", command)
    assert main(["report", "folder"]) == code
    assert capsys.readouterr().err == "lit_synth: stopped\n"


def test_asking_for_help_is_not_a_stop(capsys: Any) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "--help"])
    assert stop.value.code == 0
    assert "stopped" not in capsys.readouterr().err
