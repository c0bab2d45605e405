"""What each part of synthesis is worth: the same run with one part more, or one part less.

    python benchmarks/ablation.py demo|slurp|slurp_1|webnlg DATA_DIR OUTPUT [seeds] [arm ...]

``DATA_DIR`` is the task's own folder; the demo needs none, so any word will do.

The first arm is the plain recipe; every other one takes teacher and annotations from it and differs in the options
named. Students are compared on the same test rows; intervals are over rows and seeds. A run that was stopped goes on.
Rewrites its section of ``benchmarks/RESULTS.md`` from all arms found in ``OUTPUT``.
"""

import json
import random
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from results import MACHINE, markdown_table, write_section

from lit_synth.examples import read_examples, write_examples
from lit_synth.report.statistics.comparisons import paired_difference
from lit_synth.stages import run_stage

# Best for gold alone and for both in the search of configs/slurp_embedded.yaml, at 5 % and at 1 % (seed 0, development
# part; the other strategies tie or end sooner): given to all, so that no arm is trained longer than another.
CHOSEN = "{learning_rate: 3.0e-4, max_steps: 600}"
EVERY = f"{{gold: {CHOSEN}, annotate: {CHOSEN}, generate: {CHOSEN}, both: {CHOSEN}, full: {CHOSEN}}}"
ALONE = "--curation.students 0 --curation.calibrate false"
"""The teacher is the only annotator, whatever the config says; what an arm says comes later, and wins."""
HALF = "--trainer '{precision: bf16-mixed}'"
"""Twice as fast where the processor has it; the first set was measured before that was known."""
SETS = {
    "demo": f"--config configs/demo.yaml {ALONE} {HALF}",
    "slurp": f"--config configs/slurp_embedded.yaml --fraction 0.05 --student.chosen '{EVERY}' {ALONE}",
    "slurp_1": f"--config configs/slurp_embedded.yaml --fraction 0.01 --student.chosen '{EVERY}' {ALONE} {HALF}",
    "webnlg": f"--config configs/webnlg_embedded.yaml --fraction 0.05 {HALF}",
}
POOL = "--curation.students 1 --curation.calibrate true"
SHUFFLED = "shuffled labels"
LABELS = {
    "plain": "--curation.labels hard --curation.match_shares false",
    "soft labels": "--curation.match_shares false",
    "matched": "",
    "matched, hard": "--curation.labels hard",
    "calibrated": "--curation.calibrate true",
    "1,500 generated rows": "--generation.amount 1500",
    "with the student": "--curation.students 1",
    "pool": POOL,
    "pool, as read": f"{POOL} --curation.match_shares false",
    "pool, hard": f"{POOL} --curation.labels hard",
    "pool, threshold": f"{POOL} --curation.confidence auto",
    "pool, weighed": f"{POOL} --curation.weigh true",
    "pool, smoothed": f"{POOL} --student.loss.smoothing 0.1",
    "pool, generalised": f"{POOL} --student.loss.kind generalised",
    "pool, symmetric": f"{POOL} --student.loss.kind symmetric",
    "pool, averaged": f"{POOL} --student.average 0.99",
    "pool, agreement": f"{POOL} --student.average 0.99 --student.agreement true",
    "pool, two stages": f"{POOL} --student.two_stages true",
    "pool, gold twice": f"{POOL} --student.gold_weight 2",
    "pool, disagreement out": f"{POOL} --curation.rules.disagreement reject",
    "pool, no near duplicates": f"{POOL} --curation.rules.near_duplicates 0.8",
    # Controls: at a rate of 0 the teacher stays as it was pretrained; and teacher's labels, dealt to other rows.
    "untuned teacher": "--teacher.learning_rate 0 --teacher.max_epochs 1",
    SHUFFLED: "",
}
TEXTS = {
    "plain": "--curation.rules.faithful false --curation.rules.schema false",
    "rules": "",
    "consensus": "--teacher.samples 4 --curation.choice consensus",
    "all": "--teacher.samples 4 --curation.choice all",
    "weighed": "--curation.weigh true",
    "two stages": "--student.two_stages true",
}
STRATEGIES = ("gold", "annotate", "generate", "both", "full", "teacher")
CHANGED = STRATEGIES[1:4]


def command(name: str, arm: str, data: str, output: Path, seeds: str) -> list[str]:
    """Return the command of an arm."""
    arms = TEXTS if name == "webnlg" else LABELS
    words = ["lit_synth", "run", *shlex.split(SETS[name]), "--seeds", f"[{seeds}]", *shlex.split(arms[arm])]
    if name != "demo":
        words += ["--data_dir", data]
    # Baselines do not change with the synthetic rows.
    wanted = STRATEGIES if arm == "plain" else STRATEGIES[:4]
    words += ["--strategies", f"[{','.join(wanted)}]", "--output", str(output / _slug(arm))]
    return words if arm == "plain" else [*words, "--reuse", str(output / "plain")]


def shuffle(output: Path, seed: int) -> None:
    """Train a student as the plain recipe's ``annotate``, on the same rows with each other's targets."""
    plain, folder = output / "plain" / f"seed{seed}" / "annotate", output / _slug(SHUFFLED) / f"seed{seed}" / "annotate"
    if (folder / "scores.jsonl").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((plain / "config.yaml").read_text().replace(str(plain), str(folder)))
    mixture = config["data"]["init_args"]["mixture"]
    (source,) = mixture["synthetic"]
    rows = list(read_examples(Path(source)))
    dealt = random.Random(seed).sample(rows, len(rows))
    pairs = zip(rows, dealt, strict=True)
    shuffled = folder / "shuffled.jsonl"
    write_examples(
        shuffled, [replace(row, target=other.target, probabilities=other.probabilities) for row, other in pairs]
    )
    mixture["synthetic"] = [str(shuffled)]
    run_stage(config, ("fit", "test"))


def scores(folder: Path, strategy: str) -> np.ndarray | None:
    """Return the headline score of every test unit, shape ``(seeds, units)``, or ``None`` where a file is absent."""
    files = [seed / strategy / "scores.jsonl" for seed in sorted(folder.glob("seed*"))]
    if not files or not all(file.exists() for file in files):
        return None
    return np.array([[json.loads(line)["score"] for line in file.read_text().splitlines()] for file in files])


def table(output: Path, arms: list[str]) -> str:
    """Return a row an arm: mean by strategy, and the difference to the student on gold and to the plain recipe."""
    lines = [["arm", "strategy", "mean", "by seed", "to gold", "95 %", "to plain", "95 %"]]
    plain = {strategy: scores(output / "plain", strategy) for strategy in STRATEGIES}
    for arm in arms:
        for strategy in STRATEGIES if arm == "plain" else CHANGED:
            found = scores(output / _slug(arm), strategy)
            if found is not None:
                by_seed = ", ".join(f"{100 * one:.1f}" for one in found.mean(axis=1))
                cells = [arm, strategy, f"{100 * found.mean():.1f}", by_seed]
                lines.append([*cells, *_difference(plain["gold"], found), *_difference(plain[strategy], found)])
    return markdown_table(lines)


def _difference(other: np.ndarray | None, found: np.ndarray) -> list[str]:
    if other is None or other.shape != found.shape or bool((found == other).all()):
        return ["", ""]
    between = paired_difference(other, found)
    low, high = between.interval
    return [f"{100 * between.difference:+.1f}", f"{100 * low:+.1f} to {100 * high:+.1f}"]


def main() -> None:
    """Run the arms and write the page."""
    name, data, output = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    seeds = sys.argv[4] if len(sys.argv) > 4 else "0,1,2"
    arms = list(TEXTS if name == "webnlg" else LABELS)
    for arm in sys.argv[5:] or arms:
        if arm == SHUFFLED:
            for seed in seeds.split(","):
                shuffle(output, int(seed))
            continue
        words = command(name, arm, data, output, seeds)
        subprocess.run([sys.executable, "-m", *words], check=True)  # noqa: S603 - our own command
    first = shlex.join(command(name, "plain", "DATA_DIR", Path("OUTPUT"), seeds))
    closing = f"`python benchmarks/ablation.py {name} DATA_DIR OUTPUT {seeds}`; the first arm is\n\n```\n{first}\n```"
    write_section(f"Ablation: {name}", "\n\n".join([table(output, arms), MACHINE, closing]))


def _slug(arm: str) -> str:
    return arm.replace(",", "").replace(" ", "_")


if __name__ == "__main__":
    main()
