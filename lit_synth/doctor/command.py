"""`lit_synth doctor`: whether a run fits the devices it is meant for, and what it will cost there."""

import os
import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from lit_synth import recipes
from lit_synth.data import TaskDataModule
from lit_synth.doctor.forecast import Forecast, Machine, forecast
from lit_synth.doctor.sharding import Sharding, sharding
from lit_synth.examples import InputError
from lit_synth.plan import matrix_rate
from lit_synth.settings import RunSettings
from lit_synth.stages import StageCLI, quiet

GIGA = 1e9


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

    def machine(self) -> Machine:
        """Return one device."""
        memory = self.gpu_memory * GIGA if self.gpu_memory else _memory()
        rate = self.teraflops * 1e12 if self.teraflops else matrix_rate()
        return Machine(int(memory), rate, self.bandwidth * GIGA if self.bandwidth else _copy_rate())


def doctor(run: RunSettings, settings: DoctorSettings) -> bool:
    """Print what every stage of a seed needs; tell whether all of it fits."""
    quiet()
    split = sharding(run.trainer, settings.nodes, settings.devices)
    machine = settings.machine()
    found = []
    console = Console()
    with console.status("measuring the stages on tensors without memory") as status:
        for one in forecast(run, _data(run), split, machine):
            found.append(one)
            status.update(f"measured: {one.step.name}")
    console.print(_memory_table(found, split, machine))
    console.print(_time_table(found, machine))
    fits = all(one.total <= machine.memory for one in found)
    for line in _said(found, split, machine, len(run.seeds)):
        console.print(line)
    return fits


def _data(run: RunSettings) -> TaskDataModule:
    # Lightning's strategies want the devices that they name to be there; rows need none.
    config = recipes.teacher_fit(replace(run, trainer={}), run.seeds[0], run.output)
    module: TaskDataModule = StageCLI(
        {**config, "trainer": {"accelerator": "cpu", "logger": False}}, run=False
    ).datamodule
    run.refuse_unread(module.task)
    return module


def _memory_table(found: list[Forecast], split: Sharding, machine: Machine) -> Table:
    """Return gigabytes by stage; students are alike."""
    where = f"{split.nodes} x {split.devices} devices of {machine.memory / GIGA:.0f} GB, teacher {_NAMES[split.kind]}"
    table = Table(title=f"Gigabytes on a device: {where}", title_justify="left")
    table.add_column("stage")
    for column in ("weights", "gradients", "optimizer", "activations", "cache", "sum"):
        table.add_column(column, justify="right")
    for kind, one in _by_kind(found):
        activations, states = one.held.peak - one.held.cache, one.states
        sizes = states.weights, states.gradients, states.optimizer, activations, one.held.cache, one.total
        style = "bold red" if one.total > machine.memory else None
        table.add_row(kind, *(f"{size / GIGA:.2f}" for size in sizes), style=style)
    return table


def _time_table(found: list[Forecast], machine: Machine) -> Table:
    """Return rows at once, speed and hours by step of the plan."""
    table = Table(title=f"One seed, at {machine.rate / 1e12:.3g} TFLOP/s a device", title_justify="left")
    table.add_column("stage")
    for column in ("rows", "would fit", "tokens/s", "hours", "device hours"):
        table.add_column(column, justify="right")
    for one in found:
        rate = one.step.tokens / max(one.hours * 3600, 1e-9)
        figures = f"{rate:,.0f}", f"{one.hours:.3g}", f"{one.hours * one.devices:.3g}"
        table.add_row(one.step.name, f"{one.batch:,}", f"{one.largest:,}", *figures)
    return table


_NAMES: dict[str, Any] = {
    "none": "whole on each",
    "ddp": "DDP",
    "fsdp": "FSDP",
    **{f"zero{stage}": f"DeepSpeed ZeRO-{stage}" for stage in (1, 2, 3)},
}


def _by_kind(found: list[Forecast]) -> list[tuple[str, Forecast]]:
    first: dict[str, Forecast] = {}
    for one in found:
        first.setdefault(one.kind, one)
    return list(first.items())


def _said(found: list[Forecast], split: Sharding, machine: Machine, seeds: int) -> list[str]:
    hours = sum(one.hours for one in found) * seeds
    spent = sum(one.hours * one.devices for one in found) * seeds
    many = f"{seeds} seeds" if seeds > 1 else "1 seed"
    lines = [f"{many}: about {hours:.3g} hours, {spent:.3g} device hours"]
    host = max(one.states.host for one in found)
    if host:
        lines.append(f"Offloaded to the memory of each node: {host / GIGA:.0f} GB, half as much again while it works")
    if split.kind == "zero3" and any(one.step.name == "generate" for one in found):
        lines.append("ZeRO-3 gathers the weights anew for every token that is written; that time is not in the table")
    for kind, one in _by_kind(found):
        if one.total > machine.memory:
            remedy = f"about {one.largest:,} would" if one.largest else "no batch does: split it over more devices"
            lines.append(f"{kind}: {one.total / GIGA:.1f} GB do not fit with {one.batch:,} rows; {remedy}")
    return lines


def _memory() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _copy_rate(size: int = 1 << 27, seconds: float = 0.3) -> float:
    """Return bytes a second that are read and written when a tensor is copied."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    best, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        target.copy_(source)[-1].item()
        best = max(best, 2 * size / (time.perf_counter() - started))
    return best
