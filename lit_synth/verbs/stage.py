"""`lit_synth stage`: one stage of a run by its config; on several devices a run starts it on each."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

ACTIONS = ("fit", "test", "predict")
PARTS = ("model", "data", "trainer")


def main(words: list[str]) -> None:
    """Read the words behind ``lit_synth stage`` and do it."""
    import yaml

    from lit_synth.errors import InputError
    from lit_synth.options import parse
    from lit_synth.stages import do_stage

    found = parse(parser_of(), words)
    try:
        config = yaml.safe_load(found.config.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        why = getattr(error, "strerror", None) or "is no YAML"
        raise InputError(f"{found.config}: {why}; give the config.yaml of a stage") from None
    if not isinstance(config, dict) or not all(isinstance(config.get(part), dict) for part in PARTS):
        raise InputError(f"{found.config}: is no stage's config; give the config.yaml of a folder such as seed0/gold")
    do_stage(config, tuple(found.actions))


def parser_of() -> "ArgumentParser":
    """Return what reads the words behind ``lit_synth stage``."""
    from jsonargparse import ArgumentParser

    about = "Do one stage of a run again, as the run does it. It goes on where it stopped; what it makes is not sealed."
    parser = ArgumentParser(prog="lit_synth stage", exit_on_error=False, description=about)
    parser.add_argument("config", type=Path, help="a stage's config.yaml")
    parser.add_argument("actions", nargs="+", choices=ACTIONS, help="what to do, in turn")
    return parser
