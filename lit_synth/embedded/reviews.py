"""Sentences of movie reviews with the mean rating that people gave them (MIT)."""

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from lit_synth.download import fetch
from lit_synth.embedded.preparing import ARCHIVES, REVIEWS

STRONG = 0.8
"""Mean rating, of -4 to 4, from which a sentence counts as positive or negative."""
HELD_OUT = 800
"""Rows of test, and as many of validation."""


def convert_reviews(folder: Path) -> None:
    """Write ``train.jsonl``, ``validation.jsonl`` and ``test.jsonl``."""
    with zipfile.ZipFile(fetch(REVIEWS, ARCHIVES)) as outer:
        inner = io.BytesIO(outer.read("vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"))
    with tarfile.open(fileobj=inner) as bundle:
        member = bundle.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
        # It is UTF-8 throughout; read as Latin-1 it also decodes, to "clichÃ©" for "cliché".
        text = member.read().decode("utf-8") if member else ""
    for split, rows in split_reviews(text).items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{split}.jsonl").write_text(lines, encoding="utf-8")


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
