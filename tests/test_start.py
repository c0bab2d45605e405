"""The command says what it can do before anything slow is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("torch", "transformers", "lightning", "scipy", "sklearn", "datasets", "matplotlib")
CALL = """
import sys
from lit_synth.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_table_is_looked_at_without_anything_slow(tiny_causal: Path, tiny_encoder: Path, tmp_path: Path) -> None:
    for name, folder in (("SmolLM2-135M-Instruct", tiny_causal), ("all-MiniLM-L6-v2", tiny_encoder)):
        (tmp_path / "cache").mkdir(exist_ok=True)
        (tmp_path / "cache" / name).symlink_to(folder)
    rows = "".join(f"this is row {n},{'ab'[n % 2]}\n" for n in range(60))
    (tmp_path / "rows.csv").write_text(f"text,label\n{rows}")
    words = [sys.executable, "-c", CALL, "init", "rows.csv", "--yes"]
    environment = {**os.environ, "LIT_SYNTH_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment)  # noqa: S603 - our own code
    said, _, loaded = done.stdout.rpartition("loaded: ")
    assert "minutes on this machine, if nothing else runs on it" in said or "which measures the GPU" in said
    assert [name for name in SLOW if name in loaded.split()] == []


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"]])
def test_help_loads_nothing_slow(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", CALL, *words], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    said, _, loaded = done.stdout.rpartition("loaded: ")
    assert said.strip()
    assert [name for name in SLOW if name in loaded.split()] == []
