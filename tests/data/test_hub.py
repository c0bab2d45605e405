"""Rows by `datasets.load_dataset`, from a local folder of Parquet: no test asks the hub."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from lit_synth.data import ClassifierEncoder, Partition
from lit_synth.data.sources import read_hub, read_split
from lit_synth.errors import InputError
from lit_synth.tasks.rte import LABELS, RTE, Rte

ROWS = [{"premise": f"It rains {n}.", "hypothesis": f"It is wet {n}.", "label": LABELS[n % 2]} for n in range(12)]
normalise = Rte(None).normalise  # type: ignore[arg-type]

Save = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def save(label: Any, split: str = "train", rows: Sequence[dict[str, Any]] = ROWS) -> Path:
        features = Features({"premise": Value("string"), "hypothesis": Value("string"), "label": label})
        (tmp_path / "rows").mkdir(exist_ok=True)
        Dataset.from_list(list(rows), features=features).to_parquet(tmp_path / "rows" / f"{split}.parquet")
        return tmp_path / "rows"

    return save


def test_rows_are_those_of_the_folder_reader(save: Save) -> None:
    folder = save(Value("string"))
    found = read_hub(RTE, str(folder), None, "train", normalise)
    assert found == read_split(RTE, folder / "train.parquet", normalise)
    assert [row.id for row in found] == [f"train-{n}" for n in range(1, 13)]
    assert [row.target for row in found] == [row["label"] for row in ROWS]


@pytest.mark.parametrize("names", [LABELS, LABELS[::-1]])
def test_labels_that_are_numbers_with_names_are_read_by_name(save: Save, names: Sequence[str]) -> None:
    folder = save(ClassLabel(names=list(names)))
    found = read_hub(RTE, str(folder), None, "train", normalise)
    assert [(row.fields["premise"], row.target) for row in found] == [(row["premise"], row["label"]) for row in ROWS]


def test_a_hidden_label_is_told_with_its_row(save: Save) -> None:
    folder = save(ClassLabel(names=list(LABELS)), rows=[*ROWS, {**ROWS[0], "label": -1}])
    with pytest.raises(InputError, match=r"rows\[train\]:13: unknown label '-1' in column 'label'; known labels: ent"):
        read_hub(RTE, str(folder), None, "train", normalise)


def test_a_missing_column_is_told_with_its_row(save: Save, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    Dataset.from_list([{"text": "a", "label": "b"}]).to_parquet(tmp_path / "rows" / "train.parquet")
    with pytest.raises(InputError, match=r"rows\[train\]:1: no column 'premise'; the row has: text, label"):
        read_hub(RTE, str(tmp_path / "rows"), None, "train", normalise)


def test_an_absent_split_is_told(save: Save) -> None:
    folder = save(Value("string"))
    told = rf'^dataset {folder}, split test: cannot be loaded \(Unknown split "test"[^\n]*\); check name, [^\n]*$'
    with pytest.raises(InputError, match=told):
        read_hub(RTE, str(folder), None, "test", normalise)


@pytest.mark.parametrize("name", ["no/where", "no/where/configuration", "nowhere"])
def test_a_name_that_is_none_is_told_in_one_line(name: str) -> None:
    told = rf"^dataset {name}, split train: cannot be loaded \([^\n]*\); .* or give a folder with --data_dir$"
    with pytest.raises(InputError, match=told):
        read_hub(RTE, name, None, "train", normalise)


def test_owner_name_configuration_and_revision_go_where_they_belong(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load(*words: Any, **more: Any) -> Dataset:
        asked.append((*words, more))
        return Dataset.from_list(ROWS)

    monkeypatch.setattr(datasets, "load_dataset", load)
    for name in ("aps/super_glue/rte", "google/boolq"):
        read_hub(RTE, name, "refs/convert/parquet", "validation", normalise)
    more = {"split": "validation", "revision": "refs/convert/parquet"}
    assert asked == [("aps/super_glue", "rte", more), ("google/boolq", None, more)]


def test_a_module_reads_train_and_the_split_that_is_scored(save: Save, tiny_encoder: Path, tmp_path: Path) -> None:
    save(ClassLabel(names=list(LABELS)))
    held = [{"premise": "Snow.", "hypothesis": f"Cold {n}.", "label": "entailment"} for n in range(3)]
    folder = save(ClassLabel(names=list(LABELS)), "validation", held)
    module = Rte(ClassifierEncoder(str(tiny_encoder)), dataset=str(folder), partition=Partition(6))
    assert {row.fields["premise"] for row in module.splits.test} == {"Snow."}
    assert len(module.splits.gold) + len(module.splits.development) == 6
    (tmp_path / "plain").mkdir()
    for split, rows in (("train", ROWS), ("validation", held)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "plain" / f"{split}.jsonl").write_text(lines)
    other = Rte(ClassifierEncoder(str(tiny_encoder)), data_dir=str(tmp_path / "plain"), partition=Partition(6))
    assert other.splits == module.splits
    assert other.fingerprint() == module.fingerprint()


@pytest.mark.parametrize(("given", "found"), [({}, "neither"), ({"data_dir": "rows", "dataset": "owner/name"}, "both")])
def test_a_folder_or_a_data_set_is_wanted(tiny_encoder: Path, given: dict[str, Any], found: str) -> None:
    with pytest.raises(
        InputError, match=rf"task rte: give a folder \(data_dir\) or a data set of the hub, not {found}"
    ):
        _ = Rte(ClassifierEncoder(str(tiny_encoder)), **given).splits
