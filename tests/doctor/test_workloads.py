"""Bytes foretold on tensors without memory, against what torch's profiler sees a real run allocate."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import AutoTokenizer, BartConfig, BertConfig, GPTNeoXConfig

from lit_synth.decoding.forward import prefill
from lit_synth.doctor.sharding import Sharding, count
from lit_synth.doctor.workloads import Lengths, decoding, largest_batch, make, training, unreal
from lit_synth.modules import Classifier, Seq2Seq, Teacher
from lit_synth.modules.adapters import Lora
from lit_synth.tasks.reviews import REVIEWS
from lit_synth.tasks.webnlg import WEBNLG

ALONE = Sharding("none", half=False)
LENGTHS = Lengths(read=96, learnt=48)
SIDE = {"layers": 2, "attention_heads": 4, "ffn_dim": 512}


def allocated(work: Callable[[], object]) -> int:
    """Return the most bytes that are allocated while real work runs, by the profiler's events."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        kept = work()
    del kept
    sizes = [one.nbytes() for one in seen.profiler.kineto_results.events() if one.name() == "[memory]"]
    times = [one.start_ns() for one in seen.profiler.kineto_results.events() if one.name() == "[memory]"]
    now = most = 0
    for _, size in sorted(zip(times, sizes, strict=True), key=lambda one: one[0]):
        now += size
        most = max(most, now)
    return most


@pytest.fixture
def neox(tiny_causal: Path, tmp_path: Path) -> str:
    shape: dict[str, Any] = {
        "hidden_size": 128,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "intermediate_size": 512,
    }
    GPTNeoXConfig(vocab_size=8192, **shape).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_causal).save_pretrained(tmp_path)
    return str(tmp_path)


@pytest.mark.parametrize("lora", [None, Lora()])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_a_teachers_step_takes_what_is_foretold(neox: str, lora: Lora | None, checkpointing: bool) -> None:
    def teacher() -> Teacher:
        return Teacher(REVIEWS, neox, lora=lora, gradient_checkpointing=checkpointing, weights=False)

    module = teacher()
    with unreal():
        make(module, ALONE, learns=True)
        foretold = training(module, ALONE, LENGTHS, batch=8).peak
        states = ALONE.states(count(module), learns=True)
    real = teacher()
    real.configure_model()
    real.train()
    labels = torch.full((8, LENGTHS.read), -100)
    labels[:, -LENGTHS.learnt :] = 1
    batch = {"input_ids": torch.ones(8, LENGTHS.read, dtype=torch.long), "labels": labels}
    batch["attention_mask"] = torch.ones_like(batch["input_ids"])

    def step() -> None:
        real.losses(batch).mean().backward()

    assert states.gradients + foretold == pytest.approx(allocated(step), rel=0.15)


def check_a_step(student: Callable[[], Classifier | Seq2Seq], loss: Callable[[Any], torch.Tensor]) -> None:
    """Hold the bytes foretold for a step against those of a real one."""
    module = student()
    with unreal():
        make(module, ALONE, learns=True)
        foretold = training(module, ALONE, LENGTHS, batch=8).peak
        states = ALONE.states(count(module), learns=True)
    real = student()
    real.configure_model()
    real.train()
    assert states.gradients + foretold == pytest.approx(allocated(lambda: loss(real).backward()), rel=0.15)


def test_a_students_step_takes_what_is_foretold(tiny_encoder: Path, tmp_path: Path) -> None:
    BertConfig(hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512).save_pretrained(
        tmp_path
    )
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(tmp_path)
    ids = torch.ones(8, LENGTHS.read, dtype=torch.long)
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    check_a_step(lambda: Classifier(REVIEWS, str(tmp_path), weights=False), lambda student: student(batch).sum())


def test_a_step_of_a_student_that_writes_takes_what_is_foretold(tiny_encoder: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder)
    sides: dict[str, Any] = {f"{side}_{part}": size for side in ("encoder", "decoder") for part, size in SIDE.items()}
    sides |= {"vocab_size": len(tokenizer), "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 2}
    BartConfig(d_model=128, forced_eos_token_id=None, **sides).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    ids, labels = (torch.ones(8, length, dtype=torch.long) for length in (LENGTHS.read, LENGTHS.learnt))
    batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}
    check_a_step(lambda: Seq2Seq(WEBNLG, str(tmp_path), weights=False), lambda student: student(batch))


def test_reading_prompts_takes_what_is_foretold(neox: str) -> None:
    module = Teacher(REVIEWS, neox, weights=False)
    with unreal():
        make(module, ALONE, learns=False)
        foretold = decoding(module, Lengths(96, 0), batch=8)
    assert foretold.cache == pytest.approx(
        2 * 6 * 8 * 96 * 128 * 4, rel=0.06
    )  # keys and values of every layer, and what comes next
    real = Teacher(REVIEWS, neox, weights=False)
    real.configure_model()
    ids = torch.arange(8)[:, None].expand(8, 96)  # no two prompts begin alike
    with torch.no_grad():
        found = allocated(lambda: prefill(real.language_model, ids, torch.ones_like(ids)))
    assert foretold.peak == pytest.approx(found, rel=0.15)


def test_the_largest_batch_fills_what_is_free(neox: str) -> None:
    module = Teacher(REVIEWS, neox, weights=False)
    with unreal():
        make(module, ALONE, learns=False)

        def measure(batch: int):
            return decoding(module, LENGTHS, batch)

        largest = largest_batch(measure, 4, free=500_000_000)
        assert measure(largest).peak <= 500_000_000 < measure(largest + largest // 20).peak
        assert largest_batch(measure, 4, free=0) == 0


def test_branches_hold_a_cache_each(neox: str) -> None:
    module = Teacher(REVIEWS, neox, weights=False)
    with unreal():
        make(module, ALONE, learns=False)
        assert decoding(module, LENGTHS, 4, branches=3).cache == 3 * decoding(module, LENGTHS, 4).cache
