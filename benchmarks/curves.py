"""How many labels, and do synthetic rows replace them? Learning curves with the embedded models on real rows.

    python benchmarks/curves.py demo|slurp DATA_DIR OUTPUT

``DATA_DIR`` is the task's own folder; the demo needs none, so any word will do. A sweep that was stopped goes on.
Rewrites its section of ``benchmarks/RESULTS.md``; the page with the figures is ``OUTPUT/report.html``.
"""

import shlex
import subprocess
import sys

from arms import EVERY
from results import MACHINE, write_section

from lit_synth.cli import main as lit_synth

SETS = {
    "demo": "--config configs/demo.yaml --fractions 32,128,512 --amounts 0,250,750",
    "slurp": f"--config configs/slurp_embedded.yaml --fractions 0.01,0.05,0.2 --amounts 0,500,2000 "
    f"--student.chosen '{EVERY}'",
}
STRATEGIES = "gold,annotate,generate,both,full,teacher"


def command(name: str, data: str, output: str) -> list[str]:
    """Return the command of a sweep."""
    words = ["lit_synth", "sweep", *shlex.split(SETS[name]), "--seeds", "0,1,2", "--strategies", STRATEGIES]
    return [*words, *([] if name == "demo" else ["--data_dir", data]), "--output", output]


def main() -> None:
    """Run the sweep and write its table."""
    name, data, output = sys.argv[1:4]
    if code := lit_synth(command(name, data, output)[1:]):
        sys.exit(code)
    words = [sys.executable, "-m", "lit_synth", "report", output, "--format", "md"]
    table = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own command
    said = shlex.join(command(name, "DATA_DIR", "OUTPUT"))
    closing = f"`python benchmarks/curves.py {name} DATA_DIR OUTPUT`, which is\n\n```\n{said}\n```"
    write_section(f"Learning curves: {name}", "\n\n".join([table.split("\n", 1)[1].strip(), MACHINE, closing]))


if __name__ == "__main__":
    main()
