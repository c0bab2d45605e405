"""Every command, YAML and Python of README and docs: parsed by what would read it, or done with tiny models."""

import functools
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import lit_synth
from lit_synth import options
from lit_synth.cli import main
from lit_synth.options import run_settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = ("sh", "bash", "")
SYSTEM = (
    *("source", "grep", "cat", "cd", "cut", "head", "printf", "tail", "git", "export", "ssh", "curl"),
    *("squeue", "scancel", "sacct"),
)
"""Tools of the system, which are not ours to test."""
INLINE = re.compile(r"`((?:lit_synth \w+|make|python) [^`\[\n]+)`")
"""Commands in the midst of a text, but for usage lines with brackets."""
SETTINGS = ("run", "sweep", "doctor")
STAGES = ("fit", "validate", "test", "predict")


def blocks(kind: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield page and content of every fenced block of a kind."""
    for page in PAGES:
        for name, content in re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S):
            if name in kind:
                yield page.name, content


def commands() -> list[Any]:
    """Return every command with its page: lines joined where one ends in a backslash, comments left out."""
    found = []
    inline = [(page.name, line) for page in PAGES for line in INLINE.findall(page.read_text(encoding="utf-8"))]
    for page, content in (*blocks(SHELL), *inline):
        for line in content.replace("\\\n", " ").splitlines():
            for part in re.split(r"\s(?:&&|\|)\s", line):
                words = [word for word in shlex.split(part, comments=True) if not re.fullmatch(r"[A-Z_]+=\S*", word)]
                if words:
                    found.append(pytest.param(words, id=f"{page}: {' '.join(words)[:70]}"))
    return found


class Parsed(BaseException):
    """Ends a command once its words are understood."""


def lit_synth_command(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the real parser read the words, with all their configs; nothing is done."""
    verb = next(word for word in words if not word.startswith("-"))
    if verb in STAGES or "--help" in words:
        with pytest.raises(SystemExit) as stop:
            main(words if "--help" in words else [*words, "--print_config"])
        assert stop.value.code in (0, None)
        return
    whole = options.parse

    def parse(parser: Any, given: list[str]) -> Any:
        found = whole(parser, given)
        if verb in SETTINGS:
            return found  # made into settings first
        raise Parsed

    def settings(*arguments: Any, **more: Any) -> Any:
        run_settings(*arguments, **more)
        raise Parsed

    monkeypatch.setattr(options, "parse", parse)
    monkeypatch.setattr(options, "run_settings", settings)
    with pytest.raises(Parsed):
        main(words)


def make_command(words: list[str], _: Any) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert [word for word in words if "=" not in word and word not in targets] == []


def pytest_command(words: list[str], _: Any) -> None:
    for word in words:
        assert not word.startswith("tests/") or (ROOT / word).exists(), word


def python_command(words: list[str], _: Any) -> None:
    assert (ROOT / words[0]).is_file(), words[0]


def pip_command(words: list[str], _: Any) -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        assert set(extra.split(",")) <= set(known)


def sbatch_command(words: list[str], _: Any) -> None:
    script = next(word for word in words if word.endswith((".sbatch", ".sh")))
    assert (ROOT / script).is_file(), script


CHECKS: dict[str, Callable[[list[str], Any], None]] = {
    "lit_synth": lit_synth_command,
    "make": make_command,
    "pytest": pytest_command,
    "python": python_command,
    "pip": pip_command,
    "sbatch": sbatch_command,
    **dict.fromkeys(SYSTEM, lambda words, _: None),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder as a reader has it: the project's files, and the table and YAML of the README."""
    for name in ("configs", "benchmarks", "Makefile"):
        (tmp_path / name).symlink_to(ROOT / name)
    content = next(content for page, content in blocks(("yaml",)) if page == "README.md")
    for name in ("tickets.yaml", "tweets.yaml"):
        (tmp_path / name).write_text(content)
    (tmp_path / "DIR").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_fenced_block_says_what_it_is() -> None:
    kinds = [
        (page.name, line)
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("```") and line[3:] not in (*SHELL, "text", "yaml", "python")
    ]
    assert kinds == []


@pytest.mark.parametrize("words", commands())
def test_every_command_is_understood(words: list[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *rest = words
    name = Path(name).name
    assert name in CHECKS, f"{name!r}: no test covers this command; add it to CHECKS"
    CHECKS[name](rest, monkeypatch)


@pytest.mark.parametrize(("page", "content"), list(blocks(("yaml",))))
def test_every_yaml_is_a_config(page: str, content: str, tmp_path: Path) -> None:
    config = yaml.safe_load(content)
    given = {"data": "Custom", "data_dir": "tickets.csv", "output": "runs/tickets"} | config
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(given))
    task = run_settings("run", ["--config", str(tmp_path / "run.yaml")])[0].task
    assert task is not None, f"{page}: a task was expected"
    assert list(task.fields) == config["task"]["fields"]


TINY = (
    "--student.search.max_steps=2",
    "--student.search.every=1",
    "--generation.amount=4",
    "--strategies=gold,generate",
    "--teacher.generate_weight=1",
)


def test_three_commands_lead_from_a_table_to_labels(
    reviews_like: Path, tiny_causal: Path, tiny_encoder: Path, place: Path, capsys: Any
) -> None:
    rows = [json.loads(line) for line in (reviews_like / "train.jsonl").read_text().splitlines()]
    table = "".join(f'"{row["text"]}",{row["sentiment"]}\n' for row in rows)
    Path("tickets.csv").write_text("text,team\n" + table)
    Path("new.csv").write_text("text,team\n" + table)
    fresh = [json.loads(line)["text"] for line in (reviews_like / "test.jsonl").read_text().splitlines()]
    Path("unlabelled.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in fresh))
    Path("tickets.yaml").unlink()
    chain = next(content for page, content in blocks(SHELL) if page == "README.md" and "lit_synth init" in content)
    models = (f"--teacher.model={tiny_causal}", f"--student.model={tiny_encoder}")
    more = {"run": (*TINY, *models), "init": ("--yes",)}
    for line in chain.splitlines():
        words = shlex.split(line, comments=True)[1:]
        if words:
            assert main([*words, *more.get(words[0], ())]) == 0, line
    labelled = Path("new.labelled.csv").read_text().splitlines()
    assert len(labelled) == len(rows) + 1


def test_the_python_of_the_readme_runs(
    reviews_like: Path, tiny_causal: Path, tiny_encoder: Path, place: Path, monkeypatch: Any, capsys: Any
) -> None:
    (snippet,) = (content for page, content in blocks(("python",)))
    rows = [json.loads(line) for line in (reviews_like / "train.jsonl").read_text().splitlines()]
    Path("tickets.yaml").unlink()
    Path("tickets.csv").write_text("text,team\n" + "".join(f'"{row["text"]}",{row["sentiment"]}\n' for row in rows))
    small: dict[str, Any] = {
        "teacher.model": str(tiny_causal),
        "student.model": str(tiny_encoder),
        "student.search.max_steps": 2,
        "student.search.every": 1,
        "strategies": ["gold"],
    }
    monkeypatch.setattr(lit_synth, "run", functools.partial(lit_synth.run, **small))
    exec(snippet, {})  # noqa: S102 - what the README shows
    label, probability = capsys.readouterr().out.splitlines()[-1].split()
    assert label in ("positive", "negative")
    assert 0.5 <= float(probability) <= 1
    with pytest.raises(lit_synth.InputError, match="no student there"):
        lit_synth.Student("model/none")
