"""The overlays in configs/trainer: Lightning makes their strategies, DeepSpeed reads them, the doctor knows them."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from deepspeed.runtime.config import DeepSpeedConfig
from lightning.pytorch.accelerators import CUDAAccelerator
from lightning.pytorch.strategies import DeepSpeedStrategy

from lit_synth import recipes
from lit_synth.doctor.sharding import sharding
from lit_synth.modules.sharding import FullySharded
from lit_synth.options import run_settings
from lit_synth.stages import StageCLI

FOLDER = Path(__file__).parents[1] / "configs" / "trainer"
DEEPSPEED = sorted(FOLDER.glob("deepspeed_*.yaml"))


def trainer(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["trainer"]
    return found


@pytest.mark.parametrize("path", DEEPSPEED, ids=lambda path: path.stem)
@pytest.mark.parametrize("ranks", [1, 8, 64])
def test_deepspeed_reads_what_lightning_makes_of_it(path: Path, ranks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepspeed.runtime.config.dist.get_world_size", lambda: ranks)
    monkeypatch.setattr("deepspeed.runtime.config.dist.get_rank", lambda: 0)
    given = trainer(path)["strategy"]["init_args"]
    strategy = DeepSpeedStrategy(accelerator=CUDAAccelerator(), **given)
    assert strategy.config is not None
    # What Lightning adds when a run starts: its batch, and its precision.
    told = {**strategy.config, "train_micro_batch_size_per_gpu": 4, "bf16": {"enabled": True}}
    read = DeepSpeedConfig(told)
    assert read.world_size == ranks
    assert read.train_batch_size == 4 * ranks
    assert read.zero_optimization_stage == given["stage"] == int(sharding(trainer(path)).kind[-1])
    offloaded = read.zero_config.offload_optimizer is not None
    assert offloaded == given.get("offload_optimizer", False) == sharding(trainer(path)).offload_optimizer


def test_the_doctor_knows_every_overlay() -> None:
    kinds = {path.stem: sharding(trainer(path)).kind for path in FOLDER.glob("*.yaml")}
    assert kinds["deepspeed_zero2"] == "zero2"
    assert kinds["deepspeed_zero3_offload"] == "zero3"
    assert kinds["bf16"] == "none"
    assert kinds["fsdp2"] == "fsdp"


def test_fsdp2_takes_all_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as a run's second config, and made for a teacher's stage."""
    monkeypatch.setattr("sys.argv", ["lit_synth"])
    words = [
        "--data",
        "Reviews",
        "--data_dir",
        "rows",
        "--output",
        str(tmp_path),
        "--config",
        str(FOLDER / "fsdp2.yaml"),
    ]
    run, _ = run_settings("run", [*words, "--trainer.accelerator", "cpu", "--trainer.devices", "3"])
    config = yaml.safe_load(yaml.safe_dump(recipes.teacher_fit(run, 0, tmp_path)))
    made = StageCLI(config, run=False).trainer
    assert isinstance(made.strategy, FullySharded)
    assert (made.world_size, made.strategy.num_processes) == (3, 3)
