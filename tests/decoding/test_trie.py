import pytest

from lit_synth.decoding.trie import build_trie


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
