"""What the benchmarks of speed have in common: real rows, and a teacher that was fine-tuned on some of them."""

from pathlib import Path
from typing import Any

PRECISION = {"float32": "32-true", "bfloat16": "bf16-mixed"}


def rows_of(task: str, data: str, model: str, **arguments: Any) -> Any:
    """Return the data module of a task (``Slurp``, ``WebNlg``), with the encoder of a teacher."""
    from lit_synth import tasks
    from lit_synth.data import TeacherEncoder

    encoder = TeacherEncoder(model, max_length=256)
    return getattr(tasks, task)(encoder, data_dir=str(Path(data, task.lower())), **arguments)


def trainer(dtype: str, **arguments: Any) -> Any:
    """Return a trainer that writes nothing of its own, on this machine's CPU."""
    return quiet_trainer(accelerator="cpu", precision=PRECISION[dtype], **arguments)


def quiet_trainer(**arguments: Any) -> Any:
    """Return a trainer that writes and shows nothing of its own."""
    import lightning as L

    from lit_synth.freed_memory import keep_freed_memory
    from lit_synth.stages import quiet

    quiet()
    keep_freed_memory()
    own = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    silent: dict[str, Any] = dict.fromkeys(own, False)
    return L.Trainer(**silent, **arguments)


def fit(module: Any, rows: Any, clock: Any, dtype: str, **arguments: Any) -> None:
    """Fit one epoch as a stage does; the clock starts once the model is loaded, as it is on the other sides."""
    import lightning as L

    class Start(L.Callback):
        def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
            clock.__enter__()

    trainer(dtype, max_epochs=1, limit_val_batches=0, callbacks=[Start()], **arguments).fit(module, datamodule=rows)
    clock.__exit__()


def fine_tuned(data: str, output: str) -> str:
    """Return the folder of a teacher that met 5 % of SLURP five times; it is made once.

    One that was never fine-tuned writes no utterances that end, and spreads its probability over all labels.
    """
    folder = Path(output, "teacher")
    if not folder.exists():
        import lightning as L
        import torch

        from lit_synth.modules import Teacher

        L.seed_everything(0)

        def adamw(params: Any) -> Any:
            return torch.optim.AdamW(params, lr=2e-4, weight_decay=0.01, fused=True)

        module = rows_of("Slurp", data, "embedded:teacher", batch_size=16)
        teacher = Teacher(module.task, optimizer=adamw)
        trainer("bfloat16", max_epochs=5, limit_val_batches=0, gradient_clip_val=1.0).fit(teacher, datamodule=module)
        teacher.export(folder)
    return str(folder)
