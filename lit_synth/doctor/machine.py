"""The devices that a run is meant for: as they are given, or as they are measured here."""

import os
import time
from dataclasses import dataclass

from lit_synth.errors import InputError

GIGA = 1e9


@dataclass(frozen=True)
class Machine:
    """What one device can do.

    Args:
        memory: Bytes.
        rate: Operations a second of a large matrix product.
        bandwidth: Bytes of memory it reads in a second.
    """

    memory: int
    rate: float
    bandwidth: float


@dataclass(frozen=True)
class DoctorSettings:
    """The devices that a run is meant for; what is not given is that of this machine.

    Args:
        nodes: Machines; by default what the trainer asks for.
        devices: On each; by default what the trainer asks for.
        gpu_memory: Gigabytes (10⁹ bytes) of one.
        teraflops: Operations a second of a large matrix product on one, in 10¹².
        bandwidth: Gigabytes of memory that one reads in a second.
    """

    nodes: int | None = None
    devices: int | None = None
    gpu_memory: float | None = None
    teraflops: float | None = None
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and value <= 0:
                raise InputError(f"{name} {value:g}: give a number above 0")


def measured(settings: DoctorSettings) -> Machine:
    """Return one device; what is not given is measured."""
    from lit_synth.plan import matrix_rate

    memory = settings.gpu_memory * GIGA if settings.gpu_memory else _memory()
    rate = settings.teraflops * 1e12 if settings.teraflops else matrix_rate()
    return Machine(int(memory), rate, settings.bandwidth * GIGA if settings.bandwidth else _copy_rate())


def _memory() -> int:
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _copy_rate(size: int = 1 << 27, seconds: float = 0.3) -> float:
    """Return bytes a second that are read and written when a tensor is copied."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        target.copy_(source)[-1].item()
        best = max(best, 2 * size / (time.perf_counter() - started))
    return best
