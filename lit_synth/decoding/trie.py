"""All labels of a task as one tree of tokens, so that what labels share is scored once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

LabelScore = Literal["sum", "mean", "content_free"]
"""What a label counts by; see `LabelScorer`."""


@dataclass
class Node:
    """A prefix of one or more labels.

    Args:
        children: Next node by token id.
        labels: Index of every label at or below this node.
        ends: Index of the label that ends here, or ``None``.
    """

    children: dict[int, "Node"] = field(default_factory=dict)
    labels: list[int] = field(default_factory=list)
    ends: int | None = None


def build_trie(labels: Sequence[Sequence[int]], end_token: int) -> Node:
    """Build the tree of token sequences, one a label.

    A label that is a prefix of another competes with it through the end token: the node gets a child for
    ``end_token``. Where nothing longer follows, the end token is not scored, since it is all that can come.

    Args:
        labels: Token ids of every label's word, in label order.
        end_token: What the teacher was taught to write behind a completion.

    >>> root = build_trie([[5, 6], [5, 7], [5]], end_token=0)
    >>> root.labels, sorted(root.children[5].children), root.children[5].children[0].ends
    ([0, 1, 2], [0, 6, 7], 2)
    """
    root = Node()
    for index, tokens in enumerate(labels):
        if not tokens:
            raise ValueError(f"label {index} has no tokens")
        node = root
        node.labels.append(index)
        for token in tokens:
            node = node.children.setdefault(token, Node())
            node.labels.append(index)
        if node.ends is not None:
            raise ValueError(f"labels {node.ends} and {index} have the same tokens")
        node.ends = index
    _close(root, end_token)
    return root


def lengths_of(root: Node) -> list[int]:
    """Return the number of tokens that each label is scored by, in label order: the end token counts where it is one.

    >>> lengths_of(build_trie([[5, 6], [5, 7], [5]], end_token=0))
    [2, 2, 2]
    """
    lengths = dict[int, int]()
    level, depth = [root], 0
    while level:
        lengths |= {node.ends: depth for node in level if node.ends is not None}
        level, depth = [child for node in level for child in node.children.values()], depth + 1
    return [lengths[label] for label in sorted(lengths)]


def _close(node: Node, end_token: int) -> None:
    for child in node.children.values():
        _close(child, end_token)
    if node.ends is not None and node.children:
        node.children[end_token] = Node(labels=[node.ends], ends=node.ends)
        node.ends = None
