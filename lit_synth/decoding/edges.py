"""The tree of labels as tensors, one place an edge, so that all rows walk it at once."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lit_synth.decoding.trie import Node


@dataclass(frozen=True)
class Edges:
    """Every step from a node to one of its children; those of a node stand side by side.

    Args:
        first: A node's first edge, of shape ``(nodes,)``; node 0 is the root.
        count: How many it has, the same shape.
        token: That is read along an edge, of shape ``(edges,)``.
        node: To which it leads, the same shape; -1 where a label ends.
        label: That ends there, the same shape; -1 where more follow.
        below: Which labels lie behind it, of shape ``(edges, labels)``.
    """

    first: Tensor
    count: Tensor
    token: Tensor
    node: Tensor
    label: Tensor
    below: Tensor

    @classmethod
    def of(cls, trie: Node, device: torch.device) -> "Edges":
        """Lay a tree out, level by level."""
        nodes, first, count = [trie], list[int](), list[int]()
        edges: list[tuple[int, int, int]] = []
        below = []
        for node in nodes:  # which grows as it is read
            first.append(len(edges))
            count.append(len(node.children))
            for token, child in node.children.items():
                below.append(child.labels)
                if child.ends is not None:
                    edges.append((token, -1, child.ends))
                else:
                    edges.append((token, len(nodes), -1))
                    nodes.append(child)
        read, leads, ends = torch.tensor(edges, device=device).unbind(dim=1)
        behind = torch.zeros(len(edges), len(trie.labels), dtype=torch.bool)
        for place, labels in enumerate(below):
            behind[place, labels] = True
        starts, counts = torch.tensor([first, count], device=device).unbind()
        return cls(starts, counts, read, leads, ends, behind.to(device))

    def behind(self, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """Return, for every edge behind some nodes, the node's place among them and the edge's number.

        >>> from lit_synth.decoding.trie import build_trie
        >>> edges = Edges.of(build_trie([[5, 6], [5, 7], [8]], end_token=0), torch.device("cpu"))
        >>> edges.behind(torch.tensor([1, 0]))
        (tensor([0, 0, 1, 1]), tensor([2, 3, 0, 1]))
        """
        count = self.count[nodes]
        place = torch.arange(len(nodes), device=nodes.device).repeat_interleave(count)
        number = torch.arange(len(place), device=nodes.device) - (count.cumsum(dim=0) - count)[place]
        return place, self.first[nodes][place] + number
