"""The average of a student's weights: what it is, where it is used, and that the student does not notice."""

import json
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BartConfig, BartModel

from lit_synth import recipes
from lit_synth.callbacks import Export
from lit_synth.data import ClassifierEncoder, Mixture, Partition
from lit_synth.data.sources import read_split
from lit_synth.errors import InputError
from lit_synth.examples import Example, write_examples
from lit_synth.modules import Classifier
from lit_synth.settings import Choice, RunSettings, StudentSettings
from lit_synth.stages import run_stage
from lit_synth.tasks.reviews import REVIEWS, Reviews

pytestmark = pytest.mark.filterwarnings("ignore:You're using the WeightAveraging callback:UserWarning")

Weights = dict[str, Tensor]
DECAY = 0.9


def weights_of(student: Classifier) -> Weights:
    return {name: value.detach().clone() for name, value in student.named_parameters()}


def assert_same(found: Weights, expected: Weights, atol: float = 0.0, rtol: float = 0.0) -> None:
    assert found.keys() == expected.keys()
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], msg=name, atol=atol, rtol=rtol)


class Watch(L.Callback):
    """Notes the student's weights after every step, and those that are validated."""

    def __init__(self) -> None:
        self.steps: list[Weights] = []
        self.validated: list[Weights] = []
        self.losses: list[float] = []

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: Any, outputs: Any, *_: Any) -> None:
        self.steps.append(weights_of(pl_module))
        self.losses.append(float(outputs["loss"]))

    def on_validation_batch_end(self, trainer: L.Trainer, pl_module: Any, *_: Any) -> None:
        self.validated.append(weights_of(pl_module))


def student_of(folder: Path, **arguments: Any) -> Classifier:
    torch.manual_seed(0)
    student = Classifier(REVIEWS, str(folder), optimizer=lambda found: torch.optim.AdamW(found, lr=5e-3), **arguments)
    student.configure_model()
    return student


def fit(student: Classifier, rows: Path, output: Path, *callbacks: L.Callback, **options: Any) -> L.Trainer:
    """Train for four steps by default, and validate after every second; without a checkpoint unless asked for."""
    mixture = options.pop("mixture", Mixture())
    data = Reviews(
        ClassifierEncoder(student.name, max_length=32),
        data_dir=str(rows),
        partition=Partition(40),
        mixture=mixture,
        batch_size=options.pop("batch_size", 8),
    )
    resume = options.pop("ckpt_path", None)
    given: dict[str, Any] = {"max_steps": 4, "val_check_interval": 2, "num_sanity_val_steps": 0, "logger": False}
    given |= {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = L.Trainer(accelerator="cpu", default_root_dir=output, callbacks=list(callbacks), **(given | options))
    torch.manual_seed(1)
    trainer.fit(student, data, ckpt_path=resume, weights_only=True)
    return trainer


def average_of(steps: list[Weights], decay: float = DECAY) -> Weights:
    """Return the moving average by its definition, which starts with the first step."""
    average = {name: value.double() for name, value in steps[0].items()}
    for weights in steps[1:]:
        average = {name: decay * value + (1 - decay) * weights[name].double() for name, value in average.items()}
    return {name: value.float() for name, value in average.items()}


CLOSE = {"atol": 1e-6, "rtol": 1e-5}


def test_the_average_is_validated_left_in_the_student_and_exported(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path
) -> None:
    student, watch = student_of(tiny_encoder, average=DECAY), Watch()
    fit(student, reviews_like, tmp_path, watch, Export(tmp_path / "model"))
    assert_same(watch.validated[0], average_of(watch.steps[:2]), **CLOSE)
    assert_same(watch.validated[-1], average_of(watch.steps), **CLOSE)
    assert_same(weights_of(student), average_of(watch.steps), **CLOSE)
    exported = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    assert_same(dict(exported.named_parameters()), dict(student.model.named_parameters()))  # type: ignore[union-attr]
    distance = max(float((value - watch.steps[-1][name]).abs().max()) for name, value in weights_of(student).items())
    assert distance > 1e-3, "the average is not the last step"


def test_the_student_learns_as_it_would_without(tiny_encoder: Path, reviews_like: Path, tmp_path: Path) -> None:
    alone, beside = Watch(), Watch()
    fit(student_of(tiny_encoder), reviews_like, tmp_path, alone)
    student = student_of(tiny_encoder, average=DECAY)
    trainer = fit(student, reviews_like, tmp_path, beside)
    for one, other in zip(alone.steps, beside.steps, strict=True):
        assert_same(one, other)
    plain = student_of(tiny_encoder)
    assert student.state_dict().keys() == plain.state_dict().keys()
    learnt = sum(len(group["params"]) for group in trainer.optimizers[0].param_groups)
    assert learnt == len(list(plain.parameters()))


def test_whole_numbers_among_the_buffers_are_not_averaged(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path
) -> None:
    student = student_of(tiny_encoder, average=DECAY)
    before = {name: value.clone() for name, value in student.named_buffers()}
    assert any("position_ids" in name for name in before)
    fit(student, reviews_like, tmp_path)
    for name, value in student.named_buffers():
        assert torch.equal(value, before[name]), name


def test_a_checkpoint_holds_the_average_and_training_goes_on_from_the_student(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path
) -> None:
    whole, first, second = Watch(), Watch(), Watch()
    resting = {"dropout": 0.0, "average": DECAY, "decay": False, "warmup": 0.0}
    student = student_of(tiny_encoder, **resting)
    fit(student, reviews_like, tmp_path / "whole", whole, max_steps=8)
    saver = ModelCheckpoint(tmp_path / "checkpoints", every_n_train_steps=4)
    options: dict[str, Any] = {"enable_checkpointing": True}
    fit(student_of(tiny_encoder, **resting), reviews_like, tmp_path / "parts", first, saver, **options)
    saved = torch.load(saver.best_model_path, weights_only=True)
    assert_same({name: saved["state_dict"][name] for name in first.steps[0]}, average_of(first.steps), **CLOSE)

    resumed = student_of(tiny_encoder, **resting)
    fit(resumed, reviews_like, tmp_path / "parts", second, max_steps=8, ckpt_path=saver.best_model_path)
    assert len(second.steps) == 4
    assert_same(second.steps[-1], whole.steps[-1], **CLOSE)
    assert_same(weights_of(resumed), weights_of(student), **CLOSE)


def test_tied_weights_stay_tied(tiny_encoder: Path, reviews_like: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    shape: dict[str, Any] = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 1), ("attention_heads", 2), ("ffn_dim", 64))
    }
    ids = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.cls_token_id}
    config = BartConfig(
        vocab_size=len(tokenizer),
        d_model=32,
        max_position_embeddings=64,
        eos_token_id=tokenizer.sep_token_id,
        **shape,
        **ids,
    )
    BartModel(config).save_pretrained(tmp_path / "bart")
    tokenizer.save_pretrained(tmp_path / "bart")
    student, watch = student_of(tmp_path / "bart", average=DECAY), Watch()
    fit(student, reviews_like, tmp_path, watch, Export(tmp_path / "model"))
    assert_same(weights_of(student), average_of(watch.steps), **CLOSE)
    averaging: Any = student.averaging
    exported: Any = AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")
    models: tuple[Any, ...] = (student.model, averaging.average.module.model, exported)
    for model in models:
        assert model.model.shared.weight is model.model.encoder.embed_tokens.weight
        assert model.model.shared.weight is model.model.decoder.embed_tokens.weight


@pytest.fixture
def mixed(reviews_like: Path, tmp_path: Path) -> Mixture:
    """Return gold rows and synthetic ones of half their weight, of which every other label is wrong."""
    words = ("wonderful", "clever", "warm", "superb") * 3
    rows = [
        Example(f"s{n}", {"text": f"honestly , the plot is {word}"}, label, "generated", weight=0.5)
        for n, (word, label) in enumerate(zip(words, ("positive", "negative") * 6, strict=True))
    ]
    write_examples(tmp_path / "wrong.jsonl", rows)
    return Mixture(development=True, synthetic=(tmp_path / "wrong.jsonl",))


def test_synthetic_rows_that_the_average_reads_otherwise_are_left_out_after_a_third_of_the_steps(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, mixed: Mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = student_of(tiny_encoder, average=DECAY, agreement=True)
    positive = REVIEWS.labels.index("positive")
    monkeypatch.setattr(student.averaging, "read", lambda batch: torch.full_like(batch["weight"], positive).long())
    seen: list[tuple[int, dict[str, Any], Tensor]] = []
    weigh = student.row_weights

    def watch(batch: dict[str, Any]) -> Tensor:
        weights = weigh(batch)
        seen.append((student.trainer.global_step, batch, weights))
        return weights

    monkeypatch.setattr(student, "row_weights", watch)
    fit(student, reviews_like, tmp_path, mixture=mixed, max_steps=12)
    assert [step for step, *_ in seen] == list(range(12))
    for step, batch, weights in seen:
        left_out = batch["synthetic"] & (batch["target_probabilities"][:, positive] < 0.5)
        expected = batch["weight"] if step < 4 else torch.where(left_out, 0.0, batch["weight"])
        assert torch.equal(weights, expected), step
    told = [
        (batch["synthetic"], batch["target_probabilities"][:, positive] < 0.5) for step, batch, _ in seen if step > 3
    ]
    assert any((synthetic & wrong).any() and (~synthetic & wrong).any() for synthetic, wrong in told), "gold stays"
    kept, filtered = (
        [weights for step, _, weights in seen if part(step)] for part in (lambda n: n < 4, lambda n: n > 3)
    )
    assert sorted(set(torch.cat(kept).tolist())) == [0.5, 1.0]
    assert sorted(set(torch.cat(filtered).tolist())) == [0.0, 0.5, 1.0]


def test_the_average_reads_as_the_exported_student_does_and_moves_nothing(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path
) -> None:
    """Without dropout, and without a number from the stream that the student's dropout draws from."""
    student = student_of(tiny_encoder, average=DECAY, dropout=0.5)
    fit(student, reviews_like, tmp_path, max_steps=12)
    data = Reviews(ClassifierEncoder(str(tiny_encoder)), data_dir=str(reviews_like), partition=Partition(40))
    averaging: Any = student.averaging
    student.train()
    for batch in data.train_dataloader():
        before = torch.get_rng_state()
        read = averaging.read(batch)
        assert torch.equal(torch.get_rng_state(), before)
        student.eval()
        assert torch.equal(read, student(batch).argmax(dim=1))
        student.train()


def test_a_batch_that_is_left_out_as_a_whole_moves_nothing(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, mixed: Mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, watch = student_of(tiny_encoder, average=DECAY, agreement=True), Watch()
    student.optimizer = lambda found: torch.optim.SGD(found, lr=0.1)
    monkeypatch.setattr(student.averaging, "read", lambda batch: torch.full((len(batch["weight"]),), -1))
    alone = Mixture(gold=False, synthetic=mixed.synthetic)
    trainer = fit(student, reviews_like, tmp_path, watch, mixture=alone, max_steps=6, batch_size=2)
    assert_same(watch.steps[5], watch.steps[1])
    assert watch.losses[2:] == [0.0] * 4
    assert min(watch.losses[:2]) > 0
    assert float(trainer.callback_metrics["train_left_out"]) == 1.0


def test_it_is_found_in_yaml_and_what_is_tested_is_what_is_exported(
    tiny_encoder: Path, reviews_like: Path, tmp_path: Path, mixed: Mixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    settings = StudentSettings(str(tiny_encoder), batch_size=8, max_length=32)
    run = RunSettings(
        "Reviews", tmp_path, data_dir=str(reviews_like), fraction=24, student=settings, trainer={"accelerator": "cpu"}
    )
    mixture = {"gold": True, "gold_weight": 2.0, "synthetic": [str(path) for path in mixed.synthetic]}
    config = recipes.student_fit(run, REVIEWS, 0, tmp_path / "fit", mixture, Choice(1e-2, 6))
    config["model"]["init_args"] |= {
        "loss": {"kind": "generalised", "q": 0.5, "smoothing": 0.1},
        "average": 0.5,
        "agreement": True,
    }
    made: list[Classifier] = []
    monkeypatch.setattr(Classifier, "on_train_start", lambda self: made.append(self))
    run_stage(config, ("fit", "test"))
    student = made[0]
    assert (student.loss.kind, student.loss.q, student.loss.beta, student.loss.smoothing) == (
        "generalised",
        0.5,
        1.0,
        0.1,
    )
    assert student.agreement
    lines = [json.loads(line) for line in (tmp_path / "fit" / "predictions.jsonl").read_text().splitlines()]
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "fit" / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "fit" / "model")
    texts = {row.id: row.fields["text"] for row in read_split(REVIEWS, reviews_like / "test.jsonl")}
    with torch.no_grad():
        for line in lines:
            logits = model(**tokenizer(texts[line["id"]], return_tensors="pt")).logits[0]
            assert list(line["probabilities"].values()) == pytest.approx(logits.softmax(dim=0).tolist(), abs=1e-4)


def test_a_low_precision_is_refused(tiny_encoder: Path, reviews_like: Path, tmp_path: Path) -> None:
    student = student_of(tiny_encoder, average=DECAY)
    with pytest.raises(InputError, match=r"average: not with trainer\.precision bf16-true; give 32-true or bf16-mixed"):
        fit(student, reviews_like, tmp_path, precision="bf16-true")


def test_mixed_precision_averages_too(tiny_encoder: Path, reviews_like: Path, tmp_path: Path, mixed: Mixture) -> None:
    student, watch = student_of(tiny_encoder, average=DECAY, agreement=True), Watch()
    fit(student, reviews_like, tmp_path, watch, precision="bf16-mixed", mixture=mixed)
    assert_same(weights_of(student), average_of(watch.steps), **CLOSE)


@pytest.mark.parametrize("decay", [0.0, 1.0, 1.5, -0.5])
def test_a_decay_out_of_range_is_one_line(decay: float) -> None:
    with pytest.raises(InputError, match=f"average {decay:g}: give a decay between 0 and 1, such as 0.99"):
        Classifier(REVIEWS, average=decay)


def test_agreement_needs_an_average() -> None:
    with pytest.raises(InputError, match="agreement true: it asks an average of the student"):
        Classifier(REVIEWS, agreement=True)
