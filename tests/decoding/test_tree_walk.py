import math
from collections.abc import Sequence

import pytest
import torch

from lit_synth.decoding.tree_walk import Question, walk
from lit_synth.decoding.trie import build_trie

TRIE = build_trie([[1, 2, 3], [1, 2, 9], [4, 5, 6], [4, 5, 7]], end_token=0)


class Asked:
    """Answers from a table of next-token probabilities, and keeps what it was asked."""

    def __init__(self, table: dict[int, float]) -> None:
        self.table = table
        self.questions: list[Question] = []

    def __call__(self, questions: Sequence[Question]) -> list[list[float]]:
        self.questions += questions
        return [[math.log(self.table[token]) for token in tokens] for _, tokens in questions]


SURE = {1: 1 - 1e-9, 4: 1e-9, 2: 0.9, 5: 0.9, 3: 0.25, 9: 0.75, 6: 0.5, 7: 0.5}


def test_a_branch_without_mass_is_not_asked_for() -> None:
    asked = Asked(SURE)
    scores = walk([[100, 101]], TRIE, asked, tolerance=1e-4)
    assert [prefix for prefix, _ in asked.questions] == [[100, 101], [100, 101, 1], [100, 101, 1, 2]]
    torch.testing.assert_close(scores.softmax(dim=1), torch.tensor([[0.25, 0.75, 0.0, 0.0]]), atol=1e-5, rtol=0)
    whole = Asked(SURE)
    walk([[100, 101]], TRIE, whole, tolerance=0.0)
    assert len(whole.questions) == 5


def test_a_branch_left_out_counts_where_the_rest_comes_to_nothing() -> None:
    """The likely first token leads to labels that are next to impossible: then the other branch has all the mass."""
    table = SURE | {1: 1 - 1e-6, 4: 1e-6, 3: 1e-9, 9: 1e-9, 6: 0.2, 7: 0.8}
    scores = walk([[100]], TRIE, Asked(table), tolerance=1e-4)
    assert scores.softmax(dim=1)[0].tolist() == pytest.approx([1e-3, 1e-3, 0.2, 0.8], abs=2e-3)


def test_rows_are_walked_side_by_side() -> None:
    asked = Asked(SURE)
    scores = walk([[7], [8], [9]], TRIE, asked, tolerance=0.0)
    assert len(asked.questions) == 15
    assert torch.equal(scores[0], scores[2])
    assert scores[1].exp().tolist() == pytest.approx([0.225, 0.675, 4.5e-10, 4.5e-10], rel=1e-4)
