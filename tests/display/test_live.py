"""What is printed while a panel is drawn."""

import logging
import os
import pty
import re
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import lightning as L
import pytest
from lightning.pytorch.demos.boring_classes import BoringModel

from lit_synth.callbacks import Progress
from lit_synth.cluster import Ranks
from lit_synth.display.board import Reached
from lit_synth.display.choice import Plain, _as_display, display
from lit_synth.display.live import Live
from lit_synth.display.relay import RELAYED
from lit_synth.jobs import Job, run_jobs
from lit_synth.spread import spread

LOGGER = logging.getLogger("tests.display")


@pytest.fixture(autouse=True)
def one_that_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR", RELAYED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


@contextmanager
def terminal() -> Iterator[Callable[[], str]]:
    """Let the process print to a terminal; give a function that returns what it got, without colours and moves."""
    leader, follower = pty.openpty()

    def got() -> str:
        found = b""
        while select.select([leader], [], [], 0)[0]:
            found += os.read(leader, 1 << 16)
        return re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", found.decode().replace("\r\n", "\n"))

    stream = open(follower, "w", buffering=1, closefd=False, encoding="utf-8")  # noqa: SIM115
    # Not by a fixture: pytest sets them anew between that and the test.
    with stream, redirect_stdout(stream), redirect_stderr(stream):
        yield got
        assert (sys.stdout, sys.stderr) == (stream, stream), "given back"
    os.close(leader)
    os.close(follower)


def drawn(work: Callable[[], object]) -> str:
    """Do something behind a panel; return what the terminal got."""
    with terminal() as got:
        # Libraries' own handlers took their stream when they were imported.
        handler = logging.StreamHandler(sys.stdout)
        LOGGER.addHandler(handler)
        try:
            with Live(every=0.05) as live, _as_display(live):
                work()
        except (ValueError, KeyboardInterrupt) as error:
            print(f"told: {error!r}")
        LOGGER.removeHandler(handler)
        assert handler.stream is sys.stdout
        print("behind it")
        return got()


def test_all_that_is_printed_comes_in_order_and_whole() -> None:
    def work() -> None:
        print("[bold]one[/bold]", "x" * 200)
        print("two", file=sys.stderr)
        LOGGER.warning("three")
        print("1 %\r50 %\r100 %")
        print("no end", end="")
        assert not sys.stdout.isatty()

    found = drawn(work)
    places = [found.index(one) for one in ("[bold]one[/bold] " + "x" * 200, "two", "three", "100 %", "no end")]
    assert places == sorted(places)
    assert "50 %" not in found
    assert found.endswith("behind it\n")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_work_leaves_the_terminal_whole(error: type[BaseException]) -> None:
    def work() -> None:
        print("before")
        raise error

    assert drawn(work).endswith(f"told: {error()!r}\nbehind it\n")


class Slow(BoringModel):
    """Learns nothing, and fails at last if it is to."""

    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.fails = fails

    def training_step(self, batch: Any, batch_index: int) -> Any:
        time.sleep(0.4)
        if self.fails and batch_index == 2:
            raise ValueError("a fault")
        return super().training_step(batch, batch_index)


@pytest.mark.parametrize("fails", [False, True])
def test_a_stage_by_hand_has_a_panel_to_its_end(tmp_path: Path, fails: bool) -> None:
    trainer = L.Trainer(
        max_steps=4,
        limit_val_batches=0,
        callbacks=[Progress("by hand", every=0.1)],
        default_root_dir=tmp_path,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    with terminal() as got:
        with pytest.raises(ValueError, match="a fault") if fails else nullcontext():
            trainer.fit(Slow(fails))
        found = got()
    assert isinstance(display(), Plain)
    assert "─ by hand ─" in found
    assert "1 of 4 steps · " in found
    assert "/4 steps" not in found, "no plain line"


def test_a_fork_prints_for_itself() -> None:
    def work() -> None:
        child = os.fork()
        if not child:
            print("from a child", flush=True)
            os._exit(0)
        os.waitpid(child, 0)

    assert "from a child\n" in drawn(work)


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a shell script stand for a command that says how far it has come."""
    script = tmp_path / "python"
    frames = """\\036{"stage": "stage 2 of 5 · gold"}\\n"""
    frames += """\\036{"reached": {"name": "n", "done": 3, "total": 7, "unit": "rows", "seconds": 1}}\\n"""
    script.write_text(f"#!/bin/sh\nprintf '{frames}'\necho $LIT_SYNTH_RELAYED said\nprintf 'caf\\351\\n'\nsleep 0.3\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))


@pytest.mark.usefixtures("says")
def test_a_job_of_a_sweep_is_shown_in_the_one_panel_and_its_log_is_plain(tmp_path: Path) -> None:
    jobs = {Job(0.1, 0): 1.0, Job(0.2, 0): 1.0}
    found = drawn(lambda: run_jobs(tmp_path, jobs, lambda job: ["run"], str, 1, print))
    assert "─ job 1 of 2 · stage 2 of 5 · gold ─" in found
    assert "─ job 2 of 2 · stage 2 of 5 · gold ─" in found
    assert "fraction_0.2_seed0: done" in found
    log = (tmp_path / "jobs" / "fraction_0.1_seed0.log").read_text()
    assert log == "  n                        3/7 rows · 3.0/s · 0:01 left\n1 said\ncaf\ufffd\n", "of any encoding"


@pytest.mark.usefixtures("says")
def test_a_stage_on_several_devices_is_shown_in_the_one_panel(tmp_path: Path) -> None:
    reached: list[Reached | None] = []

    def work() -> None:
        spread(tmp_path / "config.yaml", ["fit"], Ranks(1, 2))
        reached.append(display().board.reached)  # type: ignore[attr-defined]

    found = drawn(work)
    assert "1 said\ncaf\ufffd\n" in found
    assert "3 of 7 rows" in found
    assert "\x1e" not in found
    assert reached == [Reached("n", 3, 7, "rows", 1)]
