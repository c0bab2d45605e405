"""The generation callback around a stub teacher, whose answers the test decides."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning as L
import pytest

from lit_synth.callbacks.generation import Generation, predict_all
from lit_synth.callbacks.shards import append_records, read_records
from lit_synth.curation.rules import Rules
from lit_synth.curation.verdicts import DISAGREES, OUTSIDE_TEMPLATE, REPEATED, UNFINISHED, by_id
from lit_synth.data import Partition, Requests, TeacherEncoder
from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples
from lit_synth.tasks.reviews import Reviews

Answer = Callable[[Example], Example]


class Stub(L.LightningModule):
    """Answers as told, and may be killed before a batch."""

    def __init__(self, answer: Answer, killed_at: int | None = None) -> None:
        super().__init__()
        self.answer = answer
        self.killed_at = killed_at
        self.asked: list[str] = []

    def predict_step(self, batch: dict[str, Any], batch_index: int) -> list[Example]:
        if batch_index == self.killed_at:
            raise RuntimeError("killed")
        self.asked += [example.id for example in batch["example"]]
        return [self.answer(example) for example in batch["example"]]


def write(example: Example) -> Example:
    """Write a text of its own for every request; every fourth is outside the template."""
    bad = example.provenance["attempt"] % 4 == 3
    text = None if bad else f"{example.target} text {example.provenance['attempt']}"
    fields = {} if bad else {"text": str(text)}
    return replace(example, fields=fields, provenance={**example.provenance, "text": "" if bad else text})


@pytest.fixture
def predict(tiny_causal: Path, reviews_like: Path) -> Callable[..., Stub]:
    def run(folder: Path, answer: Answer, killed_at: int | None = None, **order: Any) -> Stub:
        requests = Requests(folder, **{"kind": "generate", "amount": 20, **order})
        encoder = TeacherEncoder(str(tiny_causal), max_length=64)
        partition = Partition(16, pool_limit=12)
        data = Reviews(
            encoder, data_dir=str(reviews_like), partition=partition, requests=requests, predict_batch_size=4
        )
        stub = Stub(answer, killed_at)
        quiet: dict[str, Any] = {
            "logger": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "accelerator": "cpu",
        }
        strict = folder.name == "strict"
        trainer = L.Trainer(
            callbacks=[Generation(Rules("reject" if strict else "keep"))], default_root_dir=folder, **quiet
        )
        predict_all(trainer, stub, data)
        return stub

    return run


def rows(folder: Path, name: str) -> list[Example]:
    return list(read_examples(folder / f"{name}.jsonl"))


def test_rejected_rows_are_asked_for_again_until_the_quota_is_full(predict: Any, tmp_path: Path) -> None:
    stub = predict(tmp_path, write)
    accepted, rejected = rows(tmp_path, "accepted"), rows(tmp_path, "rejected")
    assert sorted(row.target or "" for row in accepted) == ["negative"] * 10 + ["positive"] * 10
    assert {row.provenance["reason"] for row in rejected} == {OUTSIDE_TEMPLATE}
    assert len(accepted) + len(rejected) == len(stub.asked) == len(set(stub.asked))


def test_a_killed_run_goes_on_and_ends_with_the_same_rows(predict: Any, tmp_path: Path) -> None:
    predict(tmp_path / "whole", write)
    with pytest.raises(RuntimeError, match="killed"):
        predict(tmp_path / "parts", write, killed_at=3)
    shard = tmp_path / "parts" / "records-0.jsonl"
    done = {json.loads(line)["id"] for line in shard.read_text().splitlines()}
    assert len(done) == 12, "every finished batch is on disk"
    with shard.open("a") as file:
        file.write('{"id": "generated-posi')  # what a kill in the middle of a write leaves
    resumed = predict(tmp_path / "parts", write)
    assert not done & set(resumed.asked)
    for name in ("accepted", "rejected"):
        assert rows(tmp_path / "parts", name) == rows(tmp_path / "whole", name)


@pytest.mark.parametrize("kept", ["", "0", "-3", "2.5", "\x00", "9999999"])
def test_a_damaged_size_of_the_batch_stops_nothing(predict: Any, tmp_path: Path, kept: str) -> None:
    (tmp_path / "batch_size.json").write_text(kept)
    predict(tmp_path, write, amount=4)
    assert len(rows(tmp_path, "accepted")) == 4


def test_it_gives_up_at_the_limit_of_attempts(predict: Any, tmp_path: Path) -> None:
    stub = predict(tmp_path, lambda row: replace(row, provenance={**row.provenance, "text": "?"}), attempts=1.5)
    assert len(stub.asked) == 30
    assert not rows(tmp_path, "accepted")
    assert len(rows(tmp_path, "rejected")) == 30


def test_repeats_and_copies_are_rejected(predict: Any, tmp_path: Path, reviews_like: Path) -> None:
    test_text = json.loads((reviews_like / "test.jsonl").read_text().splitlines()[0])["text"]

    def same(row: Example) -> Example:
        text = test_text.upper() if row.provenance["attempt"] == 0 else "always this"
        return replace(row, fields={"text": text}, provenance={**row.provenance, "text": text})

    predict(tmp_path, same, amount=4)
    assert [row.fields["text"] for row in rows(tmp_path, "accepted")] == ["always this"]
    reasons = {row.provenance["reason"] for row in rows(tmp_path, "rejected")}
    assert reasons == {"copies a row of test", REPEATED}


def test_copies_of_every_known_part_are_rejected_by_its_name(predict: Any, tmp_path: Path, reviews_like: Path) -> None:
    splits = Reviews(None, data_dir=str(reviews_like), partition=Partition(16, pool_limit=12)).splits  # type: ignore[arg-type]
    known = {"gold": splits.gold[0], "development": splits.development[0], "test": splits.test[0]}

    def copy(row: Example) -> Example:
        source = [*known.values(), splits.pool[0]][row.provenance["attempt"] % 4]
        text = f"  {source.fields['text'].upper()} "
        return replace(row, fields={"text": text}, provenance={**row.provenance, "text": text})

    predict(tmp_path, copy, amount=4, attempts=2.0)
    reasons = {row.provenance["attempt"]: row.provenance["reason"] for row in rows(tmp_path, "rejected")}
    assert [reasons[attempt] for attempt in range(3)] == [f"copies a row of {part}" for part in known]
    # The text of a pool row is no secret: what the teacher wrote by itself is a row of its own, once.
    assert [row.provenance["attempt"] for row in rows(tmp_path, "accepted")] == [3]


def test_a_text_that_did_not_end_says_so(predict: Any, tmp_path: Path) -> None:
    predict(tmp_path, lambda row: replace(row, provenance={**row.provenance, "text": None}), amount=2, attempts=1.0)
    assert [row.provenance["reason"] for row in rows(tmp_path, "rejected")] == [UNFINISHED] * 2


def test_a_batch_is_on_disk_before_the_next_is_asked_for(predict: Any, tmp_path: Path) -> None:
    shard = tmp_path / "records-0.jsonl"
    seen: list[int] = []

    def look(row: Example) -> Example:
        seen.append(shard.read_bytes().count(b"\n") if shard.exists() else 0)
        return replace(row, fields={"text": row.id}, provenance={**row.provenance, "text": row.id})

    predict(tmp_path, look)
    assert seen == [4 * (count // 4) for count in range(20)]


def test_a_kill_anywhere_ends_with_the_same_rows(predict: Any, tmp_path: Path) -> None:
    """At every batch of the first round, and at every byte length of a last line."""
    predict(tmp_path / "whole", write, amount=8)
    for batch in range(2):
        folder = tmp_path / f"batch{batch}"
        with pytest.raises(RuntimeError, match="killed"):
            predict(folder, write, killed_at=batch, amount=8)
        shard = folder / "records-0.jsonl"
        if shard.exists():
            shard.write_bytes(shard.read_bytes()[: -7 * (batch + 1)])
        predict(folder, write, amount=8)
        for name in ("accepted", "rejected"):
            assert rows(folder, name) == rows(tmp_path / "whole", name)


@pytest.mark.parametrize("kept", [0, 1, 40, -2, -1])
def test_a_half_written_line_is_cut_wherever_it_breaks(tmp_path: Path, kept: int) -> None:
    records = [Example(name, {"text": "é\n" + name}, "positive", "generated") for name in ("a", "b")]
    append_records(tmp_path / "records-0.jsonl", records[:1])
    start = (tmp_path / "records-0.jsonl").read_bytes()
    append_records(tmp_path / "records-0.jsonl", records[1:])
    last = (tmp_path / "records-0.jsonl").read_bytes()[len(start) :]
    (tmp_path / "records-0.jsonl").write_bytes(start + last[:kept])
    assert list(read_records(tmp_path, by_id)) == records[:1]
    assert (tmp_path / "records-0.jsonl").read_bytes() == start
    append_records(tmp_path / "records-0.jsonl", records[1:])
    assert list(read_records(tmp_path, by_id)) == records


def test_predict_without_an_order_is_told(tiny_causal: Path, reviews_like: Path, tmp_path: Path) -> None:
    data = Reviews(TeacherEncoder(str(tiny_causal)), data_dir=str(reviews_like), partition=Partition(16))
    trainer = L.Trainer(
        callbacks=[Generation()], default_root_dir=tmp_path, logger=False, enable_progress_bar=False, accelerator="cpu"
    )
    with pytest.raises(InputError, match=r"predict needs data\.requests"):
        predict_all(trainer, Stub(write), data)


def test_the_pool_is_annotated_once(predict: Any, tmp_path: Path) -> None:
    answer = lambda row: replace(row, target="positive", origin="annotated")  # noqa: E731
    stub = predict(tmp_path, answer, kind="annotate")
    assert len(stub.asked) == 12 == len(rows(tmp_path, "accepted"))
    assert predict(tmp_path, answer, kind="annotate").asked == []


def test_a_generated_row_that_reads_otherwise_is_kept_or_rejected(predict: Any, tmp_path: Path) -> None:
    source = tmp_path / "source.jsonl"
    asked = Example("g1", {"text": "so so"}, "positive", "generated", provenance={"requested": "positive"})
    source.write_text(json.dumps(asked.to_dict()) + "\n")
    answer = lambda row: replace(row, target="negative", probabilities={"negative": 0.6, "positive": 0.4})  # noqa: E731
    predict(tmp_path / "keep", answer, kind="annotate", source=source)
    predict(tmp_path / "strict", answer, kind="annotate", source=source)
    assert [row.target for row in rows(tmp_path / "keep", "accepted")] == ["negative"]
    assert [row.provenance["reason"] for row in rows(tmp_path / "strict", "rejected")] == [DISAGREES]


def test_a_record_written_twice_counts_once(tmp_path: Path) -> None:
    one = Example("a", {"text": "x"}, "positive", "generated", provenance={"attempt": 0})
    append_records(tmp_path / "records-0.jsonl", [one])
    append_records(tmp_path / "records-1.jsonl", [one, replace(one, id="b")])
    assert [row.id for row in read_records(tmp_path, by_id)] == ["a", "b"]


def test_the_answer_to_a_spare_row_is_no_record(tmp_path: Path) -> None:
    rank: Any = SimpleNamespace(
        global_rank=3, is_global_zero=False, datamodule=SimpleNamespace(requests=Requests(tmp_path))
    )
    one = Example("a", {"text": "x"}, "positive", "generated", provenance={"attempt": 0})
    for is_spare, expected in ((True, []), (False, ["a"])):
        Generation().on_predict_batch_end(rank, Stub(write), [one], {"is_spare": [is_spare]}, 0)
        assert [row.id for row in read_records(tmp_path, by_id)] == expected
