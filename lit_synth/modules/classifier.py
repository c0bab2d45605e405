"""The student of a classification task: any encoder with a classification head, trained on probabilities."""

from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import BinaryF1Score, MulticlassAccuracy, MulticlassF1Score
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from lit_synth.modules.optimization import configure, default_optimizer
from lit_synth.modules.pretrained import load_pretrained, loaded, save_pretrained
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer


class Classifier(L.LightningModule):
    """Fine-tunes any ``AutoModelForSequenceClassification`` on one-hot gold and soft synthetic targets alike.

    Batches hold ``input_ids``, ``attention_mask`` and, where the model has them, ``token_type_ids`` of shape
    ``(batch, sequence)``; for training ``target_probabilities`` of shape ``(batch, labels)``, else ``example``.

    Args:
        task: Linked from the data module.
        model: Folder, hub name, or ``embedded:student``.
        optimizer: Makes the optimizer.
        warmup: Share of the steps in which the learning rate rises.
        decay: Whether the learning rate falls to 0 at the last step.
        freeze_embeddings: Leave the token embeddings as they are.
        dropout: Of every dropout layer; ``None`` leaves the model's own.
        weights: Without, random weights are made from the configuration alone.
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
        """Return and log the cross-entropy against the target probabilities."""
        loss = nn.functional.cross_entropy(self(batch), batch["target_probabilities"])
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch["input_ids"]))
        return loss

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

    def configure_optimizers(self) -> Any:
        """Return optimizer and schedule."""
        return configure(self, self.optimizer, self.warmup, self.decay)

    def export(self, folder: Path) -> None:
        """Save the model with its tokenizer and label names, for ``transformers.pipeline``."""
        save_pretrained(loaded(self.model), load_tokenizer(self.name), folder)
