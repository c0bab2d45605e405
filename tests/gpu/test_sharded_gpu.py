"""A small GPT-NeoX on one GPU under every overlay that splits: fit, go on, export and predict.

On one GPU each strategy holds all parts, but runs the same code: its engine, its checkpoints, its gathering.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.sharded_results import check_results

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA")]
CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("weights", ["full", "lora"])
@pytest.mark.parametrize("strategy", ["fsdp2", "zero2", "zero3"])
def test_it_fits_resumes_exports_and_predicts(
    strategy: str, weights: str, tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    words = [strategy, str(tiny_causal), str(reviews_like), str(tmp_path), "gpu", weights]
    surroundings = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(CHECKOUT / "tests" / "sharded.py"), *words],
        capture_output=True,
        text=True,
        env=surroundings,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # Half precision: the export may be rounded, and sums come out in another order.
    check_results(tmp_path, reviews_like, tolerance=0.05, accelerator="gpu", precision="bf16-mixed")
