"""All six tasks, every strategy, at a size for a machine with two cores: what the whole path costs and gives.

    python benchmarks/six_tasks.py DATA_DIR OUTPUT [task ...]

``DATA_DIR`` holds a folder for each task. A run that was stopped goes on; what is measured is the run that finished it.
Rewrites its section of ``benchmarks/RESULTS.md`` from all runs found in ``OUTPUT``.
"""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from results import MACHINE, markdown_table, write_section

from lit_synth.report.conclusions.summary import summarise
from lit_synth.report.statistics.intervals import Interval

SMALL = (
    "--limit 100 --teacher.max_epochs 2 --generation.amount 80 --student.batch_size 16 "
    "--student.search.learning_rates [2.0e-4] --student.search.max_steps 30 --student.search.every 15"
)
TEXTS = (
    "--limit 100 --teacher.max_epochs 2 --generation.amount 80 --student.batch_size 16 "
    "--student.search.max_steps 120 --student.search.every 60"
)
SIZES = {
    "slurp": "--fraction 0.02 --limit 200 --generation.amount 200 --student.search.max_steps 200 "
    "--curation.students 0 --curation.calibrate false",
    "rte": f"--fraction 64 {SMALL}",
    "boolq": f"--fraction 48 {SMALL}",
    "multirc": f"--fraction 32 {SMALL}",
    "sgd": f"--fraction 150 {TEXTS}",
    "webnlg": f"--fraction 150 {TEXTS}",
}
STRATEGIES = ("gold", "annotate", "generate", "both", "full", "teacher", "few_shot")


def command(task: str, data: Path, output: Path) -> list[str]:
    """Return the command of a task's run."""
    config = f"configs/{task}_embedded.yaml"
    start = ["lit_synth", "run", "--config", config, "--data_dir", str(data / task), "--seeds", "0"]
    start += ["--trainer", "{precision: bf16-mixed}"]
    return [*start, *shlex.split(SIZES[task]), "--output", str(output / task)]


def measure(task: str, data: Path, output: Path) -> bool:
    """Run a task as a process of its own; keep its seconds and peak memory. Tell whether it went well."""
    started = time.monotonic()
    words = [sys.executable, "-m", *command(task, data, output)]
    process = subprocess.Popen(words)  # noqa: S603 - our own command
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        print(f"{task}: failed; see above", file=sys.stderr)
        return False
    found = {"seconds": time.monotonic() - started, "gigabytes": usage.ru_maxrss / 2**20}
    (output / f"{task}.json").write_text(json.dumps(found))
    return True


def table(output: Path) -> str:
    """Return the table of all runs found, with intervals, and what each run says of its teacher."""
    lines, said = (
        [["task", "metric", "gold rows", "pool / test rows", *STRATEGIES, "same answer", "minutes", "peak GB"]],
        [],
    )
    for task in SIZES:
        if not (output / f"{task}.json").exists():
            continue
        cost = json.loads((output / f"{task}.json").read_text())
        run = json.loads((output / task / "run.json").read_text())
        split = json.loads((output / task / "splits.json").read_text())["seed0"]
        summary = summarise(output / task)
        # A run that was resumed counts its stages, not only what was left.
        seconds = max(cost["seconds"], sum(run["seconds"]["seed0"].values()))
        found = [summary.strategy(name) for name in STRATEGIES]
        cells = [_cell(one.mean, one.interval) if one else "" for one in found]
        same = f"{100 * summary.trivial.value:.1f}" if summary.trivial else ""
        sizes = [str(split["gold"] + split["development"]), f"{split['pool']} / {split['test']}"]
        costs = [f"{seconds / 60:.1f}", f"{cost['gigabytes']:.1f}"]
        lines.append([task, summary.metric.key, *sizes, *cells, same, *costs])
        said += [f"- {task}: {line}" for line in summary.warnings if "eacher" in line]
    return "\n".join([markdown_table(lines), "", "What the runs themselves say of their teachers:", "", *said])


def _cell(mean: float, interval: Interval | None) -> str:
    between = f" ({100 * interval.low:.0f} to {100 * interval.high:.0f})" if interval else ""
    return f"{100 * mean:.1f}{between}"


def main() -> None:
    """Run the tasks and write the page."""
    data, output = Path(sys.argv[1]), Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    failed = [task for task in sys.argv[3:] or SIZES if not measure(task, data, output)]
    commands = "\n".join(shlex.join(command(task, Path("DATA_DIR"), Path("OUTPUT"))) for task in SIZES)
    intro = (
        "Models that ship inside packages: teacher SmolLM2-135M-Instruct, students MiniLM or an encoder-decoder made "
        "of it. One seed, few rows and few steps, so that the whole path fits a small machine: the figures show that "
        "every part works, and what it costs, not how good the method is. No student of SGD and WebNLG learns to write "
        "usefully in so few steps. Figures are times 100, in brackets 95 % "
        'intervals over test rows; "same answer" is the best figure that one answer to every row can reach.'
    )
    closing = f"`python benchmarks/six_tasks.py DATA_DIR OUTPUT` runs these and writes this:\n\n```\n{commands}\n```"
    write_section("All six tasks, small", "\n\n".join([intro, table(output), MACHINE, closing]))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
