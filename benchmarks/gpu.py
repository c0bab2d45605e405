"""What a large GPU makes of annotating, generating and training, held against its own measured ceilings.

    python benchmarks/gpu.py           # one GPU of 80 GB or more, under ten minutes
    python benchmarks/gpu.py --tiny    # a CPU: shows that every part works

Random weights in bfloat16, in the shapes of real models. Rewrites its section of ``benchmarks/RESULTS.md``.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from floor import Ceilings, forward_cost, timed
from gpu_shapes import PEAKED, TINY, decoders, made
from gpu_training import trainings
from results import markdown_table, write_section
from transformers import GenerationConfig, PreTrainedModel

from lit_synth.decoding.annotate import label_probabilities
from lit_synth.decoding.sampling import sample
from lit_synth.decoding.trie import build_trie
from lit_synth.decoding.writing import Sampling

HEAD = ["model", "work", "by", "rate", "share of the ceiling", "seconds"]
SECONDS = 60
"""Most for one line: what takes longer is told so."""


class LateError(Exception):
    """A line took too long."""


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise `LateError` inside, once the time is over."""

    def late(*_: object) -> None:
        raise LateError(f"not done in {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def ends_of(vocabulary: int) -> list[int]:
    """Return end tokens, a twentieth of the vocabulary: texts end after some 20 tokens, each at its own time."""
    return list(range(0, vocabulary, 20))


def decoding(name: str, model: PreTrainedModel, rows: int, new: int, ceilings: Ceilings) -> Iterator[list[str]]:
    """Yield lines: labels annotated, and texts sampled by us, by ``generate`` and by continuous batching."""
    device, vocabulary = str(model.device), model.config.vocab_size
    ids = torch.randint(vocabulary, (rows, 32), device=device)
    mask = torch.ones_like(ids)
    random = torch.Generator().manual_seed(0)
    # 64 labels of 4 tokens, 8 beginnings: the tree of intents is like that.
    words = torch.randint(1, vocabulary, (64, 4), generator=random)
    words[:, 0] = words[:, 0][torch.arange(64) // 8 * 8]
    trie = build_trie(words.tolist(), 0)
    label_probabilities(model, ids, mask, trie)  # warms up
    seconds = timed(lambda: label_probabilities(model, ids, mask, trie), device)
    floor = ceilings.seconds(forward_cost(model, ids.numel(), rows, 1))
    yield [name, "annotate, 64 labels", "lit_synth", f"{rows / seconds:.0f} rows/s", *_shares(floor, seconds)]
    for by, write in _writers(model, ids, mask, new).items():
        try:
            with limited(SECONDS):
                write()
                tokens: list[int] = []
                seconds = timed(partial(_count, write, tokens), device)
        except Exception as error:  # a peer that does not run is a line too
            yield [
                name,
                "generate",
                by,
                f"{type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''}",
                "",
                "",
            ]
            continue
        floor = ceilings.seconds(forward_cost(model, ids.numel() + tokens[0], rows + tokens[0], new))
        yield [name, "generate", by, f"{tokens[0] / seconds:.0f} tokens/s", *_shares(floor, seconds)]


def _count(write: Callable[[], int], tokens: list[int]) -> None:
    tokens.append(write())


def _shares(floor: float, seconds: float) -> list[str]:
    return [f"{100 * floor / seconds:.0f} %", f"{seconds:.2f}"]


def _writers(model: PreTrainedModel, ids: torch.Tensor, mask: torch.Tensor, new: int) -> dict[str, Callable[[], int]]:
    """Return ways to write a text for every row; each returns how many tokens it wrote, ends included."""
    writer: Any = model  # typed in parts
    ends, settings = ends_of(model.config.vocab_size), {"do_sample": True, "top_p": 0.95, "top_k": 0}
    config = GenerationConfig(**settings, max_new_tokens=new, eos_token_id=ends, pad_token_id=ends[0])

    def ours() -> int:
        texts = sample(model, ids, mask, range(len(ids)), Sampling(max_new_tokens=new), ends)
        return sum(len(text.tokens) + 1 if text.tokens is not None else new for text in texts)

    def generate() -> int:
        with torch.inference_mode():
            made = writer.generate(input_ids=ids, attention_mask=mask, generation_config=config)[:, ids.shape[1] :]
        over = torch.isin(made, torch.tensor(ends, device=made.device)).int()
        return int((over.cumsum(dim=1) == over).sum())  # all in front of the first end, and that one

    def continuous() -> int:
        answers = writer.generate_batch(ids.tolist(), generation_config=config, progress_bar=False)
        return sum(len(answer.generated_tokens) for answer in answers.values())

    ways = {"lit_synth": ours, "generate": generate}
    # On a CPU it takes nine tenths of the memory for its cache.
    return ways if model.device.type == "cpu" else ways | {"continuous batching": continuous}


def lines(tiny: bool, device: str) -> Iterator[list[str]]:
    """Yield every line of the table, the ceilings first."""
    ceilings = Ceilings.measured("bfloat16", device, 256 if tiny else 8192)
    rates = f"{ceilings.operations / 1e12:.3g} TFLOP/s", f"{ceilings.bytes / 1e9:.4g} GB/s"
    yield ["", "one large product", "torch", rates[0], "100 %", ""]
    yield ["", "copy, read and written", "torch", rates[1], "100 %", ""]
    for shape in [TINY] if tiny else decoders():
        model = made(shape, device)
        model.get_output_embeddings().weight.data.mul_(PEAKED)
        yield from decoding(shape.name, model.eval(), 8 if tiny else 512, 8 if tiny else 64, ceilings)
        del model
        _free(device)
    for train in trainings(tiny, device):
        try:
            with limited(2 * SECONDS):
                yield train(ceilings.operations)
        except Exception as error:  # out of memory is a finding
            yield [train.args[0].name, "train", "lit_synth", f"{type(error).__name__}: {str(error)[:80]}", "", ""]
        _free(device)


def _free(device: str) -> None:
    if device == "cuda":
        torch.cuda.empty_cache()


def main(words: list[str] | None = None) -> None:
    """Measure, print each line as it comes, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tiny", action="store_true", help="small models on the CPU, and no page")
    tiny = parser.parse_args(words).tiny
    if not tiny and not torch.cuda.is_available():
        sys.exit("gpu.py: no GPU; --tiny shows on a CPU that all parts work")
    device, started, table = "cpu" if tiny else "cuda", time.monotonic(), [HEAD]
    for line in lines(tiny, device):
        print(" | ".join(line), flush=True)
        table.append(line)
    if not tiny:
        seconds = time.monotonic() - started
        machine = f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {seconds:.0f} seconds in all."
        write_section("Speed on a GPU", "\n\n".join([markdown_table(table), machine, "`python benchmarks/gpu.py`"]))


if __name__ == "__main__":
    main()
