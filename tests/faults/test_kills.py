"""Kills at random moments: nothing is lost, nothing is made twice, and little is done twice.

`LIT_SYNTH_FAULTS=50` kills that many times; what was lost is written to the log (`-o log_cli_level=INFO`).
"""

import json
import logging
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import lightning as L
import pytest

from lit_synth.callbacks import Export, Generation, Predictions
from lit_synth.modules import Teacher
from tests.faults.runs import Run, compare

KILLS = int(os.environ.get("LIT_SYNTH_FAULTS", "6"))
WHOLE = "*"
"""Begins the name of what is kept as a whole; other names are rows."""
PAUSE = 0.1
"""Seconds before and after a piece of work is kept: most kills come near one of these moments."""
PIECES = 29
"""Of a run that nobody kills."""
Done = list[tuple[int, str, list[str]]]
"""Pieces of work in the order in which they were done: process, stage, and what was done."""


def noting(log: Path) -> Callable[[], None]:
    """Let a child note each piece of work when it is done, and before anything of it is kept."""

    def note(stage: Path | str, *names: str) -> None:
        with log.open("a") as lines:
            lines.write(json.dumps([os.getpid(), Path(stage).name, names]) + "\n")

    def before() -> None:
        def in_front(kind: type, method: str, notes: Callable[..., None]) -> None:
            whole = getattr(kind, method)

            @wraps(whole)
            def noted(*arguments: Any, **named: Any) -> Any:
                notes(*arguments, **named)
                time.sleep(PAUSE)
                whole(*arguments, **named)
                time.sleep(PAUSE)

            setattr(kind, method, noted)

        def batch(_: Any, trainer: L.Trainer, module: Any, outputs: Any, *rest: Any, **named: Any) -> None:
            note(trainer.datamodule.requests.folder, *(row.id for row in outputs))  # type: ignore[attr-defined]

        in_front(Generation, "on_predict_batch_end", batch)
        in_front(Teacher, "on_train_epoch_end", lambda self: note("teacher_fit", f"{WHOLE}epoch {self.current_epoch}"))
        in_front(Export, "on_fit_end", lambda self, *_: note(self.folder.parent, f"{WHOLE}training"))
        in_front(Predictions, "on_test_epoch_end", lambda self, *_: note(self.folder, f"{WHOLE}test"))

    return before


def read(log: Path) -> Done:
    return [(pid, stage, names) for pid, stage, names in map(json.loads, log.read_text().splitlines())]


def again(done: Done) -> Counter[str]:
    """Count the pieces that had to be done again, by stage; of each process at most the last one, of one stage.

    A batch of rows is such a piece; of the teacher's training an epoch; the training and the test of a student.
    """
    counts: Counter[str] = Counter()
    for pid in dict.fromkeys(pid for pid, _, _ in done):
        end = max(place for place, piece in enumerate(done) if piece[0] == pid)
        later = {(stage, name) for _, stage, names in done[end + 1 :] for name in names}
        lost = [piece for piece in done if piece[0] == pid and any((piece[1], name) in later for name in piece[2])]
        stages = {stage for _, stage, _ in lost}
        assert len(stages) <= 1, f"of two stages: {lost}"
        rows = [piece for piece in lost if not piece[2][0].startswith(WHOLE)]
        assert len(rows) <= 1, f"more than a batch: {rows}"
        assert len(lost) - len(rows) <= 2, f"more than a training and its test: {lost}"
        counts.update(stages)
    return counts


def killed(make: Callable[..., Run], seconds: float, rng: random.Random) -> Iterator[tuple[Run, Done, int]]:
    """Yield runs that were killed again and again until they were done, after so many kills in all."""
    left = KILLS
    while left > 0:
        run, code, before = make(), -1, left
        log = run.home / "done.jsonl"
        while code:
            child = run.start(noting(log))
            if left > 0:
                time.sleep(rng.uniform(0.0, 0.7 * (seconds + 2 * PAUSE * PIECES)))
                left -= 1
                child.send(signal.SIGKILL)
            code = child.wait()
            assert code in (0, -signal.SIGKILL), child.said()
        yield run, read(log), before - left


def test_kills_at_any_moment_change_nothing(
    make: Callable[..., Run], undisturbed: tuple[dict[str, Any], float]
) -> None:
    found, seconds = undisturbed
    lost: Counter[str] = Counter()
    for number, (run, done, kills) in enumerate(killed(make, seconds, random.Random(KILLS))):
        rows, changed = compare(run.found(), found)
        twice = again(done)
        lost += twice
        told = f"run {number}: {kills} kills, {rows} rows, {changed} texts differ; of {len(done)} pieces of work again"
        logging.getLogger(__name__).info("%s: %s", told, dict(twice))
    assert lost.total() <= KILLS


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ([(1, "a", ["1", "2"]), (2, "a", ["3", "4"])], {}),
        ([(1, "a", ["1", "2"]), (1, "a", ["3", "4"]), (2, "a", ["3"]), (2, "a", ["4"])], {"a": 1}),
        ([(1, "fit", ["*epoch 0"]), (2, "fit", ["*epoch 0"])], {"fit": 1}),
        ([(pid, "fit", [f"*{what}"]) for pid in (1, 2) for what in ("epoch 0", "epoch 1", "training")], None),
        ([(1, "a", ["1"]), (1, "a", ["2"]), (2, "a", ["1"]), (2, "a", ["2"])], None),
        ([(1, "a", ["1", "2"]), (1, "a", ["3", "4"]), (2, "a", ["2", "3"])], None),
        ([(1, "a", ["1", "2"]), (1, "b", ["3", "4"]), (2, "a", ["2", "1"]), (2, "b", ["3", "4"])], None),
    ],
)
def test_what_is_done_again_is_seen(done: Done, expected: dict[str, int] | None) -> None:
    if expected is None:
        with pytest.raises(AssertionError):
            again(done)
    else:
        assert again(done) == expected
