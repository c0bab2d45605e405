"""A classification student as one ONNX file, for runtimes without torch."""

import logging
import tempfile
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from lit_synth.errors import InputError
from lit_synth.modules.pretrained import load_pretrained
from lit_synth.tokenizer import load_tokenizer

NAME = "model.onnx"
TOLERANCE = 1e-4
"""Largest difference of a probability between the file and the model."""
TEXTS = ("one", "a somewhat longer input, of which the shorter one is padded", "two words")


class Probabilities(nn.Module):
    """A model whose output is the probability of each label.

    Args:
        model: With a classification head.
        names: Of its inputs.
    """

    def __init__(self, model: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return probabilities of shape ``(batch, labels)``."""
        logits: Tensor = self.model(**dict(zip(self.names, inputs, strict=True))).logits
        return logits.softmax(dim=1)


def write_onnx(folder: Path) -> Path:
    """Write ``model.onnx`` into a student's folder and check it against the student.

    Inputs are those of the tokenizer, of shape ``(batch, sequence)``; the output ``probabilities`` is of shape
    ``(batch, labels)``, in the order of ``id2label`` in ``config.json``.

    Raises:
        InputError: The libraries are not installed, the model is not to be loaded, or the file answers otherwise.
    """
    if absent := [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]:
        raise InputError(f"--onnx needs {', '.join(absent)}; install them with: pip install 'lit-synth[onnx]'")
    tokenizer = load_tokenizer(str(folder))
    # The exporter follows plain products; fused attention has branches by the shape of its mask.
    model = load_pretrained(AutoModelForSequenceClassification, str(folder), attn_implementation="eager").eval()
    batch = dict(tokenizer(list(TEXTS), padding=True, return_tensors="pt"))
    known = Probabilities(model, tuple(batch))
    path = folder / NAME
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it names what other models would need
    with tempfile.TemporaryDirectory(dir=folder) as made, warnings.catch_warnings(action="ignore"):
        partial = Path(made) / NAME
        sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
        torch.onnx.export(
            known,
            tuple(batch.values()),
            str(partial),
            input_names=list(batch),
            output_names=["probabilities"],
            dynamic_shapes=((sizes,) * len(batch),),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        _check(partial, known, batch)
        partial.replace(path)
    return path


def _check(path: Path, known: Probabilities, batch: Mapping[str, Any]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for rows in (slice(0, None), slice(0, 1)):  # another batch than it was traced with
        part = {name: tensor[rows] for name, tensor in batch.items()}
        with torch.inference_mode():
            wanted = known(*part.values())
        found = torch.from_numpy(session.run(None, {name: tensor.numpy() for name, tensor in part.items()})[0])
        difference = float((found - wanted).abs().max())
        if not difference <= TOLERANCE:
            raise InputError(f"{path.name}: differs by {difference:.1g} from the student's probabilities; not written")
