"""Stages of a teacher: it learns, annotates, writes and is tested, fine-tuned or prompted only."""

from dataclasses import asdict
from pathlib import Path

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
from lit_synth.settings import RunSettings

SERVED_ROWS = 1024
"""Rows that an engine is handed at once, or more: it makes its own batches of them."""


def teacher_fit(run: RunSettings, seed: int, folder: Path) -> Config:
    """Fine-tune the teacher on gold, stop early on the development part, export the best epoch."""
    settings = run.teacher
    monitor = {"monitor": settings.monitor, "mode": "min"}
    checkpoint = {"dirpath": str(folder / "checkpoints"), "save_last": True, **monitor}
    callbacks = [
        class_config("lightning.pytorch.callbacks.ModelCheckpoint", **checkpoint),
        class_config("lightning.pytorch.callbacks.EarlyStopping", patience=settings.patience, **monitor),
        class_config("lit_synth.callbacks.DevelopmentCurve", path=str(folder / "curve.jsonl")),
        class_config("lit_synth.callbacks.Export", folder=str(folder / "model")),
    ]
    encoder = _encoder(run, settings.model)
    encoder["init_args"]["directions"] = settings.directions
    data = data_config(run, seed, encoder, batch_size=settings.batch_size)
    trainer = trainer_config(run, folder, "teacher", callbacks, max_epochs=settings.max_epochs, gradient_clip_val=1.0)
    return stage(seed, _model(run, settings.model), data, trainer)


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
        run, size = on_one_device(run), max(size, SERVED_ROWS)
    callbacks = [
        class_config("lit_synth.callbacks.Generation", rules=rules_config(run.curation.rules))
        if requests
        else class_config("lit_synth.callbacks.Predictions", folder=str(folder))
    ]
    data = data_config(run, seed, _encoder(run, str(model)), predict_batch_size=size, requests=requests)
    quiet = {"logger": False, "enable_checkpointing": False, **devices}
    trainer = trainer_config(run, folder, folder.name, callbacks, **quiet)
    return stage(seed, class_config("lit_synth.modules.Teacher", **arguments), data, trainer)


def few_shot(run: RunSettings, seed: int, folder: Path, shots: int, source: Path | None) -> Config:
    """Prompt a model that is not fine-tuned, with gold examples in front; no ``source`` tests it."""
    settings = run.few_shot
    model = settings.model or run.teacher.model
    requests = {"folder": str(folder), "kind": "annotate", "source": str(source)} if source else None
    name = "lit_synth.callbacks.Generation" if source else "lit_synth.callbacks.Predictions"
    callbacks = [class_config(name, **({} if source else {"folder": str(folder)}))]
    encoder = class_config("lit_synth.data.TeacherEncoder", model=model, max_length=settings.max_length, shots=shots)
    data = data_config(run, seed, encoder, predict_batch_size=settings.batch_size, requests=requests)
    trainer = trainer_config(run, folder, folder.name, callbacks, logger=False, enable_checkpointing=False)
    # Without fine-tuning a model does not end where its answer does: it goes on with another example.
    sampling = {**_likeliest(run), "one_line": True}
    arguments: Config = {"model": model, "sampling": sampling, "label_score": run.teacher.label_score}
    return stage(seed, class_config("lit_synth.modules.Teacher", **arguments), data, trainer)


def _encoder(run: RunSettings, model: str) -> Config:
    """Return the teacher's encoder."""
    return class_config("lit_synth.data.TeacherEncoder", model=model, max_length=run.teacher.max_length)


def _model(run: RunSettings, model: str) -> Config:
    """Return the teacher as it learns; once fine-tuned, its adapters are merged and it has none."""
    settings = run.teacher
    return class_config(
        "lit_synth.modules.Teacher",
        model=model,
        optimizer=adamw(run, settings.learning_rate),
        lora=asdict(settings.lora) if settings.lora else None,
        freeze_embeddings=settings.freeze_embeddings,
        gradient_checkpointing=settings.gradient_checkpointing,
        generate_weight=settings.generate_weight,
    )


def _likeliest(run: RunSettings) -> Config:
    return {"temperature": 0.0, "max_new_tokens": run.teacher.max_new_tokens}
