import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GPTNeoXConfig

from lit_synth import recipes
from lit_synth.cli import main
from lit_synth.data import Partition, Requests, TeacherEncoder
from lit_synth.data.collate import Collate
from lit_synth.decoding.writing import Sampling
from lit_synth.examples import Example, read_examples
from lit_synth.modules import Lora, Teacher
from lit_synth.settings import GenerationSettings, RunSettings, TeacherSettings
from lit_synth.stages import StageCLI, run_stage
from lit_synth.stopping import stoppable
from lit_synth.tasks.reviews import REVIEWS, Reviews

SHAPE_20B: dict[str, Any] = {
    "hidden_size": 6144,
    "num_hidden_layers": 44,
    "num_attention_heads": 64,
    "intermediate_size": 24576,
}
WORDS = {"positive": ("warm", "clever", "a joy", "superb"), "negative": ("cold", "clumsy", "a chore", "stupid")}
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
        found = teacher.losses(batch).mean()
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
    return Reviews(TeacherEncoder(str(folder), max_length=64), data_dir=str(rows), batch_size=8, **arguments)


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


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_gradients_of_a_fused_optimizer_are_clipped(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path, precision: Any
) -> None:
    def plain(params: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(params, lr=1.0, fused=True)

    data = datamodule(tiny_causal, reviews_like, partition=Partition(16))
    teacher = teacher_of(tiny_causal, optimizer=plain)
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    trainer_of(
        tmp_path,
        max_steps=1,
        limit_val_batches=0,
        enable_checkpointing=False,
        gradient_clip_val=0.01,
        precision=precision,
    ).fit(teacher, datamodule=data)
    moved = torch.stack([(value - before[name]).norm() for name, value in teacher.state_dict().items()])
    assert moved.norm() == pytest.approx(0.01, rel=0.01)


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
        teacher.losses(batch).mean().backward()
        optimizer.step()
    teacher.eval()
    encoder = TeacherEncoder(str(tiny_causal), max_length=64)
    left = Collate(int(encoder.tokenizer.pad_token_id), left=True)
    pool = [example.with_target(None) for example in ROWS[:2]]
    annotated = teacher.predict_step(left([encoder.prediction_row(REVIEWS, row) for row in pool]), 0)
    assert [row.target for row in annotated] == ["positive", "negative"]
    assert all(row.origin == "annotated" for row in annotated)
    assert all(abs(sum((row.probabilities or {}).values()) - 1) < 1e-4 for row in annotated)
    asked = [Example(label, {}, label, "generated", provenance={"seed": 5, "writing": 0}) for label in REVIEWS.labels]
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


def stage_run(causal: Path, rows: Path, output: Path, **teacher: Any) -> RunSettings:
    """Return a small run of which single stages are done."""
    return RunSettings(
        "Reviews",
        output,
        data_dir=str(rows),
        fraction=16,
        pool_limit=6,
        test_limit=10,
        teacher=TeacherSettings(
            **{"model": str(causal), "max_length": 64, "max_epochs": 3, "learning_rate": 1e-2, "patience": 9, **teacher}
        ),
        generation=GenerationSettings(amount=4, attempts=2.0, sampling=Sampling(max_new_tokens=8)),
        trainer={"accelerator": "cpu"},
    )


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return dict(AutoModelForCausalLM.from_pretrained(folder).named_parameters())


@pytest.fixture(autouse=True)
def no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])  # LightningCLI warns of pytest's own


def test_a_stage_with_adapters_moves_each_layer_by_a_low_rank_alone(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    run = stage_run(tiny_causal, reviews_like, tmp_path, lora=Lora(rank=2, alpha=4))
    run_stage(recipes.teacher_fit(run, 0, tmp_path / "fit"), ("fit",))
    before, after = weights_of(tiny_causal), weights_of(tmp_path / "fit" / "model")
    assert before.keys() == after.keys()
    ranks = {
        name: int(torch.linalg.matrix_rank(after[name] - before[name], atol=1e-5))
        for name in before
        if before[name].ndim == 2
    }
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {name for name, rank in ranks.items() if rank}
    assert {ranks[name] for name in moved} == {2}
    assert len(moved) == 8, "four linear layers in each of two blocks"
    checkpoint = torch.load(tmp_path / "fit" / "checkpoints" / "last.ckpt", weights_only=True)
    assert checkpoint["state_dict"]
    assert all("lora_" in name for name in checkpoint["state_dict"])


def test_a_stage_in_full_moves_every_weight_that_is_not_frozen(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    run = stage_run(tiny_causal, reviews_like, tmp_path, lora=None)
    run_stage(recipes.teacher_fit(run, 0, tmp_path / "fit"), ("fit",))
    before, after = weights_of(tiny_causal), weights_of(tmp_path / "fit" / "model")
    assert [name for name in before if torch.equal(before[name], after[name])] == ["gpt_neox.embed_in.weight"]
    checkpoint = torch.load(tmp_path / "fit" / "checkpoints" / "last.ckpt", weights_only=True)
    assert {name.removeprefix("model.") for name in checkpoint["state_dict"]} == {*before} - {
        "gpt_neox.embed_in.weight"
    }
    assert "hyper_parameters" not in checkpoint


@pytest.mark.parametrize("last", [False, True])
def test_a_stage_whose_time_is_up_goes_on_in_the_middle_of_an_epoch(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: bool
) -> None:
    """In an epoch's last batch too, behind which comes its validation."""

    def config(name: str) -> dict[str, Any]:
        return recipes.teacher_fit(stage_run(tiny_causal, reviews_like, tmp_path, batch_size=4), 0, tmp_path / name)

    steps: list[tuple[int, int]] = []

    def warned(teacher: Teacher, batch: Any, batch_idx: int) -> Any:
        steps.append((teacher.current_epoch, batch_idx))
        if steps[-1] == (1, teacher.trainer.num_training_batches - 1 if last else 2):
            os.kill(os.getpid(), signal.SIGUSR1)
        return step(teacher, batch, batch_idx)

    run_stage(config("whole"), ("fit",))
    step = Teacher.training_step
    with monkeypatch.context() as context:
        context.setattr(Teacher, "training_step", warned)
        with stoppable(), pytest.raises((SystemExit, KeyboardInterrupt)):
            run_stage(config("parts"), ("fit",))
        before = len(steps)
        with stoppable():
            run_stage(config("parts"), ("fit",))
    assert len(steps) == len(set(steps)) > before, "no batch is learnt from twice"
    whole, parts = (weights_of(tmp_path / name / "model") for name in ("whole", "parts"))
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], msg=name)
    curves = [(tmp_path / name / "curve.jsonl").read_text() for name in ("whole", "parts")]
    assert [json.loads(line)["step"] for line in curves[0].splitlines()] == [
        json.loads(line)["step"] for line in curves[1].splitlines()
    ]


@pytest.mark.parametrize("size", [2, 8])
def test_a_stage_goes_on_in_an_epoch_of_another_number_of_batches(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """As another number of ranks has: as large a part of the epoch is left, and at its end comes the validation."""

    def config(batch_size: int) -> dict[str, Any]:
        run = stage_run(tiny_causal, reviews_like, tmp_path, batch_size=batch_size, max_epochs=2)
        return recipes.teacher_fit(run, 0, tmp_path / "fit")

    seen: list[int] = []
    batches = before = 0

    def step(teacher: Teacher, batch: Any, batch_idx: int) -> Any:
        nonlocal batches
        batches = int(teacher.trainer.num_training_batches)
        seen.append(teacher.current_epoch)
        if len(seen) == 3 and not before:
            os.kill(os.getpid(), signal.SIGUSR1)
        return whole(teacher, batch, batch_idx)

    whole = Teacher.training_step
    monkeypatch.setattr(Teacher, "training_step", step)
    with stoppable(), pytest.raises((SystemExit, KeyboardInterrupt)):
        run_stage(config(4), ("fit",))
    before = batches
    assert seen == [0, 0, 0]
    seen.clear()
    with stoppable():
        run_stage(config(size), ("fit",))
    assert batches != before
    assert [seen.count(epoch) for epoch in (0, 1)] == [batches - 3 * batches // before, batches]
    assert len((tmp_path / "fit" / "curve.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("lora", [Lora(rank=2, alpha=4), None])
def test_a_stage_killed_between_epochs_exports_what_an_undisturbed_one_does(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lora: Lora | None
) -> None:
    def config(name: str) -> dict[str, Any]:
        run = stage_run(tiny_causal, reviews_like, tmp_path, lora=lora)
        return recipes.teacher_fit(run, 0, tmp_path / name)

    def kill(teacher: Teacher) -> None:
        if teacher.current_epoch == 2:
            raise RuntimeError("killed")

    run_stage(config("whole"), ("fit",))
    with monkeypatch.context() as context:
        context.setattr(Teacher, "on_train_epoch_start", kill)
        with pytest.raises(RuntimeError, match="killed"):
            run_stage(config("parts"), ("fit",))
    assert not (tmp_path / "parts" / "model").exists()
    run_stage(config("parts"), ("fit",))
    whole, parts = (weights_of(tmp_path / name / "model") for name in ("whole", "parts"))
    for name in whole:
        torch.testing.assert_close(parts[name], whole[name], msg=name)
    curves = [(tmp_path / name / "curve.jsonl").read_text() for name in ("whole", "parts")]
    assert curves[0] == curves[1]
    assert len(curves[0].splitlines()) == 3


def test_a_stage_killed_after_its_export_exports_once_more(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    config = recipes.teacher_fit(stage_run(tiny_causal, reviews_like, tmp_path, max_epochs=1), 0, tmp_path / "fit")
    run_stage(config, ("fit",))
    first = weights_of(tmp_path / "fit" / "model")
    run_stage(config, ("fit",))
    for name, weight in weights_of(tmp_path / "fit" / "model").items():
        torch.testing.assert_close(weight, first[name], msg=name)


def test_stages_test_annotate_and_generate_with_the_exported_teacher(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    run = stage_run(tiny_causal, reviews_like, tmp_path, lora=None, max_epochs=1)
    run_stage(recipes.teacher_fit(run, 0, tmp_path / "fit"), ("fit",))
    model = tmp_path / "fit" / "model"
    run_stage(recipes.teacher_use(run, 0, tmp_path / "score", model, None), ("test",))
    lines = [json.loads(line) for line in (tmp_path / "score" / "predictions.jsonl").read_text().splitlines()]
    share = sum(line["gold"] == line["predicted"] for line in lines) / 10
    assert len(lines) == 10
    figures = json.loads((tmp_path / "score" / "metrics.json").read_text())
    assert figures["accuracy"] == pytest.approx(share)
    assert set(figures) == set(REVIEWS.metrics)
    for kind in ("annotate", "generate"):
        order: dict[str, Any] = {"folder": str(tmp_path / kind), "kind": kind}
        order |= {"amount": run.amount, "attempts": 2.0} if kind == "generate" else {}
        run_stage(recipes.teacher_use(run, 0, tmp_path / kind, model, order), ("predict",))
    annotated = list(read_examples(tmp_path / "annotate" / "accepted.jsonl"))
    assert len(annotated) == 6
    assert all(
        row.probabilities and row.target == max(row.probabilities, key=row.probabilities.__getitem__)
        for row in annotated
    )
    shard = [json.loads(line) for line in (tmp_path / "generate" / "records-0.jsonl").read_text().splitlines()]
    parts = [list(read_examples(tmp_path / "generate" / f"{name}.jsonl")) for name in ("accepted", "rejected")]
    assert len(shard) == sum(map(len, parts)) > 0
    assert {row["id"] for row in shard} == {row.id for part in parts for row in part}


def test_eight_rows_are_learnt_by_heart_and_written_to_their_end(tiny_causal: Path) -> None:
    texts = [(word, label) for label, words in WORDS.items() for word in words]
    rows = [Example(str(n), {"text": f"the plot is {word}"}, label) for n, (word, label) in enumerate(texts)]
    torch.manual_seed(0)
    teacher = teacher_of(tiny_causal, freeze_embeddings=False, sampling=Sampling(0.5, 0.8, 40))
    optimizer = torch.optim.AdamW(teacher.parameters(), lr=5e-3)
    batch = batch_of(tiny_causal, rows)
    for _ in range(150):
        optimizer.zero_grad()
        teacher.losses(batch).mean().backward()
        optimizer.step()
    teacher.eval()
    encoder = TeacherEncoder(str(tiny_causal), max_length=64)
    left = Collate(int(encoder.tokenizer.pad_token_id), left=True)
    pool = [encoder.prediction_row(REVIEWS, row.with_target(None)) for row in rows]
    annotated = teacher.predict_step(left(pool), 0)
    assert [row.target for row in annotated] == [row.target for row in rows]
    assert all(max((row.probabilities or {}).values()) > 0.9 for row in annotated)
    asked = [
        Example(f"{label}{seed}", {}, label, "generated", provenance={"seed": seed, "writing": 0})
        for label in REVIEWS.labels
        for seed in range(16)
    ]
    written = teacher.predict_step(left([encoder.prediction_row(REVIEWS, row) for row in asked]), 0)
    known = {(row.target, row.fields["text"]) for row in rows}
    found = {(row.target, row.fields["text"]) for row in written}
    assert found <= known
    assert len(found) > 4, "it writes different rows of a label, not one"


def test_gradients_are_the_same_with_checkpointing(tiny_causal: Path) -> None:
    batch = batch_of(tiny_causal, ROWS)
    for lora in (None, Lora(rank=2, alpha=4)):
        found: list[dict[str, Any]] = []
        for checkpointing in (False, True):
            torch.manual_seed(0)
            teacher = teacher_of(tiny_causal, lora=lora, gradient_checkpointing=checkpointing)
            assert teacher.language_model.is_gradient_checkpointing == checkpointing
            assert teacher.language_model.training, "in evaluation mode nothing is checkpointed"
            teacher.losses(batch).mean().backward()
            found.append({name: one.grad for name, one in teacher.named_parameters() if one.requires_grad})
        assert found[0].keys() == found[1].keys()
        for name, gradient in found[0].items():
            torch.testing.assert_close(found[1][name], gradient, msg=name)


def test_tied_embeddings_survive_a_checkpoint(tiny_causal: Path, tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(tiny_causal, tie_word_embeddings=True)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_causal).save_pretrained(tmp_path)
    teacher, other = (teacher_of(tmp_path, freeze_embeddings=False) for _ in range(2))
    with torch.no_grad():
        for parameter in teacher.parameters():
            parameter.add_(0.1)
    checkpoint = {"state_dict": teacher.state_dict()}
    teacher.on_save_checkpoint(checkpoint)
    other.on_load_checkpoint(checkpoint)
    other.load_state_dict(checkpoint["state_dict"])
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        torch.testing.assert_close(other.eval().language_model(ids).logits, teacher.eval().language_model(ids).logits)
    head, body = other.language_model.get_output_embeddings(), other.language_model.get_input_embeddings()
    assert head.weight is body.weight


SCALED: dict[str, dict[str, Any]] = {
    "granite": {"logits_scaling": 8.0},
    "cohere": {"logit_scale": 0.0625},
    "gemma2": {"final_logit_softcapping": 2.0, "head_dim": 16, "num_key_value_heads": 2},
}


@pytest.mark.parametrize("kind", SCALED)
def test_the_loss_scales_and_caps_logits_as_the_model_does(tiny_causal: Path, tmp_path: Path, kind: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_causal)
    tokenizer.save_pretrained(tmp_path)
    shape: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    shape |= {"intermediate_size": 64, "vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": 0}
    plain = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, pad_token_id=1, **shape, **SCALED[kind])).eval()
    with torch.no_grad():
        plain.get_output_embeddings().weight.mul_(20.0)
    plain.save_pretrained(tmp_path)
    teacher, batch = teacher_of(tmp_path).eval(), batch_of(tiny_causal, ROWS)
    with torch.no_grad():
        rows = [
            plain(input_ids=ids[None], labels=labels[None]).loss
            for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True)
        ]
        torch.testing.assert_close(teacher.losses(batch).mean(), torch.stack(rows).mean(), atol=1e-3, rtol=1e-3)
