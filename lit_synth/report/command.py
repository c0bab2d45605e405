"""The command ``report``: today's page of one run, one page of several, or their figures for papers and scripts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lit_synth.errors import InputError
from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.export import as_csv, as_json, as_markdown
from lit_synth.report.folders.collection import collect, is_run
from lit_synth.report.page import page_of, save, write_report
from lit_synth.report.several import render_several

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

Format = Literal["html", "md", "csv", "json"]
_EXPORTS = {"md": as_markdown, "csv": as_csv, "json": as_json}


def report(paths: Sequence[Path], output: Path | None = None, form: Format = "html") -> str:
    """Make a report and return what to print: its path, or the report itself.

    Args:
        paths: Folders of runs, of sweeps, or of several of either.
        output: File to write; without it a page goes into the folder that was given, other forms are returned.
        form: Page, Markdown, CSV or JSON.

    Raises:
        InputError: A file is missing or not what it should be; several folders were given, and no file for their page.
    """
    if output is not None and output.is_dir():
        raise InputError(f"--output {output}: is a folder; give a file in it")
    if output is not None and not output.parent.is_dir():
        raise InputError(f"--output {output}: no folder {output.parent}; make it first")
    if form != "html":
        collection = collect(paths)
        text = _EXPORTS[form](collection, appraise(collection))
        return text if output is None else str(save(output, text))
    if output is None and len(paths) > 1:
        raise InputError("several folders have no place of their own for one page: give --output FILE")
    if len(paths) == 1 and is_run(paths[0]):
        return str(write_report(paths[0]) if output is None else save(output, page_of(paths[0])))
    collection = collect(paths)
    return str(save(output or paths[0] / "report.html", render_several(collection, appraise(collection))))


def parser_of() -> "ArgumentParser":
    """Return what reads the words behind ``lit_synth report``."""
    from jsonargparse import ArgumentParser

    about = "The page of a run; of several runs or a sweep, one page that compares them, or their figures."
    parser = ArgumentParser(prog="lit_synth report", exit_on_error=False, description=about)
    parser.add_argument("runs", nargs="+", type=Path, help="folder of a run, of a sweep, or of several of either")
    parser.add_argument("--output", type=Path | None, help="file to write; md, csv and json go to stdout without it")
    parser.add_argument("--format", type=Format, default="html", help="html, md, csv or json")
    return parser
