"""Stages of a student: a search of its learning rate and steps, its training, and its annotations."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lit_synth.recipes.parts import (
    Config,
    adamw,
    class_config,
    data_config,
    on_one_device,
    rules_config,
    stage,
    trainer_config,
)
from lit_synth.settings import Choice, RunSettings
from lit_synth.task import Task


def student_search(run: RunSettings, task: Task, seed: int, folder: Path, mixture: Config, rate: float) -> Config:
    """Train at one constant rate and look at the development part every few steps."""
    search = run.student.search
    callbacks = [class_config("lit_synth.callbacks.DevelopmentCurve", path=str(folder / "curve.jsonl"))]
    trainer = _trainer(
        run,
        folder,
        folder.name,
        callbacks,
        max_steps=search.max_steps,
        val_check_interval=search.every,
        check_val_every_n_epoch=None,
        logger=False,
        enable_checkpointing=False,
    )
    data = _data(run, task, seed, mixture)
    return stage(seed, _model(run, task, rate, decay=False), data, trainer)


def student_fit(
    run: RunSettings,
    task: Task,
    seed: int,
    folder: Path,
    mixture: Config,
    choice: Choice,
    *,
    start: Path | None = None,
    development: bool = True,
    tests: bool = True,
) -> Config:
    """Train on all that the strategy has, export, and test once.

    Args:
        run: The settings.
        task: What is learnt.
        seed: Of the split and the training.
        folder: Of the stage.
        mixture: Rows.
        choice: Learning rate and steps.
        start: A student's folder, to go on from; the pretrained model by default.
        development: Whether to learn from the development part too, where gold is learnt from.
        tests: Whether the stage tests it.
    """
    callbacks = [class_config("lit_synth.callbacks.Export", folder=str(folder / "model"))]
    if tests:
        callbacks.append(class_config("lit_synth.callbacks.Predictions", folder=str(folder)))
    # A student that was killed starts afresh: resumed in the middle of an epoch it would not be the same one.
    steps: Config = {"max_steps": choice.max_steps, "limit_val_batches": 0, "enable_checkpointing": False}
    trainer = _trainer(run, folder, f"student {folder.name}", callbacks, **steps)
    mixture = {**mixture, "development": development and mixture["gold"]}
    data = _data(run, task, seed, mixture)
    return stage(seed, _model(run, task, choice.learning_rate, decay=True, start=start), data, trainer)


def student_use(run: RunSettings, task: Task, seed: int, folder: Path, model: Path, requests: Config) -> Config:
    """Annotate with a trained student."""
    # Whether the teacher reads a row as it was asked for is no matter of how a student reads it.
    rules = rules_config(replace(run.curation.rules, disagreement="keep"))
    callbacks = [class_config("lit_synth.callbacks.Generation", rules=rules)]
    trainer = _trainer(run, folder, folder.name, callbacks, logger=False, enable_checkpointing=False)
    data = _data(run, task, seed, {}, requests=requests)
    return stage(seed, class_config("lit_synth.modules.Classifier", model=str(model)), data, trainer)


def _trainer(run: RunSettings, folder: Path, name: str, callbacks: list[Config], **arguments: Any) -> Config:
    """Return a student's trainer: the run's accelerator, precision and logger, one device; sharding is for teachers."""
    return trainer_config(on_one_device(run), folder, name, callbacks, devices=1, **arguments)


def _data(run: RunSettings, task: Task, seed: int, mixture: Config, requests: Config | None = None) -> Config:
    """Return the data module with a student's encoder and rows."""
    settings = run.student
    encoder: Config = {"model": settings.name(task), "max_length": settings.max_length}
    if not task.labels:
        encoder["max_target_length"] = settings.max_target_length
    kind = "ClassifierEncoder" if task.labels else "Seq2SeqEncoder"
    sizes = {"batch_size": settings.batch_size, "predict_batch_size": settings.predict_batch_size}
    return data_config(
        run, seed, class_config(f"lit_synth.data.{kind}", **encoder), mixture=mixture, requests=requests, **sizes
    )


def _model(run: RunSettings, task: Task, rate: float, decay: bool, start: Path | None = None) -> Config:
    """Return a student at a learning rate, pretrained or as another stage has left it."""
    settings = run.student
    arguments = {
        "model": str(start) if start else settings.name(task),
        "freeze_embeddings": settings.freeze_embeddings,
        "decay": decay,
        "dropout": settings.dropout,
    }
    if task.labels:
        arguments |= {"loss": asdict(settings.loss), "average": settings.average, "agreement": settings.agreement}
    else:
        arguments |= {"max_new_tokens": settings.max_target_length, "num_beams": settings.num_beams}
    kind = "Classifier" if task.labels else "Seq2Seq"
    return class_config(f"lit_synth.modules.{kind}", optimizer=adamw(run, rate), **arguments)
