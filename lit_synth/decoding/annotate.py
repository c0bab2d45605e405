"""The probability of every label of a closed set, exactly, for a batch of prompts."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lit_synth.decoding.forward import Prefixes, extend, prefill
from lit_synth.decoding.trie import Node

Branch = tuple[int, Node, Tensor, Tensor]
"""A token and the node it leads to; the rows of the cache that stand in front of it, and their log scores behind it."""


@torch.inference_mode()
def label_probabilities(
    model: PreTrainedModel,
    input_ids: Tensor,
    mask: Tensor,
    trie: Node,
    tolerance: float = 1e-5,
    lengths: Tensor | None = None,
    prior: Tensor | None = None,
) -> Tensor:
    """Return the model's distribution over the labels alone.

    The prompt is read once; then the tree of labels is walked level by level, all rows at once. A row's least likely
    branches are not walked, as long as they hold less than 5 times ``tolerance`` of what is possible in all: their mass
    is shared among their labels. Where the mass left out could move a probability by more than 10 times the tolerance,
    since less was possible than it seemed, the row is walked again in full.

    Args:
        model: A causal language model in evaluation mode.
        input_ids: Prompts, padded on the left, shape ``(batch, sequence)``.
        mask: 1 for a token, 0 for padding, same shape.
        trie: From `build_trie`.
        tolerance: A fifth of the share of the mass that may be left out; 0 walks everything, as is always done where
            a label's share is corrected.
        lengths: Tokens of every label, shape ``(labels,)``: the mean log probability of a label's tokens counts then,
            not their sum, which favours short labels in a model that was not fine-tuned.
        prior: Probability of every label without an input, same shape, by which theirs are divided (Zhao et al., arXiv
            2102.09690).

    Returns:
        Probabilities of shape ``(batch, labels)``; each row sums to 1.
    """
    if lengths is not None or prior is not None:
        tolerance = 0.0
    scores, pruned = _walk(model, prefill(model, input_ids, mask), trie, tolerance)
    doubtful = (pruned > scores.logsumexp(dim=1) + math.log(10 * tolerance)).nonzero()[:, 0] if tolerance else None
    if doubtful is not None and len(doubtful):
        again = prefill(model, input_ids[doubtful], mask[doubtful])
        scores[doubtful] = _walk(model, again, trie, 0.0)[0]
    if lengths is not None:
        scores = scores / lengths
    if prior is not None:
        scores = scores - prior.log()
    return scores.softmax(dim=1)


def _walk(model: PreTrainedModel, prefixes: Prefixes, trie: Node, tolerance: float) -> tuple[Tensor, Tensor]:
    """Return log scores of shape ``(batch, labels)`` and the log of the mass left out of each row, ``(batch,)``."""
    batch = len(prefixes.mask)
    device = prefixes.mask.device
    scores = torch.full((batch, len(trie.labels)), -math.inf, device=device)
    pruned = torch.full((batch,), -math.inf, device=device)
    possible: Tensor | None = None
    # The frontier: for every node of this level, which rows of the cache stand at it, and their log probability.
    frontier = [(trie, torch.arange(batch, device=device), torch.zeros(batch, device=device))]
    rows = torch.arange(batch, device=device)
    while frontier:
        reached = [
            (token, child, places, score + prefixes.log_probabilities[places, token])
            for node, places, score in frontier
            for token, child in node.children.items()
        ]
        if possible is None:
            possible = torch.stack([score for *_, score in reached]).logsumexp(dim=0)
        walked, tokens, kept, start = [], [], [], 0
        inner: list[Branch] = []
        for token, child, places, score in reached:
            if child.ends is None:
                inner.append((token, child, places, score))
            else:
                scores[rows[places], child.ends] = score
        for (token, child, places, score), keep in zip(
            inner, _likely(inner, rows, possible, pruned, 5 * tolerance), strict=True
        ):
            _share(scores, pruned, child, rows[places[~keep]], score[~keep])
            if keep.any():
                count = int(keep.sum())
                kept.append(places[keep])
                tokens.append(torch.full((count,), token, device=device))
                walked.append((child, torch.arange(start, start + count, device=device), score[keep]))
                start += count
        frontier = walked
        if frontier:
            chosen = torch.cat(kept)
            rows = rows[chosen]
            extend(model, prefixes, torch.cat(tokens), chosen)
    return scores, pruned


def _likely(inner: Sequence[Branch], rows: Tensor, possible: Tensor, pruned: Tensor, most: float) -> Iterator[Tensor]:
    """Yield for each branch which of its rows walk it: of a row's branches the least likely are left out."""
    masses = possible.new_zeros(len(possible), len(inner))
    for number, (_, _, places, score) in enumerate(inner):
        masses[rows[places], number] = (score - possible[rows[places]]).exp()
    ordered, order = masses.sort(dim=1)
    left = (pruned - possible).exp()[:, None] + ordered.cumsum(dim=1) < most
    kept = torch.ones_like(left).scatter(1, order, ~left)
    for number, (_, _, places, _) in enumerate(inner):
        yield kept[rows[places], number]


def _share(scores: Tensor, pruned: Tensor, node: Node, rows: Tensor, score: Tensor) -> None:
    if len(rows):
        scores[rows[:, None], torch.tensor(node.labels, device=rows.device)] = (score - math.log(len(node.labels)))[
            :, None
        ]
        pruned[rows] = torch.logaddexp(pruned[rows], score)
