"""The student of a text-to-text task: any model with an encoder and a decoder, trained on target texts."""

from functools import cached_property
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.cli import OptimizerCallable
from rouge_score.rouge_scorer import RougeScorer
from torch import Tensor, nn
from torchmetrics import MeanMetric
from transformers import AutoModelForSeq2SeqLM, GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.modules.annotations import answered
from lit_synth.modules.finite import check_finite
from lit_synth.modules.losses import weighted_mean
from lit_synth.modules.meter import Meter
from lit_synth.modules.optimization import clip, configure, default_optimizer
from lit_synth.modules.pretrained import load_pretrained, loaded, save_pretrained
from lit_synth.modules.target_logits import target_logits
from lit_synth.modules.throughput import Throughput
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer

REQUIRED = ("decoder_start_token_id", "eos_token_id", "pad_token_id")
"""Without the first a model cannot start to write, without the second it never ends."""
OPTIONAL = ("bos_token_id", "forced_bos_token_id")
DROPOUTS = ("dropout", "attention_dropout", "activation_dropout")
"""Attributes in which BART and its kin keep their rates; other models have layers."""


class Seq2Seq(L.LightningModule):
    """Fine-tunes any ``AutoModelForSeq2SeqLM`` on gold and synthetic target texts alike.

    Batches hold ``input_ids`` and ``attention_mask`` of shape ``(batch, source)``; to train and validate ``labels`` of
    shape ``(batch, target)``, which end with the end token and hold -100 behind it; to train ``weight`` of shape
    ``(batch,)``; to validate, test and predict ``example``.

    Args:
        task: Linked from the data module.
        model: Folder, hub name, or ``embedded:seq2seq``.
        optimizer: Makes the optimizer.
        warmup: Share of the steps in which the learning rate rises.
        decay: Whether the learning rate falls to 0 at the last step.
        freeze_embeddings: Leave the token embeddings as they are, and the output layer where it shares them.
        dropout: Of every dropout layer; ``None`` leaves the model's own.
        weights: Without, random weights are made from the configuration alone.
        num_beams: Texts kept in beam search; 1 is greedy.
        max_new_tokens: Longest text in tokens.
        length_penalty: Of beam search: above 0 longer texts are preferred.
        no_repeat_ngram_size: No run of so many tokens is written twice; 0 allows any.
    """

    def __init__(
        self,
        task: Task,
        model: str = "embedded:seq2seq",
        optimizer: OptimizerCallable = default_optimizer,
        warmup: float = 0.1,
        decay: bool = True,
        freeze_embeddings: bool = False,
        dropout: float | None = None,
        weights: bool = True,
        num_beams: int = 1,
        max_new_tokens: int = 64,
        length_penalty: float = 1.0,
        no_repeat_ngram_size: int = 0,
    ) -> None:
        super().__init__()
        self.task = task
        self.name = model
        self.optimizer = optimizer
        self.warmup = warmup
        self.decay = decay
        self.freeze_embeddings = freeze_embeddings
        self.dropout = dropout
        self.weights = weights
        self.writing: dict[str, Any] = {
            "num_beams": num_beams,
            "max_new_tokens": max_new_tokens,
            "no_repeat_ngram_size": no_repeat_ngram_size,
        }
        if num_beams > 1:
            self.writing["length_penalty"] = length_penalty
        self.meter = Meter(targets=True)
        self.rouge = MeanMetric()
        self.scorer = RougeScorer(["rougeL"], use_stemmer=True)
        self.model: PreTrainedModel | None = None

    def configure_model(self) -> None:
        """Load the model, and have it write as asked, also where it is exported to.

        Raises:
            InputError: The model does not say how a text starts and ends.
        """
        if self.model is not None:
            return
        model = load_pretrained(AutoModelForSeq2SeqLM, self.name, self._trainer, self.weights)
        # A checkpoint's own habits (a shortest length, beams) belong to what it was trained for before.
        model.generation_config = GenerationConfig(**_token_ids(model, self.name), **self.writing)
        if self.freeze_embeddings:
            for part in (model, model.get_encoder(), model.get_decoder()):
                part.get_input_embeddings().requires_grad_(False)
        if self.dropout is not None:
            _set_dropout(model, self.dropout)
        self.model = model

    def on_after_batch_transfer(self, batch: dict[str, Any], dataloader_idx: int) -> dict[str, Any]:
        """Take from the targets the token with which the decoder starts anyway.

        BERT's tokenizer puts it in front of a text. Learnt as a target, it is what follows itself: an undertrained
        decoder then writes it without end, which is an empty text.
        """
        start = loaded(self.model).generation_config.decoder_start_token_id
        if "labels" in batch and bool((batch["labels"][:, 0] == start).all()):
            return {**batch, "labels": batch["labels"][:, 1:].contiguous()}
        return batch

    def forward(self, batch: dict[str, Any]) -> Tensor:
        """Return the mean cross-entropy of the targets' tokens."""
        return weighted_mean(self.losses(batch), (batch["labels"] >= 0).float())

    def losses(self, batch: dict[str, Any]) -> Tensor:
        """Return the cross-entropy of every target token, of shape ``(batch, target)``, and 0 behind the end."""
        labels = batch["labels"]
        inputs = {key: batch[key] for key in ("input_ids", "attention_mask")}
        logits = target_logits(loaded(self.model), inputs, labels)
        wanted = labels >= 0
        found = nn.functional.cross_entropy(logits.float(), labels[wanted], reduction="none")
        return found.new_zeros(labels.shape).masked_scatter(wanted, found)

    def generate(self, batch: dict[str, Any]) -> list[str]:
        """Return a text for each row."""
        return [text for text, _ in self.write(batch)]

    def write(self, batch: dict[str, Any]) -> list[tuple[str, bool]]:
        """Return a text for each row, and whether it ended by itself."""
        model: Any = loaded(self.model)
        tokens = model.generate(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
        # Some models start with the token that ends a text.
        ends = torch.as_tensor(model.generation_config.eos_token_id, device=tokens.device)
        ended = torch.isin(tokens[:, 1:], ends).any(dim=1).tolist()
        self.meter.wrote((tokens[:, 1:] != model.generation_config.pad_token_id).sum())
        texts = self.tokenizer.batch_decode(tokens, skip_special_tokens=True)
        return [(text.strip(), whole) for text, whole in zip(texts, ended, strict=True)]

    def training_step(self, batch: dict[str, Any], batch_index: int) -> Tensor:
        """Return and log the mean cross-entropy of the targets' tokens, each of them weighed as its row is."""
        loss = weighted_mean(self.losses(batch), batch["weight"][:, None] * (batch["labels"] >= 0))
        check_finite(self, loss, batch)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch["input_ids"]))
        return loss

    def validation_step(self, batch: dict[str, Any], batch_index: int) -> None:
        """Log the loss of a target token and ROUGE-L of the generated texts on the development part."""
        self.log("val_loss", self(batch), prog_bar=True, batch_size=int((batch["labels"] >= 0).sum()), sync_dist=True)
        for text, example in zip(self.generate(batch), batch["example"], strict=True):
            self.rouge.update(self._rouge(text, example))
        self.log("val_rougeL", self.rouge, prog_bar=True, batch_size=len(batch["example"]))

    def test_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, Any]:
        """Return ``texts``, one a row; the task's metrics are of the whole test set, so no figure is logged."""
        return {"texts": self.generate(batch)}

    def predict_step(self, batch: dict[str, Any], batch_index: int) -> list[Example]:
        """Return one annotated record a row, as a teacher does; a text that did not end in time is none."""
        pairs = zip(batch["example"], self.write(batch), strict=True)
        return [answered(example, text if ended else None) for example, (text, ended) in pairs]

    def configure_callbacks(self) -> list[L.Callback]:
        """Return what counts tokens, and what tells how fast it learns."""
        return [self.meter, Throughput()]

    def configure_optimizers(self) -> Any:
        """Return optimizer and schedule."""
        return configure(self, self.optimizer, self.warmup, self.decay)

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip, whichever form the optimizer has."""
        clip(self, optimizer, gradient_clip_val, gradient_clip_algorithm)

    def export(self, folder: Path) -> None:
        """Save the model with its tokenizer and how it writes, for ``AutoModelForSeq2SeqLM`` and its ``generate``.

        Transformers 5 has no pipeline for text to text any more.
        """
        save_pretrained(loaded(self.model), self.tokenizer, folder)

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.name)

    def _rouge(self, text: str, example: Example) -> float:
        references = example.references or (str(example.target),)
        return max(float(self.scorer.score(reference, text)["rougeL"].fmeasure) for reference in references)


def _token_ids(model: PreTrainedModel, name: str) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for place in (model.config, model.generation_config):  # the second has the last word
        found = {key: getattr(place, key, None) for key in (*REQUIRED, *OPTIONAL)}
        known |= {key: value for key, value in found.items() if value is not None}
    missing = [key for key in REQUIRED if key not in known]
    if missing:
        raise InputError(f"model {name}: no {missing[0]} is given; add it to the folder's config.json")
    return known


def _set_dropout(model: PreTrainedModel, rate: float) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = rate
        for name in DROPOUTS:
            if isinstance(getattr(module, name, None), (int, float)):
                setattr(module, name, rate)
