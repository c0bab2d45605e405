"""How many real tokens a second does a teacher learn from, against HF's ``Trainer`` and TRL's ``SFTTrainer``?

    python benchmarks/teacher.py --task Slurp|WebNlg [--rows 96] [--dtype bfloat16]

The same rows, optimizer, rate, steps, batch size and frozen token embeddings on all sides; no padding counts. The peers
group rows by length; of SFTTrainer packed rows too, which read each other where no attention kernel keeps them apart.
Their loss is a mean over a batch's tokens, ours over its rows, so all are held against each other on one held-out loss.
"""

import math
import tempfile
from typing import Any

from floor import Cost, matrices
from harness import Check, measure, options
from setting import fit, rows_of
from sides import Clock, Job, Side, serve

BATCH, RATE, CLIP = 16, 2e-4, 1.0
LEAST = {"Slurp": 64}
"""Rows in which every class has one: a warm-up learns from some of them."""


def _module(job: Job, count: int) -> Any:
    from lit_synth.data import Partition

    partition = Partition(max(count, LEAST.get(job["task"], 0)))
    rows = rows_of(job["task"], job["data"], job["teacher"], partition=partition, batch_size=BATCH)
    _ = rows.splits
    return rows


def lit_synth(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Fit one epoch as a stage does."""
    import lightning as L
    import torch

    from lit_synth.modules import Teacher

    L.seed_everything(0)
    rows = _module(job, count)

    def adamw(params: Any) -> Any:
        return torch.optim.AdamW(params, lr=RATE, weight_decay=0.01, fused=True)

    teacher = Teacher(rows.task, job["teacher"], optimizer=adamw)
    batches = math.ceil(len(job["by_count"][str(count)]) / BATCH)
    fit(teacher, rows, clock, job["dtype"], gradient_clip_val=CLIP, limit_train_batches=batches)
    return _told(teacher.language_model, job, count)


def _start(job: Job) -> Any:
    """Load the model as ours is: in float32, with token embeddings that stay as they are."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(job["teacher"], dtype=torch.float32)
    model.get_input_embeddings().requires_grad_(False)
    return model


def _arguments(job: Job, folder: str) -> dict[str, Any]:
    return {
        "output_dir": folder,
        "per_device_train_batch_size": BATCH,
        "num_train_epochs": 1,
        "learning_rate": RATE,
        "weight_decay": 0.01,
        "lr_scheduler_type": "linear",
        "warmup_steps": 0.1,
        "max_grad_norm": CLIP,
        "optim": "adamw_torch_fused",
        "train_sampling_strategy": "group_by_length",
        "bf16": job["dtype"] == "bfloat16",
        "use_cpu": True,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "gradient_checkpointing": False,
    }


def hf_trainer(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Train by HF's ``Trainer``."""
    from transformers import AutoTokenizer, DataCollatorForSeq2Seq, Trainer, TrainingArguments

    model, rows = _start(job), job["by_count"][str(count)]
    data = [{"input_ids": row["input_ids"], "labels": row["labels"]} for row in rows]
    with tempfile.TemporaryDirectory() as folder, clock:
        collator = DataCollatorForSeq2Seq(AutoTokenizer.from_pretrained(job["teacher"]))
        Trainer(model, TrainingArguments(**_arguments(job, folder)), collator, data).train()
    return _told(model, job, count)


def sft(job: Job, count: int, clock: Clock, packing: bool = False) -> dict[str, Any]:
    """Train by TRL's ``SFTTrainer`` on completions only."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    model = _start(job)
    mask = [[int(label >= 0) for label in row["labels"]] for row in job["by_count"][str(count)]]
    ids = [row["input_ids"] for row in job["by_count"][str(count)]]
    data = Dataset.from_dict({"input_ids": ids, "completion_mask": mask})
    arguments = _arguments(job, "") | {"completion_only_loss": True, "max_length": 256, "packing": packing}
    if packing:  # a pack of 256 tokens takes the place of as many rows as fit
        per_pack = max(1, round(256 * len(ids) / sum(map(len, ids))))
        arguments |= {"per_device_train_batch_size": max(1, BATCH // per_pack), "train_sampling_strategy": "random"}
    with tempfile.TemporaryDirectory() as folder, clock:
        words = AutoTokenizer.from_pretrained(job["teacher"])
        config = SFTConfig(**{**arguments, "output_dir": folder})
        SFTTrainer(model, config, train_dataset=data, processing_class=words).train()
    return _told(model, job, count)


def sft_packed(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """The same with rows packed."""
    return sft(job, count, clock, packing=True)


def _told(model: Any, job: Job, count: int) -> dict[str, Any]:
    """Return the real tokens of the rows, and the mean over held-out rows of the loss of their completions."""
    import torch

    model.eval()
    losses = []
    with torch.inference_mode():
        for row in job["held_out"]:
            ids, labels = torch.tensor([row["input_ids"]]), torch.tensor([row["labels"]])
            losses.append(float(model(input_ids=ids, labels=labels).loss))
    tokens = sum(len(row["input_ids"]) for row in job["by_count"][str(count)])
    return {"units": tokens, "output": sum(losses) / len(losses)}


def check(found: dict[str, Any], before: float) -> list[Check]:
    """Hold the held-out losses against ours, as a share of what training won."""
    ours = found["lit_synth"]
    told = [("held-out loss, before and after ours", f"{before:.3f}, {ours:.3f}", ours < before)]
    for name, loss in found.items():
        if name != "lit_synth":
            told.append((f"held-out loss of {name}", f"{loss:.3f}", loss > ours - 0.1 * abs(before - ours)))
    return told


SIDES = {
    "lit_synth": Side(lit_synth, packages=("torch", "transformers", "lightning")),
    "Trainer": Side(hf_trainer, ".venv-peers", ("transformers",), reach=1.5),
    "SFTTrainer": Side(sft, ".venv-peers", ("trl",), reach=1.5),
    "SFTTrainer packed": Side(sft_packed, ".venv-peers", ("trl",)),
}


def main() -> None:
    """Make the job, measure, and keep the figures."""
    from lit_synth.embedded import resolve

    given = options(96, task="Slurp")
    job = {
        "task": given.task,
        "data": given.data,
        "dtype": given.dtype,
        "teacher": given.teacher or resolve("embedded:teacher"),
    }
    job |= {"rows": given.rows, "warm": 16, "by_count": {}}
    for count in (job["warm"], job["rows"]):
        module = _module(job, count)
        encoded = [row for one in module.splits.gold[:count] for row in module.encoder.training_rows(module.task, one)]
        job["by_count"][str(count)] = [{key: row[key] for key in ("input_ids", "labels")} for row in encoded]
    held = [row for one in module.splits.pool_gold[:32] for row in module.encoder.training_rows(module.task, one)]
    job["held_out"] = [{key: row[key] for key in ("input_ids", "labels")} for row in held[:64]]
    before = _told(model := _start(job), job, given.rows)["output"]

    def cost(tokens: float) -> Cost:
        """Forward and both backward products; the head is scored, and not learnt, for completions only."""
        head = model.get_output_embeddings().weight.numel()
        answers = sum(label >= 0 for row in job["by_count"][str(given.rows)] for label in row["labels"])
        steps = math.ceil(len(job["by_count"][str(given.rows)]) / BATCH)
        learnt = matrices(model) - head
        # A step reads weights twice, and reads and writes weights, gradients and two moments.
        return Cost(6.0 * learnt * tokens + 4.0 * head * answers, 4.0 * steps * (2 * (learnt + head) + 7 * learnt))

    name = f"teacher-{given.task.lower()}-{given.dtype}"
    measure(name, SIDES, job, given, "tokens", lambda found: check(found, before), cost)


if __name__ == "__main__":
    serve(SIDES)
    main()
