"""The student of a classification task: any encoder with a classification head, trained on probabilities."""

from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import BinaryF1Score, MulticlassAccuracy, MulticlassF1Score
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.modules.annotations import labelled
from lit_synth.modules.averaging import Averaging
from lit_synth.modules.finite import check_finite
from lit_synth.modules.first_token import read_first_token_alone
from lit_synth.modules.losses import Loss, weighted_mean
from lit_synth.modules.meter import Meter
from lit_synth.modules.optimization import configure, default_optimizer
from lit_synth.modules.pretrained import load_pretrained, loaded, save_pretrained
from lit_synth.modules.throughput import Throughput
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer


class Classifier(L.LightningModule):
    """Fine-tunes any ``AutoModelForSequenceClassification`` on one-hot gold and soft synthetic targets alike.

    Batches hold ``input_ids``, ``attention_mask`` and, where the model has them, ``token_type_ids`` of shape
    ``(batch, sequence)``; to train and validate ``target_probabilities`` of shape ``(batch, labels)``, ``weight`` and
    ``synthetic`` of shape ``(batch,)``, else ``example``.

    Args:
        task: Linked from the data module.
        model: Folder, hub name, or ``embedded:student``; a student's own folder keeps its head.
        optimizer: Makes the optimizer.
        warmup: Share of the steps in which the learning rate rises.
        decay: Whether the learning rate falls to 0 at the last step.
        freeze_embeddings: Leave the token embeddings as they are.
        dropout: Of every dropout layer; ``None`` leaves the model's own.
        weights: Without, random weights are made from the configuration alone.
        loss: Of a row in training; validation keeps the plain cross-entropy, so that figures can be compared.
        average: Decay a step of an average of the weights, which is then validated, tested and exported; `Averaging`.
        agreement: After a third of the steps, leave a synthetic row out where the average reads another label, after
            Nguyen et al., arXiv 1910.01842 (theirs averages predictions over epochs too).

    Raises:
        InputError: A decay out of its range, or agreement with no average.
    """

    def __init__(
        self,
        task: Task,
        model: str = "embedded:student",
        optimizer: OptimizerCallable = default_optimizer,
        warmup: float = 0.1,
        decay: bool = True,
        freeze_embeddings: bool = False,
        dropout: float | None = None,
        weights: bool = True,
        loss: Loss = Loss(),
        average: float | None = None,
        agreement: bool = False,
    ) -> None:
        super().__init__()
        if average is not None and not 0 < average < 1:
            raise InputError(f"average {average:g}: give a decay between 0 and 1, such as 0.99, or leave it out")
        if agreement and average is None:
            raise InputError("agreement true: it asks an average of the student; give average a decay, such as 0.99")
        self.task = task
        self.name = model
        self.optimizer = optimizer
        self.warmup = warmup
        self.decay = decay
        self.freeze_embeddings = freeze_embeddings
        self.dropout = dropout
        self.weights = weights
        self.loss = loss
        self.averaging = Averaging(average) if average is not None else None
        self.agreement = agreement
        self.meter = Meter()
        count = len(task.labels)
        metrics: dict[str, Metric | MetricCollection] = {
            "accuracy": MulticlassAccuracy(count, average="micro"),
            "macro_f1": MulticlassF1Score(count, average="macro"),
        }
        self.validation_metrics = MetricCollection(metrics, prefix="val_")
        # MultiRC's headline: F1 of its second label over all answers.
        self.positive_f1 = BinaryF1Score() if "f1a" in task.metrics else None
        self.model: PreTrainedModel | None = None

    def configure_model(self) -> None:
        """Load the encoder with a head for the task's labels."""
        if self.model is not None:
            return
        labels = dict(enumerate(self.task.labels))
        self.model = load_pretrained(
            AutoModelForSequenceClassification,
            self.name,
            self._trainer,
            self.weights,
            id2label=labels,
            label2id={label: index for index, label in labels.items()},
        )
        read_first_token_alone(self.model)
        if self.freeze_embeddings:
            self.model.get_input_embeddings().requires_grad_(False)
        for layer in self.model.modules():
            if isinstance(layer, nn.Dropout) and self.dropout is not None:
                layer.p = self.dropout

    def forward(self, batch: dict[str, Any]) -> Tensor:
        """Return logits of shape ``(batch, labels)``."""
        known = {key: batch[key] for key in ("input_ids", "attention_mask", "token_type_ids") if key in batch}
        logits: Tensor = loaded(self.model)(**known).logits
        return logits

    def training_step(self, batch: dict[str, Any], batch_index: int) -> Tensor:
        """Return and log the weighted mean of the rows' losses."""
        losses = self.loss(self(batch), batch["target_probabilities"], batch["synthetic"])
        loss = weighted_mean(losses, self.row_weights(batch))
        check_finite(self, loss, batch)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch["input_ids"]))
        return loss

    def row_weights(self, batch: dict[str, Any]) -> Tensor:
        """Return how much each row counts, of shape ``(batch,)``."""
        weights: Tensor = batch["weight"]
        if self.averaging is None or not self.agreement or not batch["synthetic"].any():
            return weights
        # Before that it has learnt too little to judge.
        if self.trainer.global_step < self.trainer.estimated_stepping_batches / 3:
            return weights
        differs = self.averaging.read(batch) != batch["target_probabilities"].argmax(dim=1)
        left_out = differs & batch["synthetic"]
        self.log("train_left_out", left_out.float().mean(), batch_size=len(left_out))
        return weights.masked_fill(left_out, 0.0)

    def validation_step(self, batch: dict[str, Any], batch_index: int) -> None:
        """Log loss, accuracy and macro-F1 on the development part."""
        logits, targets = self(batch), batch["target_probabilities"]
        self.validation_metrics(logits, targets.argmax(dim=1))
        loss = nn.functional.cross_entropy(logits, targets)
        self.log("val_loss", loss, prog_bar=True, batch_size=len(targets), sync_dist=True)
        self.log_dict(self.validation_metrics, batch_size=len(targets))
        if self.positive_f1 is not None:
            self.positive_f1(logits.argmax(dim=1), targets.argmax(dim=1))
            self.log("val_f1a", self.positive_f1, batch_size=len(targets))

    def test_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, Tensor]:
        """Return ``probabilities`` of shape ``(batch, labels)``; `Predictions` makes figures of them."""
        return {"probabilities": self(batch).softmax(dim=1)}

    def predict_step(self, batch: dict[str, Any], batch_index: int) -> list[Example]:
        """Return one annotated record a row, as a teacher does."""
        return labelled(self.task, batch["example"], self(batch).softmax(dim=1))

    def configure_callbacks(self) -> list[Callback]:
        """Return what counts tokens, tells how fast it learns, and averages the weights where that is asked for."""
        return [self.meter, Throughput(), *([self.averaging] if self.averaging is not None else ())]

    def configure_optimizers(self) -> Any:
        """Return optimizer and schedule."""
        return configure(self, self.optimizer, self.warmup, self.decay)

    def export(self, folder: Path) -> None:
        """Save the model with its tokenizer and label names, for ``transformers.pipeline``."""
        save_pretrained(loaded(self.model), load_tokenizer(self.name), folder)
