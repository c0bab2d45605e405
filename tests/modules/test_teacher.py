from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTNeoXConfig

from lit_synth import recipes
from lit_synth.cli import main
from lit_synth.data import Partition, Requests, TeacherEncoder
from lit_synth.data.collate import Collate
from lit_synth.decoding.sampling import Sampling
from lit_synth.examples import Example
from lit_synth.modules import Lora, Teacher
from lit_synth.settings import RunSettings
from lit_synth.stages import StageCLI
from lit_synth.tasks.reviews import REVIEWS, Reviews

SHAPE_20B: dict[str, Any] = {
    "hidden_size": 6144,
    "num_hidden_layers": 44,
    "num_attention_heads": 64,
    "intermediate_size": 24576,
}
ROWS = [
    Example("1", {"text": "a warm and funny film"}, "positive"),
    Example("2", {"text": "two hours of a dull plot"}, "negative"),
    Example("3", {"text": "the script was a bore"}, "negative"),
]


def batch_of(folder: Path, rows: list[Example]) -> dict[str, Any]:
    encoder = TeacherEncoder(str(folder), max_length=64)
    encoded = [row for example in rows for row in encoder.training_rows(REVIEWS, example)]
    return Collate(int(encoder.tokenizer.pad_token_id))(encoded)


def teacher_of(folder: Path, **arguments: Any) -> Teacher:
    teacher = Teacher(REVIEWS, str(folder), **arguments)
    teacher.configure_model()
    return teacher


@pytest.mark.parametrize("tiny_causal", ["gpt_neox", "llama", "gpt2"], indirect=True)
def test_the_loss_is_the_models_own_averaged_by_row(tiny_causal: Path) -> None:
    teacher = teacher_of(tiny_causal).eval()
    batch = batch_of(tiny_causal, ROWS)
    plain = AutoModelForCausalLM.from_pretrained(tiny_causal).eval()
    with torch.no_grad():
        found = teacher.loss(batch)
        rows = []
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
            rows.append(plain(input_ids=ids[None], labels=labels[None]).loss)
    torch.testing.assert_close(found, torch.stack(rows).mean(), atol=1e-4, rtol=1e-4)


def test_only_the_completion_counts_and_its_end_does(tiny_causal: Path) -> None:
    batch = batch_of(tiny_causal, ROWS[:1])
    tokenizer = AutoTokenizer.from_pretrained(tiny_causal)
    annotate, generate = (row[row >= 0].tolist() for row in batch["labels"])
    assert tokenizer.decode(annotate) == " positive" + tokenizer.eos_token
    assert tokenizer.decode(generate) == " a warm and funny film" + tokenizer.eos_token
    assert tokenizer.pad_token_id != tokenizer.eos_token_id


def test_adapters_alone_are_trained_and_saved_and_merge_on_export(tiny_causal: Path, tmp_path: Path) -> None:
    teacher = teacher_of(tiny_causal, lora=Lora(rank=2, alpha=4))
    trained = {name for name, parameter in teacher.named_parameters() if parameter.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    checkpoint = {"state_dict": teacher.state_dict()}
    teacher.on_save_checkpoint(checkpoint)
    assert set(checkpoint["state_dict"]) == trained
    with torch.no_grad():
        for name, parameter in teacher.named_parameters():
            if name in trained:
                parameter.copy_(torch.randn_like(parameter))
    batch = batch_of(tiny_causal, ROWS)
    known = {key: batch[key] for key in ("input_ids", "attention_mask")}
    with torch.no_grad():
        before = teacher.language_model.eval()(**known).logits
        teacher.export(tmp_path / "model")
        exported = AutoModelForCausalLM.from_pretrained(tmp_path / "model").eval()
        torch.testing.assert_close(exported(**known).logits, before, atol=1e-4, rtol=1e-4)
        original = AutoModelForCausalLM.from_pretrained(tiny_causal).eval()
        assert not torch.allclose(original(**known).logits, before, atol=1e-2)
    assert list((tmp_path / "model").glob("*.safetensors"))


def test_frozen_embeddings_stay_as_they_are(tiny_causal: Path) -> None:
    assert not teacher_of(tiny_causal).language_model.get_input_embeddings().weight.requires_grad
    assert teacher_of(tiny_causal, freeze_embeddings=False).language_model.get_input_embeddings().weight.requires_grad


def datamodule(folder: Path, rows: Path, **arguments: Any) -> Reviews:
    return Reviews(TeacherEncoder(str(folder), max_length=64), str(rows), batch_size=8, **arguments)


def trainer_of(folder: Path, **arguments: Any) -> L.Trainer:
    quiet: dict[str, Any] = {
        "logger": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "accelerator": "cpu",
    }
    return L.Trainer(default_root_dir=folder, num_sanity_val_steps=0, **quiet, **arguments)


def test_a_resumed_fit_ends_where_an_undisturbed_one_does(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    from lightning.pytorch.callbacks import ModelCheckpoint

    def fit(folder: Path, stop_after: int | None) -> Teacher:
        L.seed_everything(0)
        data = datamodule(tiny_causal, reviews_like, partition=Partition(16))
        teacher = Teacher(REVIEWS, str(tiny_causal), optimizer=fast)
        checkpoint = ModelCheckpoint(folder, save_last=True)
        trainer = trainer_of(folder, max_epochs=4, callbacks=[checkpoint, *([Stop(stop_after)] if stop_after else [])])
        trainer.fit(teacher, datamodule=data, ckpt_path="last", weights_only=True)
        return teacher

    whole = fit(tmp_path / "whole", None)
    with pytest.raises(RuntimeError, match="killed"):
        fit(tmp_path / "parts", stop_after=2)
    resumed = fit(tmp_path / "parts", None)
    for (name, one), (_, other) in zip(whole.named_parameters(), resumed.named_parameters(), strict=True):
        torch.testing.assert_close(one, other, msg=name)


def fast(params: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(params, lr=1e-2)


class Stop(L.Callback):
    """Stops like a kill at the start of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if trainer.current_epoch == self.epoch:
            raise RuntimeError("killed")


def test_it_learns_rows_by_heart_in_both_directions(tiny_causal: Path) -> None:
    teacher = teacher_of(tiny_causal, freeze_embeddings=False, sampling=Sampling(0.3, 0.9, 40))
    batch = batch_of(tiny_causal, ROWS[:2])
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=1e-2)
    for _ in range(120):
        optimizer.zero_grad()
        teacher.loss(batch).backward()
        optimizer.step()
    teacher.eval()
    encoder = TeacherEncoder(str(tiny_causal), max_length=64)
    left = Collate(int(encoder.tokenizer.pad_token_id), left=True)
    pool = [example.with_target(None) for example in ROWS[:2]]
    annotated = teacher.predict_step(left([encoder.prediction_row(REVIEWS, row) for row in pool]), 0)
    assert [row.target for row in annotated] == ["positive", "negative"]
    assert all(row.origin == "annotated" for row in annotated)
    assert all(abs(sum((row.probabilities or {}).values()) - 1) < 1e-4 for row in annotated)
    asked = [Example(label, {}, label, "generated", provenance={"seed": 5}) for label in REVIEWS.labels]
    written = teacher.predict_step(left([encoder.prediction_row(REVIEWS, row) for row in asked]), 0)
    assert [row.fields for row in written] == [ROWS[1].fields, ROWS[0].fields]
    assert written[0].provenance["prompt"] == "Sentiment: negative\nReview:"


def test_a_checkpoint_holds_no_behaviour(tiny_causal: Path) -> None:
    assert not Teacher(REVIEWS, str(tiny_causal), sampling=Sampling(0.1, 0.2, 3)).hparams


def test_the_20b_architecture_is_made_without_memory(tiny_causal: Path, tmp_path: Path) -> None:
    GPTNeoXConfig(vocab_size=50432, **SHAPE_20B).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_causal).save_pretrained(tmp_path)
    with torch.device("meta"):
        teacher = teacher_of(tmp_path, weights=False, lora=Lora())
    count = sum(parameter.numel() for parameter in teacher.language_model.parameters())
    assert 20.5e9 < count < 20.8e9
    assert all(parameter.is_meta for parameter in teacher.parameters())
    assert isinstance(teacher.language_model.get_output_embeddings(), nn.Linear)


def test_the_order_of_requests_alternates_the_labels(tiny_causal: Path, reviews_like: Path, tmp_path: Path) -> None:
    requests = Requests(tmp_path, "generate", amount=4)
    data = datamodule(tiny_causal, reviews_like, partition=Partition(16), requests=requests)
    assert [row.target for row in data.pending()] == ["negative", "positive"] * 2


def test_the_shipped_20b_run_is_made_on_the_meta_device(
    tiny_causal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`configs/slurp.yaml` with its overlay, as `run` would make it; only the hub's name is a local folder here."""
    GPTNeoXConfig(vocab_size=50432, **SHAPE_20B).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_causal).save_pretrained(tmp_path)
    runs: list[RunSettings] = []
    monkeypatch.setattr("lit_synth.pipeline.Pipeline.execute", lambda self: runs.append(self.run))
    configs = Path(__file__).parents[2] / "configs"
    files = [f"--config={configs / name}" for name in ("slurp.yaml", "trainer/deepspeed_zero3.yaml")]
    assert main(["run", *files, f"--data_dir={tmp_path}"]) == 0
    run = runs.pop()
    assert (run.teacher.model, run.student.model) == ("EleutherAI/gpt-neox-20b", "FacebookAI/roberta-large")
    config = recipes.teacher_fit(replace(run, teacher=replace(run.teacher, model=str(tmp_path))), 0, tmp_path)
    assert config["trainer"]["strategy"]["init_args"]["stage"] == 3
    # Lightning's strategy wants the GPUs that it names to be there; the module does not.
    for name in ("strategy", "accelerator", "devices", "precision"):
        config["trainer"].pop(name)
    config["model"]["init_args"]["weights"] = False
    module = StageCLI(config, run=False).model
    with torch.device("meta"):
        module.configure_model()
    assert all(parameter.is_meta for parameter in module.parameters())
    assert sum(parameter.numel() for parameter in module.parameters()) > 20.5e9
