"""What a machine allows: its measured rates, and the least time in which a model can do a piece of work."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Cost:
    """Least work.

    Args:
        operations: Multiplications and additions.
        bytes: Read from memory.
    """

    operations: float
    bytes: float


def forward_cost(model: Any, tokens: int, scored: int, passes: int) -> Cost:
    """Return the cost of reading tokens with a causal model; attention to short prompts is left out.

    Args:
        model: On any device, the meta device too.
        tokens: That go through the layers, padding not counted.
        scored: Of these, whose next token is scored over the vocabulary.
        passes: Times that the weights have to be read.
    """
    head = model.get_output_embeddings().weight.numel()
    body = matrices(model) - head
    size = next(model.parameters()).element_size()
    return Cost(2.0 * (body * tokens + head * scored), float(size * passes * (body + head)))


def matrices(model: Any) -> int:
    """Return how many parameters every token is multiplied with; embeddings are looked up."""
    from torch import nn

    return sum(layer.weight.numel() for layer in model.modules() if isinstance(layer, nn.Linear))


@dataclass(frozen=True)
class Ceilings:
    """Measured rates.

    Args:
        operations: Of one large matrix product, a second.
        bytes: Read and written by a copy, a second.
    """

    operations: float
    bytes: float

    @classmethod
    def measured(cls, dtype: str, device: str = "cpu", size: int = 2048) -> "Ceilings":
        """Return the best of some tries; ``size`` is the side of the matrices."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(len(os.sched_getaffinity(0)))  # whatever this process was told: sides use all cores
        left, right = (torch.randn(size, size, device=device, dtype=getattr(torch, dtype)) for _ in range(2))
        product = best(lambda: left @ right, device)
        source = torch.zeros(size * size * 16, device=device, dtype=torch.float32)
        target = torch.empty_like(source)
        copy = best(lambda: target.copy_(source), device)
        torch.set_num_threads(before)
        return cls(2 * size**3 / product, 2 * source.nbytes / copy)

    def seconds(self, cost: Cost) -> float:
        """Return the least time: operations and bytes may overlap."""
        return max(cost.operations / self.operations, cost.bytes / self.bytes)

    def to_dict(self) -> dict[str, float]:
        """Return both rates."""
        return asdict(self)


def best(work: Callable[[], Any], device: str = "cpu", tries: int = 5) -> float:
    """Return the seconds of the fastest of some tries; the first warms up."""
    return min(timed(work, device) for _ in range(tries + 1))


def timed(work: Callable[[], Any], device: str = "cpu") -> float:
    """Return the seconds of a piece of work, waited for on the device."""
    import torch

    def wait() -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize(device)

    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started
