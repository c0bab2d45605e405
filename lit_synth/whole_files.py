"""Files that are there as a whole or not at all, whatever ends the process that writes them."""

import json
import os
import threading
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError


def write_whole(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; processes that write it side by side do not meet."""
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)  # half of it, where the disk is full


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all."""
    write_whole(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path, absent: Any = None) -> Any:
    """Read what `write_json` has written.

    Args:
        path: Of the file.
        absent: What there is where the file is not, of the type that the file holds; by default the file has to be.

    Raises:
        InputError: It is no JSON any more, or JSON of another type.
    """
    if absent is not None and not path.exists():
        return absent
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            f"{path}{line}: damaged, for it is not JSON; delete it, and the same lit_synth run makes it again"
        ) from None
    if absent is not None and not isinstance(content, type(absent)):
        raise InputError(f"{path}: expected a {type(absent).__name__}, found a {type(content).__name__}")
    return content
