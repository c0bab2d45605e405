"""What the tests of faults share: runs of some seconds, and what one of them finds that meets no fault."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import Run
from tests.forked import settings


@pytest.fixture(scope="module")
def make(
    tmp_path_factory: pytest.TempPathFactory, tiny_causal: Path, tiny_encoder: Path, reviews_like: Path
) -> Callable[..., Run]:
    def new(**changed: Any) -> Run:
        rows = {"amount": 48, "attempts": 4.0, "batch_size": 4, "sampling": {"max_new_tokens": 16}}
        parts = {"strategies": ["gold", "generate"], "limit": 48, "generation": rows} | changed
        return Run(tmp_path_factory.mktemp("faults"), settings(tiny_causal, tiny_encoder, reviews_like, **parts))

    return new


@pytest.fixture(scope="module")
def undisturbed(make: Callable[..., Run]) -> tuple[dict[str, Any], float]:
    """Return what a run finds that meets no fault, and how long it takes."""
    run, begun = make(), time.monotonic()
    code, said = run.end()
    assert code == 0, said
    assert len(run.found()) == 4
    return run.found(), time.monotonic() - begun
