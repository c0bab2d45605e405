"""Mistakes on the command line: the near option, the verb behind its options, why a model cannot be had."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

from lit_synth import __version__
from lit_synth.cli import main
from lit_synth.hub import why_absent

STAGE = Path(__file__).parents[1] / "configs" / "stages" / "teacher.yaml"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu"], "did you mean run?"),
        (["exprot"], "did you mean export?"),
        (["run", "--fractoin", "3"], "did you mean --fraction?"),
        (["run", "--strategy", "gold"], "did you mean --strategies?"),
        (["run", "--max_steps", "3"], "did you mean --student.search.max_steps?"),
        (["run", "--teacher.modle", "x"], "did you mean --teacher.model?"),
        (["sweep", "--fraction_s", "3"], "did you mean --fractions?"),
        (["report", "a", "--fromat", "md"], "did you mean --format?"),
        (["--config", "nowhere.yaml", "run"], "nowhere.yaml"),
        (["--config=nowhere.yaml", "run", "--limit", "3"], "nowhere.yaml"),
        (["--config", "run"], "no command '--config'"),
        (["label", "rows.csv"], "required: model"),
        (["init"], "file"),
    ],
)
def test_a_mistake_names_what_is_near(
    words: list[str], told: str, capsys: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_stage_names_what_is_near_too(capsys: Any, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lit_synth", "fit", "--config", str(STAGE), "--trainer.max_epcohs", "1"])
    assert main() == 2
    assert "did you mean --trainer.max_epochs?" in capsys.readouterr().err


def caused(error: Exception) -> OSError:
    outer = OSError("We could not load it\nat length")
    outer.__cause__ = error
    return outer


def unmade(kind: type[Exception]) -> Exception:
    """Return an error of the hub's without the answer of a server that it is otherwise made of."""
    return kind.__new__(kind)


@pytest.mark.parametrize(
    ("error", "offline", "told"),
    [
        (unmade(RepositoryNotFoundError), "0", "no model of that name on the hub, or a private one"),
        (unmade(GatedRepoError), "0", "its owner wants to be asked"),
        (LocalEntryNotFoundError("x"), "0", r"the hub cannot be reached, and the cache .* holds none of that name"),
        (ConnectionError("x"), "0", "the hub cannot be reached"),
        (LocalEntryNotFoundError("x"), "1", "HF_HUB_OFFLINE forbids to ask the hub; unset it"),
        (KeyError("x"), "0", r"cannot be loaded \(We could not load it\)"),
    ],
)
def test_name_network_and_cache_are_told_apart(error: Exception, offline: str, told: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    said = why_absent("owner/model", caused(error))
    assert said.startswith("model owner/model: ")
    assert re.search(told, said)


def test_a_cache_that_lacks_a_model_is_not_blamed_on_the_hub_where_offline_was_asked(monkeypatch: Any) -> None:
    monkeypatch.setenv("LIT_SYNTH_OFFLINE", "1")
    assert "holds none of that name; give a local folder, or leave --offline out" in why_absent(
        "owner/model", OSError()
    )


def test_a_folder_that_is_near_is_named(tmp_path: Path) -> None:
    (tmp_path / "my_model").mkdir()
    assert why_absent(f"{tmp_path}/my_modle", OSError()) == (
        f"model {tmp_path}/my_modle: no such folder; did you mean {tmp_path}/my_model?"
    )
    assert "the folder holds no model (x)" in why_absent(str(tmp_path), OSError("x"))


CHECK = """
import sys, lit_synth
heavy = {"torch", "lightning", "transformers", "numpy", "yaml", "jsonargparse", "rich"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
from lit_synth import InputError, init, export, label, run
assert not (heavy - {"yaml"}) & set(sys.modules), heavy & set(sys.modules)
from lit_synth.cli import main
assert main(["--help"]) == 0
assert not (heavy - {"yaml"}) & set(sys.modules), heavy & set(sys.modules)
assert set(lit_synth.__all__) <= set(dir(lit_synth))
from lit_synth.options import run_settings
assert main(["run", "--help"]) == 0
"""


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-c", CHECK]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own command
    assert "AssertionError" not in done.stderr
    assert "--preview" in done.stdout
    assert "\x1b[" not in done.stdout


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "lit_synth", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    assert done.stdout == f"{__version__}\n"
