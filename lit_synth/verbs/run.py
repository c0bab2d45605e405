"""`lit_synth run`: the whole path, or a look at it."""

import os
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lit_synth.settings import RunSettings


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth run`` and do it."""
    from lit_synth.options import run_settings

    settings, parts = run_settings("run", words)
    page = _do(settings, parts, print)
    if parts["quiet"] and not parts["preview"]:
        print(page)


def run(*configs: str | Path, tell: Callable[[str], None] = print, redo: bool = False, **settings: object) -> Path:
    """Do what is not done yet of a run.

    A config can name the classes that it can on the command line; ``LIT_SYNTH_ALLOW_IMPORTS`` names further packages.

    Args:
        *configs: YAML of the run, or the name of a shipped one, such as ``demo``; a further one is laid over the first.
        tell: Gets lines of progress.
        redo: Where the folder was made with other settings, set its results aside, and do again what these change.
        **settings: Of the run by name, such as ``seeds=[0, 1, 2]``, or ``**{"generation.amount": 60}`` for a part.

    Returns:
        The page of the run; with ``until`` its folder, with ``slurm`` or ``preview`` where the page would be.

    Raises:
        InputError: What was given, or the rows, cannot work.

    >>> run("a/run.yaml")
    Traceback (most recent call last):
    lit_synth.errors.InputError: a/run.yaml: no such file
    """
    import json
    from argparse import ArgumentError

    from lit_synth.errors import InputError
    from lit_synth.options import mistake, run_settings
    from lit_synth.permissions import permitted
    from lit_synth.shipped import shipped

    paths = [shipped(config) for config in configs]
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file")
    words = [f"--config={path}" for path in paths]
    words += [
        f"--{name}={value if isinstance(value, (str, Path)) else json.dumps(value, default=str)}"
        for name, value in settings.items()
    ]
    try:
        with permitted({}):
            found, parts = run_settings("run", words)
            return _do(found, parts | {"redo": redo or parts["redo"]}, tell)
    except (ValueError, ArgumentError) as error:
        told = mistake(error)
        if told is None:
            raise
        raise told from None


def _do(settings: "RunSettings", parts: dict[str, Any], tell: Callable[[str], None]) -> Path:
    """Look at a run, submit it, or do it; return its page, or where that would be."""
    from lit_synth.errors import InputError, printable

    if parts["quiet"] and not parts["preview"]:  # which is asked for its lines
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            return _do(settings, parts | {"quiet": False}, lambda line: None)
    page = settings.output / "report.html"
    if parts["preview"]:  # of a run that is to be submitted, too: a look leaves nothing behind
        from lit_synth.preview import preview

        preview(settings, lambda text: tell(printable(text, kept="\n")))
        return page
    if parts["slurm"] is not None:
        from lit_synth.submission import submit

        if parts["until"] != "report":
            raise InputError(f"until {parts['until']}: slurm makes a job of each part; leave one of the two out")
        submit(settings, parts["slurm"], tell, parts["redo"])
        return page
    from lit_synth.pipeline import Pipeline

    return Pipeline(settings, tell, parts["redo"], parts["until"]).execute()
