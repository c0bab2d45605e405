from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, BartConfig

from lit_synth.errors import InputError
from lit_synth.examples import Example, Origin
from lit_synth.modules import Seq2Seq
from lit_synth.task import Task

# The loss of a model made of two others is warned about once: it was another one before 2021.
pytestmark = pytest.mark.filterwarnings("ignore:Version v4.12.0 introduces:FutureWarning")

TASK = Task("tell", ("mood",), "text", (), metrics=("rougeL",))
ROWS = [
    Example("1", {"mood": "warm"}, "a warm and funny film", references=("a warm and funny film", "the film is warm")),
    Example("2", {"mood": "dull"}, "two hours of a dull plot", references=("two hours of a dull plot",)),
    Example("3", {"mood": "a bore , in the end"}, "the script was a bore"),
]
ORIGINS: tuple[Origin, ...] = ("gold", "annotated", "generated")
KINDS = ("bart", "t5", "encoder-decoder")


def student_of(folder: Path, **arguments: Any) -> Seq2Seq:
    torch.manual_seed(0)
    student = Seq2Seq(TASK, str(folder), **arguments)
    student.configure_model()
    return student.eval()


def batch_of(folder: Path, rows: list[Example] = ROWS) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    source = tokenizer([row.fields["mood"] for row in rows], padding=True, return_tensors="pt")
    target = tokenizer([str(row.target) for row in rows], padding=True, return_tensors="pt")
    labels = target["input_ids"].masked_fill(target["attention_mask"] == 0, -100)
    inputs = {"input_ids": source["input_ids"], "attention_mask": source["attention_mask"]}
    return {**inputs, "labels": labels, "weight": torch.tensor([row.weight for row in rows]), "example": rows}


class OneBatch(L.LightningDataModule):
    """One batch for every step; like the project's own it leaves examples where they are."""

    def __init__(self, batch: dict[str, Any], steps: int) -> None:
        super().__init__()
        self.batch = batch
        self.steps = steps

    def train_dataloader(self) -> Any:
        return DataLoader([self.batch] * self.steps, batch_size=None)  # type: ignore[arg-type]

    def val_dataloader(self) -> Any:
        return DataLoader([self.batch], batch_size=None)  # type: ignore[arg-type]

    def test_dataloader(self) -> Any:
        return self.val_dataloader()

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch


def trainer_in(folder: Path, **options: Any) -> L.Trainer:
    return L.Trainer(
        accelerator="cpu",
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


def optimizer(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, lr=1e-2)


class Texts(L.Callback):
    def __init__(self) -> None:
        self.found: list[str] = []

    def on_test_batch_end(self, *arguments: Any, **_: Any) -> None:
        self.found = arguments[2]["texts"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_three_texts_validates_and_tests(
    kind: str, tiny_seq2seq: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_seq2seq(kind)
    data, texts = OneBatch(batch_of(folder), 150), Texts()
    student = student_of(folder, optimizer=optimizer, dropout=0.0)
    untrained = student.generate(data.batch)
    trainer = trainer_in(tmp_path, max_epochs=1, callbacks=[texts])
    trainer.fit(student.train(), data)
    assert all(module.training for module in student.modules()), "generation leaves no part in evaluation mode"
    assert float(trainer.callback_metrics["val_rougeL"]) == 1.0
    assert float(trainer.callback_metrics["val_loss"]) < 0.1
    trainer.test(student, data, verbose=False)
    model: Any = student.model
    first = model.generate(**{name: data.batch[name] for name in ("input_ids", "attention_mask")})[:, 1]
    assert model.generation_config.decoder_start_token_id not in first
    assert untrained != [row.target for row in ROWS] == texts.found
    assert not trainer.callback_metrics


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_mean_over_the_targets_tokens(kind: str, tiny_seq2seq: Callable[[str], Path]) -> None:
    folder = tiny_seq2seq(kind)
    student, batch = student_of(folder), batch_of(folder)
    assert (batch["labels"] == -100).any()
    losses = []
    for index, row in enumerate(ROWS):
        alone = batch_of(folder, [row])
        start = torch.tensor([[student.model.config.decoder_start_token_id]])  # type: ignore[union-attr]
        decoder = torch.cat([start, alone["labels"][:, :-1]], dim=1)
        model: Any = student.model
        logs = model(input_ids=alone["input_ids"], decoder_input_ids=decoder).logits[0].log_softmax(dim=1)
        losses.append(-logs.gather(1, alone["labels"].T)[:, 0])
        assert len(losses[index]) == int((batch["labels"][index] >= 0).sum())
    torch.testing.assert_close(student(batch), torch.cat(losses).mean(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_start_is_no_target(kind: str, tiny_seq2seq: Callable[[str], Path]) -> None:
    student, batch = student_of(tiny_seq2seq(kind)), batch_of(tiny_seq2seq(kind))
    start = student.model.config.decoder_start_token_id  # type: ignore[union-attr]
    starts_so = kind != "t5"
    assert bool((batch["labels"][:, 0] == start).all()) == starts_so, "BERT's tokenizer puts it in front"
    labels = student.on_after_batch_transfer(batch, 0)["labels"]
    assert labels.tolist() == batch["labels"][:, int(starts_so) :].tolist()
    known = {name: value for name, value in batch.items() if name != "labels"}
    assert student.on_after_batch_transfer(known, 0) is known


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_counts_as_much_as_its_weight(kind: str, tiny_seq2seq: Callable[[str], Path]) -> None:
    folder = tiny_seq2seq(kind)
    student = student_of(folder)
    student.log = lambda *_, **__: None  # type: ignore[method-assign]
    plain: Any = student.model
    batch = batch_of(folder)
    known = {name: batch[name] for name in ("input_ids", "attention_mask", "labels")}
    torch.testing.assert_close(student.training_step(batch, 0), plain(**known).loss, atol=1e-6, rtol=1e-6)
    weights = (2.0, 0.5, 0.0)
    rows = [replace(row, weight=weight) for row, weight in zip(ROWS, weights, strict=True)]
    each = [student(batch_of(folder, [row])) for row in rows]
    tokens = (batch["labels"] >= 0).sum(dim=1).tolist()
    shares = [weight * count for weight, count in zip(weights, tokens, strict=True)]
    expected = sum(share * loss for share, loss in zip(shares, each, strict=True)) / sum(shares)
    torch.testing.assert_close(student.training_step(batch_of(folder, rows), 0), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(student(batch_of(folder, rows)), student(batch), atol=0, rtol=0)


def test_it_annotates_rows_with_texts_that_ended(tiny_seq2seq: Callable[[str], Path], tmp_path: Path) -> None:
    """Of a BART that starts with the token with which it ends, as its checkpoints do."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_seq2seq("bart"))
    tokenizer.save_pretrained(tmp_path)
    plain = AutoModelForSeq2SeqLM.from_pretrained(tiny_seq2seq("bart"))
    for config in (plain.config, plain.generation_config):
        config.decoder_start_token_id = config.eos_token_id
    plain.save_pretrained(tmp_path)
    student = student_of(tmp_path, dropout=0.0)
    student.log = lambda *_, **__: None  # type: ignore[method-assign]
    chosen = optimizer(student.parameters())
    batch = batch_of(tmp_path)
    for _ in range(100):
        chosen.zero_grad()
        student.training_step(batch, 0).backward()
        chosen.step()
    asked = [replace(row.with_target(None), origin=origin) for row, origin in zip(ROWS, ORIGINS, strict=True)]
    found = student.predict_step(batch | {"example": asked}, 0)
    assert [row.target for row in found] == [row.target for row in ROWS]
    assert [row.provenance["answer"] for row in found] == [row.target for row in ROWS]
    assert [row.origin for row in found] == ["annotated", "annotated", "generated"]
    assert [row.fields for row in found] == [row.fields for row in ROWS]
    lengths = (batch["labels"] >= 0).sum(dim=1)
    student.model.generation_config.max_new_tokens = int(lengths.max()) - 1  # type: ignore[union-attr]
    short = student.predict_step(batch | {"example": asked}, 0)
    assert [row.target is not None for row in short] == (lengths < lengths.max()).tolist()
    assert any(row.target for row in short)


def test_the_validation_loss_weighs_tokens_and_rouge_takes_the_best_reference(
    tiny_seq2seq: Callable[[str], Path],
) -> None:
    folder = tiny_seq2seq("bart")
    student, batch = student_of(folder), batch_of(folder)
    logged: dict[str, Any] = {}
    student.log = lambda name, value, **options: logged.update({name: (value, options)})  # type: ignore[method-assign]
    student.generate = lambda batch: ["the films is warm", "two hours", "nothing"]  # type: ignore[method-assign]
    student.validation_step(batch, 0)
    assert logged["val_loss"][1]["batch_size"] == int((batch["labels"] >= 0).sum())
    by_hand = (1.0 + 2 * (1.0 * 2 / 6) / (1.0 + 2 / 6) + 0.0) / 3
    assert float(logged["val_rougeL"][0].compute()) == pytest.approx(by_hand)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_no_text(kind: str, tiny_seq2seq: Callable[[str], Path]) -> None:
    student = student_of(tiny_seq2seq(kind), max_new_tokens=8)
    together = student.generate(batch_of(tiny_seq2seq(kind)))
    assert together == [text for row in ROWS for text in student.generate(batch_of(tiny_seq2seq(kind), [row]))]


@pytest.mark.parametrize("kind", KINDS)
def test_an_exported_student_generates_the_same_texts(
    kind: str, tiny_seq2seq: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tiny_seq2seq(kind)
    student = student_of(folder, num_beams=3, max_new_tokens=7, length_penalty=0.5, no_repeat_ngram_size=2)
    student.export(tmp_path / "model")
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    chosen = model.generation_config
    assert (chosen.num_beams, chosen.max_new_tokens, chosen.length_penalty, chosen.no_repeat_ngram_size) == (
        3,
        7,
        0.5,
        2,
    )
    batch = batch_of(folder)
    tokens = model.generate(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    assert tokens.shape[1] <= 1 + 7
    assert [text.strip() for text in tokenizer.batch_decode(tokens, skip_special_tokens=True)] == student.generate(
        batch
    )
    assert all(torch.equal(value, student.model.state_dict()[name]) for name, value in model.state_dict().items())  # type: ignore[union-attr]


def test_greedy_writing_exports_without_what_only_beams_read(
    tiny_seq2seq: Callable[[str], Path], tmp_path: Path
) -> None:
    student = student_of(tiny_seq2seq("bart"), length_penalty=2.0)
    student.export(tmp_path / "model")
    assert AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "model").generation_config.length_penalty is None


def test_a_checkpoints_own_habits_are_not_kept(tiny_seq2seq: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tiny_seq2seq("bart")
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.generation_config.update(min_length=20, num_beams=4, early_stopping=True, max_length=30)
    model.generation_config.forced_bos_token_id = tokenizer.mask_token_id
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    chosen: Any = student_of(tmp_path).model.generation_config  # type: ignore[union-attr]
    assert (chosen.min_length, chosen.early_stopping, chosen.max_length) == (None, None, None)
    assert (chosen.num_beams, chosen.max_new_tokens) == (1, 64)
    assert chosen.forced_bos_token_id == tokenizer.mask_token_id, "but how it starts is"


def test_a_model_that_does_not_say_how_it_starts_is_one_line(
    tiny_seq2seq: Callable[[str], Path], tmp_path: Path
) -> None:
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(tiny_seq2seq("encoder-decoder"))
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id = None
    model.save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"no decoder_start_token_id is given; add it to the folder's config\.json"):
        student_of(tmp_path)


@pytest.mark.parametrize(("kind", "count"), [("bart", 1), ("t5", 1), ("encoder-decoder", 2)])
def test_frozen_embeddings_stay_as_they_are(kind: str, count: int, tiny_seq2seq: Callable[[str], Path]) -> None:
    student = student_of(tiny_seq2seq(kind), freeze_embeddings=True)
    frozen = [name for name, parameter in student.named_parameters() if not parameter.requires_grad]
    assert len(frozen) == count
    assert all("shared" in name or "word_embeddings" in name for name in frozen)


@pytest.mark.parametrize("kind", KINDS)
def test_without_dropout_two_passes_agree_and_with_it_they_do_not(
    kind: str, tiny_seq2seq: Callable[[str], Path]
) -> None:
    batch = batch_of(tiny_seq2seq(kind))
    own, without = student_of(tiny_seq2seq(kind)).train(), student_of(tiny_seq2seq(kind), dropout=0.0).train()
    assert not torch.equal(own(batch), own(batch))
    torch.testing.assert_close(without(batch), without(batch), atol=0, rtol=0)
    rates = [
        layer.p for layer in student_of(tiny_seq2seq(kind), dropout=0.3).modules() if isinstance(layer, nn.Dropout)
    ]
    assert set(rates) <= {0.3}


def test_it_is_loaded_in_training_mode(tiny_seq2seq: Callable[[str], Path]) -> None:
    student = Seq2Seq(TASK, str(tiny_seq2seq("bart")))
    student.configure_model()
    assert all(module.training for module in student.modules())


def test_bart_large_is_made_without_memory(tiny_encoder: Path, tmp_path: Path) -> None:
    BartConfig().save_pretrained(tmp_path)  # its defaults are BART-Large
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(tmp_path)
    with torch.device("meta"):
        student = student_of(tmp_path, weights=False)
    assert 405e6 < sum(parameter.numel() for parameter in student.parameters()) < 408e6
