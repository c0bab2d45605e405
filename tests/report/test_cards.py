"""Cards: `datasets` and the hub read their metadata, figures have intervals and rows, nobody's own text is lost."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import datasets
import pytest
import yaml
from huggingface_hub import ModelCard, metadata_load

from lit_synth.examples import Example, read_examples, write_examples
from lit_synth.report.cards.dataset_metadata import size_category
from lit_synth.report.cards.readme import MARK, plain
from lit_synth.report.page import write_report
from lit_synth.report.statistics.intervals import share_interval
from tests.report.curated import add, found

MakeRun = Callable[..., Path]
STUDENTS = ("gold", "annotate", "generate", "both", "full")


def export(run: Path, seeds: Sequence[int] = (0,)) -> Path:
    """Add what the stage of a student leaves beside its figures."""
    for folder in (run / f"seed{seed}" / name for seed in seeds for name in STUDENTS):
        (folder / "model").mkdir(parents=True, exist_ok=True)
        config = {"model": {"init_args": {"model": "owner/small"}}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return run


def metadata(run: Path, seed: int = 0) -> Any:
    """Return what the hub's own library reads of a student's card."""
    return ModelCard(card(run, seed=seed)).data


def card(run: Path, name: str = "both", seed: int = 0) -> str:
    return (run / f"seed{seed}" / name / "model" / "README.md").read_text()


def load(run: Path, tmp_path: Path, name: str | None = None) -> Any:
    return datasets.load_dataset(str(run / "synthetic"), name, cache_dir=str(tmp_path / "cache"))


def test_every_configuration_loads_and_holds_the_rows(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(seeds=(0, 1))
    write_report(run)
    sizes = {None: 450, "both": 450, "annotate": 300, "generate": 150}
    for name, size in sizes.items():
        assert load(run, tmp_path, name).num_rows == {"seed0": size, "seed1": size}
    first = next(read_examples(run / "synthetic" / "generate" / "seed1.jsonl"))
    row = load(run, tmp_path, "generate")["seed1"][0]
    assert {key: row[key] for key in ("id", "fields", "target", "probabilities", "provenance")} == {
        key: first.to_dict()[key] for key in ("id", "fields", "target", "probabilities", "provenance")
    }


def test_rows_whose_parts_differ_load_too(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(seeds=(0, 1))
    path = run / "synthetic" / "annotate" / "seed1.jsonl"
    odd = Example("odd", {"text": "t"}, "positive", "annotated", None, {"annotators": {"a": 1}, "requested": [1, "x"]})
    weighed = Example("weighed", {"text": "u"}, "positive", "annotated", references=("u", "v"), weight=0.25)
    write_examples(path, [*read_examples(path), odd, weighed])
    (run / "synthetic" / "generate" / "seed0.jsonl").write_text("")  # a seed that gave nothing
    write_report(run)
    rows = load(run, tmp_path, "annotate")["seed1"]
    assert rows[300]["provenance"] == dict(odd.provenance)
    assert rows[300]["probabilities"] is None
    assert rows[301]["weight"] == 0.25
    assert rows[301]["references"] == ["u", "v"]
    assert rows[0]["weight"] is None
    assert load(run, tmp_path, "both").num_rows == {"seed0": 300, "seed1": 452}


def test_texts_load(make_text: MakeRun, tmp_path: Path) -> None:
    run = make_text()
    write_report(run)
    rows = load(run, tmp_path)["seed0"]
    assert rows.num_rows == 80
    assert rows[0]["fields"] == dict(next(read_examples(run / "synthetic" / "annotate" / "seed0.jsonl")).fields)
    assert (metadata_load(run / "synthetic" / "README.md") or {})["task_categories"] == ["text-generation"]


@pytest.mark.parametrize(
    ("rows", "name"), [(0, "n<1K"), (1000, "1K<n<10K"), (100_000, "100K<n<1M"), (10**12, "n>1T"), (10**14, "n>1T")]
)
def test_size_categories(rows: int, name: str) -> None:
    assert size_category(rows) == name


def test_card_of_the_rows_tells_counts_figures_and_limits(make_run: MakeRun) -> None:
    run = add(make_run(limit=500), found())
    write_report(run)
    text = (run / "synthetic" / "README.md").read_text()
    assert "| annotate | seed0 | 342 | 300 | 87.7 % |" in text
    assert "| teacher disagrees | 18 | 18 |" in text
    assert "| generate | seed0 | 9 of 1,000 | 3 | 2 |" in text
    assert "2 of 1,000 (0.2 %) are like a test row; of the gold rows 3.1 % and of the pool's rows 2.8 % are." in text
    assert "begins with `9f86d081884c7d65`" in text
    assert "calibration error after fitting 5.2 %, 95 % interval 2.2 to 10.2, on 115 development rows" in text
    assert "88.0 % of 1,500 rows, 95 % interval 86.3 to 89.5" in text  # Wilson, by hand
    assert "| annotate | 103 | 300 | 84.5 % |" in text
    assert "400 test rows, which are real" in text
    assert text.count("capped at 500") == 2
    assert "## Licence\n\nNone is chosen here" in text
    assert not {"license", "language"} & set(metadata_load(run / "synthetic" / "README.md") or {})


@pytest.mark.parametrize("base", ["embedded:student", "embedded:seq2seq", "owner/small"])
def test_the_card_of_a_student_names_what_it_began_as(base: str, make_run: MakeRun) -> None:
    run = export(make_run())
    config = run / "seed0" / "both" / "config.yaml"
    config.write_text(config.read_text().replace("owner/small", base))
    write_report(run)
    text = card(run)
    assert "embedded:" not in text
    assert ("It began as owner/small and" in text) == (base == "owner/small")
    assert ("It began as all-MiniLM-L6-v2 of sentence-transformers (Apache-2.0" in text) == (base != "owner/small")


def test_many_reasons_are_summed(make_run: MakeRun) -> None:
    run = make_run()
    rows = [Example(str(i), {"text": str(i)}, provenance={"reason": f"reason {min(i, 19)}"}) for i in range(25)]
    write_examples(run / "rejected" / "annotate" / "seed0.jsonl", rows)
    write_report(run)
    text = (run / "synthetic" / "README.md").read_text()
    assert "| reason 19 | 6 | 0 |" in text
    assert "And 8 rows for 8 other reasons." in text  # 20 and 3 reasons, of which 15 are told


def test_the_hub_reads_the_figure_of_a_student_with_interval_and_rows(make_run: MakeRun) -> None:
    run = export(make_run(seeds=(0, 1)), (0, 1))
    write_report(run)
    for seed in (0, 1):
        data = metadata(run, seed)
        rows = (run / f"seed{seed}" / "both" / "predictions.jsonl").read_text().splitlines()
        right = [row["gold"] == row["predicted"] for row in map(json.loads, rows)]
        low, high = (f"{100 * bound:.1f}" for bound in share_interval(sum(right) / 400, 400))
        result = data.eval_results[0]
        assert result.metric_value == pytest.approx(sum(right) / 400)
        assert result.metric_name == f"accuracy, 95 % interval {low} to {high}, 400 test rows"
        names = {"library_name": "transformers", "pipeline_tag": "text-classification", "base_model": "owner/small"}
        assert data.to_dict().items() >= names.items()
    text = card(run, "annotate")
    assert "103 rows with true targets, development rows among them, and 300 synthetic rows" in text
    assert "Against the student on gold alone, same seed and rows: +8.5 points, 95 % interval" in text
    assert "Against the student" not in card(run, "gold")


def test_a_figure_without_an_interval_is_not_told(make_run: MakeRun) -> None:
    run = export(make_run())
    for path in run.glob("seed0/*/predictions.jsonl"):
        path.unlink()
    write_report(run)
    text = card(run) + (run / "synthetic" / "README.md").read_text()
    assert "model-index" not in text
    assert "None: scores of single test rows are not on disk" in text
    assert "No figure of this run has an interval" in text
    assert "83.5" not in text


def test_a_student_of_two_stages_began_where_the_first_did(make_run: MakeRun) -> None:
    run = export(make_run())
    first = run / "seed0" / "both_first"
    first.mkdir()
    (run / "seed0" / "both" / "config.yaml").rename(first / "config.yaml")
    (run / "seed0" / "both" / "config.yaml").write_text(
        yaml.safe_dump({"model": {"init_args": {"model": str(first / "model")}}})
    )
    write_report(run)
    assert metadata(run).base_model == "owner/small"


def test_a_student_of_a_smaller_amount_has_a_card_of_its_own(make_run: MakeRun) -> None:
    run = export(make_run())
    small = run / "seed0" / "both_100"
    (small / "model").mkdir(parents=True)
    predictions = (run / "seed0" / "generate" / "predictions.jsonl").read_text()
    (small / "predictions.jsonl").write_text(predictions)
    rows = json.loads((run / "metrics.json").read_text())
    of_generate = next(row for row in rows if row["strategy"] == "generate")
    rows.append(of_generate | {"strategy": "both", "amount": 100, "n_synthetic": 200})
    (run / "metrics.json").write_text(json.dumps(rows))
    write_report(run)
    assert "200 synthetic rows" in card(run, "both_100")
    assert "450 synthetic rows" in card(run, "both")
    assert "Test accuracy: 80.0 %, 95 % interval" in card(run, "both_100")


def test_a_folder_is_no_base_model_of_the_hub(make_run: MakeRun) -> None:
    run = export(make_run())
    (run / "seed0" / "both" / "config.yaml").write_text("model: {init_args: {model: /models/of/mine}}")
    write_report(run)
    assert metadata(run).base_model is None


@pytest.mark.parametrize("link", ["seed0/both", "seed0"])
def test_nothing_is_written_through_a_link(make_run: MakeRun, tmp_path: Path, link: str) -> None:
    run = export(make_run())
    other = tmp_path / "other"
    (run / link).rename(other)
    (run / link).symlink_to(other, target_is_directory=True)
    write_report(run)
    assert not list(other.rglob("README.md"))
    assert (run / "seed0" / "gold" / "model" / "README.md").exists() == (link == "seed0/both")


def test_a_run_that_is_reached_by_a_link_has_cards(make_run: MakeRun, tmp_path: Path) -> None:
    run = export(make_run())
    (tmp_path / "link").symlink_to(run, target_is_directory=True)
    write_report(tmp_path / "link")
    assert (run / "seed0" / "both" / "model" / "README.md").exists()


def test_a_card_that_somebody_made_their_own_stays(make_run: MakeRun) -> None:
    run = export(make_run())
    write_report(run)
    path = run / "synthetic" / "README.md"
    written = path.read_text()
    path.write_text(written.replace("## Licence", "## License"))
    write_report(run)
    assert path.read_text() == written
    mine = written.replace("---\npretty_name", "---\nlicense: mit\npretty_name").replace(MARK, "")
    path.write_text(mine)
    write_report(run)
    assert path.read_text() == mine


def test_another_seed_leaves_the_cards_of_students_untouched(make_run: MakeRun) -> None:
    run = export(make_run())
    write_report(run)
    cards = list(run.glob("seed0/*/model/README.md"))
    before = {path: (path.stat().st_mtime_ns, path.read_text()) for path in cards}
    assert len(before) == 5
    export(make_run(seeds=(0, 1)), (0, 1))
    write_report(run)
    assert {path: (path.stat().st_mtime_ns, path.read_text()) for path in cards} == before
    assert (run / "seed1" / "both" / "model" / "README.md").exists()


def test_texts_of_a_run_are_no_markup_of_a_card(make_run: MakeRun) -> None:
    run = make_run()
    row = Example("x", {"text": "x"}, provenance={"reason": "odd | <script>alert(1)</script>\n# heading"})
    write_examples(run / "rejected" / "annotate" / "seed0.jsonl", [row])
    write_report(run)
    text = (run / "synthetic" / "README.md").read_text()
    assert r"| odd \| &lt;script&gt;alert(1)&lt;/script&gt; # heading | 1 | 0 |" in text
    assert plain("[a](b) `c` *d*") == r"\[a\](b) \`c\` \*d\*"


def test_card_of_texts_shows_the_prompt(make_text: MakeRun) -> None:
    run = export(make_text())
    write_report(run)
    assert "`Task.prompt` in lit_synth makes it" in card(run, "annotate")
    details = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(details | {"prompt": "Facts: ```{triples}```\nText:"}))
    write_report(run)
    assert "````\nFacts: ```{triples}```\nText:\n````" in card(run, "annotate")
    assert "AutoModelForSeq2SeqLM" in card(run, "annotate")


def test_card_of_pairs_says_which_field_comes_first(make_run: MakeRun) -> None:
    run = export(make_run())
    details = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(details | {"fields": ["premise", "claim"]}))
    write_report(run)
    assert '{"text": "FIRST", "text_pair": "OTHERS"}' in card(run)
    assert "Fields: premise, claim." in card(run)


def test_a_run_without_synthetic_rows_has_no_card_of_them(make_run: MakeRun) -> None:
    run = make_run(strategies=("gold", "full"))
    write_report(run)
    assert not (run / "synthetic").exists()
