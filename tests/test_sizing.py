"""The estimate without large libraries says what the plan says; and what a rate under load is."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from lit_synth import sizing, workload
from lit_synth.data import ClassifierEncoder, Partition
from lit_synth.plan import body_weights, plan
from lit_synth.settings import RunSettings, StudentSettings, TeacherSettings
from lit_synth.tasks import Reviews
from lit_synth.tasks.reviews import REVIEWS


@pytest.mark.parametrize(
    "strategies", [("gold", "annotate", "generate", "teacher"), ("gold",), ("annotate", "teacher")]
)
def test_init_estimates_as_the_plan_of_the_run(
    strategies: tuple[str, ...],
    tiny_causal: Path,
    tiny_encoder: Path,
    reviews_like: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = RunSettings(
        data="Reviews",
        output=tmp_path,
        data_dir=str(reviews_like),
        strategies=strategies,  # type: ignore[arg-type]
        seeds=(0, 1),
        teacher=TeacherSettings(model=str(tiny_causal), max_epochs=2, max_length=64),
        student=StudentSettings(model=str(tiny_encoder), max_length=32),
    )
    encoder = ClassifierEncoder(str(tiny_encoder), 32)
    splits = (module := Reviews(encoder, data_dir=str(reviews_like), partition=Partition(60))).splits
    expected = sum(workload.minutes(plan(settings, module), 1e9)) * 2
    monkeypatch.setattr(sizing, "processor_rate", lambda: 1e9)
    found = sizing.whole_minutes(settings, REVIEWS, splits.gold, 60, len(splits.pool), len(splits.test))
    assert found == pytest.approx(expected, rel=0.1)
    half = replace(settings, student=replace(settings.student, search=replace(settings.student.search, max_steps=300)))
    less = sizing.whole_minutes(half, REVIEWS, splits.gold, 60, len(splits.pool), len(splits.test))
    assert less < found


def test_weights_are_counted_from_the_heads_of_files(tiny_causal: Path, tiny_encoder: Path) -> None:
    for folder in (tiny_causal, tiny_encoder):
        assert sizing.weights_in(folder) == pytest.approx(body_weights(str(folder)), rel=0.1)


def test_a_rate_is_that_of_the_best_product(monkeypatch: pytest.MonkeyPatch) -> None:
    now, turns = [0.0], iter([0.2, 0.001, 0.2])

    def product() -> None:
        now[0] += next(turns, 0.2)

    clock = SimpleNamespace(monotonic=lambda: now[0], perf_counter=lambda: now[0])
    monkeypatch.setattr(workload, "time", clock)
    assert workload.best_rate(product, 100) == pytest.approx(2 * 100**3 / 0.001)
