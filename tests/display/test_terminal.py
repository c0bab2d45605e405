"""A whole run of tiny models on a terminal: what its screen shows meanwhile, and what it leaves there."""

import json
import re
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import yaml

from lit_synth.callbacks import Generation
from lit_synth.modules import Teacher
from lit_synth.options import run_settings
from lit_synth.route import route
from lit_synth.tasks.reviews import REVIEWS
from tests.forked import settings, start
from tests.terminal import Terminal

MARKUP = "[bold red]A[/] [/nothing] film,"
STRATEGIES = ["gold", "annotate", "generate", "teacher"]
STOPPED = "lit_synth: stopped; the same command goes on"
HIDDEN = b"\x1b[?25l"
"""What takes a terminal's cursor away."""


@pytest.fixture(scope="module")
def words(tiny_causal: Path, tiny_encoder: Path, reviews_like: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the words of a run whose pool holds what rich would take for markup."""
    folder = tmp_path_factory.mktemp("terminal")
    for path in reviews_like.iterdir():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        told = (json.dumps({**row, "text": f"{MARKUP} {row['text']}"}) + "\n" for row in rows)
        (folder / path.name).write_text("".join(told))
    config = settings(tiny_causal, tiny_encoder, folder, strategies=STRATEGIES)
    (folder / "run.yaml").write_text(yaml.safe_dump(config))
    return ["run", "--config", str(folder / "run.yaml"), "--output", str(folder / "run")]


def slowly() -> None:
    """Let a teacher take its time, so that somebody can look, and press keys."""
    for kind, name in (
        (Teacher, "training_step"),
        (Generation, "on_predict_batch_end"),
        (Generation, "on_predict_end"),
    ):
        setattr(kind, name, _slow(getattr(kind, name)))


def _slow(work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def waits(*given: Any) -> Any:
        found = work(*given)
        time.sleep(0.4)
        return found

    return waits


def test_a_run_is_stopped_and_goes_on_and_its_terminal_stays_whole(words: list[str], tmp_path: Path) -> None:
    _stops(words)
    _goes_on(words)
    _is_plain_elsewhere(words, tmp_path)


def _stops(words: list[str]) -> None:
    """Press Ctrl-C in a narrow window."""
    terminal = Terminal(words, columns=40, before=slowly)
    terminal.until(lambda: "steps/s" in terminal.shown())
    shown = terminal.shown()
    assert "stage 1 of 11 · seed0/teacher_fit" in shown
    assert re.search(r"now +\d+ of 15 steps · [\d.]+ steps/s", shown)
    assert re.search(r"time +0:\d\d so far · 0:\d\d left", shown)
    assert "the whole run: under 1 minute left" in shown
    terminal.type(b"\x03")
    terminal.until(lambda: "stopping after this batch" in terminal.shown())
    assert terminal.end() == 130
    assert terminal.shown().splitlines()[-2:] == [STOPPED[:40], STOPPED[40:]]
    assert "steps/s" not in terminal.seen(), "the panel is gone"
    assert HIDDEN not in terminal.raw


def _goes_on(words: list[str]) -> None:
    """Look at the rest of the run in a wide one."""
    terminal = Terminal(words, before=slowly)
    terminal.until(lambda: "← [bold" in terminal.shown())
    assert re.search(r"last   (positive|negative) ← \[bold red\]A\[/\] \[/nothing\] film,", terminal.shown())
    terminal.until(lambda: "seed0/generation" in terminal.shown() and "/6 accepted" in terminal.shown())
    assert "│ judged " in terminal.shown()
    assert terminal.end() == 0
    seen = terminal.seen()
    assert "now " not in seen, "no panel is left"
    for line in ("seed0/teacher_fit: goes on", "seed0/generation: starts", "seed0/teacher: starts", "Report: "):
        assert len(re.findall(f"^{line}", seen, re.MULTILINE)) == 1, line
    assert re.search(r"^seed0/gold: done in 0:\d\d$", seen, re.MULTILINE)
    assert "steps/s" not in seen
    assert HIDDEN not in terminal.raw
    settings, _ = run_settings("run", words[1:])
    done = {"/".join(path.parts[-3:-1]) for path in settings.output.glob("seed0/*/stage.json")}
    assert set(route(settings, REVIEWS)) == done, "all stages were foreseen, and all of these came"


def _is_plain_elsewhere(words: list[str], tmp_path: Path) -> None:
    """Do it again, which takes no time, where nothing can be drawn anew: all say the same to the letter."""
    child = start(words, tmp_path / "log")
    assert child.wait() == 0
    piped = child.said()
    assert "\x1b" not in piped
    terminal = Terminal(words, TERM="dumb")
    assert terminal.end() == 0
    assert terminal.raw.decode().replace("\r\n", "\n") == piped
