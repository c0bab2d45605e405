"""Does the memory of annotate and generate grow with the rows?

    python benchmarks/memory.py [--rows 100000]

A made-up model of a few thousand weights, so that only rows can fill the memory. Each size is a process of its own.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from harness import Check, Clock, Job, Side, measure, options, serve
from setting import rows_of, trainer

FIRST = 0.1
"""Share of the rows that the smaller process is given."""


def tiny(folder: str, tokenizer: str) -> str:
    """Save a Llama of random weights with a tokenizer that is there; return its folder."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    words = AutoTokenizer.from_pretrained(tokenizer)
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    ends = {"bos_token_id": None, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    config = AutoConfig.for_model("llama", vocab_size=len(words), num_key_value_heads=1, **shape, **ends)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def _predict(job: Job, count: int, clock: Clock, kind: str) -> dict[str, Any]:
    from lit_synth.callbacks import Generation
    from lit_synth.data import Requests
    from lit_synth.decoding.writing import Sampling
    from lit_synth.modules import Teacher
    from lit_synth.tasks.slurp import SLURP

    teacher = Teacher(SLURP, job["teacher"], sampling=Sampling(max_new_tokens=2))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "rows.jsonl")
        rows = ({"id": str(place), "fields": {"text": f"wake me at {place}"}, "target": None} for place in range(count))
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        requests = Requests(Path(folder), kind, source=source, amount=count)  # type: ignore[arg-type]
        module = rows_of("Slurp", job["data"], job["teacher"], requests=requests, predict_batch_size=256)
        with clock:
            trainer("float32", callbacks=[Generation()]).predict(teacher, datamodule=module, return_predictions=False)
        written = Path(folder, "records-0.jsonl").read_bytes().count(b"\n")
    return {"units": written, "output": {"asked": count, "written": written, "mib": _resident()}}


def _resident() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def annotate(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Annotate rows."""
    return _predict(job, count, clock, "annotate")


def generate(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Generate rows."""
    return _predict(job, count, clock, "generate")


def check(found: dict[str, Any]) -> list[Check]:
    """Tell by how much the peak grows for each row more; a row's own text is some 100 bytes."""
    told = []
    for kind in ("annotate", "generate"):
        few, many = found[f"{kind}, a tenth"], found[kind]
        grown = (many["mib"] - few["mib"]) * 2**20 / (many["asked"] - few["asked"])
        whole = many["asked"] == many["written"]
        told.append((f"{kind}: peak memory for each row more", f"{grown:.0f} bytes", whole and grown < 100))
    return told


SIDES = {
    "annotate": Side(annotate),
    "annotate, a tenth": Side(annotate, share=FIRST),
    "generate": Side(generate),
    "generate, a tenth": Side(generate, share=FIRST),
}


def main() -> None:
    """Make the model, measure, and keep the figures."""
    from lit_synth.embedded import resolve

    given = options(100_000, rounds=1)
    with tempfile.TemporaryDirectory() as folder:
        job = {"teacher": tiny(folder, resolve("embedded:teacher")), "data": given.data, "rows": given.rows, "warm": 64}
        measure("memory", SIDES, job, given, "rows", check)


if __name__ == "__main__":
    serve(SIDES)
    main()
