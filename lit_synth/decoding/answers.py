"""What an endpoint has answered: the file that keeps it, and reading a label out of it."""

import json
import threading
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError
from lit_synth.json_lines import read_json_lines

_START = b'{"key": "'
_MARKUP = frozenset("`~<>|")
"""What stands around a word besides punctuation proper, to which Unicode counts ``*``, ``_`` and ``#`` too."""


class Answers:
    """Answers by the hash of what was asked, in an append-only JSON Lines file.

    A line is a request that was sent: ``{"key": ..., "answer": text or null}``, or ``{"key": ..., "failed": reason}``.
    It is handed to the operating system at once, so a kill loses nothing that had arrived; a last line that a kill
    left half written is cut off. Several threads may add at the same time; another process may not.

    Args:
        path: The file, in a folder that exists; made where it is absent.

    Raises:
        InputError: A line is none of both.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.requests = 0
        self._answers: dict[str, str | None] = {}
        self._lock = threading.Lock()
        self._file = path.open("ab")
        _cut_half_line(path)
        for number, row in read_json_lines(path):
            if not isinstance(row.get("key"), str) or not isinstance(
                row.get("answer", row.get("failed", 0)), str | None
            ):
                raise InputError(f"{path}:{number}: no line of answers; remove it, or give another file")
            self.requests += 1
            if "answer" in row:
                self._answers[row["key"]] = row["answer"]

    def __contains__(self, key: str) -> bool:
        return key in self._answers

    def __getitem__(self, key: str) -> str | None:
        return self._answers[key]

    def add(self, key: str, answer: str | None) -> None:
        """Keep an answer; ``None`` where the model gave no text."""
        with self._lock:
            self._write({"key": key, "answer": answer})
            self._answers[key] = answer

    def add_failure(self, key: str, reason: str) -> None:
        """Keep that a request brought no answer."""
        with self._lock:
            self._write({"key": key, "failed": reason})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, row: dict[str, Any]) -> None:
        self.requests += 1
        self._file.write((json.dumps(row) + "\n").encode())
        self._file.flush()


def read_answer(text: str | None, words: Mapping[str, str], prefix: str = "") -> str | None:
    """Return the label whose word an answer is, or ``None``; nothing is guessed.

    The first line that holds more than markup has to be the word, but for case, whitespace, and punctuation or
    Markdown around it. Longer words come first, so that "C++." is "C++" and not "C".

    Args:
        text: What was answered; ``None`` where there was no text.
        words: The word of every label.
        prefix: What may stand in front of the word, with or without a colon, such as "Label".

    Raises:
        InputError: Two labels have words that differ in case or whitespace only.

    >>> read_answer("**Intent:** Alarm set.", {"alarm_set": "alarm set", "alarm": "alarm"}, prefix="Intent")
    'alarm_set'
    >>> read_answer("It is positive.", {"pos": "positive", "neg": "negative"}) is None
    True
    """
    labels: dict[str, str] = {}
    for label, word in words.items():
        other = labels.setdefault(_normal(word), label)
        if other != label:
            raise InputError(f"labels {other!r} and {label!r} have the same word but for case; set label_words")
    for line in map(_normal, (text or "").splitlines()):
        found = _match(line, labels) or _match(_behind(line, _normal(prefix).rstrip(": ")), labels)
        if found is not None or any(map(_is_content, line)):
            return found
    return None


def _match(line: str, labels: Mapping[str, str]) -> str | None:
    for word in sorted(labels, key=len, reverse=True):
        before, found, after = line.partition(word)
        if found and not any(map(_is_content, before + after)):
            return labels[word]
    return None


def _behind(line: str, prefix: str) -> str:
    """Return what follows a prefix; nothing where the line does not start with it as a whole word."""
    before, found, after = line.partition(prefix) if prefix else ("", "", "")
    return after if found and not any(map(_is_content, before + after[:1])) else ""


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _is_content(character: str) -> bool:
    return not (character.isspace() or character in _MARKUP or unicodedata.category(character).startswith("P"))


def _cut_half_line(path: Path) -> None:
    whole = path.read_bytes()
    end = whole.rfind(b"\n") + 1
    half = whole[end:]
    # Another file, given by mistake, is not cut.
    if half and half.startswith(_START[: len(half)]):
        with path.open("r+b") as file:
            file.truncate(end)
