"""One stage is one call of LightningCLI: the pipeline makes it from a dictionary, a user from the command line."""

import gc
import shutil
import sys
import warnings
import zipfile
from argparse import ArgumentError
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import lightning as L
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback

import lit_synth.callbacks
import lit_synth.modules.classifier
import lit_synth.modules.seq2seq
import lit_synth.modules.teacher
import lit_synth.tasks  # noqa: F401 (short class names work once the classes are imported)
from lit_synth.callbacks.generation import predict_all
from lit_synth.cluster import ranks_of
from lit_synth.data import TaskDataModule
from lit_synth.download import say
from lit_synth.errors import InputError
from lit_synth.freed_memory import GiveBack, keep_freed_memory
from lit_synth.options import corrected
from lit_synth.permissions import may_unpickle
from lit_synth.preflight import check_ranks
from lit_synth.spread import spread


class StageCLI(LightningCLI):
    """LightningCLI over any module and any task; the task is told to the data module and linked to the module."""

    def __init__(self, args: list[str] | dict[str, Any] | None = None, run: bool = True) -> None:
        super().__init__(
            L.LightningModule,
            TaskDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            # A stage of the pipeline has its config beside it already.
            save_config_callback=SaveConfigCallback if run else None,
            save_config_kwargs={"overwrite": True},
            seed_everything_default=0,
            parser_kwargs={"exit_on_error": False} | ({"prog": "lit_synth"} if run else {}),
            args=args,
            run=run,
        )

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link at parse time, so that a checkpoint holds the task as plain values."""
        parser.link_arguments("data.init_args.task", "model.init_args.task", apply_on="parse")

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse, and name the nearest option where one is unknown."""
        try:
            super().parse_arguments(parser, args)
        except ArgumentError as error:
            parsers = getattr(self, "_subcommand_parsers", {})  # none where a stage is made of a dictionary
            command = next((word for word in sys.argv[1:] if word in parsers), "")
            raise corrected(parsers.get(command, parser), error) from None

    def before_instantiate_classes(self) -> None:
        """Read checkpoints as weights only, whatever a config says, unless pickles were allowed; look for the ranks."""
        keep_freed_memory()
        _see_that_it_is_installed(self.config.get(self.subcommand or "", self.config).trainer.strategy)
        if self.subcommand is None:  # asked for by another part of the program, which looks for itself
            return
        if not may_unpickle():
            self.config[self.subcommand].weights_only = True
        check_ranks(ranks_of(self._get(self.config, "trainer")))

    def instantiate_trainer(self, **arguments: Any) -> L.Trainer:
        """Make the trainer.

        Raises:
            InputError: This machine has no such devices, or Lightning takes no such arguments.
        """
        try:
            trainer = super().instantiate_trainer(**arguments)
        except (MisconfigurationException, ValueError, ImportError) as error:
            raise InputError(f"trainer: {' '.join(str(error).split())}") from None
        trainer.callbacks.append(GiveBack())  # type: ignore[attr-defined]
        return trainer

    def after_predict(self) -> None:
        """Ask again for what was rejected, until the quota or the limit of attempts is reached."""
        if not self.trainer.fast_dev_run and next(self.datamodule.pending(), None):  # type: ignore[attr-defined]
            predict_all(self.trainer, self.model, self.datamodule)


def _see_that_it_is_installed(strategy: Any) -> None:
    """See that DeepSpeed is there where it is asked for.

    Raises:
        InputError: It is not.
    """
    named = str(getattr(strategy, "class_path", None) or strategy).rsplit(".", 1)[-1].casefold()
    if named.startswith("deepspeed") and find_spec("deepspeed") is None:
        raise InputError(f"trainer.strategy {strategy}: DeepSpeed is not installed; pip install 'lit-synth[deepspeed]'")


def run_stage(config: dict[str, Any], actions: tuple[str, ...]) -> None:
    """Do a stage: here, or where its trainer asks for several devices, on each of them by a process of its own.

    Args:
        config: What a stage's ``config.yaml`` holds: ``model``, ``data``, ``trainer``, ``seed_everything``.
        actions: Of ``fit``, ``test`` and ``predict``.
    """
    asked = ranks_of(config["trainer"])
    if asked.world == 1:
        do_stage(config, actions)
    else:
        spread(Path(config["trainer"]["default_root_dir"]) / "config.yaml", actions, asked)


def do_stage(config: dict[str, Any], actions: tuple[str, ...]) -> None:
    """Instantiate a stage and let its trainer do the actions in turn.

    Args:
        config: As for `run_stage`.
        actions: The same.
    """
    quiet()
    gc.collect()  # modules and trainers refer to each other: an earlier stage's weights would stay beside this one's
    check_ranks(ranks_of(config["trainer"]))
    cli = StageCLI(config, run=False)
    for action in actions:
        if action == "predict":
            predict_all(cli.trainer, cli.model, cli.datamodule)
        elif action == "fit":
            _drop_damaged_checkpoints(cli.trainer)
            cli.trainer.fit(cli.model, datamodule=cli.datamodule, ckpt_path="last", weights_only=True)
        else:
            cli.trainer.test(cli.model, datamodule=cli.datamodule, verbose=False)


def _drop_damaged_checkpoints(trainer: L.Trainer) -> None:
    """Start afresh where a checkpoint cannot be read: the same training gives the same model."""
    for kept in trainer.checkpoint_callbacks:
        folder = Path(getattr(kept, "dirpath", None) or "")
        damaged = [path for path in sorted(folder.glob("*.ckpt")) if path.is_file() and not _is_whole(path)]
        if folder.name == "checkpoints" and damaged and trainer.is_global_zero:
            say(f"{damaged[0]}: damaged; the stage starts afresh")
            shutil.rmtree(folder)


def _is_whole(checkpoint: Path) -> bool:
    try:
        with zipfile.ZipFile(checkpoint) as parts:
            return parts.testzip() is None
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError):
        return False


def quiet() -> None:
    """Leave out what libraries say about themselves; the progress lines stay."""
    import logging

    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # DeepSpeed sets its level when it is first imported, later than this.
    logging.getLogger("DeepSpeed").addFilter(lambda record: record.levelno >= logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(lightning|torch|transformers|peft)\..*")
