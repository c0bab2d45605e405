"""Tokens a second, operations and previews, while a teacher and students learn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerFn
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification

from lit_synth.data import Partition, TeacherEncoder
from lit_synth.modules import Lora, Teacher
from lit_synth.modules.operations import Operations
from lit_synth.modules.throughput import H200, Throughput, peak_operations
from lit_synth.tasks.reviews import REVIEWS, Reviews


def counted(model: Any, **inputs: Any) -> int:
    """Return the operations of a step as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        model.train()(**inputs).loss.backward()
    return int(counter.get_total_flops())


def whole(batch: int, length: int) -> dict[str, torch.Tensor]:
    return {"input_ids": torch.full((batch, length), 5), "attention_mask": torch.ones(batch, length, dtype=torch.long)}


@pytest.mark.parametrize("lora", [None, Lora(rank=4)])
@pytest.mark.parametrize("tiny_causal", ["gpt_neox", "llama"], indirect=True)
def test_operations_are_those_that_torch_counts(tiny_causal: Path, lora: Lora | None) -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(tiny_causal)
    model.get_input_embeddings().requires_grad_(False)
    model = lora.on(model) if lora else model
    batch = whole(4, 8)
    batch["labels"] = batch["input_ids"]
    tokens, found = Operations(model).of(batch)
    assert int(tokens) == 32
    # Attention's own products are left out, which are few for short rows; so is what the first layer need not pass on.
    assert float(found) == pytest.approx(counted(model, **batch), rel=0.12)


def test_padding_and_prompts_cost_nothing(tiny_causal: Path) -> None:
    operations = Operations(AutoModelForCausalLM.from_pretrained(tiny_causal))
    batch = whole(2, 10)
    batch["labels"] = torch.full((2, 10), -100)
    batch["labels"][:, -3:] = 5
    padded = {name: torch.nn.functional.pad(value, (0, 6)) for name, value in batch.items()}
    padded["labels"][:, -6:] = -100
    assert [float(one) for one in operations.of(batch)] == [float(one) for one in operations.of(padded)]
    assert float(operations.of(batch)[1]) == 20 * operations.a_token + 6 * operations.a_target


def test_students_count_too(tiny_encoder: Path, tiny_seq2seq: Callable[[str], Path]) -> None:
    classifier = AutoModelForSequenceClassification.from_pretrained(tiny_encoder, num_labels=2)
    batch = whole(4, 8)
    found = float(Operations(classifier).of(batch)[1])
    # The pooler and the head read one token a row and are counted with all the others.
    assert found == pytest.approx(counted(classifier, **batch, labels=torch.zeros(4, dtype=torch.long)), rel=0.15)
    writer = AutoModelForSeq2SeqLM.from_pretrained(tiny_seq2seq("bart"))
    short, long = (dict(whole(4, 8), labels=torch.full((4, length), 5)) for length in (4, 8))
    made = [counted(writer, **one) for one in (short, long)]
    told = [float(Operations(writer).of(one)[1]) for one in (short, long)]
    assert told == pytest.approx(made, rel=0.15)


def fit(model: Path, rows: Path, folder: Path, **arguments: Any) -> L.Trainer:
    data = Reviews(TeacherEncoder(str(model), max_length=64), data_dir=str(rows), batch_size=8, partition=Partition(32))
    quiet: dict[str, Any] = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    arguments = {"max_epochs": 2, "log_every_n_steps": 1, "enable_checkpointing": False, **quiet, **arguments}
    trainer = L.Trainer(default_root_dir=folder, num_sanity_val_steps=0, **arguments)
    trainer.fit(Teacher(REVIEWS, str(model)), datamodule=data)
    return trainer


def test_a_teacher_tells_tokens_memory_and_what_it_says(tiny_causal: Path, reviews_like: Path, tmp_path: Path) -> None:
    loggers = TensorBoardLogger(tmp_path, "logs", ""), CSVLogger(tmp_path / "csv")
    trainer = fit(tiny_causal, reviews_like, tmp_path, logger=list(loggers))
    logged = (tmp_path / "csv" / "lightning_logs" / "version_0" / "metrics.csv").read_text()
    assert all(name in logged.splitlines()[0] for name in ("tokens_per_second", "memory_gb"))
    assert "mfu" not in logged, "the peak of a CPU is not known"
    assert float(trainer.callback_metrics["tokens_per_second"]) > 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert {"tokens_per_second", "memory_gb", "train_loss"} <= set(events.Tags()["scalars"])
    shown = [events.Tensors(f"preview/{name}/text_summary") for name in ("annotate", "generate")]
    assert [len(one) for one in shown] == [2, 2], "one an epoch"
    texts = [one[0].tensor_proto.string_val[0].decode() for one in shown]
    assert "Sentiment:" in texts[0]
    assert "Teacher: positive 0." in texts[0] or "Teacher: negative 0." in texts[0]
    assert "Known: " in texts[1]


def test_the_share_of_the_peak_is_what_was_done_by_what_could_be(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lit_synth.modules.throughput.peak_operations", lambda device, precision: 1e9)
    trainer = fit(tiny_causal, reviews_like, tmp_path, logger=False)
    figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
    operations = Operations(trainer.lightning_module.model)  # type: ignore[arg-type]
    least, most = (
        figures["tokens_per_second"] * each for each in (operations.a_token, operations.a_token + operations.a_target)
    )
    assert least < figures["mfu"] * 1e9 < most


def test_time_in_validation_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("lit_synth.modules.throughput.time.perf_counter", lambda: now[0])
    watch, trainer = Throughput(), L.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    trainer.state.fn = TrainerFn.VALIDATING
    watch.on_validation_start(trainer, None)
    trainer.state.fn = TrainerFn.FITTING
    watch.seconds, watch.last = 0.0, 0.0
    now[0] = 2.0
    watch.on_validation_start(trainer, None)
    now[0] = 100.0
    watch.on_validation_end(trainer, None)
    assert (watch.seconds, watch.last) == (2.0, 100.0)


def test_the_peak_of_an_h200_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "NVIDIA H200")
    assert peak_operations(torch.device("cuda"), "bf16-mixed") == H200
    assert peak_operations(torch.device("cpu"), "bf16-mixed") is None
