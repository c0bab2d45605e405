"""`lit_synth export`: one finished student of a run as a folder of its own, to be deployed."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from lit_synth.errors import InputError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

CANDIDATES = ("gold", "annotate", "generate", "both")
"""Of these the best is taken; `full` has learnt from labels that a run pretends not to have, the teacher is large."""


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth export`` and do it."""
    from lit_synth.options import parse

    found = parse(parser_of(), words)
    from lit_synth.stages import quiet

    quiet()
    folder = export(found.run, found.strategy, found.output, seed=found.seed, onnx=found.onnx, tell=print)
    print(f"Wrote {folder}\nUse it: lit_synth label --model {folder} FILE")


def parser_of() -> "ArgumentParser":
    """Return what reads the words behind ``lit_synth export``."""
    from jsonargparse import ArgumentParser

    about = "Copies a finished student of a run, with its card and how it reads a row, into a folder of its own."
    parser = ArgumentParser(prog="lit_synth export", exit_on_error=False, description=about)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--strategy", default="best", help="gold, annotate, generate, both, full, or the best of them")
    parser.add_argument("--seed", type=int | None, help="of the run; the first by default, as no seed is better")
    parser.add_argument("--output", type=Path | None, help="new folder; by default RUN/export")
    parser.add_argument("--onnx", action="store_true", help="write model.onnx too; needs the extra lit-synth[onnx]")
    return parser


def export(
    run: str | Path,
    strategy: str = "best",
    output: str | Path | None = None,
    *,
    seed: int | None = None,
    onnx: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """Copy a finished student into a folder for ``transformers.pipeline``, `Student` and ``lit_synth label``.

    Args:
        run: Folder of the run.
        strategy: What it learnt from; ``best`` takes the highest mean test figure, ``full`` left out.
        output: New folder; by default ``export`` in the run.
        seed: Of the run; the first by default.
        onnx: Write ``model.onnx`` too; classification only.
        tell: Gets what was chosen, and why.

    Returns:
        The folder.

    Raises:
        InputError: There is no such run or student, or the folder is there already.
    """
    path = Path(run)
    figures = _figures(path)
    chosen = strategy
    if strategy == "best":
        chosen = max((name for name in CANDIDATES if name in figures), key=lambda name: fmean(figures[name].values()))
    if chosen not in figures:
        raise InputError(f"{path}: no student on {chosen!r}; there are: {', '.join(figures)}")
    number = min(figures[chosen]) if seed is None else seed
    model = path / f"seed{number}" / chosen / "model"
    if number not in figures[chosen] or not (model / "config.json").is_file():
        raise InputError(f"{model}: no student there; seeds of {chosen} are: {', '.join(map(str, figures[chosen]))}")
    if tell is not None:
        tell(f"{chosen}, seed {number}: {_reason(strategy, figures, chosen)}")
    folder = Path(output) if output is not None else path / "export"
    if folder.exists():
        raise InputError(f"{folder}: is there already; give another --output, or remove it")
    _copy(model, folder, onnx)
    return folder


def _figures(run: Path) -> dict[str, dict[int, float]]:
    """Return the headline test figure of every student by strategy and seed."""
    from lit_synth.report.folders.folder import read_run

    found = read_run(run)
    figures: dict[str, dict[int, float]] = defaultdict(dict)
    for row in found.metrics:
        if row["metric"] == found.headline and row["strategy"] in (*CANDIDATES, "full"):
            figures[row["strategy"]][row["seed"]] = row["value"]
    if not set(figures) & set(CANDIDATES):
        raise InputError(f"{run}: no student is done there; the same lit_synth run goes on")
    return dict(figures)


def _reason(asked: str, figures: dict[str, dict[int, float]], chosen: str) -> str:
    mean, many = fmean(figures[chosen].values()), len(figures[chosen])
    told = f"test figure {100 * mean:.1f}, mean of {many} seed{'s' if many > 1 else ''}"
    if asked != "best":
        return told
    others = ", ".join(f"{name} {100 * fmean(figures[name].values()):.1f}" for name in CANDIDATES if name in figures)
    return f"{told}; the highest of {others}, so it may be a little too good: see the report for the intervals"


def _copy(model: Path, folder: Path, onnx: bool) -> None:
    from lit_synth.deployed import reading_of

    reading = reading_of(model)
    if onnx and not reading.task.labels:
        raise InputError("--onnx: is for labels; a student that writes texts is exported without")
    partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    try:
        shutil.copytree(model, partial)
        reading.save(partial)
        # So that `truncation=True` of a pipeline cuts where the student did.
        tokenizer = partial / "tokenizer_config.json"
        content = json.loads(tokenizer.read_text(encoding="utf-8")) | {"model_max_length": reading.max_length}
        tokenizer.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        if onnx:
            from lit_synth.onnx_file import write_onnx

            write_onnx(partial)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
