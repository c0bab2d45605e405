from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from transformers import AutoTokenizer

from lit_synth.decoding.trie import Node, build_trie
from lit_synth.tasks.slurp import SLURP

END = 0


def paths(node: Node, start: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield what is scored for every label: the tokens from the root, and the label."""
    if node.ends is not None:
        yield start, node.ends
    for token, child in node.children.items():
        yield from paths(child, (*start, token))


def test_what_labels_share_stands_once() -> None:
    root = build_trie([[1, 2, 3], [1, 2, 4], [5]], end_token=0)
    assert list(root.children) == [1, 5]
    assert root.children[1].children[2].labels == [0, 1]
    assert root.children[5].ends == 2


def test_a_label_that_begins_another_ends_in_the_end_token() -> None:
    root = build_trie([[1], [1, 2]], end_token=0)
    assert root.children[1].ends is None
    assert root.children[1].children[0].ends == 0
    assert root.children[1].children[2].ends == 1


def test_the_end_is_not_scored_where_nothing_longer_follows() -> None:
    root = build_trie([[1], [2, 3]], end_token=0)
    assert root.children[1].ends == 0
    assert not root.children[1].children


def test_labels_must_differ_and_have_tokens() -> None:
    with pytest.raises(ValueError, match="labels 0 and 1 have the same tokens"):
        build_trie([[1, 2], [1, 2]], end_token=0)
    with pytest.raises(ValueError, match="label 1 has no tokens"):
        build_trie([[1], []], end_token=0)


@given(some.lists(some.lists(some.integers(1, 3), min_size=1, max_size=4).map(tuple), min_size=1, unique=True))
def test_every_label_has_one_path_and_none_begins_another(labels: list[tuple[int, ...]]) -> None:
    root = build_trie(labels, END)
    found = {label: path for path, label in paths(root)}
    assert len(list(paths(root))) == len(labels) == len(found)
    for label, tokens in enumerate(labels):
        longer = any(other[: len(tokens)] == tokens for other in labels if other != tokens)
        assert found[label] == (*tokens, END) if longer else found[label] == tokens
    assert not [a for a in found.values() for b in found.values() if a != b and b[: len(a)] == a]


@given(some.lists(some.lists(some.integers(1, 3), min_size=1, max_size=4).map(tuple), min_size=1, unique=True))
def test_a_node_knows_the_labels_below_it(labels: list[tuple[int, ...]]) -> None:
    def check(node: Node) -> None:
        assert sorted(node.labels) == sorted(label for _, label in paths(node))
        for child in node.children.values():
            check(child)

    check(build_trie(labels, END))


def test_slurps_email_query_ends_where_email_querycontact_goes_on(tiny_causal: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_causal)
    words = [tokenizer(SLURP.completion(label))["input_ids"] for label in SLURP.labels]
    short, long = (SLURP.labels.index(label) for label in ("email_query", "email_querycontact"))
    assert ("email_query", "email_querycontact") in SLURP.nested_labels
    assert words[long][: len(words[short])] == words[short], "the tokens nest as the words do"
    found = {label: path for path, label in paths(build_trie(words, tokenizer.eos_token_id))}
    assert found[short] == (*words[short], tokenizer.eos_token_id)
    assert found[long] == tuple(words[long])
    assert len(found) == 60
