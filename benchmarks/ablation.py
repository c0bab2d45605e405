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
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from arms import BASELINES, BY_CHANCE, LEAKS_OUT, PARTS, SETS, SHUFFLED, STRATEGIES, TRAINED, WRITTEN, arms_of
from results import MACHINE, markdown_table, write_section
from scipy import stats

from lit_synth.curation.pooling import Posteriors
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.readings import Readings
from lit_synth.report.statistics.comparisons import paired_difference
from lit_synth.stages import run_stage
from lit_synth.task import Task

CHANGED = STRATEGIES[1:4]
WHOLE = ("rougeL", "bleu", "chrf", "coverage")
"""What is told of texts."""


def command(name: str, arm: str, data: str, output: Path, seeds: str) -> list[str]:
    """Return the command of an arm."""
    words = ["lit_synth", "run", *shlex.split(SETS[name]), "--seeds", f"[{seeds}]", *shlex.split(arms_of(name)[arm])]
    if name != "demo":
        words += ["--data_dir", data]
    part = arm.rpartition(", ")[2]
    wanted: Sequence[str] = [one for one in TRAINED[name] if arm == "plain" or one not in BASELINES]
    if part in WRITTEN or (part in PARTS and part != LEAKS_OUT):
        wanted = ("gold", "annotate" if part in PARTS else "generate")
    words += ["--strategies", f"[{','.join(wanted)}]", "--output", str(output / _slug(arm))]
    return words if arm == "plain" else [*words, "--reuse", str(output / "plain")]


def run_by_chance(words: list[str]) -> None:
    """Run an arm where labels are expected as often as in as many rows drawn from gold with replacement."""
    import lit_synth.curate
    from lit_synth.cli import main
    from lit_synth.leaning import Leaning, leaning

    def of_a_draw(
        task: Task, readings: Readings, known: Posteriors, gold: Sequence[Example], development: Sequence[Example]
    ) -> Leaning:
        dice = random.Random(next(part for part in readings.rows[0].parts if part.startswith("seed")))
        return leaning(task, readings, known, *(dice.choices(part, k=len(part)) for part in (gold, development)))

    with patch.object(lit_synth.curate, "leaning", of_a_draw):
        if main(words):
            sys.exit(1)


def shuffle(output: Path, seed: int) -> None:
    """Train a student as the plain recipe's ``annotate``, on the same rows with each other's targets."""
    plain, folder = output / "plain" / f"seed{seed}" / "annotate", output / _slug(SHUFFLED) / f"seed{seed}" / "annotate"
    if (folder / "scores.jsonl").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    text = (plain / "config.yaml").read_text()
    config = yaml.safe_load(text.replace(yaml.safe_load(text)["trainer"]["default_root_dir"], str(folder)))
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
    first = next(arm for arm in arms if scores(output / _slug(arm), "gold") is not None)
    lines = [["arm", "strategy", "mean", "by seed", "to gold", "95 %", f"to {first}", "95 %"]]
    plain = {strategy: scores(output / _slug(first), strategy) for strategy in STRATEGIES}
    for arm in arms:
        for strategy in STRATEGIES if arm == first else CHANGED:
            found = scores(output / _slug(arm), strategy)
            if found is not None:
                by_seed = ", ".join(f"{100 * one:.1f}" for one in found.mean(axis=1))
                cells = [arm, strategy, f"{100 * found.mean():.1f}", by_seed]
                lines.append([*cells, *_difference(plain["gold"], found), *_difference(plain[strategy], found)])
    return markdown_table(lines)


def texts_table(output: Path, arms: list[str]) -> str:
    """Return a row an arm: figures of a whole test set, and that of BLEU held against gold, over seeds."""
    lines = [["arm", "strategy", "ROUGE-L", "BLEU", "chrF", "facts mentioned", "BLEU to gold", "95 % over seeds"]]
    first = next(arm for arm in arms if _figures(output / _slug(arm), "gold"))
    gold = _figures(output / _slug(first), "gold")
    for arm in arms:
        for strategy in ("gold", *CHANGED) if arm == first else CHANGED:
            if found := _figures(output / _slug(arm), strategy):
                means = [f"{100 * np.mean([one[name] for one in found]):.1f}" for name in WHOLE]
                lines.append([arm, strategy, *means, *_over_seeds(gold, found)])
    return markdown_table(lines)


def _figures(folder: Path, strategy: str) -> list[dict[str, float]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"seed*/{strategy}/metrics.json"))]


def _over_seeds(other: list[dict[str, float]], found: list[dict[str, float]]) -> list[str]:
    gains = 100 * (np.array([one["bleu"] for one in found]) - np.array([one["bleu"] for one in other]))
    if len(gains) < 2 or not gains.any():
        return ["", ""]
    low, high = stats.t.interval(0.95, len(gains) - 1, gains.mean(), stats.sem(gains))
    return [f"{gains.mean():+.1f}", f"{low:+.1f} to {high:+.1f}"]


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
    arms = list(arms_of(name))
    for arm in sys.argv[5:] or arms:
        if arm == SHUFFLED:
            for seed in seeds.split(","):
                shuffle(output, int(seed))
            continue
        words = command(name, arm, data, output, seeds)
        if arm.endswith(BY_CHANCE):
            run_by_chance(words[1:])
        else:
            subprocess.run([sys.executable, "-m", *words], check=True)  # noqa: S603 - our own command
    first = shlex.join(command(name, "plain", "DATA_DIR", Path("OUTPUT"), seeds))
    closing = f"`python benchmarks/ablation.py {name} DATA_DIR OUTPUT {seeds}`; the first arm is\n\n```\n{first}\n```"
    tables = [table(output, arms), *([texts_table(output, arms)] if name == "webnlg" else [])]
    write_section(f"Ablation: {name}", "\n\n".join([*tables, MACHINE, closing]))


def _slug(arm: str) -> str:
    return arm.replace(",", "").replace(" ", "_")


if __name__ == "__main__":
    main()
