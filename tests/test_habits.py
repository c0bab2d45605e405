"""What people expect of any command: completion, variables, flags in any place, configs by name, a whole wheel."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth import __version__, cli
from lit_synth.cli import main
from lit_synth.settings import RunSettings

CHECKOUT = Path(__file__).parents[1]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[RunSettings]:
    """Collect what `run` is told instead of doing it."""
    found: list[RunSettings] = []

    def execute(pipeline: Any) -> Path:
        pipeline.tell("a line of progress")
        found.append(pipeline.run)
        return Path("runs/page.html")

    monkeypatch.setattr("lit_synth.pipeline.Pipeline.execute", execute)
    return found


def test_variables_are_defaults_under_config_and_words(
    runs: list[RunSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "run.yaml"
    config.write_text(yaml.safe_dump({"data": "Reviews", "output": "out", "fraction": 40}))
    for name, value in {"LIMIT": "7", "FRACTION": "33", "TEACHER__MODEL": "abc", "SEEDS": "[0, 1]"}.items():
        monkeypatch.setenv(f"LIT_SYNTH_RUN_{name}", value)
    monkeypatch.setenv("LIT_SYNTH_DATA", "/rows")  # of the tests, and of no setting
    assert main(["run", "--config", str(config)]) == 0
    assert main(["run", "--config", str(config), "--limit", "9", "--teacher.model", "xyz"]) == 0
    monkeypatch.setenv("LIT_SYNTH_RUN_CONFIG", str(config))
    assert main(["run"]) == 0  # a config that a variable names is itself a default only
    seen = [(run.limit, run.fraction, run.teacher.model, list(run.seeds)) for run in runs]
    assert seen == [(7, 40, "abc", [0, 1]), (9, 40, "xyz", [0, 1]), (7, 33, "abc", [0, 1])]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LIT_SYNTH_RUN_LIMTI", "7", "LIT_SYNTH_RUN_LIMTI: stands for no setting; did you mean LIT_SYNTH_RUN_LIMIT?"),
        ("LIT_SYNTH_RUN_LIMIT", "seven", "LIT_SYNTH_RUN_LIMIT is set"),
    ],
)
def test_a_variable_that_cannot_be_is_one_line(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["run", "--data", "Reviews", "--output", "out"]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--config", "demo"],
        ["run", "--config=configs/demo.yaml"],
        ["--quiet", "run", "--config", "demo.yaml"],
        ["--config", "demo", "--preview", "--print_config", "run"],
        ["--config", "trainer/bf16", "run", "--config", "demo"],
        ["--slurm", "run", "--preview", "--print_config", "--config", "demo"],
    ],
)
def test_shipped_configs_are_found_by_name(
    words: list[str],
    runs: list[RunSettings],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()  # a folder is no config
    if "--print_config" in words:
        with pytest.raises(SystemExit) as done:
            main(words)
        assert done.value.code == 0
        assert yaml.safe_load(capsys.readouterr().out)["test_limit"] == 800
        return
    assert main(words) == 0
    (run,) = runs
    assert (run.data, run.test_limit, str(run.output)) == ("Reviews", 800, "runs/demo")
    assert run.trainer == ({"precision": "bf16-mixed"} if "trainer/bf16" in words else {})
    # Quiet: the path alone, for a script.
    said = capsys.readouterr().out
    assert said == ("runs/page.html\n" if "--quiet" in words else "a line of progress\n")


def test_a_file_of_the_user_comes_before_a_shipped_one(
    runs: list[RunSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.yaml").write_text("data: Reviews\noutput: mine\n")
    assert main(["run", "--config", "demo.yaml"]) == 0
    assert str(runs[0].output) == "mine"
    assert main(["run", "--config", "demmo"]) == 2
    assert "demmo" in capsys.readouterr().err


def test_flags_may_stand_before_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"words {number} of a text,{'ab'[number % 2]}\n" for number in range(60))
    (tmp_path / "f.csv").write_text(f"text,label\n{rows}")
    monkeypatch.setattr("lit_synth.embedded.is_prepared", lambda name: False)
    assert main(["--yes", "init", "f.csv"]) == 0
    assert (tmp_path / "f.yaml").exists()
    assert main(["--force", "--yes", "init", "f.csv"]) == 0
    capsys.readouterr()


def test_every_flag_is_known_as_one() -> None:
    from lit_synth.completion import whole

    pytest.importorskip("shtab")
    (commands,) = (action.choices for action in whole()._actions if isinstance(action.choices, dict))
    flags = {
        name
        for command in commands.values()
        for action in command._actions
        if action.nargs == 0
        for name in action.option_strings
        if not name.endswith(".help")
    }
    assert flags - {"-h", "--help", "--offline"} == {*cli.FLAGS} - {"--slurm"}, "which takes settings, too"


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_commands_and_their_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    commands = [line.split()[0] for line in cli.USAGE.splitlines() if line.startswith("  ")]
    assert len(commands) == 14
    dashes = "" if shell == "tcsh" else "--"  # which has them apart
    for word in (*commands, *(f"{dashes}{name}" for name in ("curation.labels", "review", "gpu_memory", "fractions"))):
        assert word in script, word


def test_completion_of_bash_completes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "completion"
    tries = [("cu", "curate"), ("sta", "stage"), ("run --curation.l", "--curation.labels"), ("report --format m", "md")]
    asked = "".join(
        f"COMP_WORDS=(lit_synth {words}); COMP_CWORD={len(words.split())}; COMPREPLY=(); _shtab_lit_synth;"
        'echo "${COMPREPLY[*]}"\n'
        for words, _ in tries
    )
    script.write_text(f"{capsys.readouterr().out}\n{asked}")
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=True)  # noqa: S603, S607
    assert done.stdout.splitlines() == [wanted for _, wanted in tries]


def test_a_wheel_works_without_the_checkout(tmp_path: Path) -> None:
    """The wheel comes from the source archive, as an index would get both."""
    pytest.importorskip("hatchling")

    def call(*words: str, where: Path, first: tuple[str, ...] = ()) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LIT_SYNTH_"))}
        paths = os.pathsep.join([*first, *(one for one in sys.path if one not in ("", str(CHECKOUT)))])
        done = subprocess.run(  # noqa: S603
            [sys.executable, *words], cwd=where, env={**clean, "PYTHONPATH": paths}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path / "dist"), where=CHECKOUT)
    with tarfile.open(next((tmp_path / "dist").glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path / "source")  # noqa: S202 - our own; Python before 3.11.4 has no filter
    (source,) = (tmp_path / "source").iterdir()
    call("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"), where=source)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        wheel.extractall(installed)  # noqa: S202 - our own
        names = set(wheel.namelist())
    own = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "lit_synth").rglob("*") if path.is_file()}
    assert {name for name in own if "__pycache__" not in name} <= names
    configs = {f"lit_synth/{path.relative_to(CHECKOUT)}" for path in (CHECKOUT / "configs").rglob("*.yaml")}
    assert configs <= names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)
    assert "lit_synth = lit_synth.cli:main" in next(installed.glob("*.dist-info/entry_points.txt")).read_text()

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    rows = "".join(f"words {number} of a text,{'ab'[number % 2]}\n" for number in range(60))
    (elsewhere / "f.csv").write_text(f"text,label\n{rows}")
    script = (
        "import sys, lit_synth; from lit_synth.cli import main; from lit_synth.report.page import document;"
        f"assert lit_synth.__file__.startswith({str(installed)!r}), lit_synth.__file__;"
        "assert main(['--version']) == 0; assert main(['--yes', 'init', 'f.csv']) == 0;"
        "assert 'addEventListener' in document('t', []); main(['run', '--config', 'demo', '--print_config'])"
    )
    said = call("-c", script, where=elsewhere, first=(str(installed),))
    assert said.startswith(f"{__version__}\n")
    assert "Wrote f.yaml" in said
    assert "test_limit: 800" in said


@pytest.mark.parametrize("asked", ["accelerator=tpu", "strategy=none_such", "accelerator=cpu --trainer.devices=x"])
def test_devices_that_are_not_there_are_one_line(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fit", "--config", str(CHECKOUT / "configs/stages/teacher.yaml"), *f"--trainer.{asked}".split()]
    assert main(words) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("lit_synth: trainer")


@pytest.mark.parametrize("strategy", ["deepspeed_stage_3", "{class_path: DeepSpeedStrategy, init_args: {stage: 3}}"])
def test_deepspeed_that_is_not_installed_is_one_line(
    strategy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lit_synth.stages.find_spec", lambda name: None)
    assert (
        main(["fit", "--config", str(CHECKOUT / "configs/stages/teacher.yaml"), f"--trainer.strategy={strategy}"]) == 2
    )
    said = capsys.readouterr().err.splitlines()
    assert said[-1].endswith("DeepSpeed is not installed; pip install 'lit-synth[deepspeed]'")
