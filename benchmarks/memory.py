"""Does the memory of annotate and generate grow with the rows?

    python benchmarks/memory.py [--rows 100000]

A made-up model of some ten thousand weights and 500 tokens, so that only rows can fill the memory. Each size is a
process of its own. Under 20,000 rows what is found is what buffers take, not rows.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from harness import Check, measure, options
from setting import rows_of, trainer
from sides import Clock, Job, Side, peak_mib, serve

FIRST = 0.4
"""Share of the rows that the smaller process is given."""
BUFFERS = 16
"""MiB that may come once, however many rows: SQLite's cache, and what the allocator has not given back."""
BYTES = 100
"""A row, beyond that: two hashes of 16 bytes, and places. A row that is held is 1,000 or more."""


def tiny(folder: str) -> str:
    """Save a Llama of random weights with a byte-level tokenizer; return its folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    from lit_synth.tasks.slurp import SLURP

    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer, plain.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet, special = pre_tokenizers.ByteLevel.alphabet(), ["<|end|>", "<|padding|>"]
    # Labels of a token a word, and a model that is sure of one: so it has next to nothing to read for a row.
    known = ["Utterance: wake me at\nIntent:", *map(SLURP.completion, SLURP.labels)]
    plain.train_from_iterator(known * 2, trainers.BpeTrainer(initial_alphabet=alphabet, special_tokens=special))
    words = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token=special[0], pad_token=special[1])
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    ends = {"bos_token_id": None, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    config = AutoConfig.for_model("llama", vocab_size=len(words), num_key_value_heads=1, **shape, **ends)
    model = AutoModelForCausalLM.from_config(config)
    model.get_output_embeddings().weight.data.mul_(100)
    model.save_pretrained(folder)
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
        with Path(folder, "records-0.jsonl").open() as records:
            written = sum(1 for _ in records)
    return {"units": written, "output": {"asked": count, "written": written, "mib": peak_mib()}}


def annotate(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Annotate rows."""
    return _predict(job, count, clock, "annotate")


def generate(job: Job, count: int, clock: Clock) -> dict[str, Any]:
    """Generate rows."""
    return _predict(job, count, clock, "generate")


def check(found: dict[str, Any]) -> list[Check]:
    """Tell by how much the peak grows for each row more."""
    told = []
    for kind in ("annotate", "generate"):
        few, many = found[f"{kind}, two fifths"], found[kind]
        more, rows = (many["mib"] - few["mib"]) * 2**20, many["asked"] - few["asked"]
        peaks = [f"{one['mib']:.0f} MiB for {one['asked']:,}" for one in (few, many)]
        figure = f"{more / rows:.0f} bytes ({', '.join(peaks)})"
        holds = many["asked"] == many["written"] and more < BUFFERS * 2**20 + BYTES * rows
        told.append((f"{kind}: peak memory for each row more", figure, holds))
    return told


SIDES = {
    "annotate": Side(annotate),
    "annotate, two fifths": Side(annotate, share=FIRST),
    "generate": Side(generate),
    "generate, two fifths": Side(generate, share=FIRST),
}


def main() -> None:
    """Make the model, measure, and keep the figures."""
    given = options(100_000, rounds=1)
    with tempfile.TemporaryDirectory() as folder:
        job = {"teacher": tiny(folder), "data": given.data, "rows": given.rows, "warm": 512}
        measure("memory", SIDES, job, given, "rows", check)


if __name__ == "__main__":
    serve(SIDES)
    main()
