"""The data module: which rows go where, for teacher and student alike."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.overrides.distributed import UnrepeatedDistributedSampler

from lit_synth.data import ClassifierEncoder, Mixture, Partition, Requests, TaskDataModule, TeacherEncoder
from lit_synth.errors import InputError
from lit_synth.examples import Example, write_examples
from lit_synth.tasks.reviews import REVIEWS, Reviews

MakeModule = Callable[..., TaskDataModule]


@pytest.fixture
def make(reviews_like: Path, tiny_encoder: Path) -> MakeModule:
    def module(**more: Any) -> TaskDataModule:
        given: dict[str, Any] = {
            "data_dir": str(reviews_like),
            "partition": Partition(24, pool_limit=30, test_limit=15),
        } | more
        return Reviews(given.pop("encoder", ClassifierEncoder(str(tiny_encoder))), **given)

    return module


def ids(rows: Sequence[Example]) -> list[str]:
    return [row.id for row in rows]


def test_every_part_has_its_size(make: MakeModule) -> None:
    splits = make().splits
    assert [len(part) for part in (splits.gold, splits.development, splits.pool, splits.test)] == [19, 5, 30, 15]


def test_test_rows_are_never_learnt_nor_validated(make: MakeModule, tmp_path: Path) -> None:
    module = make(mixture=Mixture(development=True, pool_gold=True))
    known = {row.fields["text"] for row in module.splits.test}
    assert not known & {row.fields["text"] for row in module.training_examples()}
    assert not known & {row.fields["text"] for row in (*module.splits.development, *module.splits.pool)}
    tested = [example for batch in module.test_dataloader() for example in batch["example"]]
    assert {row.fields["text"] for row in tested} == known


def test_a_mixture_is_what_is_asked_for(make: MakeModule, tmp_path: Path) -> None:
    synthetic = [Example("s", {"text": "made up"}, "negative", "generated", {"negative": 0.6, "positive": 0.4})]
    write_examples(tmp_path / "s.jsonl", synthetic)
    parts = make().splits
    assert list(make().training_examples()) == parts.gold
    assert list(make(mixture=Mixture(development=True)).training_examples()) == [*parts.gold, *parts.development]
    only = Mixture(gold=False, synthetic=(tmp_path / "s.jsonl",))
    assert list(make(mixture=only).training_examples()) == synthetic
    assert list(make(mixture=Mixture(synthetic=(tmp_path / "s.jsonl",))).training_examples()) == [
        *parts.gold,
        *synthetic,
    ]


def test_gold_may_weigh_more_than_synthetic_rows_whichever_part_it_comes_from(make: MakeModule, tmp_path: Path) -> None:
    made = Example("s", {"text": "made up"}, "negative", "generated", weight=0.5)
    write_examples(tmp_path / "s.jsonl", [made])
    chosen = {"development": True, "pool_gold": True, "synthetic": (tmp_path / "s.jsonl",)}
    module = make(mixture=Mixture(**chosen, gold_weight=3.0))  # type: ignore[arg-type]
    *gold, last = module.training_examples()
    assert (last, len(gold)) == (made, 19 + 5 + 30)
    assert {row.weight for row in gold} == {3.0}
    assert {row.weight for row in module.splits.gold} == {1.0}, "development figures are not weighed"
    weighed = {float(w) for batch in module.train_dataloader() for w in batch["weight"][batch["synthetic"]]}
    assert weighed == {0.5}
    assert {float(w) for batch in module.val_dataloader() for w in batch["weight"]} == {1.0}


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_of_gold_that_is_not_above_0_is_one_line(weight: float) -> None:
    with pytest.raises(InputError, match=f"mixture.gold_weight {weight:g}: give a number above 0; gold: false leaves"):
        Mixture(gold_weight=weight)


def test_the_ceiling_gets_the_true_labels_of_the_pool(make: MakeModule, reviews_like: Path) -> None:
    rows = list(make(mixture=Mixture(gold=False, pool_gold=True)).training_examples())
    lines = [json.loads(line) for line in (reviews_like / "train.jsonl").read_text().splitlines()]
    truth = {line["text"]: line["sentiment"] for line in lines}
    assert len(rows) == 30
    assert all(row.target == truth[row.fields["text"]] for row in rows)


def test_a_student_batch_has_the_keys_of_its_contract(make: MakeModule) -> None:
    batch = next(iter(make(batch_size=8).train_dataloader()))
    assert set(batch) == {
        "input_ids",
        "token_type_ids",
        "attention_mask",
        "target_probabilities",
        "weight",
        "synthetic",
        "id",
    }
    assert batch["target_probabilities"].shape == (8, 2)
    assert batch["attention_mask"][:, 0].all()


def test_a_teacher_learns_two_rows_from_each_gold_row(make: MakeModule, tiny_causal: Path) -> None:
    module = make(encoder=TeacherEncoder(str(tiny_causal)), batch_size=64)
    (batch,) = module.train_dataloader()
    assert batch["input_ids"].shape == batch["labels"].shape == batch["attention_mask"].shape
    assert len(batch["input_ids"]) == 2 * 19


def test_prompts_are_padded_on_the_left_and_longest_first(make: MakeModule, tiny_causal: Path, tmp_path: Path) -> None:
    encoder = TeacherEncoder(str(tiny_causal))
    module = make(encoder=encoder, requests=Requests(tmp_path), predict_batch_size=10)
    batches = list(module.predict_dataloader())
    assert [len(batch["example"]) for batch in batches] == [10, 10, 10]
    for batch in batches:
        assert batch["attention_mask"][:, -1].all()
    lengths = torch.cat([batch["attention_mask"].sum(dim=1) for batch in batches])
    assert lengths.tolist() == sorted(lengths.tolist(), reverse=True)


def test_pending_shrinks_with_what_was_answered(make: MakeModule, tmp_path: Path) -> None:
    module = make(requests=Requests(tmp_path))
    assert ids([*module.pending()]) == ids(module.splits.pool)
    write_examples(tmp_path / "accepted.jsonl", module.splits.pool[:29])
    assert ids([*module.pending()]) == ids(module.splits.pool[29:])


@pytest.mark.parametrize("ranks", [1, 2, 5])
def test_every_rank_has_a_row_to_predict_and_every_row_one_rank(make: MakeModule, tmp_path: Path, ranks: int) -> None:
    """Lightning's own way of sharing fails where a rank has none."""
    module = make(requests=Requests(tmp_path))
    write_examples(tmp_path / "accepted.jsonl", module.splits.pool[2:])
    module.trainer = SimpleNamespace(world_size=ranks)  # type: ignore[assignment]
    rows = module.predict_dataloader().dataset
    order = [UnrepeatedDistributedSampler(rows, num_replicas=ranks, rank=rank, shuffle=False) for rank in range(ranks)]
    shared = [[rows[place] for place in places] for places in order]
    assert all(shared)
    own = [row["example"] for part in shared for row in part if not row["is_spare"]]
    assert sorted(ids(own)) == sorted(ids(module.splits.pool[:2]))


def test_a_source_takes_the_place_of_the_pool(make: MakeModule, tmp_path: Path) -> None:
    rows = [Example("x", {"text": "one"}, "positive", "generated", provenance={"attempt": 0})]
    write_examples(tmp_path / "rows.jsonl", rows)
    assert [*make(requests=Requests(tmp_path / "out", source=tmp_path / "rows.jsonl")).pending()] == rows


def test_predicting_without_an_order_says_what_is_needed(make: MakeModule) -> None:
    with pytest.raises(InputError, match=r"data\.requests: a folder, and annotate or generate"):
        make().pending()


def test_a_batch_moves_its_tensors_and_keeps_its_examples(make: MakeModule) -> None:
    batch = next(iter(make().test_dataloader()))
    moved = make().transfer_batch_to_device(batch, torch.device("meta"), 0)
    assert moved["input_ids"].device.type == "meta"
    assert moved["example"] is batch["example"]


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_missing_file_is_named(make: MakeModule, tmp_path: Path, reviews_like: Path, split: str) -> None:
    other = "test" if split == "train" else "train"
    (tmp_path / f"{other}.jsonl").write_text((reviews_like / f"{other}.jsonl").read_text())
    with pytest.raises(InputError, match=rf"no {split}\.jsonl \(or \.jsonl\.gz, \.csv, \.tsv, \.parquet\)"):
        _ = make(data_dir=str(tmp_path)).splits


def test_validation_is_scored_where_test_is_hidden(make: MakeModule, tmp_path: Path, reviews_like: Path) -> None:
    for split in ("train", "validation"):
        (tmp_path / f"{split}.jsonl").write_text((reviews_like / f"{split}.jsonl").read_text())
    splits = make(data_dir=str(tmp_path)).splits
    assert all(row.id.startswith("validation-") for row in splits.test)
    assert all(row.id.startswith("train-") for row in (*splits.gold, *splits.development, *splits.pool))


def test_another_task_may_take_the_module(make: MakeModule) -> None:
    module = make(task=replace(REVIEWS, name="mine", annotate_prompt="{text}?"))
    assert module.task.name == "mine"
    assert len(module.splits.gold) == 19
