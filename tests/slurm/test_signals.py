"""The head of a job and its step under a real SLURM: whoever is told first to end, nothing fails that can go on.

Shell scripts stand for the ranks of a stage, which a run starts by the same srun.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.slurm.cluster import Cluster

HEAD = """\
import sys
from pathlib import Path
from lit_synth import cli, stopping
from lit_synth.cluster import Ranks
from lit_synth.spread import spread

def run(words):
    sys.executable = words[1] + "/python"
    Path(words[1], "head").write_text(str(__import__("os").getpid()))
    spread(Path(words[1], "stage"), ["predict"], Ranks(2, 1))

cli._verb = run
stopping.PATIENCE = 2.0
sys.exit(cli.main(["run", sys.argv[1]]))
"""
STAGE = """\
#!/bin/sh
[ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && exit 0
%s
echo $$ > "${0%%/*}/rank$SLURM_PROCID"
n=0; while [ $n -lt 600 ]; do sleep 0.1; n=$((n + 1)); done
"""
OBEYS = "trap 'echo lit_synth: stopped >&2; exit 143' TERM; trap 'echo behind the batch; exit 0' USR1"
FAILS_FIRST = """trap 'exit 1' TERM; [ "$SLURM_PROCID" = 0 ] && trap 'sleep 2; exit 143' TERM"""
"""As a rank whose peer has ended fails in what it does together with it."""
SLOW = "trap 'exit 143' TERM; trap '' USR1"
"""As in a batch that takes longer than there is time."""
Start = Callable[..., str]


@pytest.fixture
def start(inside: Cluster, tmp_path: Path) -> Start:
    """Return a function that submits a head with ranks of some manner, and returns once both ranks are at work."""

    def submit(manner: str) -> str:
        words = head(tmp_path, manner)
        script = tmp_path / "job.sbatch"
        script.write_text(f"#!/bin/bash\n#SBATCH --nodes=2 --ntasks-per-node=1 --requeue\nexec {' '.join(words)}\n")
        asked = ["sbatch", "--parsable", "--open-mode=append", f"--output={tmp_path}/log"]
        job = inside.ask(*asked, str(script))
        at_work(inside, tmp_path)
        return job

    return submit


def head(folder: Path, manner: str) -> list[str]:
    """Return the command of a head whose stage has ranks of some manner."""
    (folder / "python").write_text(STAGE % manner)
    (folder / "python").chmod(0o755)
    (folder / "head.py").write_text(HEAD)
    return [sys.executable, str(folder / "head.py"), str(folder)]


def at_work(inside: Cluster, folder: Path) -> None:
    inside.until(lambda: all((folder / f"rank{rank}").is_file() for rank in (0, 1)), 120)


def goes_on(inside: Cluster, job: str, folder: Path) -> list[str]:
    """Wait until a job that was queued again has done its work, and the one behind it too; return what was said."""
    after = inside.ask("sbatch", "--parsable", "--output=/dev/null", f"--dependency=afterok:{job}", "--wrap=true")
    inside.until(lambda: inside.is_back(job))
    ends = inside.end_of(job), inside.end_of(after)
    said = (folder / "log").read_text()
    assert ends == ("COMPLETED", "COMPLETED"), said
    return [line for line in said.splitlines() if line.startswith("lit_synth:")]


@pytest.mark.parametrize("manner", [OBEYS, FAILS_FIRST])
def test_a_job_that_is_preempted_with_grace_queues_itself_again(
    inside: Cluster, start: Start, tmp_path: Path, manner: str
) -> None:
    """SLURM tells its steps alone, would cancel it later, and lets those that wait for it go if its script fails."""
    job = start(manner)
    inside.ask("sbatch", "--partition=urgent", "--nodes=2", "--output=/dev/null", "--wrap=true")
    told = goes_on(inside, job, tmp_path)
    assert told == ["lit_synth: stopped, another job is to have its nodes; it is queued again and goes on then"]


def test_a_job_whose_batch_outlasts_its_time_is_queued_again_all_the_same(
    inside: Cluster, start: Start, tmp_path: Path
) -> None:
    job = start(SLOW)
    inside.ask("scancel", "--signal=USR1", "--batch", job)
    assert len(goes_on(inside, job, tmp_path)) == 1


@pytest.mark.parametrize(
    ("words", "manner", "state", "told"),
    [
        (("--signal=TERM",), OBEYS, "FAILED", "stopped; the same command goes on"),
        ((), FAILS_FIRST, "CANCELLED", "stopped; the same command goes on"),
        (
            ("--signal=TERM",),
            FAILS_FIRST,
            "FAILED",
            "stage: predict on 2 nodes of 1 task: n2: task 1: Exited with exit",
        ),
    ],
)
def test_a_step_that_was_ended_is_no_failure_and_one_that_fails_names_its_rank(
    inside: Cluster, start: Start, tmp_path: Path, words: tuple[str, ...], manner: str, state: str, told: str
) -> None:
    job = start(manner)
    inside.ask("scancel", *words, job)
    assert inside.end_of(job, 120) == state
    said = (tmp_path / "log").read_text()
    assert told in said
    assert said.count("lit_synth: ") == 1


@pytest.mark.parametrize(("manner", "presses"), [(OBEYS, 1), (SLOW, 2)])
def test_an_interrupted_head_lets_its_ranks_end_behind_their_batch_and_leaves_nothing(
    inside: Cluster, tmp_path: Path, manner: str, presses: int
) -> None:
    words = ["salloc", "--quiet", "--nodes=2", "--ntasks-per-node=1", *head(tmp_path, manner)]
    with (tmp_path / "log").open("w") as log:
        salloc = subprocess.Popen(words, stdout=log, stderr=log, env=inside.environment)
    at_work(inside, tmp_path)
    for _ in range(presses):
        os.kill(int((tmp_path / "head").read_text()), signal.SIGINT)
        time.sleep(2)
    assert salloc.wait(60) == 130
    said = (tmp_path / "log").read_text()
    assert said.count("behind the batch\n") == (2 if presses == 1 else 0), said
    told = ["stopping after this batch; Ctrl-C again stops now", "stopped; the same command goes on"]
    assert [line.removeprefix("lit_synth: ") for line in said.splitlines() if line.startswith("lit_")] == told
    inside.until(lambda: not inside.ask("squeue", "--noheader", "--steps"), 30)
    for rank in (0, 1):
        assert not Path(f"/proc/{(tmp_path / f'rank{rank}').read_text().strip()}").exists()
