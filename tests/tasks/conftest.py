"""What the tests of the tasks share: a file of made-up rows, read as the task reads it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lit_synth.data import TaskDataModule
from lit_synth.data.sources import read_split
from lit_synth.examples import Example


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., Sequence[Example]]:
    """Return a function from a data module's class and rows to the examples that it makes of them."""

    def read(kind: Callable[[Any], TaskDataModule], *rows: dict[str, Any]) -> Sequence[Example]:
        path = tmp_path / "train.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        module = kind(None)
        return read_split(module.task, path, module.normalise)

    return read
