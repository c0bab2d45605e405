"""What a student's error on a row is, robust to wrong synthetic targets where asked, and how rows are averaged."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lit_synth.errors import InputError

if TYPE_CHECKING:  # `Loss` is a setting too, and loads no torch until used
    from torch import Tensor

LOG_ZERO = math.log(1e-4)
"""Stands for log 0 in the reverse cross-entropy: where its authors' code clips targets (github.com/YisenWang)."""


@dataclass(frozen=True)
class Loss:
    """A classifier's loss of every row, between its logits and a target distribution.

    Sharpening and the robust kinds are for synthetic rows; gold rows keep the cross-entropy. ``generalised`` is
    ``sum_k t_k (1 - p_k^q) / q`` (Zhang and Sabuncu, arXiv 1805.07836), ``symmetric`` adds the reverse cross-entropy
    ``-sum_k p_k log t_k`` with log 0 clipped (Wang et al., arXiv 1908.06112). Both grow less than the cross-entropy
    where a confident student disagrees with a target, so that a wrong one pulls less.

    Args:
        kind: Of synthetic rows.
        q: Of ``generalised``: towards 0 it is the cross-entropy, at 1 the mean absolute error of a hard target, halved.
        alpha: Of ``symmetric``: weight of the cross-entropy.
        beta: Of ``symmetric``: weight of the reverse cross-entropy.
        smoothing: Share of every target, gold too, that is spread over all labels alike.
        temperature: Synthetic targets are raised to its inverse: below 1 sharper, above flatter, hard ones unchanged.

    Raises:
        InputError: A value out of its range.

    >>> import torch
    >>> targets, synthetic = torch.tensor([[0.0, 1.0], [0.0, 1.0]]), torch.tensor([False, True])
    >>> Loss("generalised", q=1.0)(torch.zeros(2, 2), targets, synthetic)
    tensor([0.6931, 0.5000])
    """

    kind: Literal["cross_entropy", "generalised", "symmetric"] = "cross_entropy"
    q: float = 0.7
    alpha: float = 1.0
    beta: float = 1.0
    smoothing: float = 0.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("cross_entropy", "generalised", "symmetric"):
            raise InputError(f"loss.kind {self.kind!r}: give cross_entropy, generalised or symmetric")
        if not 0 < self.q <= 1:
            raise InputError(f"loss.q {self.q:g}: give a number above 0 and up to 1, such as 0.7")
        both = self.alpha, self.beta
        if not all(0 <= value < math.inf for value in both) or not any(both):
            raise InputError(f"loss.alpha {self.alpha:g}, loss.beta {self.beta:g}: give 0 or more, one of them above 0")
        if not 0 <= self.smoothing < 1:
            raise InputError(f"loss.smoothing {self.smoothing:g}: give a share from 0 to below 1, such as 0.1")
        if not 0 < self.temperature < math.inf:
            raise InputError(f"loss.temperature {self.temperature:g}: give a number above 0; 1 leaves targets alone")

    def __call__(self, logits: "Tensor", targets: "Tensor", synthetic: "Tensor") -> "Tensor":
        """Return the loss of each row, of shape ``(batch,)``.

        Args:
            logits: Of shape ``(batch, labels)``.
            targets: Probabilities of shape ``(batch, labels)``.
            synthetic: Which rows are not gold, of shape ``(batch,)``.
        """
        import torch
        from torch import nn

        logs = logits.float().log_softmax(dim=1)
        if self.temperature != 1:
            # By logarithms, or a small temperature leaves nothing of a flat target.
            targets = torch.where(synthetic[:, None], (targets.log() / self.temperature).softmax(dim=1), targets)
        losses = nn.functional.cross_entropy(logits.float(), targets, reduction="none", label_smoothing=self.smoothing)
        if self.kind == "cross_entropy":
            return losses
        targets = targets * (1 - self.smoothing) + self.smoothing / targets.shape[1]
        if self.kind == "generalised":
            robust = -(targets * torch.expm1(self.q * logs)).sum(dim=1) / self.q
        else:
            robust = self.alpha * losses - self.beta * (logs.exp() * targets.log().clamp(min=LOG_ZERO)).sum(dim=1)
        return torch.where(synthetic, robust, losses)


def weighted_mean(values: "Tensor", weights: "Tensor") -> "Tensor":
    """Return the weighted mean of values of any shape, and 0 where nothing has a weight.

    >>> import torch
    >>> weighted_mean(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 1.0]))
    tensor(2.)
    """
    import torch

    return (values * weights).sum() / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)
