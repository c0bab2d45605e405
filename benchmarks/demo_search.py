"""Where the learning rates and steps in `configs/demo.yaml` come from.

The embedded rows have a validation split of 800 rows that no run touches. One seed that the demo does not use (100) is
trained on each strategy, at a constant rate, and scored on 400 of those rows every few steps:

    lit_synth run --config configs/demo.yaml --seeds 100 --output runs/search
    python benchmarks/demo_search.py runs/search [strategy ...]
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from lit_synth import recipes
from lit_synth.data.sources import read_split
from lit_synth.embedded import reviews_path
from lit_synth.settings import RunSettings, Search, StudentSettings
from lit_synth.stages import StageCLI, quiet
from lit_synth.tasks.reviews import REVIEWS

SEED = 100
RATES = (1e-4, 2e-4)
ROWS = 400
STRATEGIES = ("gold", "annotate", "generate", "both", "full")


def main(source: Path) -> None:
    """Print accuracy by strategy, rate and step."""
    quiet()
    search = Search(learning_rates=RATES, max_steps=300, every=60)
    student = StudentSettings(max_length=64, freeze_embeddings=True, dropout=0.0, search=search)
    run = RunSettings("Reviews", source, fraction=128, pool_limit=1500, test_limit=1, student=student)
    synthetic = {name: [str(source / "synthetic" / name / f"seed{SEED}.jsonl")] for name in ("annotate", "generate")}
    synthetic["both"] = synthetic["annotate"] + synthetic["generate"]
    for strategy in sys.argv[2:] or STRATEGIES:
        for rate in RATES:
            folder = source / "demo_search" / f"{strategy}_{rate:g}"
            curve = folder / "curve.jsonl"
            if not curve.exists():
                mixture = {"pool_gold": strategy == "full", "synthetic": synthetic.get(strategy, [])}
                # Development rows are trained on too, as in the final fit: they are not what is scored here.
                mixture |= {"gold": True, "development": True}
                cli = StageCLI(recipes.student_search(run, REVIEWS, SEED, folder, mixture, rate), run=False)
                module = cli.datamodule
                validation = read_split(module.task, reviews_path() / "validation.jsonl")[:ROWS]
                batches = module.train_dataloader()
                module._splits = replace(module.splits, development=validation)
                cli.trainer.fit(cli.model, batches, module.val_dataloader())
            rows = [json.loads(line) for line in curve.read_text().splitlines()]
            points = "  ".join(f"{row['step']}: {row['val_accuracy']:.1%} ({row['val_loss']:.3f})" for row in rows)
            print(f"{strategy:<10}{rate:<8g}{points}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
