"""Which model `embedded:seq2seq` is.

No pretrained model with a decoder ships in a package, so one has to be made. Each way to make one is trained on 5 % of
WebNLG's inputs, for as many steps, and writes texts for 200 rows of validation, greedily:

    python benchmarks/seq2seq_start.py DATA_DIR [steps [way ...]]
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import lightning as L
import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    BartConfig,
    BartForConditionalGeneration,
    EncoderDecoderModel,
)

from lit_synth.callbacks.predictions import Predictions
from lit_synth.data import Mixture, Partition, Seq2SeqEncoder
from lit_synth.data.sources import find_split, read_split
from lit_synth.embedded import student_path
from lit_synth.embedded.cased import READ, WRITE, cased_tokenizer, embed, forms
from lit_synth.embedded.students import look_as_at_itself
from lit_synth.modules import Seq2Seq
from lit_synth.stages import quiet
from lit_synth.tasks.webnlg import WEBNLG, WebNlg

STEPS = 150
SHARE = 0.05
RATE = 1e-3
"""Of 3e-4 and 1e-3 the better one with every way that was tried at both."""
ROWS = 200
WIDTH = 256
"""Of the small BART, with three layers a side."""
SIDE = {"layers": 3, "attention_heads": 4, "ffn_dim": 4 * WIDTH}


def ids(tokenizer: Any) -> dict[str, Any]:
    """Return how a text starts, ends and is padded."""
    start, end, pad = tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id
    return {"decoder_start_token_id": start, "bos_token_id": start, "eos_token_id": end, "pad_token_id": pad}


def joined(tokenizer: Any, layers: int, copied: bool, far: tuple[float, float] | None) -> tuple[Any, Any]:
    """Return MiniLM twice, joined by cross-attention that is fresh or starts as the writer's attention to itself.

    Args:
        tokenizer: MiniLM's.
        layers: Of the reader; the writer has all six.
        copied: Whether cross-attention is copied; the head then starts as the identity.
        far: How far capital forms lie from their words, to the reader and to the writer; ``None`` leaves all uncased.
    """
    encoder = AutoModel.from_pretrained(student_path(), num_hidden_layers=layers)
    decoder = AutoModelForCausalLM.from_pretrained(student_path(), is_decoder=True, add_cross_attention=True)
    if copied:
        look_as_at_itself(decoder)
    if far:
        known = tokenizer.get_vocab()
        added = forms(known)
        tokenizer = cased_tokenizer(tokenizer, added)
        embed(encoder, known, added, far[0])
        embed(decoder, known, added, far[1])
    model = EncoderDecoderModel(encoder=encoder, decoder=decoder)
    model.config.update(ids(tokenizer))
    model.generation_config.update(**ids(tokenizer))
    return tokenizer, model


def bart(tokenizer: Any) -> tuple[Any, Any]:
    """Return a small BART of random weights, with MiniLM's tokenizer."""
    shape: dict[str, Any] = {f"{side}_{part}": size for side in ("encoder", "decoder") for part, size in SIDE.items()}
    shape |= {"vocab_size": len(tokenizer), "d_model": WIDTH, "max_position_embeddings": 512} | ids(tokenizer)
    return tokenizer, BartForConditionalGeneration(BartConfig(**shape, forced_eos_token_id=None))


WAYS: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "embedded:seq2seq": partial(joined, layers=2, copied=True, far=(READ, WRITE)),
    "forms at 0.5": partial(joined, layers=2, copied=True, far=(0.5, 0.5)),
    "forms at 1": partial(joined, layers=2, copied=True, far=(1.0, 1.0)),
    "forms at 2": partial(joined, layers=2, copied=True, far=(2.0, 2.0)),
    "uncased": partial(joined, layers=2, copied=True, far=None),
    "uncased, fresh": partial(joined, layers=2, copied=False, far=None),
    "uncased, 6 layers": partial(joined, layers=6, copied=True, far=None),
    "uncased, 6 layers, fresh": partial(joined, layers=6, copied=False, far=None),
    "BART, random": bart,
}


def make(way: str, folder: Path) -> str:
    """Save the model of one way, and return its folder."""
    torch.manual_seed(0)
    tokenizer, model = WAYS[way](AutoTokenizer.from_pretrained(student_path(), bos_token="[CLS]", eos_token="[SEP]"))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def measure(model: str, data_dir: str, steps: int, folder: Path) -> dict[str, Any]:
    """Train, and return the figures of validation rows."""
    parts = Partition(SHARE), Mixture(development=True)
    data = WebNlg(Seq2SeqEncoder(model), data_dir=data_dir, partition=parts[0], mixture=parts[1])
    rows = read_split(WEBNLG, find_split(Path(data_dir), "validation") or Path("validation"), data.normalise)
    data._splits = replace(data.splits, test=random.Random(0).sample(rows, ROWS))
    optimizer = partial(torch.optim.AdamW, lr=RATE, weight_decay=0.01, fused=True)
    L.seed_everything(0, verbose=False)
    trainer = L.Trainer(
        accelerator="cpu",
        precision="bf16-mixed",
        max_steps=steps,
        limit_val_batches=0,
        callbacks=[Predictions(folder)],
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    student = Seq2Seq(WEBNLG, model, optimizer, dropout=0.0)
    started = time.monotonic()
    trainer.fit(student, data)
    loss, trained = float(trainer.callback_metrics["train_loss"]), time.monotonic() - started
    figures = {
        name.removeprefix("test_"): value for name, value in trainer.test(student, data, verbose=False)[0].items()
    }
    return figures | {"loss": loss, "trained": trained, "wrote": time.monotonic() - started - trained}


def main(data_dir: str, steps: int, ways: list[str]) -> None:
    """Print a row for each way."""
    quiet()
    print(f"{'way':<28}{'ROUGE-L':>9}{'BLEU':>7}{'facts':>7}{'loss':>7}{'s fit':>7}{'s test':>7}")
    with tempfile.TemporaryDirectory() as root:
        for number, way in enumerate(ways):
            folder = Path(root) / str(number)
            found = measure(make(way, folder / "model"), data_dir, steps, folder)
            share = [found[name] for name in ("rougeL", "bleu", "coverage")]
            print(
                f"{way:<28}{share[0]:>9.1%}{share[1]:>7.1%}{share[2]:>7.1%}"
                f"{found['loss']:>7.2f}{found['trained']:>7.0f}{found['wrote']:>7.0f}",
                flush=True,
            )
            print((folder / "predictions.jsonl").read_text().split("\n")[0][:300], file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else STEPS, sys.argv[3:] or list(WAYS))
