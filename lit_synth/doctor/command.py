"""`lit_synth doctor`: whether a run fits the devices it is meant for, and what it will cost there."""

from typing import Any

from rich.console import Console
from rich.table import Table

from lit_synth.data import TaskDataModule
from lit_synth.doctor.forecast import Forecast, forecast
from lit_synth.doctor.machine import GIGA, DoctorSettings, Machine, measured
from lit_synth.doctor.sharding import Sharding, sharding
from lit_synth.pipeline import module_of
from lit_synth.settings import RunSettings
from lit_synth.stages import quiet


def doctor(run: RunSettings, settings: DoctorSettings) -> bool:
    """Print what every stage of a seed needs; tell whether all of it fits."""
    quiet()
    split = sharding(run.trainer, settings.nodes, settings.devices)
    machine = measured(settings)
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
    module = module_of(run, run.seeds[0])
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
    host = max((one.states.host for one in found), default=0)
    if host:
        lines.append(f"Offloaded to the memory of each node: {host / GIGA:.0f} GB, half as much again while it works")
    if split.kind == "zero3" and any(one.step.name == "generate" for one in found):
        lines.append("ZeRO-3 gathers the weights anew for every token that is written; that time is not in the table")
    for kind, one in _by_kind(found):
        if one.total > machine.memory:
            remedy = f"about {one.largest:,} would" if one.largest else "no batch does: split it over more devices"
            lines.append(f"{kind}: {one.total / GIGA:.1f} GB do not fit with {one.batch:,} rows; {remedy}")
    return lines
