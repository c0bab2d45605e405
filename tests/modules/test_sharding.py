"""Weights in parts: FSDP2 and ZeRO-3 on two processes without a GPU."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.multiprocessing.spawn import spawn
from transformers import AutoModelForCausalLM

from lit_synth.callbacks.shards import read_records
from lit_synth.curation.verdicts import by_id
from tests.sharded_results import check_results

CHECKOUT = Path(__file__).parents[2]


def test_fsdp2_fits_resumes_exports_and_predicts_on_two_processes(
    tiny_causal: Path, reviews_like: Path, tmp_path: Path
) -> None:
    words = ["fsdp2", str(tiny_causal), str(reviews_like), str(tmp_path), "cpu", "full"]
    surroundings = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    script = CHECKOUT / "tests" / "sharded.py"
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(script), *words], capture_output=True, text=True, env=surroundings, timeout=400
    )
    assert done.returncode == 0, done.stderr[-2000:]
    check_results(tmp_path, reviews_like, accelerator="cpu")
    shards = {path.name for path in (tmp_path / "generate").glob("records-*")}
    assert shards == {"records-0.jsonl", "records-1.jsonl"}, "both wrote"
    ends = {len(str(row.provenance["text"])) for row in read_records(tmp_path / "generate", by_id)}
    assert len(ends) > 1, "texts of other lengths: one process has to wait for the other"


def one_of_two(rank: int, port: int, model: str, folder: Path) -> None:
    """Load a model under ZeRO-3 as Lightning's strategy would, and keep what this process holds of it."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", DS_ACCELERATOR="cpu")
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    import deepspeed
    from lightning.pytorch.accelerators import CUDAAccelerator
    from lightning.pytorch.strategies import DeepSpeedStrategy

    from lit_synth.modules import Lora
    from lit_synth.modules.adapters import merged
    from lit_synth.modules.pretrained import load_pretrained
    from lit_synth.modules.sharding import kept_whole, rebuilt, whole_weights

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False  # it would be compiled first
    torch.distributed.init_process_group("gloo")
    deepspeed.init_distributed("gloo")
    strategy = DeepSpeedStrategy(accelerator=CUDAAccelerator(), stage=3, process_group_backend="gloo")
    assert strategy.config is not None
    strategy.config["train_micro_batch_size_per_gpu"] = 1  # as Lightning does when it knows the data
    trainer: Any = SimpleNamespace(strategy=strategy, precision="32-true", state=SimpleNamespace(fn="fit"))
    lora = Lora(rank=4)
    with strategy.model_sharded_context():
        plain = load_pretrained(AutoModelForCausalLM, model, trainer)
        with kept_whole(trainer):
            adapted = lora.on(plain)
    named: dict[str, Any] = dict(adapted.named_parameters())
    split = [one for one in named.values() if hasattr(one, "ds_id")]
    found = {
        "here": sum(one.numel() for one in split),
        "part": sum(one.ds_tensor.numel() for one in split),
        "all": sum(one.ds_numel for one in split),
        "unlearnt": max(float(one.detach().abs().max()) for name, one in named.items() if "lora_B" in name),
        "learning": min(float(one.detach().abs().max()) for name, one in named.items() if "lora_A" in name),
    }
    weights = whole_weights(adapted)
    torch.save(found, folder / f"found{rank}.pt")
    if rank == 0:
        merged(rebuilt(adapted, weights, lora)).save_pretrained(folder / "model")
    torch.distributed.barrier()


def test_zero3_loads_a_part_a_process_and_exports_the_whole(tiny_causal: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn(one_of_two, (port, str(tiny_causal), tmp_path), nprocs=2)
    known = AutoModelForCausalLM.from_pretrained(tiny_causal).state_dict()
    for rank in (0, 1):
        found = torch.load(tmp_path / f"found{rank}.pt", weights_only=True)
        assert found["here"] == 0, "no weight is whole"
        assert found["part"] == pytest.approx(found["all"] / 2, rel=0.01)
        assert found["all"] == sum(one.numel() for one in known.values())
        assert found["unlearnt"] == 0.0, "an adapter changes nothing before it has learnt"
        assert found["learning"] > 0.01
    exported = AutoModelForCausalLM.from_pretrained(tmp_path / "model").state_dict()
    assert exported.keys() == known.keys()
    assert all(torch.equal(exported[name], one) for name, one in known.items())
