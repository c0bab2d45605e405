"""A run's folder: taken by one config, and refused to any other."""

from pathlib import Path

import pytest
import yaml

from lit_synth.claim import claim
from lit_synth.errors import InputError


def test_a_claimed_folder_goes_on_with_more_seeds(tmp_path: Path) -> None:
    claim(tmp_path / "run", {"a": 1, "seeds": [0]}, ("seeds",))
    claim(tmp_path / "run", {"a": 1, "seeds": [0, 1]}, ("seeds",))
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text()) == {"a": 1, "seeds": [0, 1]}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"a": 2, "b": {"c": {"d": 3}}}, "made with a 1, now 2; give another --output, or the same config to go on"),
        ({"a": 1, "b": {"c": {"d": 4}}}, "made with b.c.d 3, now 4"),
        ({"a": 1}, r"made with b \{'c': \{'d': 3\}\}, now None"),
        ({"a": 1, "b": {"c": {"d": 3}}, "e": 5}, "made with e None, now 5"),
        (
            {"a": 2, "b": {"c": {"d": 4}}, "e": 5, "f": 6, "g": 7},
            "made with a 1, now 2; b.c.d 3, now 4; e None, now 5; f None, now 6; g None, now 7; give another --output",
        ),
        (
            {"a": 2, "b": {"c": {"d": 4, "e": 5}}, "f": 6, "g": 7, "h": 8, "i": 9},
            "b.c.d 3, now 4; b.c.e None, now 5; f None, now 6; g None, now 7; and 2 more; give another --output",
        ),
    ],
)
def test_a_folder_of_another_config_is_refused_and_kept(tmp_path: Path, now: dict[str, object], told: str) -> None:
    claim(tmp_path, {"a": 1, "b": {"c": {"d": 3}}}, ())
    before = (tmp_path / "config.yaml").read_bytes()
    with pytest.raises(InputError, match=told):
        claim(tmp_path, now, ())
    assert (tmp_path / "config.yaml").read_bytes() == before


@pytest.mark.parametrize("content", ["", "- a list\n", "just words"])
def test_a_config_that_is_no_runs_config_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(InputError, match="is not a run's config; give another --output"):
        claim(tmp_path, {"a": 1}, ())
    assert (tmp_path / "config.yaml").read_text() == content


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="is not empty and not a run's folder; give another --output"):
        claim(tmp_path, {}, ())
    with pytest.raises(InputError, match="not a run's folder; give another --output"):
        claim(tmp_path / "thesis.tex", {}, ())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_setting_that_was_not_there_yet_counts_as_not_given(tmp_path):
    untold = {"a": 1, "b": {"c": None, "new": False}, "newer": [0]}
    (tmp_path / "config.yaml").write_text("a: 2\nb: {c: 3}\n")
    same = {"a": 2, "b": {"c": 3, "new": False}, "newer": [0]}
    claim(tmp_path, same, (), untold=untold)
    assert yaml.safe_load((tmp_path / "config.yaml").read_text()) == same
    (tmp_path / "config.yaml").write_text("a: 2\nb: {c: 3}\n")
    with pytest.raises(InputError, match=r"made with b\.new False, now True; give"):
        claim(tmp_path, same | {"b": {"c": 3, "new": True}}, (), untold=untold)
    with pytest.raises(InputError, match="made with a 2, now 1; give"):
        claim(tmp_path, untold | {"b": {"c": 3, "new": False}}, (), untold=untold)
