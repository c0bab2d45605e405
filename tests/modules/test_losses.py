"""Losses of rows: against torch and against their closed formulas in numpy."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lit_synth.errors import InputError
from lit_synth.modules.losses import Loss, weighted_mean

ROBUST = (Loss("generalised"), Loss("symmetric", alpha=0.3, beta=0.7))


def rows(count: int = 64, labels: int = 5, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return logits, soft targets and which rows are synthetic; every third target is hard."""
    rng = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(count, labels, generator=rng)
    targets = torch.rand(count, labels, generator=rng).pow(3)
    targets /= targets.sum(dim=1, keepdim=True)
    targets[::3] = nn.functional.one_hot(targets[::3].argmax(dim=1), labels).float()
    return logits, targets, torch.arange(count) % 2 == 1


def softmax(logits: torch.Tensor) -> Any:
    exponentials = np.exp(logits.double().numpy())
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_the_plain_loss_is_torchs_cross_entropy_of_soft_targets(smoothing: float) -> None:
    logits, targets, synthetic = rows()
    expected = nn.functional.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
    torch.testing.assert_close(Loss(smoothing=smoothing)(logits, targets, synthetic), expected)


def test_the_generalised_loss_is_its_formula() -> None:
    logits, targets, _ = rows()
    for q in (0.1, 0.7, 1.0):
        by_hand = (targets.numpy() * (1 - softmax(logits) ** q) / q).sum(axis=1)
        found = Loss("generalised", q=q)(logits, targets, torch.ones(64, dtype=torch.bool))
        np.testing.assert_allclose(found.numpy(), by_hand, rtol=1e-5, atol=1e-6)


def test_the_symmetric_loss_is_its_formula_with_the_logarithm_of_zero_clipped() -> None:
    logits, targets, _ = rows()
    p, t = softmax(logits), targets.double().numpy()
    assert (t == 0).any()
    forward = -(t * np.log(p)).sum(axis=1)
    backward = -(p * np.log(np.maximum(t, 1e-4))).sum(axis=1)
    found = Loss("symmetric", alpha=0.3, beta=0.7)(logits, targets, torch.ones(64, dtype=torch.bool))
    np.testing.assert_allclose(found.numpy(), 0.3 * forward + 0.7 * backward, rtol=1e-5)


def test_robust_losses_see_smoothed_targets() -> None:
    logits, targets, _ = rows()
    synthetic = torch.ones(64, dtype=torch.bool)
    smoothed = 0.8 * targets + 0.2 / 5
    for kind in ("generalised", "symmetric"):
        found = Loss(kind, smoothing=0.2)(logits, targets, synthetic)
        torch.testing.assert_close(found, Loss(kind)(logits, smoothed, synthetic))


def test_q_at_its_ends_is_the_cross_entropy_and_one_minus_the_probability() -> None:
    logits, targets, _ = rows()
    synthetic = torch.ones(64, dtype=torch.bool)
    plain = Loss()(logits, targets, synthetic)
    distances = [(Loss("generalised", q=q)(logits, targets, synthetic) - plain).abs().max() for q in (0.1, 1e-3, 1e-6)]
    assert distances[0] > 20 * distances[1] > 0
    assert distances[2] < 1e-4
    hard = logits.argsort(dim=1)[:, 1]
    at_one = Loss("generalised", q=1.0)(logits, nn.functional.one_hot(hard, 5).float(), synthetic)
    torch.testing.assert_close(at_one, 1 - logits.softmax(dim=1)[range(64), hard])


@pytest.mark.parametrize("loss", ROBUST)
def test_gold_rows_keep_the_cross_entropy(loss: Loss) -> None:
    logits, targets, synthetic = rows()
    found, plain = loss(logits, targets, synthetic), Loss()(logits, targets, synthetic)
    torch.testing.assert_close(found[~synthetic], plain[~synthetic])
    assert ((found - plain)[synthetic].abs() > 1e-6).all()


@pytest.mark.parametrize("loss", ROBUST)
def test_a_confident_disagreement_pulls_less_than_under_cross_entropy(loss: Loss) -> None:
    """What makes them robust: the gradient of a row that is probably mislabelled."""
    targets, synthetic = torch.tensor([[0.0, 1.0]]), torch.tensor([True])
    pulls = []
    for chosen in (Loss(), loss):
        logits = torch.tensor([[6.0, 0.0]], requires_grad=True)
        chosen(logits, targets, synthetic).sum().backward()
        pulls.append(float(logits.grad.abs().sum()))  # type: ignore[union-attr]
    assert pulls[1] < 0.5 * pulls[0]


def test_a_temperature_sharpens_and_flattens_soft_synthetic_targets_alone() -> None:
    logits = torch.tensor([[1.0, -1.0, 0.5]]).repeat(3, 1)
    targets = torch.tensor([[0.5, 0.3, 0.2], [0.0, 1.0, 0.0], [0.5, 0.3, 0.2]])
    synthetic = torch.tensor([True, True, False])
    for temperature in (0.5, 4.0):
        powers = targets[0].double().numpy() ** (1 / temperature)
        by_hand = -(powers / powers.sum() * np.log(softmax(logits[:1])[0])).sum()
        found = Loss(temperature=temperature)(logits, targets, synthetic)
        assert float(found[0]) == pytest.approx(by_hand, rel=1e-5)
        assert torch.equal(found[1:], Loss()(logits, targets, synthetic)[1:]), "a hard one and a gold one stay"


def test_the_coldest_temperature_takes_the_likeliest_label_of_a_flat_target() -> None:
    """Sixty labels of about the same probability: every power of them is 0 in single precision."""
    targets = torch.full((1, 60), 1 / 60)
    targets[0, 7] *= 1.5
    targets /= targets.sum()
    logits = torch.linspace(-1, 1, 60)[None]
    found = Loss(temperature=0.01)(logits, targets, torch.tensor([True]))
    assert float(found) == pytest.approx(-float(logits.log_softmax(dim=1)[0, 7]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("loss", [Loss(), Loss("generalised", q=1e-3), *ROBUST, Loss("symmetric", temperature=0.2)])
def test_gradients_stay_finite_at_extreme_logits(loss: Loss, dtype: torch.dtype) -> None:
    extreme = [[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [0.3, -0.2, 0.1], [0.0, 0.0, 0.0]]
    logits = torch.tensor(extreme, dtype=dtype, requires_grad=True)
    targets = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    synthetic = torch.tensor([True, True, True, False])
    losses = loss(logits, targets, synthetic)
    losses.sum().backward()
    torch.testing.assert_close(losses, loss(logits.float(), targets, synthetic))
    assert losses.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("name", ["generalised", "symmetric"])
def test_gradients_are_those_of_the_formula(name: Any) -> None:
    logits, targets, synthetic = rows(6, 3)
    logits.requires_grad_()
    loss = Loss(name, q=0.7, alpha=0.3, beta=0.7, smoothing=0.1, temperature=0.8)
    loss(logits, targets, synthetic).sum().backward()
    step = 1e-2
    for row, label in ((0, 0), (1, 2), (3, 1)):
        moved = torch.zeros_like(logits)
        moved[row, label] = step
        with torch.no_grad():
            up, down = (loss(logits + sign * moved, targets, synthetic).sum() for sign in (1, -1))
        assert float(logits.grad[row, label]) == pytest.approx(float(up - down) / (2 * step), abs=2e-3)  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "robust"}, r"loss\.kind 'robust': give cross_entropy, generalised or symmetric"),
        ({"q": 0.0}, r"loss\.q 0: give a number above 0 and up to 1"),
        ({"q": 1.5}, r"loss\.q 1\.5"),
        ({"q": math.nan}, r"loss\.q nan"),
        ({"alpha": -1.0}, r"loss\.alpha -1, loss\.beta 1: give 0 or more"),
        ({"alpha": 0.0, "beta": 0.0}, "one of them above 0"),
        ({"beta": math.inf}, r"loss\.beta inf"),
        ({"smoothing": 1.0}, r"loss\.smoothing 1: give a share from 0 to below 1"),
        ({"smoothing": -0.1}, r"loss\.smoothing -0\.1"),
        ({"temperature": 0.0}, r"loss\.temperature 0: give a number above 0"),
        ({"temperature": math.nan}, r"loss\.temperature nan"),
    ],
)
def test_a_value_out_of_range_is_one_line(given: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Loss(**given)


def test_a_weighted_mean_is_the_mean_at_equal_weights_and_zero_without_any() -> None:
    values = torch.tensor([1.0, 2.0, 6.0], requires_grad=True)
    torch.testing.assert_close(weighted_mean(values, torch.full((3,), 0.25)), torch.tensor(3.0))
    torch.testing.assert_close(weighted_mean(values, torch.tensor([1e-30, 0.0, 1e-30])), torch.tensor(3.5))
    nothing = weighted_mean(values, torch.zeros(3))
    nothing.backward()
    assert torch.equal(nothing.detach(), torch.tensor(0.0))
    assert torch.equal(values.grad, torch.zeros(3))  # type: ignore[arg-type]
