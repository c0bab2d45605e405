"""What every stage config is made of: trainer, data and optimizer, as LightningCLI reads them."""

from dataclasses import asdict, replace
from inspect import signature
from pathlib import Path
from typing import Any

from lit_synth.curation.rules import Rules
from lit_synth.errors import InputError
from lit_synth.permissions import class_at
from lit_synth.settings import RunSettings

Config = dict[str, Any]

TENSORBOARD: Config = {
    "class_path": "lightning.pytorch.loggers.TensorBoardLogger",
    "init_args": {"name": "logs", "version": ""},
}
"""What a stage that learns logs to, where the run names no other logger."""


def stage(seed: int, model: Config, data: Config, trainer: Config) -> Config:
    """Put the three parts together."""
    return {"seed_everything": seed, "model": model, "data": data, "trainer": trainer}


def class_config(class_path: str, **init_args: Any) -> Config:
    """Name a class and its arguments, as LightningCLI reads them."""
    return {"class_path": class_path, "init_args": init_args}


def rules_config(rules: Rules) -> Config:
    """Return the rules of what a stage reads or writes; of the pool's leaks curation asks, and nobody again."""
    return {name: value for name, value in asdict(rules).items() if name != "pool_leakage"}


def adamw(run: RunSettings, rate: float) -> Config:
    """Return the optimizer, in its fused form save where gradients are scaled, which it would have to undo itself."""
    scaled = str(run.trainer.get("precision", "")) == "16-mixed"
    return class_config("torch.optim.AdamW", lr=rate, weight_decay=0.01, fused=not scaled)


def trainer_config(run: RunSettings, folder: Path, name: str, callbacks: list[Config], **arguments: Any) -> Config:
    """Return the trainer's arguments; those of the run's own ``trainer`` win, and its callbacks are added."""
    given = dict(run.trainer)
    if "devices" in given:
        given.setdefault("num_nodes", 1)  # both or none: a stage's key holds neither
    logger = _in_folder(given.pop("logger", TENSORBOARD), folder)
    defaults = {
        "default_root_dir": str(folder),
        "logger": logger,
        "num_sanity_val_steps": 0,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "log_every_n_steps": 10,
    }
    progress = class_config("lit_synth.callbacks.Progress", name=name)
    return {**defaults, **arguments, **given, "callbacks": [progress, *callbacks, *given.pop("callbacks", [])]}


def on_one_device(run: RunSettings) -> RunSettings:
    """Return the run with a trainer of one process: of its own trainer accelerator, precision and logger are left."""
    kept = {key: value for key, value in run.trainer.items() if key in ("accelerator", "precision", "logger")}
    return replace(run, trainer=kept)


def data_config(run: RunSettings, seed: int, encoder: Config, **arguments: Any) -> Config:
    """Return the data module of the run's task, with its partition."""
    partition = {
        "fraction": run.fraction,
        "seed": seed,
        "development_share": run.development_share,
        "pool_limit": _least(run.pool_limit, run.limit),
        "test_limit": _least(run.test_limit, run.limit),
        **({"test_share": run.test_share} if run.test_share is not None else {}),
    }
    chosen = {key: value for key, value in arguments.items() if value is not None}
    source = {"data_dir": run.data_dir, "dataset": run.dataset, "revision": run.revision, "pool": run.pool}
    chosen |= {key: value for key, value in source.items() if value is not None}
    if run.dataset is not None and run.data_dir is None:
        chosen["data_dir"] = None  # not the task's own default
    if run.task is not None:
        chosen["task"] = asdict(run.task)
    return class_config(_class_path(run.data), encoder=encoder, partition=partition, **chosen)


def _in_folder(logger: Any, folder: Path) -> Any:
    """Give a logger the stage's folder, where it writes into one and was told no other."""
    if isinstance(logger, list):
        return [_in_folder(one, folder) for one in logger]
    if isinstance(logger, str):
        logger = {"class_path": logger}
    if not isinstance(logger, dict):
        return logger
    path = logger.get("class_path")
    if not isinstance(path, str):
        raise InputError(f"trainer.logger {logger}: names no class; give class_path, such as CSVLogger")
    found = class_at(path if "." in path else f"lightning.pytorch.loggers.{path}")
    place = {"save_dir": str(folder)} if "save_dir" in signature(found).parameters else {}
    return {**logger, "init_args": {**place, **(logger.get("init_args") or {})}}


def _class_path(name: str) -> str:
    return name if "." in name else f"lit_synth.tasks.{name}"


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
