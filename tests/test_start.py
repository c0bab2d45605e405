"""The command says what it can do before anything slow is loaded."""

import subprocess
import sys

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


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"]])
def test_help_loads_nothing_slow(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", CALL, *words], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    said, _, loaded = done.stdout.rpartition("loaded: ")
    assert said.strip()
    assert [name for name in SLOW if name in loaded.split()] == []
