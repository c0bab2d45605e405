"""The probability of every label of a closed set, exactly, for a batch of prompts."""

import math

import torch
from torch import Tensor
from transformers import PreTrainedModel

from lit_synth.decoding.edges import Edges
from lit_synth.decoding.forward import Prefixes
from lit_synth.decoding.line import Line, begin, branch
from lit_synth.decoding.trie import Node

SAFE = 0.5
"""Share of the tolerance that is used up while it is not known yet how much of what is possible labels get."""


@torch.inference_mode()
def label_probabilities(
    model: PreTrainedModel,
    input_ids: Tensor,
    mask: Tensor,
    trie: Node,
    tolerance: float | None = None,
    lengths: Tensor | None = None,
    prior: Tensor | None = None,
) -> Tensor:
    """Return the model's distribution over the labels alone.

    The prompt is read once; then the tree of labels is walked level by level, all rows at once. A row's least likely
    branches are not walked. Anything from nothing to all of such a branch's mass may come to its labels; half of it is
    shared among them. So no probability is off by more than half of all that was left out, or by more than a branch
    holds; as much is left out as keeps that below ``tolerance``. Where labels get less of what is possible than it
    seemed, so that it does not, the row is walked again by what they get.

    Args:
        model: A causal language model in evaluation mode.
        input_ids: Prompts, padded on the left, shape ``(batch, sequence)``.
        mask: 1 for a token, 0 for padding, same shape.
        trie: From `build_trie`.
        tolerance: The most by which a probability may be off; by default 1e-4, and 1e-3 in half precision, whose own
            rounding is more. 0 walks everything, as is always done where a label's share is corrected.
        lengths: Tokens of every label, shape ``(labels,)``: the mean log probability of a label's tokens counts then,
            not their sum, which favours short labels in a model that was not fine-tuned.
        prior: Probability of every label without an input, same shape, by which theirs are divided (Zhao et al., arXiv
            2102.09690).

    Returns:
        Probabilities of shape ``(batch, labels)``; each row sums to 1.
    """
    if lengths is not None or prior is not None:
        tolerance = 0.0
    if tolerance is None:
        tolerance = 1e-4 if model.dtype == torch.float32 else 1e-3
    edges = Edges.of(trie, input_ids.device)
    scores, guesses, off = _walk(model, begin(model, input_ids, mask), edges, tolerance)
    got = scores.logsumexp(dim=1)
    doubtful = ((off - got).exp() > tolerance).nonzero()[:, 0]
    if len(doubtful):
        again = begin(model, input_ids[doubtful], mask[doubtful])
        scores[doubtful], guesses[doubtful], _ = _walk(model, again, edges, tolerance, got[doubtful])
    scores = torch.maximum(scores, guesses)
    if lengths is not None:
        scores = scores / lengths
    if prior is not None:
        scores = scores - prior.log()
    return scores.softmax(dim=1)


def _walk(
    model: PreTrainedModel, read: Line | Prefixes, edges: Edges, tolerance: float, got: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the log scores of labels that were reached, guesses of the others, and the most that one may be off.

    Scores and guesses have shape ``(batch, labels)`` and are -inf where there is none; the last has ``(batch,)``, in
    logs too.

    Args:
        model: Has read the prompts.
        read: What it has read.
        edges: The tree of labels.
        tolerance: Share of what labels get by which one may be off.
        got: Log of what they get at least, of shape ``(batch,)``, where that is known.
    """
    batch, device = len(read.log_probabilities), read.log_probabilities.device
    scores = torch.full((batch, edges.below.shape[1]), -math.inf, device=device)
    guesses = scores.clone()
    labels = edges.below.sum(dim=1)
    share = 1 - 0.5 / labels  # of a branch's mass, by which one of its labels may be off
    left_out = torch.zeros(batch, len(edges.token), device=device)
    possible = read.log_probabilities[:, edges.token[: edges.count[0]]].logsumexp(dim=1)
    most = tolerance * ((got - possible).exp() if got is not None else torch.full_like(possible, SAFE))
    # The frontier: a place for each branch that was read, with its row, its node, and its log probability.
    rows = torch.arange(batch, device=device)
    nodes, reached = torch.zeros_like(rows), torch.zeros(batch, device=device)
    while len(nodes):
        place, edge = edges.behind(nodes)
        row, score = rows[place], reached[place] + read.log_probabilities[place, edges.token[edge]]
        inner = edges.node[edge] >= 0
        scores[row[~inner], edges.label[edge[~inner]]] = score[~inner]
        place, edge, row, score = place[inner], edge[inner], row[inner], score[inner]
        mass = torch.zeros_like(left_out)
        mass[row, edge] = (score - possible[row]).exp()
        unlikely = _unlikely(mass, mass * share, left_out.sum(dim=1), most)
        left_out += mass.masked_fill(~unlikely, 0.0)
        skipped = unlikely[row, edge]
        at, label = edges.below[edge[skipped]].nonzero(as_tuple=True)
        guesses[row[skipped][at], label] = (score - (2 * labels[edge]).log())[skipped][at]
        rows, nodes, reached = row[~skipped], edges.node[edge[~skipped]], score[~skipped]
        if len(nodes):
            branch(model, read, edges.token[edge[~skipped]], place[~skipped])
    off = torch.maximum(left_out.sum(dim=1) / 2, (left_out * share).amax(dim=1))
    return scores, guesses, off.log() + possible


def _unlikely(mass: Tensor, harm: Tensor, before: Tensor, most: Tensor) -> Tensor:
    """Return which branches of a row to leave out, of shape ``(batch, edges)``.

    Args:
        mass: Of every branch, the same shape; 0 where none stands.
        harm: By which a label of it may be off, the same shape.
        before: Mass that was left out so far, of shape ``(batch,)``.
        most: Of the harm, and half of the most of the mass of a row, the same shape.
    """
    ordered, order = mass.sort(dim=1)
    below = before[:, None] + ordered.cumsum(dim=1) < 2 * most[:, None]
    return torch.zeros_like(below).scatter(1, order, below) & (harm < most[:, None])
