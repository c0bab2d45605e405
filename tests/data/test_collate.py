"""Batches: padded on the asked side, and ordered so that little padding is needed."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from lit_synth.data.collate import Collate, LengthSampler
from lit_synth.data.encoders import IGNORED

ROWS = [
    {"input_ids": [5, 6, 7], "labels": [IGNORED, 6, 7], "token_type_ids": [0, 1, 1], "example": "first"},
    {"input_ids": [8], "labels": [8], "token_type_ids": [1], "example": "second"},
]
LENGTHS = st.lists(st.integers(1, 90), max_size=300)


def test_padding_goes_behind_while_learning() -> None:
    batch = Collate(3)(ROWS)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 3, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [8, IGNORED, IGNORED]]
    assert batch["token_type_ids"].tolist() == [[0, 1, 1], [1, 0, 0]]


def test_padding_goes_in_front_while_decoding() -> None:
    batch = Collate(3, left=True)(ROWS)
    assert batch["input_ids"].tolist() == [[5, 6, 7], [3, 3, 8]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [0, 0, 1]]


def test_a_padding_token_inside_a_row_is_no_padding() -> None:
    assert Collate(5)(ROWS)["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_what_is_no_tensor_is_listed() -> None:
    assert Collate(0)(ROWS)["example"] == ["first", "second"]


def test_probabilities_are_floats_of_batch_and_labels() -> None:
    rows = [{"input_ids": [1], "target_probabilities": [0.25, 0.75]}] * 3
    targets = Collate(0)(rows)["target_probabilities"]
    assert (targets.shape, targets.dtype) == ((3, 2), torch.float32)


def test_weights_and_what_is_synthetic_are_tensors_of_the_batch() -> None:
    batch = Collate(0)(
        [{"input_ids": [1], "weight": 1, "synthetic": False}, {"input_ids": [1], "weight": 0.5, "synthetic": True}]
    )
    assert torch.equal(batch["weight"], torch.tensor([1.0, 0.5]))
    assert (batch["synthetic"].dtype, batch["synthetic"].tolist()) == (torch.bool, [False, True])


@given(LENGTHS, st.integers(1, 40), st.integers(0, 5), st.integers(0, 5))
def test_every_row_comes_once_an_epoch(lengths: list[int], size: int, seed: int, epoch: int) -> None:
    sampler = LengthSampler(lengths, size, seed)
    sampler.set_epoch(epoch)
    assert sorted(sampler) == list(range(len(lengths)))
    assert len(sampler) == len(lengths)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = LengthSampler(list(range(64)), 8, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 0) == order(0, 0)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4


@given(st.lists(st.integers(1, 90), min_size=40, max_size=300))
def test_little_of_a_batch_is_padding(lengths: list[int]) -> None:
    """A batch of neighbours by length is never worse than batches in the given order."""
    size = 8

    def padded(order: list[int]) -> int:
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        return sum(max(lengths[row] for row in batch) * len(batch) for batch in batches)

    assert padded(list(LengthSampler(lengths, size))) <= padded(list(range(len(lengths))))


def test_long_batches_do_not_all_come_last() -> None:
    order = list(LengthSampler(list(range(800)), 8))
    assert order != sorted(order)
    assert abs(sum(order[:400]) / 400 - 399.5) < 100


def test_only_the_last_batch_is_short() -> None:
    order = list(LengthSampler(list(range(21)), 8))
    assert [max(batch) - min(batch) for batch in (order[:8], order[8:16], order[16:])] in ([7, 7, 4],)
