"""How fast are exact probabilities of all 60 SLURP intents, against one request a label, and against one prefill?

    python benchmarks/annotate.py [--rows 300] [--dtype bfloat16] [--teacher FOLDER]

The peers: lm-evaluation-harness, which scores a multiple choice by one request a label; ``generate`` held to the
labels, which gives the best label only; and one reading of the same prompts, which is the least that can be done.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from floor import forward_cost
from harness import Check, measure, options
from setting import fine_tuned, rows_of, trainer
from sides import Clock, Job, Side, serve

BATCH = 64


@cache
def _ours(teacher: str, dtype: str) -> tuple[Any, Any]:
    from lit_synth.callbacks import Generation
    from lit_synth.modules import Teacher
    from lit_synth.tasks.slurp import SLURP

    return Teacher(SLURP, teacher), trainer(dtype, callbacks=[Generation()])


def lit_synth(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Predict as a stage does, with rows read, batches made and records written."""
    from lit_synth.data import Requests
    from lit_synth.examples import Example, read_examples, write_examples

    module, loop = _ours(job["teacher"], job["dtype"])
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "rows.jsonl")
        write_examples(source, [Example(str(place), {"text": text}) for place, text in enumerate(job["texts"][:count])])
        requests = Requests(Path(folder), source=source)
        rows = rows_of("Slurp", job["data"], job["teacher"], requests=requests, predict_batch_size=BATCH)
        _ = rows.splits  # reading 16,000 rows of SLURP is no part of the question
        with clock:
            loop.predict(module, datamodule=rows, return_predictions=False)
        found = {row.id: row.probabilities or {} for row in read_examples(Path(folder, "records-0.jsonl"))}
    return {"units": count, "output": [list(found[str(place)].values()) for place in range(count)]}


@cache
def _model(job_teacher: str, dtype: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(job_teacher, dtype=getattr(torch, dtype)).eval()
    return model, AutoTokenizer.from_pretrained(job_teacher, padding_side="left")


@cache
def _lm_eval(teacher: str, dtype: str) -> Any:
    from lm_eval.models.huggingface import HFLM

    model, tokenizer = _model(teacher, dtype)
    return HFLM(pretrained=model, tokenizer=tokenizer, batch_size=BATCH, device="cpu")


def lm_eval(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Score every label of every row by a request of its own."""
    import torch
    from lm_eval.api.instance import Instance

    scorer = _lm_eval(job["teacher"], job["dtype"])
    pairs = [(prompt, label) for prompt in job["prompts"][:count] for label in job["completions"]]
    with clock:
        asked = [Instance("loglikelihood", {}, pair, place) for place, pair in enumerate(pairs)]
        scores = torch.tensor([score for score, _ in scorer.loglikelihood(asked, disable_tqdm=True)])
        found = scores.view(count, -1).softmax(dim=1)
    return {"units": count, "output": found.tolist()}


def generate(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Let ``generate`` write the likeliest token of those that a label can go on with."""
    import torch

    model, tokenizer = _model(job["teacher"], job["dtype"])
    labels = [tokenizer(text)["input_ids"] for text in job["completions"]]
    after: dict[tuple[int, ...], set[int]] = {}
    for label in labels:
        for end in range(len(label)):
            after.setdefault(tuple(label[:end]), set()).add(label[end])
    names = {tuple(label): place for place, label in enumerate(labels)}
    end_token = tokenizer.eos_token_id
    found = [-1] * count
    with clock, torch.inference_mode():
        for places, batch in _batches(job, count, tokenizer):
            width = batch["input_ids"].shape[1]

            def allowed(_: int, ids: Any, width: int = width) -> list[int]:
                return [*after.get(tuple(ids[width:].tolist()), {end_token})]

            # An end token that a label's own text may hold is one of its tokens already.
            texts = model.generate(
                **batch, do_sample=False, max_new_tokens=max(map(len, labels)) + 1, prefix_allowed_tokens_fn=allowed
            )
            for place, ids in zip(places, texts[:, width:].tolist(), strict=True):
                found[place] = next(
                    names[tuple(ids[:end])] for end in range(len(ids), 0, -1) if tuple(ids[:end]) in names
                )
    return {"units": count, "output": found}


def prefill(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Read the same prompts once, and score one token."""
    import torch

    model, tokenizer = _model(job["teacher"], job["dtype"])
    with clock, torch.inference_mode():
        for _, batch in _batches(job, count, tokenizer):
            model(**batch, logits_to_keep=1)
    return {"units": count, "output": None}


def _batches(job: Job, count: int, tokenizer: Any) -> Any:
    """Yield places and padded prompts, longest first."""
    order = sorted(range(count), key=lambda place: -len(job["prompts"][place]))
    for start in range(0, count, BATCH):
        places = order[start : start + BATCH]
        yield places, tokenizer([job["prompts"][place] for place in places], return_tensors="pt", padding=True)


def check(found: dict[str, Any], tolerance: float) -> list[Check]:
    """Hold the probabilities and the best labels against ours."""
    import torch

    ours, checks = torch.tensor(found["lit_synth"]), list[Check]()
    if theirs := found.get("lm-eval"):
        most = float((ours[: len(theirs)] - torch.tensor(theirs)).abs().max())
        checks.append(("probabilities, largest difference", f"{most:.1e}", most < tolerance))
    if best := found.get("generate, best label"):
        same = float((ours[: len(best)].argmax(dim=1) == torch.tensor(best)).float().mean())
        checks.append(("greedy search finds the best label", f"{100 * same:.1f} %", same > 0.9))
    return checks


SIDES = {
    "lit_synth": Side(lit_synth, packages=("torch", "transformers", "lightning")),
    "lm-eval": Side(lm_eval, ".venv-peers", ("lm_eval", "transformers"), share=0.04, reach=20),
    "generate, best label": Side(generate, packages=("transformers",), share=0.5, reach=3),
    "one prefill": Side(prefill, packages=("transformers",), reach=1 / 1.5),
}


def main() -> None:
    """Make the job, measure, and keep the figures."""
    given = options(300)
    teacher = given.teacher or fine_tuned(given.data, given.output)
    module = rows_of("Slurp", given.data, teacher)
    task, rows = module.task, module.splits.pool[: given.rows]
    model, tokenizer = _model(teacher, given.dtype)
    prompts = [task.prompt(row.fields) for row in rows]
    words = [task.completion(label) for label in task.labels]
    # Where one label is the beginning of another, the end token tells them apart, as in our tree of labels.
    ends = [
        tokenizer.eos_token if any(other.startswith(word) for other in words if other != word) else "" for word in words
    ]
    tokens = sum(len(tokenizer(text)["input_ids"]) for text in prompts)
    cost = forward_cost(model, tokens, len(rows), -(-len(rows) // BATCH))
    job = {"texts": [row.fields["text"] for row in rows], "prompts": prompts, "teacher": teacher, "data": given.data}
    job |= {"completions": [word + end for word, end in zip(words, ends, strict=True)], "dtype": given.dtype}
    job |= {"rows": len(rows), "warm": 4}
    tolerance = 1e-4 if given.dtype == "float32" else 5e-2  # of bfloat16 no two orders of addition agree
    measure(f"annotate-{given.dtype}", SIDES, job, given, "rows", lambda found: check(found, tolerance), lambda _: cost)


if __name__ == "__main__":
    serve(SIDES)
    main()
