"""Finding runs below what was given."""

import json
import shutil
from pathlib import Path

import pytest

from lit_synth.errors import InputError
from lit_synth.report.conclusions.appraise import appraise
from lit_synth.report.folders.collection import collect
from tests.report.sweeps import make_sweep


def names(path: Path) -> list[str]:
    return [run.path.name for run in collect([path]).runs]


def small(path: Path, **more: object) -> Path:
    return make_sweep(path, **{"seeds": (0,), "fractions": (64, 1000, 256), "amounts": (), **more})  # type: ignore[arg-type]


def test_a_sweep_is_its_runs_in_the_order_of_their_fractions(tmp_path: Path) -> None:
    assert names(small(tmp_path / "sweep")) == ["fraction_64", "fraction_256", "fraction_1000"]


def test_a_run_is_itself_and_its_stages_are_no_runs(tmp_path: Path) -> None:
    run = small(tmp_path / "sweep") / "fraction_64"
    (run / "seed0" / "gold" / "metrics.json").write_text("[]")
    assert names(run) == ["fraction_64"]
    (run / "metrics.json").unlink()
    with pytest.raises(InputError, match=r"no metrics\.json"):
        collect([run])


def test_a_sweep_that_goes_on_is_no_run(tmp_path: Path) -> None:
    sweep = small(tmp_path / "sweep")
    (sweep / "sweep.json").unlink()
    (sweep / "config.yaml").write_text("task: reviews\n")
    (sweep / "jobs").mkdir()
    (sweep / "fraction_1000" / "metrics.json").unlink()
    found = collect([sweep])
    assert [run.path.name for run in found.runs] == ["fraction_64", "fraction_256"]
    assert [run.name for run in found.unfinished] == ["fraction_1000"]


def test_folders_of_sweeps_and_runs_given_twice(tmp_path: Path) -> None:
    first, second = small(tmp_path / "a"), small(tmp_path / "b", task="topics")
    found = collect([tmp_path, first / "fraction_64"])
    assert len(found.runs) == 6
    assert set(found.names.values()) == {f"{s}/fraction_{f}" for s in "ab" for f in (64, 256, 1000)}
    assert second / "fraction_64" in found.names


def test_failed_jobs_and_runs_without_results_are_told(tmp_path: Path) -> None:
    sweep = small(tmp_path / "sweep", failed=(256, 0))
    (sweep / "fraction_1000" / "metrics.json").unlink()
    for path in (sweep, tmp_path):
        found = collect([path])
        assert [(job.sweep, job.fraction, job.seed, job.error) for job in found.failed] == [
            ("sweep", 256, 0, "disk <full>")
        ]
        assert [run.name for run in found.unfinished] == ["fraction_1000"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"jobs": [{"fraction": 64, "seed": 0}]}, "a job has no 'status'"),
        ([], "expected a dict, found a list"),
    ],
)
def test_bad_sweeps_are_named(tmp_path: Path, content: object, message: str) -> None:
    sweep = small(tmp_path / "sweep")
    (sweep / "sweep.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"sweep\.json: {message}"):
        collect([sweep])


def test_nothing_to_find(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="no run in it"):
            collect([path])


def test_a_run_copied_elsewhere_is_another_one(tmp_path: Path) -> None:
    sweep = small(tmp_path / "sweep", fractions=(64,))
    shutil.copytree(sweep / "fraction_64", tmp_path / "other" / "fraction_64")
    found = collect([sweep, tmp_path / "other"])
    assert sorted(found.names.values()) == ["other/fraction_64", "sweep/fraction_64"]


def test_names_are_lengthened_until_they_differ(tmp_path: Path) -> None:
    first, second = (small(tmp_path / name / "sweep", fractions=(64,)) for name in "ab")
    other = small(tmp_path / "sweep", fractions=(64, 256))
    found = collect([first, second, other])
    assert list(found.names.values()) == [
        "a/sweep/fraction_64",
        "b/sweep/fraction_64",
        f"{tmp_path.name}/sweep/fraction_64",
        "fraction_256",
    ]


def test_runs_of_the_same_name_are_not_mixed(tmp_path: Path) -> None:
    paths = [small(tmp_path / name / "sweep", fractions=(64,)) for name in "ab"]
    (task,) = appraise(collect(paths))
    students = [[outcome.strategy for outcome in task.of(run)] for run in task.runs]
    assert len(students) == 2
    assert all(len(found) == len(set(found)) for found in students)


def test_a_run_given_by_two_paths_is_one(tmp_path: Path) -> None:
    sweep = small(tmp_path / "sweep")
    (tmp_path / "link").symlink_to(sweep)
    found = collect([sweep / "fraction_256", tmp_path / "link"])
    assert [run.path.name for run in found.runs] == ["fraction_256", "fraction_64", "fraction_1000"]
