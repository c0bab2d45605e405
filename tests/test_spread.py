"""What the process of a run does while a stage is at work on several devices."""

import os
import signal
import threading
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from lit_synth.cluster import Ranks
from lit_synth.errors import InputError
from lit_synth.spread import spread
from lit_synth.stopping import stoppable

TWO = Ranks(1, 2)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a shell script stand for the stage's command."""
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\n. {tmp_path}/config.yaml\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))


@pytest.mark.usefixtures("stage")
def test_a_stage_prints_where_the_run_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("echo progress\n")
    with (tmp_path / "said").open("w") as said, redirect_stdout(said):
        spread(tmp_path / "config.yaml", ["fit"], TWO)
    assert (tmp_path / "said").read_text() == "progress\n"
    assert capfd.readouterr().out == ""


@pytest.mark.usefixtures("stage")
def test_the_message_of_a_stage_is_that_of_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("echo a warning >&2; echo lit_synth: row 3 is bad >&2; exit 2\n")
    with pytest.raises(InputError, match=r"^row 3 is bad$"):
        spread(tmp_path / "config.yaml", ["fit"], TWO)
    assert capfd.readouterr().err == "a warning\n"


@pytest.mark.usefixtures("stage")
def test_an_interrupt_is_handed_on_and_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    waits = "n=0; while [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done"
    (tmp_path / "config.yaml").write_text(f"trap 'echo ended; exit 0' INT; echo begun > {tmp_path}/begun; {waits}\n")

    def interrupt() -> None:
        while not (tmp_path / "begun").exists():
            threading.Event().wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with stoppable(), pytest.raises(KeyboardInterrupt):
        spread(tmp_path / "config.yaml", ["fit"], TWO)
    with stoppable():  # forgets the interrupt, for other tests
        said = capfd.readouterr()
    assert said.out == "ended\n"
    assert said.err == "lit_synth: stopping after this batch; Ctrl-C again stops now\n"
