"""What each device keeps, against DeepSpeed's own estimates and sums by hand."""

import pytest
from deepspeed.runtime.zero.stage3 import estimate_zero3_model_states_mem_needs
from deepspeed.runtime.zero.stage_1_and_2 import estimate_zero2_model_states_mem_needs
from torch import nn

from lit_synth.doctor.sharding import Counts, Sharding, States, count, sharding
from lit_synth.errors import InputError

NEOX = Counts(all=20_554_567_680, trained=20_554_567_680, layer=309_854_208)


@pytest.mark.parametrize(("nodes", "devices"), [(1, 1), (1, 8), (8, 8)])
@pytest.mark.parametrize(("optimizer", "weights"), [(False, False), (True, False), (True, True)])
def test_zero3_counts_as_deepspeed_does(nodes: int, devices: int, optimizer: bool, weights: bool) -> None:
    states = Sharding("zero3", True, nodes, devices, optimizer, weights).states(NEOX, learns=True)
    host, device, _ = estimate_zero3_model_states_mem_needs(
        NEOX.all, NEOX.layer, devices, nodes, cpu_offload=optimizer, cpu_offload_params=weights
    )
    # DeepSpeed's sum has no 16-bit gradients; they are there between the backward pass and the step.
    assert states.weights + states.optimizer == pytest.approx(device, rel=1e-6)
    if optimizer:
        assert states.host * 1.5 == pytest.approx(host, rel=1e-6)


@pytest.mark.parametrize("devices", [1, 8, 64])
def test_zero2_counts_as_deepspeed_does(devices: int) -> None:
    states = Sharding("zero2", True, 1, devices).states(NEOX, learns=True)
    _, device = estimate_zero2_model_states_mem_needs(NEOX.all, devices, cpu_offload=False)
    assert states.weights + states.gradients + states.optimizer == pytest.approx(device, rel=1e-6)


def test_what_is_not_split_is_on_every_device() -> None:
    counts = Counts(all=100, trained=10, layer=50)
    assert Sharding("none", False).states(counts, learns=True) == States(400, 40, 80)
    assert Sharding("ddp", False, 1, 2).states(counts, learns=True) == States(400, 80, 80)
    assert Sharding("fsdp", False, 1, 2).states(counts, learns=True) == States(200 + 400, 20, 40)
    assert Sharding("none", True).states(counts, learns=False) == States(200, 0, 0)
    assert Sharding("none", True, pure=True).states(counts, learns=True) == States(200, 20, 40)
    assert Sharding("zero3", True, 1, 2).states(counts, learns=False) == States(100 + 200, 0, 0)


def test_weights_are_counted_once() -> None:
    layer = nn.Linear(3, 3, bias=False)
    tied = nn.Sequential(layer, layer, nn.Linear(3, 2))
    layer.weight.requires_grad_(False)
    assert count(tied) == Counts(all=17, trained=8, layer=9)


@pytest.mark.parametrize(
    ("trainer", "kind", "world"),
    [
        ({}, "none", 1),
        ({"devices": "auto", "precision": "bf16-mixed"}, "none", 1),
        ({"devices": 4}, "ddp", 4),
        ({"devices": [2, 3]}, "ddp", 2),
        ({"strategy": "ddp", "num_nodes": 2, "devices": 2}, "ddp", 4),
        ({"strategy": "deepspeed_stage_3_offload", "devices": 2}, "zero3", 2),
        (
            {"strategy": {"class_path": "lightning.pytorch.strategies.DeepSpeedStrategy", "init_args": {"stage": 1}}},
            "zero1",
            1,
        ),
        ({"strategy": {"class_path": "lightning.pytorch.strategies.FSDPStrategy"}, "devices": 8}, "fsdp", 8),
        ({"strategy": {"class_path": "lightning.pytorch.strategies.ModelParallelStrategy"}}, "fsdp", 1),
    ],
)
def test_strategies_are_read_from_the_trainer(trainer: dict[str, object], kind: str, world: int) -> None:
    found = sharding(trainer)
    assert (found.kind, found.world) == (kind, world)
    assert sharding(trainer, nodes=2, devices=8).world == 16


@pytest.mark.parametrize(
    ("precision", "half", "pure"),
    [("32-true", False, False), (32, False, False), ("bf16-mixed", True, False), ("bf16-true", True, True)],
)
def test_precision_is_read_too(precision: str | int, half: bool, pure: bool) -> None:
    found = sharding({"precision": precision})
    assert (found.half, found.pure) == (half, pure)


def test_an_unknown_strategy_is_a_mistake() -> None:
    with pytest.raises(InputError, match="xla"):
        sharding({"strategy": "xla"})
    with pytest.raises(InputError, match=r"trainer\.strategy None"):
        sharding({"strategy": {"stage": 2}})
