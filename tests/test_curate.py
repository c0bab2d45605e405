"""From what annotators read to what a student learns from: by files, without a model."""

import hashlib
import json
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from lit_synth.curate import UNREAD, UNSURE, curate
from lit_synth.curation.rules import Rules
from lit_synth.data import ClassifierEncoder, Partition, Seq2SeqEncoder
from lit_synth.errors import InputError
from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.readings import Readings
from lit_synth.settings import CurationSettings
from lit_synth.tasks import Reviews, WebNlg
from lit_synth.tasks.reviews import REVIEWS

NAMES = ["teacher", "student"]
MADE = repeat(("annotated", dict[str, str]()))


def read_as(row: Example, positive: float) -> Example:
    probabilities = {"positive": positive, "negative": 1 - positive}
    label = max(probabilities, key=probabilities.__getitem__)
    return replace(row, target=label, origin="annotated", probabilities=probabilities)


@pytest.fixture
def stage(tmp_path: Path, tiny_encoder: Path, reviews_like: Path) -> Any:
    """Return a function that curates rows as two annotators read them: one right but unsure, one loud and at random."""
    module = Reviews(ClassifierEncoder(str(tiny_encoder)), data_dir=str(reviews_like), partition=Partition(60))

    def run(
        rows: list[tuple[float, float]],
        settings: CurationSettings,
        rejected: list[Example],
        prompts: Any = (),
        made: Any = MADE,
    ) -> tuple[Any, ...]:
        known, pool = module.splits.development, module.splits.pool
        seen: dict[str, list[list[Example]]] = {"development": [[], []], "rows": [[], []]}
        for number, row in enumerate(known):
            right = 0.7 if row.target == REVIEWS.labels[0] else 0.3
            seen["development"][0].append(read_as(row, right if REVIEWS.labels[0] == "positive" else 1 - right))
            seen["development"][1].append(read_as(row, 0.99 if number % 2 else 0.01))
        for row, votes, (origin, told) in zip(pool, rows, made, strict=False):
            for found, vote in zip(seen["rows"], votes, strict=True):
                found.append(replace(read_as(row, vote), origin=origin, provenance=told))
        paths = {kind: [tmp_path / f"{kind}_{name}.jsonl" for name in NAMES] for kind in ("development", "rows")}
        for kind, files in paths.items():
            for path, found in zip(files, seen[kind], strict=True):
                write_examples(path, found)
        write_examples(tmp_path / "rejected_before.jsonl", rejected)
        (tmp_path / "teacher").mkdir(exist_ok=True)
        (tmp_path / "teacher" / "model.safetensors").write_bytes(b"weights")
        readings = Readings(NAMES, paths["development"], paths["rows"], tmp_path / "teacher", dict(prompts))
        folder = tmp_path / "curation"
        curate(folder, settings, module, readings, [tmp_path / "rejected_before.jsonl"])
        verdicts = (list(read_examples(folder / f"{name}.jsonl")) for name in ("accepted", "rejected"))
        return (*verdicts, json.loads((folder / "curation.json").read_text()))

    run.module = module  # type: ignore[attr-defined]
    return run


def test_the_one_who_knows_is_trusted_and_the_other_is_not(stage: Any) -> None:
    accepted, _, found = stage([(0.8, 0.1), (0.2, 0.9)], CurationSettings(calibrate=True), [])
    assert [row.target for row in accepted] == ["positive", "negative"]
    teacher, student = (one["weight"] for one in found["annotators"])
    assert teacher > 1, "it is always right, and too modest"
    assert student < 0.2
    assert accepted[0].probabilities["positive"] > 0.8
    made = accepted[0].provenance
    assert made["annotators"] == {"teacher": "positive", "student": "negative"}
    assert made["teacher"] == found["teacher_hash"] == hashlib.sha256(b"weights").hexdigest()[:16]
    assert made["passed"] == ["leakage"], "rows of a pool are real ones: no other rule for written rows has seen them"


def test_without_calibration_the_loud_one_wins(stage: Any) -> None:
    accepted, _, found = stage([(0.8, 0.1)], CurationSettings(), [])
    assert [row.target for row in accepted] == ["negative"]
    assert [one["weight"] for one in found["annotators"]] == [0.5, 0.5]


def test_unsure_rows_are_left_out_and_all_are_counted(stage: Any) -> None:
    before = Example("x", {"text": "x"}, None, "generated", provenance={"reason": "an empty text"})
    votes = [(0.9, 0.9), (0.55, 0.5), (0.1, 0.1)]
    accepted, rejected, found = stage(votes, CurationSettings(confidence=0.75), [before])
    assert [row.target for row in accepted] == ["positive", "negative"]
    assert [row.provenance["reason"] for row in rejected] == ["an empty text", UNSURE]
    assert found["strategy"].pop("leakage")["rows"] == 3
    assert found["strategy"] == {
        "requested": 4,
        "labels": 2,
        "accepted": 2,
        "rejected": {"an empty text": 1, UNSURE: 1},
        "shares": {"matched": False},
    }
    assert found["threshold"] == 0.75


@pytest.mark.parametrize("left_out", [False, True])
def test_a_row_of_the_pool_that_is_like_a_test_row_is_listed_and_left_out_unless_told_otherwise(
    tmp_path: Path, stage: Any, left_out: bool
) -> None:
    stage([(0.9, 0.9)] * 3, CurationSettings(), [])
    assert CurationSettings().rules.pool_leakage
    judged = stage.module.splits.test[0].fields["text"]
    paths = {kind: [tmp_path / f"{kind}_{name}.jsonl" for name in NAMES] for kind in ("development", "rows")}
    for path in paths["rows"]:
        first, second, third = read_examples(path)
        like = [replace(first, fields={"text": f"{judged} indeed"}), replace(second, fields={"text": "quite another"})]
        write_examples(path, [*like, replace(third, fields={"text": "of its own kind"})])
    readings = Readings(NAMES, paths["development"], paths["rows"], tmp_path / "teacher")
    settings = CurationSettings(rules=Rules(pool_leakage=left_out))
    curate(tmp_path / "again", settings, stage.module, readings, [])
    found = json.loads((tmp_path / "again" / "curation.json").read_text())["strategy"]
    assert found["rejected"] == ({"leaks a row of test": 1} if left_out else {})
    assert (found["leakage"]["rows"], found["leakage"]["test"]) == (3, 1)
    assert found["leakage"]["hits"][0]["id"] == first.id
    assert found["leakage"]["hits"][0]["match"] == judged
    assert set(found["leakage"]["real"]) == {"gold"}
    for row in read_examples(tmp_path / "again" / "rejected.jsonl"):
        assert row.provenance["teacher"] == hashlib.sha256(b"weights").hexdigest()[:16]
    for row in read_examples(tmp_path / "again" / "accepted.jsonl"):
        assert row.provenance["passed"] == (["leakage"] if left_out else [])


def test_a_leak_of_the_pool_comes_before_other_reasons_where_it_is_one(tmp_path: Path, stage: Any) -> None:
    stage([(0.9, 0.9)] * 2, CurationSettings(), [])
    judged = stage.module.splits.test[0].fields
    paths = {kind: [tmp_path / f"{kind}_{name}.jsonl" for name in NAMES] for kind in ("development", "rows")}
    for path, kept in zip(paths["rows"], (2, 1), strict=True):
        rows = [replace(read_as(row, 0.55), fields=judged) for row in read_examples(path)]
        write_examples(path, rows[:kept])
    before = tmp_path / "before.jsonl"
    write_examples(
        before, [replace(read_as(rows[0], 0.9), id="b", fields=judged, provenance={"reason": "an empty text"})]
    )
    readings = Readings(NAMES, paths["development"], paths["rows"], tmp_path / "teacher")
    reasons = {}
    for strict in (False, True):
        settings = CurationSettings(confidence=0.9, rules=Rules(pool_leakage=strict))
        curate(tmp_path / "again", settings, stage.module, readings, [before])
        rejected = read_examples(tmp_path / "again" / "rejected.jsonl")
        reasons[strict] = [row.provenance["reason"] for row in rejected]
    assert reasons == {False: ["an empty text", UNSURE, UNREAD], True: ["leaks a row of test"] * 3}


def test_a_row_that_an_annotator_lacks_is_rejected_with_a_reason(tmp_path: Path, stage: Any) -> None:
    stage([(0.9, 0.9)] * 3, CurationSettings(), [])
    paths = {kind: [tmp_path / f"{kind}_{name}.jsonl" for name in NAMES] for kind in ("development", "rows")}
    whole = list(read_examples(paths["rows"][1]))
    write_examples(paths["rows"][1], whole[1:])
    readings = Readings(NAMES, paths["development"], paths["rows"], tmp_path / "teacher")
    curate(tmp_path / "again", CurationSettings(), stage.module, readings, [])
    (row,) = read_examples(tmp_path / "again" / "rejected.jsonl")
    assert (row.id, row.provenance["reason"]) == (whole[0].id, UNREAD)
    found = json.loads((tmp_path / "again" / "curation.json").read_text())["strategy"]
    assert (found["requested"], found["accepted"], found["rejected"]) == (3, 2, {UNREAD: 1})
    curate(tmp_path / "again", CurationSettings(), stage.module, readings, [], asked=3)
    with pytest.raises(InputError, match=r"4 rows were asked for, and 3 are accepted or rejected; .* delete "):
        curate(tmp_path / "again", CurationSettings(), stage.module, readings, [], asked=4)


def test_targets_may_be_hard_and_weighed(stage: Any) -> None:
    (row,), *_ = stage([(0.8, 0.8)], CurationSettings(labels="hard", weigh=True), [])
    assert row.probabilities == {"positive": 1.0, "negative": 0.0}
    assert row.weight == pytest.approx(0.8, abs=1e-6)


def test_agreement_is_that_of_labels_as_students_learn_them(stage: Any) -> None:
    # Half of the rows were asked for as each label; the teacher leans to one, and is shifted back.
    asked = ["positive", "negative"] * 30
    votes = [(0.95, 0.95) if label == "positive" else (0.7, 0.7) for label in asked]
    made = [("generated", {"requested": label, "writing": 0}) for label in asked]
    accepted, _, found = stage(votes, CurationSettings(), [], made=made)
    assert [row.target for row in accepted] == asked, "every row is learnt as what was asked for"
    assert found["strategy"]["agreement"] == 1
    assert found["strategy"]["read_otherwise"] == {}
    accepted, rejected, found = stage(votes, CurationSettings(match_shares=False, confidence=0.8), [], made=made)
    assert (len(accepted), len(rejected)) == (30, 30)
    assert found["strategy"]["agreement"] == 0.5
    assert found["strategy"]["read_otherwise"] == {}, "none of them is kept"
    *_, found = stage(votes, CurationSettings(match_shares=False), [], made=made)
    assert found["strategy"]["read_otherwise"] == {"negative": [30, 30]}


def test_prompts_of_teachers_are_told_with_every_row(stage: Any) -> None:
    *_, found = stage([(0.8, 0.1)], CurationSettings(), [])
    assert "prompts" not in found
    prompts = {"teacher": "{text} Mood:", "teacher_2": "{text} Good or bad?"}
    (row,), _, found = stage([(0.8, 0.1)], CurationSettings(), [], prompts)
    assert row.provenance["prompts"] == found["prompts"] == prompts


def test_every_annotators_weights_are_told_with_every_row(tmp_path: Path, stage: Any) -> None:
    stage([(0.8, 0.1)], CurationSettings(), [])
    paths = {kind: [tmp_path / f"{kind}_{name}.jsonl" for name in NAMES] for kind in ("development", "rows")}
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "model.safetensors").write_bytes(b"others")
    readings = Readings(
        NAMES, paths["development"], paths["rows"], tmp_path / "teacher", {}, {"student": tmp_path / "student"}
    )
    curate(tmp_path / "again", CurationSettings(), stage.module, readings, [])
    (row,) = read_examples(tmp_path / "again" / "accepted.jsonl")
    assert row.provenance["others"] == {"student": hashlib.sha256(b"others").hexdigest()[:16]}


def facts(folder: Path, encoder: Path) -> WebNlg:
    """Return a text-to-text module over rows written here."""
    folder.mkdir()
    for split in ("train", "test"):
        rows = [
            {"input": [f"{split}{n} | name | Bo"], "target": "Bo.", "category": "Food", "references": ["Bo."]}
            for n in range(8)
        ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return WebNlg(Seq2SeqEncoder(str(encoder)), data_dir=str(folder), partition=Partition(4))


def test_of_several_texts_one_is_chosen_or_all_share_a_weight(tmp_path: Path, tiny_encoder: Path) -> None:
    module = facts(tmp_path / "rows", tiny_encoder)
    fields = {"category": "Food", "triples": "Ann | friend | Bo"}
    samples = [["Ann likes Bo.", 0.25], ["Ann and Bo.", 0.25], ["Nobody.", 0.9]]
    row = Example("p", fields, "Someone.", "annotated", provenance={"confidence": 0.8, "samples": samples})
    write_examples(tmp_path / "read.jsonl", [row])
    readings = Readings(["teacher"], [], [tmp_path / "read.jsonl"], tmp_path)

    def kept(**settings: Any) -> list[tuple[str, str, float]]:
        curate(tmp_path / "out", CurationSettings(**settings), module, readings, [], asked=1)
        rows = read_examples(tmp_path / "out" / "accepted.jsonl")
        return [(row.id, str(row.target), row.weight) for row in rows]

    assert kept() == [("p", "Ann likes Bo.", 1.0)], "the likeliest that says what its input says"
    assert kept(choice="all") == [("p", "Ann likes Bo.", 0.5), ("p-1", "Ann and Bo.", 0.5)]
    found = json.loads((tmp_path / "out" / "curation.json").read_text())["strategy"]
    assert (found["accepted"], found["leakage"]["rows"]) == (2, 1), "one input"
    assert found["least_held"] == 0.5, "of two names a text of gold holds one"
    assert kept(choice="all", weigh=True) == [("p", "Ann likes Bo.", 0.125), ("p-1", "Ann and Bo.", 0.125)]
    assert kept(confidence=0.5) == []


def test_texts_of_further_teachers_are_chosen_from_too(tmp_path: Path, tiny_encoder: Path) -> None:
    module = facts(tmp_path / "rows", tiny_encoder)
    fields = {"category": "Food", "triples": "Ann | friend | Bo"}

    def read(name: str, *texts: tuple[str, str, float]) -> Path:
        rows = [Example(i, fields, text, "annotated", provenance={"confidence": sure}) for i, text, sure in texts]
        write_examples(tmp_path / f"{name}.jsonl", rows)
        return tmp_path / f"{name}.jsonl"

    paths = [
        read("one", ("p", "Ann likes Bo.", 0.5), ("q", "Ann or Bo.", 0.9)),
        read("two", ("p", "Ann and Bo.", 0.7), ("q", "Ann, Bo.", 0.1), ("r", "Bo, Ann.", 1.0)),
        read("three", ("p", "Ann and Bo!", 0.6)),
    ]
    names = ["teacher", "teacher_2", "teacher_3"]
    found = {}
    for choice in ("likeliest", "all"):
        settings = CurationSettings(teachers=3, choice=choice)
        curate(tmp_path / "out", settings, module, Readings(names, [], paths, tmp_path), [])
        found[choice] = {row.id: row for row in read_examples(tmp_path / "out" / "accepted.jsonl")}
    # Of what the first teacher could not finish, none is taken: it is among the rejected rows.
    assert {name: (row.target, row.provenance["confidence"]) for name, row in found["likeliest"].items()} == {
        "p": ("Ann and Bo.", 0.7),
        "q": ("Ann or Bo.", 0.9),
    }
    assert found["likeliest"]["q"].provenance["annotators"] == {"teacher": "Ann or Bo.", "teacher_2": "Ann, Bo."}
    assert sorted(found["all"]) == ["p", "p-1", "p-2", "q", "q-1"]
