"""What each device keeps of weights, gradients and optimizer states under a strategy; all sizes in bytes."""

from dataclasses import dataclass
from typing import Any

from torch import nn

from lit_synth.errors import InputError

HALF, SINGLE = 2, 4
"""Bytes of a number in 16 bits, and of one in 32."""
PLAIN = ("auto", "ddp", "ddp_find_unused_parameters_true", "single_device")


@dataclass(frozen=True)
class States:
    """Bytes on one device, and those that its share of the host's memory takes over.

    Args:
        weights: With the layer that is gathered for the moment, where weights are split.
        gradients: Kept beside each other after the backward pass.
        optimizer: Averages, and weights in 32 bits where the model's own have 16.
        host: Offloaded, a node.
    """

    weights: int
    gradients: int
    optimizer: int
    host: int = 0


@dataclass(frozen=True)
class Counts:
    """Numbers of weights.

    Args:
        all: Of the model.
        trained: Of them, those that learn.
        layer: Most that one module holds itself; under ZeRO-3 and FSDP it is gathered whole.
    """

    all: int
    trained: int
    layer: int


def count(model: nn.Module) -> Counts:
    """Count the weights of a model, each once."""
    weights = list(model.parameters())
    layer = max(sum(one.numel() for one in module.parameters(recurse=False)) for module in model.modules())
    return Counts(sum(one.numel() for one in weights), sum(one.numel() for one in weights if one.requires_grad), layer)


@dataclass(frozen=True)
class Sharding:
    """A strategy's way of splitting, read from the trainer's arguments.

    Args:
        kind: ``none``, ``ddp``, ``fsdp``, or DeepSpeed's ``zero1``, ``zero2``, ``zero3``.
        half: Whether operations have 16 bits.
        nodes: Machines.
        devices: On each.
        offload_optimizer: Averages, 32-bit weights and gradients are in the host's memory.
        offload_weights: Weights are too.
        pure: Nothing is kept in 32 bits (``bf16-true``); without, and without DeepSpeed, weights and gradients are.
    """

    kind: str
    half: bool
    nodes: int = 1
    devices: int = 1
    offload_optimizer: bool = False
    offload_weights: bool = False
    pure: bool = False

    @property
    def world(self) -> int:
        """Devices in all."""
        return self.nodes * self.devices

    @property
    def casts(self) -> bool:
        """Whether operations read 16-bit copies of 32-bit weights (autocast)."""
        return self.half and not self.pure and self.kind in ("none", "ddp")

    def states(self, counts: Counts, learns: bool) -> States:
        """Return what a device keeps; a model that learns nothing has weights alone.

        DeepSpeed's stages as its own ``estimate_zero2_model_states_mem_needs`` and ``estimate_zero3_...`` count them:
        16-bit weights and gradients, and for each trained weight 16 bytes more.
        """
        if self.kind.startswith("zero"):
            return self._zero(counts, learns)
        size, trained = HALF if self.pure else SINGLE, counts.trained if learns else 0
        gradients, averages = size * trained, 2 * size * trained
        if self.kind == "fsdp":
            gathered = 2 * (HALF if self.half else SINGLE) * counts.layer
            return States(size * counts.all // self.world + gathered, gradients // self.world, averages // self.world)
        # DDP sends gradients out of buckets of their own.
        copies = 2 if self.kind == "ddp" and self.world > 1 else 1
        # Where nothing learns, the weights are halved once and for all.
        kept = size if learns or not self.half else HALF
        return States(kept * counts.all, copies * gradients, averages)

    def _zero(self, counts: Counts, learns: bool) -> States:
        stage, world = int(self.kind[-1]), self.world
        trained = counts.trained if learns else 0
        weights, gradients, optimizer = HALF * counts.all, HALF * trained, 16 * trained // world
        host = 0
        if stage >= 2:
            gradients //= world
        if self.offload_optimizer:
            host += 16 * trained // self.nodes
            optimizer = gradients = 0
        if stage == 3:
            weights = HALF * counts.all // world
            if self.offload_weights:
                host += HALF * counts.all // self.nodes
                weights = 0
            weights += 2 * HALF * counts.layer
        return States(weights, gradients, optimizer, host)


def sharding(trainer: dict[str, Any], nodes: int | None = None, devices: int | None = None) -> Sharding:
    """Read the trainer's arguments, as a run's config has them; ``nodes`` and ``devices`` win.

    Raises:
        InputError: A strategy of which nothing is known here.
    """
    strategy = trainer.get("strategy") or "auto"
    named = strategy if isinstance(strategy, str) else str(strategy.get("class_path"))
    given: dict[str, Any] = {} if isinstance(strategy, str) else strategy.get("init_args") or {}
    name = named.rsplit(".", 1)[-1].removesuffix("Strategy").lower()
    given_nodes, given_devices = trainer.get("num_nodes"), trainer.get("devices")
    nodes = nodes or (given_nodes if isinstance(given_nodes, int) else 1)
    if isinstance(given_devices, list):
        given_devices = len(given_devices)  # they are named
    devices = devices or (given_devices if isinstance(given_devices, int) and given_devices > 0 else 1)
    precision = str(trainer.get("precision", "32"))
    half, pure = precision.startswith(("bf16", "16")), precision.endswith("true") and precision != "32-true"
    if name.startswith("deepspeed"):
        stage = given.get("stage") or next((int(digit) for digit in name if digit.isdigit()), 2)
        offloads = "offload" in name
        return Sharding(
            f"zero{stage}",
            half,
            nodes,
            devices,
            offload_optimizer=bool(given.get("offload_optimizer")) or offloads,
            offload_weights=bool(given.get("offload_parameters")) or (offloads and stage == 3),
        )
    if name in ("fsdp", "modelparallel", "fullysharded"):
        return Sharding("fsdp", half, nodes, devices, pure=pure)
    if name in (*PLAIN, "singledevice"):
        return Sharding("ddp" if nodes * devices > 1 else "none", half, nodes, devices, pure=pure)
    raise InputError(
        f"trainer.strategy {named}: memory is not known for it; known: DDP, FSDP, ModelParallel, DeepSpeed"
    )
