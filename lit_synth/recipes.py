"""From the settings of a run to the config of each stage, as `lit_synth fit --config` would read it."""

from dataclasses import asdict, replace
from inspect import signature
from pathlib import Path
from typing import Any

from lit_synth.errors import InputError
from lit_synth.permissions import class_at
from lit_synth.settings import Choice, RunSettings
from lit_synth.task import Task

Config = dict[str, Any]

TENSORBOARD: Config = {
    "class_path": "lightning.pytorch.loggers.TensorBoardLogger",
    "init_args": {"name": "logs", "version": ""},
}
"""What a stage that learns logs to, where the run names no other logger."""
SERVED_ROWS = 1024
"""Rows that an engine is handed at once, or more: it makes its own batches of them."""


def teacher_fit(run: RunSettings, seed: int, folder: Path) -> Config:
    """Fine-tune the teacher on gold, stop early on the development part, export the best epoch."""
    settings = run.teacher
    monitor = {"monitor": settings.monitor, "mode": "min"}
    checkpoint = {"dirpath": str(folder / "checkpoints"), "save_last": True, **monitor}
    callbacks = [
        callback("lightning.pytorch.callbacks.ModelCheckpoint", **checkpoint),
        callback("lightning.pytorch.callbacks.EarlyStopping", patience=settings.patience, **monitor),
        callback("lit_synth.callbacks.DevelopmentCurve", path=str(folder / "curve.jsonl")),
        callback("lit_synth.callbacks.Export", folder=str(folder / "model")),
    ]
    encoder = teacher_encoder(run, settings.model)
    encoder["init_args"]["directions"] = settings.directions
    data = data_config(run, seed, encoder, batch_size=settings.batch_size)
    trainer = trainer_config(run, folder, "teacher", callbacks, max_epochs=settings.max_epochs, gradient_clip_val=1.0)
    return stage(seed, teacher_model(run, settings.model), data, trainer)


def teacher_use(run: RunSettings, seed: int, folder: Path, model: Path, requests: Config | None) -> Config:
    """Annotate, generate, or test with a fine-tuned teacher; no ``requests`` tests it."""
    generates = requests is not None and requests["kind"] == "generate"
    arguments: Config = {"model": str(model), "sampling": _likeliest(run), "label_score": run.teacher.label_score}
    if generates:
        arguments["sampling"] = asdict(run.generation.sampling)
    elif requests is not None and run.teacher.samples:
        drawn = {"temperature": run.teacher.sample_temperature, "max_new_tokens": run.teacher.max_new_tokens}
        arguments |= {"samples": run.teacher.samples, "sampling": drawn}
    size = run.generation.batch_size if generates else run.teacher.annotate_batch_size
    devices: Config = {}
    if run.teacher.engine.serves:
        # Sharding is the engine's own: one process asks it.
        arguments["engine"], devices = asdict(run.teacher.engine), {"devices": 1}
        run, size = _on_one_device(run), max(size, SERVED_ROWS)
    callbacks = [
        callback("lit_synth.callbacks.Generation", rules=asdict(run.curation.rules))
        if requests
        else callback("lit_synth.callbacks.Predictions", folder=str(folder))
    ]
    data = data_config(run, seed, teacher_encoder(run, str(model)), predict_batch_size=size, requests=requests)
    quiet = {"logger": False, "enable_checkpointing": False, **devices}
    trainer = trainer_config(run, folder, folder.name, callbacks, **quiet)
    return stage(seed, callback("lit_synth.modules.Teacher", **arguments), data, trainer)


def few_shot(run: RunSettings, seed: int, folder: Path, shots: int, source: Path | None) -> Config:
    """Prompt a model that is not fine-tuned, with gold examples in front; no ``source`` tests it."""
    settings = run.few_shot
    model = settings.model or run.teacher.model
    requests = {"folder": str(folder), "kind": "annotate", "source": str(source)} if source else None
    name = "lit_synth.callbacks.Generation" if source else "lit_synth.callbacks.Predictions"
    callbacks = [callback(name, **({} if source else {"folder": str(folder)}))]
    encoder = callback("lit_synth.data.TeacherEncoder", model=model, max_length=settings.max_length, shots=shots)
    data = data_config(run, seed, encoder, predict_batch_size=settings.batch_size, requests=requests)
    trainer = trainer_config(run, folder, folder.name, callbacks, logger=False, enable_checkpointing=False)
    # Without fine-tuning a model does not end where its answer does: it goes on with another example.
    sampling = {**_likeliest(run), "one_line": True}
    teacher = callback("lit_synth.modules.Teacher", model=model, sampling=sampling, label_score=run.teacher.label_score)
    return stage(seed, teacher, data, trainer)


def student_search(run: RunSettings, task: Task, seed: int, folder: Path, mixture: Config, rate: float) -> Config:
    """Train at one constant rate and look at the development part every few steps."""
    search = run.student.search
    callbacks = [callback("lit_synth.callbacks.DevelopmentCurve", path=str(folder / "curve.jsonl"))]
    trainer = student_trainer(
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
    data = student_data(run, task, seed, mixture)
    return stage(seed, student_model(run, task, rate, decay=False), data, trainer)


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
    callbacks = [callback("lit_synth.callbacks.Export", folder=str(folder / "model"))]
    if tests:
        callbacks.append(callback("lit_synth.callbacks.Predictions", folder=str(folder)))
    # A student that was killed starts afresh: resumed in the middle of an epoch it would not be the same one.
    steps: Config = {"max_steps": choice.max_steps, "limit_val_batches": 0, "enable_checkpointing": False}
    trainer = student_trainer(run, folder, f"student {folder.name}", callbacks, **steps)
    mixture = {**mixture, "development": development and mixture["gold"]}
    data = student_data(run, task, seed, mixture)
    return stage(seed, student_model(run, task, choice.learning_rate, decay=True, start=start), data, trainer)


def student_use(run: RunSettings, task: Task, seed: int, folder: Path, model: Path, requests: Config) -> Config:
    """Annotate with a trained student."""
    # Whether the teacher reads a row as it was asked for is no matter of how a student reads it.
    rules = asdict(replace(run.curation.rules, disagreement="keep"))
    callbacks = [callback("lit_synth.callbacks.Generation", rules=rules)]
    trainer = student_trainer(run, folder, folder.name, callbacks, logger=False, enable_checkpointing=False)
    data = student_data(run, task, seed, {}, requests=requests)
    return stage(seed, callback("lit_synth.modules.Classifier", model=str(model)), data, trainer)


def stage(seed: int, model: Config, data: Config, trainer: Config) -> Config:
    """Put the three parts together."""
    return {"seed_everything": seed, "model": model, "data": data, "trainer": trainer}


def callback(class_path: str, **init_args: Any) -> Config:
    """Name a class and its arguments, as LightningCLI reads them."""
    return {"class_path": class_path, "init_args": init_args}


def student_trainer(run: RunSettings, folder: Path, name: str, callbacks: list[Config], **arguments: Any) -> Config:
    """Return a student's trainer: the run's accelerator, precision and logger, one device; sharding is for teachers."""
    return trainer_config(_on_one_device(run), folder, name, callbacks, devices=1, **arguments)


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
    progress = callback("lit_synth.callbacks.Progress", name=name)
    return {**defaults, **arguments, **given, "callbacks": [progress, *callbacks, *given.pop("callbacks", [])]}


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
    source = {"data_dir": run.data_dir, "dataset": run.dataset, "revision": run.revision}
    chosen |= {key: value for key, value in source.items() if value is not None}
    if run.dataset is not None and run.data_dir is None:
        chosen["data_dir"] = None  # not the task's own default
    if run.task is not None:
        chosen["task"] = asdict(run.task)
    return callback(_class_path(run.data), encoder=encoder, partition=partition, **chosen)


def teacher_encoder(run: RunSettings, model: str) -> Config:
    """Return the teacher's encoder."""
    return callback("lit_synth.data.TeacherEncoder", model=model, max_length=run.teacher.max_length)


def student_data(run: RunSettings, task: Task, seed: int, mixture: Config, requests: Config | None = None) -> Config:
    """Return the data module with a student's encoder and rows."""
    settings = run.student
    encoder: Config = {"model": settings.name(task), "max_length": settings.max_length}
    if not task.labels:
        encoder["max_target_length"] = settings.max_target_length
    kind = "ClassifierEncoder" if task.labels else "Seq2SeqEncoder"
    sizes = {"batch_size": settings.batch_size, "predict_batch_size": settings.predict_batch_size}
    return data_config(
        run, seed, callback(f"lit_synth.data.{kind}", **encoder), mixture=mixture, requests=requests, **sizes
    )


def teacher_model(run: RunSettings, model: str) -> Config:
    """Return the teacher as it learns; once fine-tuned, its adapters are merged and it has none."""
    settings = run.teacher
    return callback(
        "lit_synth.modules.Teacher",
        model=model,
        optimizer=adamw(run, settings.learning_rate),
        lora=asdict(settings.lora) if settings.lora else None,
        freeze_embeddings=settings.freeze_embeddings,
        gradient_checkpointing=settings.gradient_checkpointing,
        generate_weight=settings.generate_weight,
    )


def student_model(run: RunSettings, task: Task, rate: float, decay: bool, start: Path | None = None) -> Config:
    """Return a student at a learning rate, pretrained or as another stage has left it."""
    settings = run.student
    arguments = {
        "model": str(start) if start else settings.name(task),
        "freeze_embeddings": settings.freeze_embeddings,
        "decay": decay,
    }
    arguments["dropout"] = settings.dropout
    if task.labels:
        arguments |= {"loss": asdict(settings.loss), "average": settings.average, "agreement": settings.agreement}
    else:
        arguments |= {"max_new_tokens": settings.max_target_length, "num_beams": settings.num_beams}
    kind = "Classifier" if task.labels else "Seq2Seq"
    return callback(f"lit_synth.modules.{kind}", optimizer=adamw(run, rate), **arguments)


def adamw(run: RunSettings, rate: float) -> Config:
    """Return the optimizer, in its fused form save where gradients are scaled, which it would have to undo itself."""
    scaled = str(run.trainer.get("precision", "")) == "16-mixed"
    return callback("torch.optim.AdamW", lr=rate, weight_decay=0.01, fused=not scaled)


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


def _on_one_device(run: RunSettings) -> RunSettings:
    kept = {key: value for key, value in run.trainer.items() if key in ("accelerator", "precision", "logger")}
    return replace(run, trainer=kept)


def _likeliest(run: RunSettings) -> Config:
    return {"temperature": 0.0, "max_new_tokens": run.teacher.max_new_tokens}


def _class_path(name: str) -> str:
    return name if "." in name else f"lit_synth.tasks.{name}"


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
