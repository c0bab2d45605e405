"""The tree of labels walked by questions to a served model, which has no cache that we could hold."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lit_synth.decoding.trie import Node

Question = tuple[list[int], list[int]]
"""Tokens read so far, and those of which one may come next."""
Ask = Callable[[Sequence[Question]], Sequence[Sequence[float]]]
"""Answers each question with the log probability of each next token, over the whole vocabulary."""


def walk(prompts: Sequence[list[int]], trie: Node, ask: Ask, tolerance: float) -> Tensor:
    """Return the log probability of every label behind every prompt, of shape ``(prompts, labels)``.

    One question a prompt and level where one branch holds nearly all the mass. What a branch holds that is not walked
    is shared among its labels; where all that was left out could move a probability by more than the tolerance, the
    prompt is walked again in full. `label_probabilities` bounds a row's branches together, and so walks fewer.

    Args:
        prompts: Token ids.
        trie: From `build_trie`.
        ask: Asks the model, many questions at once.
        tolerance: The most by which a probability may be off; a branch with a tenth of that is walked, and with 0
            every branch.
    """
    scores, pruned = _walk(prompts, trie, ask, tolerance)
    if tolerance:
        doubtful = (pruned > scores.logsumexp(dim=1) + math.log(tolerance)).nonzero()[:, 0].tolist()
        if doubtful:
            scores[doubtful] = _walk([prompts[row] for row in doubtful], trie, ask, 0.0)[0]
    return scores


def _walk(prompts: Sequence[list[int]], trie: Node, ask: Ask, tolerance: float) -> tuple[Tensor, Tensor]:
    """Return the scores, and the log of the mass that was left out of each prompt, of shape ``(prompts,)``."""
    scores = torch.full((len(prompts), len(trie.labels)), -math.inf)
    pruned = torch.full((len(prompts),), -math.inf)
    least = [-math.inf] * len(prompts)
    # What is still to be asked: the prompt's number, the label's tokens so far, where they lead, and their score.
    frontier = [(row, list[int](), trie, 0.0) for row in range(len(prompts))]
    while frontier:
        questions = [(prompts[row] + tokens, list(node.children)) for row, tokens, node, _ in frontier]
        answers = ask(questions)
        if tolerance and questions and frontier[0][2] is trie:
            least = [_log_sum(answer) + math.log(tolerance / 10) for answer in answers]
        further = []
        for (row, tokens, node, score), answer in zip(frontier, answers, strict=True):
            for (token, child), found in zip(node.children.items(), answer, strict=True):
                reached = score + found
                if child.ends is not None:
                    scores[row, child.ends] = reached
                elif reached > least[row]:
                    further.append((row, [*tokens, token], child, reached))
                else:
                    scores[row, child.labels] = reached - math.log(len(child.labels))
                    pruned[row] = torch.logaddexp(pruned[row], torch.tensor(reached))
        frontier = further
    return scores, pruned


def _log_sum(values: Sequence[float]) -> float:
    return float(torch.tensor(values, dtype=torch.float64).logsumexp(dim=0))
