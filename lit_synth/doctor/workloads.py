"""The work of every stage, as its models do it, on tensors without memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily

from lit_synth.decoding.forward import extend, read_apart
from lit_synth.doctor.live_bytes import peak_bytes
from lit_synth.doctor.sharding import Sharding
from lit_synth.modules import Classifier, Seq2Seq, Teacher
from lit_synth.modules.pretrained import loaded

Module = Teacher | Classifier | Seq2Seq


@dataclass(frozen=True)
class Lengths:
    """Tokens of a row.

    Args:
        read: Of the input, or of a prompt.
        learnt: Of the targets that a loss looks at, or of what is written.
    """

    read: int
    learnt: int


@dataclass(frozen=True)
class Held:
    """Bytes that a batch takes on a device.

    Args:
        peak: Most at once, the cache included.
        cache: Keys and values, where a text is written.
    """

    peak: int
    cache: int = 0


@contextmanager
def unreal() -> Iterator[None]:
    """Make tensors that have a shape, a type and a device, but no memory."""
    with FakeTensorMode():
        yield


def make(module: Module, sharding: Sharding, learns: bool) -> None:
    """Load the model of a module without its weights, in the precision that it has on the device.

    Call within `unreal`.
    """
    with unset_fake_temporarily(), torch.device("meta"):
        module.configure_model()
        if sharding.half and not (sharding.casts and learns):
            module.to(torch.bfloat16)
    module.train(learns)
    # Autocast looks at the device: it must not be called meta. Tied weights stay tied.
    unreal_ones: dict[int, Tensor] = {}
    for part in module.modules():
        tables: tuple[dict[str, Any], ...] = part._parameters, part._buffers
        for table in tables:
            for name, tensor in table.items():
                if tensor is not None:
                    if id(tensor) not in unreal_ones:
                        unreal_ones[id(tensor)] = _like(tensor)
                    table[name] = unreal_ones[id(tensor)]


def _like(tensor: Tensor) -> Tensor:
    empty = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
    return nn.Parameter(empty, requires_grad=tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty


def training(module: Module, sharding: Sharding, lengths: Lengths, batch: int) -> Held:
    """Measure a forward and a backward pass; where gradients are split, those of a layer go as soon as they are there.

    Call within `unreal`.
    """
    trained = [weight for weight in module.parameters() if weight.requires_grad]
    keeps = sharding.kind in ("none", "ddp")
    hooks = [] if keeps else [weight.register_post_accumulate_grad_hook(_drop) for weight in trained]  # type: ignore[no-untyped-call]
    with torch.autocast("cpu", torch.bfloat16) if sharding.casts else nullcontext():
        peak, _ = peak_bytes(lambda: torch.autograd.backward(_loss(module, lengths, batch)), module.parameters())
    for hook in hooks:
        hook.remove()
    gradients = sum(weight.numel() * weight.element_size() for weight in trained) if keeps else 0
    module.zero_grad(set_to_none=True)
    return Held(max(0, peak - gradients))


def decoding(module: Teacher, lengths: Lengths, batch: int, branches: int = 1) -> Held:
    """Measure how prompts are read, and how the last of ``lengths.learnt`` tokens is written behind them.

    Call within `unreal`.

    Args:
        module: The teacher.
        lengths: Of a prompt and of what follows it.
        batch: Prompts.
        branches: Most continuations of a prompt that are read side by side, each with a cache of its own.
    """
    model = module.language_model

    def read(length: int, copies: int = 1) -> object:
        ids = torch.zeros(batch, length, dtype=torch.long)
        prefixes = read_apart(model, ids, torch.ones_like(ids))
        if copies > 1:
            prefixes.select(torch.arange(batch).repeat(copies))
            extend(model, prefixes, torch.zeros(batch * copies, dtype=torch.long))
        return prefixes

    with torch.no_grad():
        # Only the prompt is read at once; what is written adds to the cache token by token.
        peak, left = peak_bytes(lambda: read(lengths.read, branches), model.parameters())
        _, cache = peak_bytes(lambda: read(lengths.read + lengths.learnt), model.parameters())
    cache *= branches
    return Held(max(peak, peak - left + cache), cache)


def _loss(module: Module, lengths: Lengths, batch: int) -> Tensor:
    ids = torch.zeros(batch, lengths.read, dtype=torch.long)
    mask = torch.ones_like(ids)
    if isinstance(module, Classifier):
        return module({"input_ids": ids, "attention_mask": mask}).float().sum()  # type: ignore[no-any-return]
    targets = torch.zeros(batch, lengths.learnt, dtype=torch.long)
    # As `losses` of either, but for which positions count: that would depend on values.
    if isinstance(module, Seq2Seq):
        logits = loaded(module.model)(input_ids=ids, attention_mask=mask, decoder_input_ids=targets).logits
    else:
        model = module.language_model
        hidden = getattr(model, model.base_model_prefix)(input_ids=ids, attention_mask=mask).last_hidden_state
        logits = model.get_output_embeddings()(hidden[:, : lengths.learnt])
    return nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


def _drop(weight: Tensor) -> None:
    weight.grad = None


def largest_batch(measure: Callable[[int], Held], batch: int, free: int) -> int:
    """Return about how many rows fit into ``free`` bytes, from what ``batch`` rows and twice as many take."""
    one, two = measure(batch).peak, measure(2 * batch).peak
    each = max((two - one) / batch, 1)
    return max(0, int(batch + (free - one) / each))
