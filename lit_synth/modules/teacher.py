"""The teacher: a causal language model that learns both directions from gold, then annotates or generates."""

from functools import cached_property
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.cli import OptimizerCallable
from peft import PeftModel
from torch import Tensor, nn
from torchmetrics import MeanMetric
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from lit_synth.decoding.decoders import Decoder, LocalTeacher, served
from lit_synth.decoding.engine import Engine
from lit_synth.decoding.forward import has_plain_head
from lit_synth.decoding.trie import LabelScore
from lit_synth.decoding.writing import Sampling
from lit_synth.embedded import resolve
from lit_synth.errors import InputError
from lit_synth.examples import Example
from lit_synth.modules.adapters import Lora, bare, merged
from lit_synth.modules.finite import check_finite
from lit_synth.modules.label_scores import LabelScorer
from lit_synth.modules.meter import Meter
from lit_synth.modules.optimization import clip, configure, default_optimizer
from lit_synth.modules.pretrained import dtype_of, load_pretrained, loaded, save_pretrained
from lit_synth.modules.previews import Previews
from lit_synth.modules.sharding import kept_whole, rebuilt, sharded, shards_weights, whole_weights
from lit_synth.modules.speaking import Speaker
from lit_synth.modules.throughput import Throughput
from lit_synth.task import Task
from lit_synth.tokenizer import load_tokenizer


class Teacher(L.LightningModule):
    """Fine-tunes any ``AutoModelForCausalLM``; predicts label probabilities or new inputs.

    Batches of `fit` hold ``input_ids``, ``attention_mask`` and ``labels`` of shape ``(batch, sequence)``; those of
    `predict` and `test` hold prompts padded on the left, and the ``example`` of each row.

    Args:
        task: Linked from the data module.
        model: Folder, hub name, or ``embedded:teacher``.
        optimizer: Makes the optimizer.
        warmup: Share of the steps in which the learning rate rises.
        lora: Adapters; ``None`` trains the model in full.
        freeze_embeddings: Leave the token embeddings as they are.
        gradient_checkpointing: Trade time for memory.
        generate_weight: Weight of the rows that teach writing, against 1 of those that teach annotation.
        sampling: How it writes.
        samples: Text to text: further texts that are drawn for an input beside the likeliest one.
        label_score: What a label counts by; see `LabelScorer`.
        weights: Without, random weights are made from the configuration alone.
        engine: What runs the model where nothing is learnt.
    """

    def __init__(
        self,
        task: Task,
        model: str = "embedded:teacher",
        optimizer: OptimizerCallable = default_optimizer,
        warmup: float = 0.1,
        lora: Lora | None = None,
        freeze_embeddings: bool = True,
        gradient_checkpointing: bool = False,
        generate_weight: float = 1.0,
        sampling: Sampling = Sampling(),
        samples: int = 0,
        label_score: LabelScore = "sum",
        weights: bool = True,
        engine: Engine = Engine(),
    ) -> None:
        super().__init__()
        # No hyper-parameters are saved: in a checkpoint they would beat the YAML in silence.
        self.task = task
        self.name = model
        self.optimizer = optimizer
        self.warmup = warmup
        self.lora = lora
        self.freeze_embeddings = freeze_embeddings
        self.gradient_checkpointing = gradient_checkpointing
        self.generate_weight = generate_weight
        self.sampling = sampling
        self.samples = samples
        self.label_score = label_score
        self.weights = weights
        self.engine = engine
        self.annotate_loss, self.generate_loss = MeanMetric(), MeanMetric()
        self.meter = Meter()
        self.meter.devices = engine.tensor_parallel
        self.model: PreTrainedModel | PeftModel | None = None

    def configure_model(self) -> None:
        """Load the model; Lightning calls this once for every use of the module."""
        if self.model is not None or self._is_served:
            return
        model = load_pretrained(AutoModelForCausalLM, self.name, self._trainer, self.weights)
        if self.gradient_checkpointing:
            model.gradient_checkpointing_enable()
        if self.freeze_embeddings:
            model.get_input_embeddings().requires_grad_(False)
        with kept_whole(self._trainer):
            adapted = self.lora.on(model) if self.lora else model
        self.model = sharded(adapted, self._trainer)  # type: ignore[assignment]

    @property
    def decoder(self) -> Decoder:
        """What reads and writes: the model of this process, or the engine that runs it."""
        if self._is_served:
            return served(self.engine, str(resolve(self.name)), dtype_of(self._trainer))
        return LocalTeacher(self.language_model)

    @property
    def speaker(self) -> Speaker:
        """What answers prompts with the weights and settings of now."""
        words, sampling = self.tokenizer, self.sampling
        ends = [int(words.eos_token_id), *(self.line_breaks if sampling.one_line else ())]
        return Speaker(self.task, self.decoder, words, self.scorer, sampling, self.samples, ends, self.meter)

    @property
    def _is_served(self) -> bool:
        return self.engine.serves and (self._trainer is None or self._trainer.state.fn in ("test", "predict"))

    @property
    def is_sharded(self) -> bool:
        """Whether each device holds a part of the weights only."""
        return shards_weights(self._trainer)

    @property
    def language_model(self) -> PreTrainedModel:
        """The model itself, without the wrapper of its adapters."""
        return bare(loaded(self.model))

    def losses(self, batch: dict[str, Any]) -> Tensor:
        """Return the mean cross-entropy of each row's completion tokens, of shape ``(batch,)``.

        The vocabulary is scored at the positions of completions only; the mean over rows is the loss, so that a short
        label weighs as much as a long text.
        """
        language_model = self.language_model
        inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        targets = batch["labels"][:, 1:]
        wanted = targets >= 0
        if has_plain_head(language_model):
            hidden = getattr(language_model, language_model.base_model_prefix)(**inputs).last_hidden_state
            logits = language_model.get_output_embeddings()(hidden[:, :-1][wanted])
        else:
            logits = language_model(**inputs).logits[:, :-1][wanted]
        losses = nn.functional.cross_entropy(logits.float(), targets[wanted], reduction="none")
        share = wanted / wanted.sum(dim=1, keepdim=True).clamp(min=1)
        return losses.new_zeros(share.shape).masked_scatter(wanted, losses * share[wanted]).sum(dim=1)

    def training_step(self, batch: dict[str, Any], batch_index: int) -> Tensor:
        """Return and log the loss."""
        losses = self.losses(batch)
        weights = [self.generate_weight if name == "generate" else 1.0 for name in batch["direction"]]
        loss = (losses * losses.new_tensor(weights)).mean()
        check_finite(self, loss, batch)
        self.log("train_loss", loss, prog_bar=True, batch_size=len(batch["input_ids"]))
        return loss

    def validation_step(self, batch: dict[str, Any], batch_index: int) -> None:
        """Log the loss on the development part, over all rows and for each direction."""
        losses = self.losses(batch)
        self.log("val_loss", losses.mean(), prog_bar=True, batch_size=len(losses), sync_dist=True)
        for direction, mean in (("annotate", self.annotate_loss), ("generate", self.generate_loss)):
            of_direction = [name == direction for name in batch["direction"]]
            mean.update(losses[torch.tensor(of_direction, device=losses.device)])
            self.log(f"val_{direction}_loss", mean, batch_size=len(losses))

    def test_step(self, batch: dict[str, Any], batch_index: int) -> dict[str, Any]:
        """Return ``probabilities`` of shape ``(batch, labels)``, or ``texts``; `Predictions` makes figures of them."""
        found = self.speaker.answers(batch)
        self._finish()
        return found

    def predict_step(self, batch: dict[str, Any], batch_index: int) -> list[Example]:
        """Return one synthetic record a row: annotated where the row has an input, generated where it has none."""
        return self.speaker.records(batch)

    def on_predict_epoch_end(self) -> None:
        """Stay in step with devices that have more to predict: some have more batches, where no row is repeated."""
        self._finish()

    def configure_callbacks(self) -> list[L.Callback]:
        """Return what counts tokens, tells how fast it learns, and shows what it says."""
        return [self.meter, Throughput(), Previews(lambda row: self.speaker.preview(row, self.device))]

    def configure_optimizers(self) -> Any:
        """Return optimizer and schedule."""
        return configure(self, self.optimizer, self.warmup, decay=True)

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: float | None = None, gradient_clip_algorithm: str | None = None
    ) -> None:
        """Clip, whichever form the optimizer has."""
        clip(self, optimizer, gradient_clip_val, gradient_clip_algorithm)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave frozen weights out: they come from the pretrained model. Weights in parts are all kept, as parts."""
        if self.is_sharded:
            return
        trained = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        checkpoint["state_dict"] = {key: value for key, value in checkpoint["state_dict"].items() if key in trained}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put the frozen weights back beside the trained ones.

        Raises:
            InputError: An engine runs the model, from its folder.
        """
        if self._is_served:
            raise InputError(f"engine.name {self.engine.name}: runs an exported folder; give model, and no ckpt_path")
        self.configure_model()
        if "state_dict" in checkpoint:  # a strategy that splits weights puts them back itself
            checkpoint["state_dict"] = self.state_dict() | checkpoint["state_dict"]

    def export(self, folder: Path) -> None:
        """Save the model with adapters merged, as safetensors with its tokenizer; in parts, all processes call this."""
        model: nn.Module = loaded(self.model)
        if self.is_sharded:
            weights = whole_weights(model)
            if not self.trainer.is_global_zero:
                return
            model = rebuilt(model, weights, self.lora)
        save_pretrained(merged(model), self.tokenizer, folder)

    def _finish(self) -> None:
        """Wait for the other devices, where they need this one's part of the weights."""
        if self.model is not None and (lockstep := getattr(self.language_model, "lockstep", None)):
            lockstep.finish()

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer, loaded when it is first needed."""
        return load_tokenizer(self.name)

    @cached_property
    def line_breaks(self) -> list[int]:
        """Every token that holds a line break."""
        return [token for token in range(len(self.tokenizer)) if "\n" in self.tokenizer.decode([token])]

    @cached_property
    def scorer(self) -> LabelScorer:
        """Reads the probabilities of the task's labels."""
        return LabelScorer(self.task, self.tokenizer, self.label_score, self.sampling.one_line)
