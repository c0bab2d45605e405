"""How many rows a second does a student learn from, against HF's ``Trainer`` as in run_glue?

    python benchmarks/student.py [--rows 960] [--dtype bfloat16]

MiniLM on SLURP, one epoch, the same rate, batch size and optimizer, token embeddings as they are on both sides. The
peer pads to the longest row of a batch and groups rows by length; with run_glue's own default, 128 tokens a row, it is
a second side.
"""

import statistics
import tempfile
from functools import partial
from typing import Any

from floor import Cost, matrices
from harness import Check, measure, options
from setting import fit
from sides import Clock, Job, Side, serve

BATCH, RATE, SEEDS = 32, 6e-4, 3


def _module(job: Job, count: int, test: int = 0) -> Any:
    from pathlib import Path

    from lit_synth.data import ClassifierEncoder, Partition
    from lit_synth.tasks import Slurp

    partition = Partition(count, development_share=0.01, test_limit=test or None)
    rows = Slurp(ClassifierEncoder(), data_dir=str(Path(job["data"], "slurp")), partition=partition, batch_size=BATCH)
    _ = rows.splits
    return rows


def lit_synth(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Fit one epoch as a stage does, once a seed."""
    import lightning as L
    import torch

    from lit_synth.modules import Classifier

    def adamw(params: Any) -> Any:
        return torch.optim.AdamW(params, lr=RATE, weight_decay=0.01, fused=True)

    right, units = [], 0
    for seed in range(SEEDS):
        L.seed_everything(seed)
        rows = _module(job, count)
        student = Classifier(rows.task, optimizer=adamw, freeze_embeddings=True, dropout=0.0)
        fit(student, rows, clock, job["dtype"])
        right.append(_right(student.model, job))
        units += len(rows.splits.gold)
    return {"units": units, "output": right}


def hf_trainer(job: Job, count: int, clock: Clock, pad_to: int | None = None) -> dict[str, Any]:
    """Train by HF's ``Trainer``: tokenised rows, a collator that pads."""
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
    )

    places = {"num_labels": job["labels"], "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    tokenizer, rows, right = AutoTokenizer.from_pretrained(job["student"]), job["by_count"][str(count)], []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        model = AutoModelForSequenceClassification.from_pretrained(job["student"], **places)
        model.get_input_embeddings().requires_grad_(False)
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                seed=seed,
                per_device_train_batch_size=BATCH,
                num_train_epochs=1,
                learning_rate=RATE,
                weight_decay=0.01,
                warmup_steps=0.1,
                optim="adamw_torch_fused",
                train_sampling_strategy="random" if pad_to else "group_by_length",
                bf16=job["dtype"] == "bfloat16",
                use_cpu=True,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            )
            with clock:
                fixed = {"padding": "max_length", "max_length": pad_to} if pad_to else {}
                data = [{**tokenizer(text, truncation=True, **fixed), "label": label} for text, label in rows]
                Trainer(model, arguments, DataCollatorWithPadding(tokenizer), data).train()
        right.append(_right(model, job))
    return {"units": SEEDS * len(rows), "output": right}


def run_glue(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """The same with every row padded to 128 tokens, run_glue's default."""
    return hf_trainer(job, count, clock, pad_to=128)


def _right(model: Any, job: Job) -> float:
    """Return the share of the test rows that are right."""
    import torch
    from transformers import AutoTokenizer

    tokenizer, right = AutoTokenizer.from_pretrained(job["student"]), []
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(job["test"]), 64):
            texts, labels = zip(*job["test"][start : start + 64], strict=True)
            logits = model(**tokenizer(list(texts), return_tensors="pt", padding=True)).logits
            right += (logits.argmax(dim=1) == torch.tensor(labels)).tolist()
    return sum(right) / len(right)


def check(found: dict[str, Any]) -> list[Check]:
    """Compare mean test accuracies; two standard errors of their difference, over seeds, are noise."""
    ours, told = found["lit_synth"], []
    for name, theirs in found.items():
        if name != "lit_synth":
            gap = abs(statistics.mean(ours) - statistics.mean(theirs))
            noise = 2 * ((statistics.variance(ours) + statistics.variance(theirs)) / SEEDS) ** 0.5
            figure = f"{100 * statistics.mean(ours):.1f} %, {100 * statistics.mean(theirs):.1f} %"
            told.append((f"accuracy, ours and {name}, {SEEDS} seeds", figure, gap <= max(noise, 0.02)))
    return told


SIDES = {
    "lit_synth": Side(lit_synth, packages=("torch", "transformers", "lightning")),
    "Trainer": Side(hf_trainer, packages=("transformers",), reach=1.3),
    "Trainer, run_glue padding": Side(run_glue, packages=("transformers",), share=0.1),
}


def main() -> None:
    """Make the job, measure, and keep the figures."""
    from lit_synth.embedded import resolve

    given = options(960, test=1000)
    job: Job = {"data": given.data, "dtype": given.dtype, "student": resolve("embedded:student"), "by_count": {}}
    job |= {"rows": given.rows, "warm": 64, "test": []}
    for count in {job["warm"], *(max(1, round(given.rows * side.share)) for side in SIDES.values())}:
        module = _module(job, max(count, 64), given.test)
        places = {label: place for place, label in enumerate(module.task.labels)}
        pairs = [(row.fields["text"], places[str(row.target)]) for row in module.splits.gold]
        job["by_count"][str(count)] = pairs
    job["test"] = [(row.fields["text"], places[str(row.target)]) for row in module.splits.test]
    job["labels"] = len(places)
    lengths = [len(module.encoder.prediction_row(module.task, row)["input_ids"]) for row in module.splits.gold]
    cost = partial(_cost, job["student"], len(places), statistics.mean(lengths))
    measure(f"student-{given.dtype}", SIDES, job, given, "rows", lambda found: check(_whole(found)), cost)


def _cost(student: str, labels: int, length: float, rows: float) -> Cost:
    """Forward and both backward products; of the last layer a head that reads one token needs keys and values alone."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    with torch.device("meta"):
        config = AutoConfig.from_pretrained(student, num_labels=labels)
        model = AutoModelForSequenceClassification.from_config(config)
    *layers, last = map(matrices, model.base_model.encoder.layer)
    whole = matrices(model)
    once = whole - sum(layers) - last / 6
    # A step reads weights twice, and reads and writes weights, gradients and two moments.
    return Cost(6.0 * rows * (length * (sum(layers) + last / 6) + once), 4.0 * rows / BATCH * 9 * whole)


def _whole(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what learnt from fewer rows."""
    return {name: output for name, output in found.items() if SIDES[name].share == 1}


if __name__ == "__main__":
    serve(SIDES)
    main()
