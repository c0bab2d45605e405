"""The engine beside the default one: against it, in a made-up vLLM here, and in the real one where it is installed."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from lit_synth.decoding.decoders import LocalTeacher, close_served, served
from lit_synth.decoding.engine import Engine
from lit_synth.decoding.trie import Node, build_trie
from lit_synth.decoding.writing import Sampling
from lit_synth.errors import InputError
from tests.made_up_engine import MadeUpLLM, made_up

__all__ = ["made_up"]  # the fixture

VLLM = Engine("vllm")
PROMPTS = ("Review: a warm and funny film\nSentiment:", "Utterance: wake me\nIntent:", "Intent:")
LABELS = (" alarm set", " alarm", " alarm sets", " weather query", " positive", " negative")
HAS_VLLM = find_spec("vllm") is not None


def batch_of(folder: Path) -> tuple[Tensor, Tensor, Any]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.padding_side = "left"
    batch = tokenizer(list(PROMPTS), return_tensors="pt", padding=True)
    return batch["input_ids"], batch["attention_mask"], tokenizer


def model_of(folder: Path) -> PreTrainedModel:
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder).eval()
    return model


def trie_of(tokenizer: Any) -> Node:
    return build_trie([tokenizer(label)["input_ids"] for label in LABELS], tokenizer.eos_token_id)


@pytest.mark.parametrize("correction", ["none", "lengths", "prior"])
def test_it_gives_the_probabilities_of_the_default_engine(
    made_up: type[MadeUpLLM], tiny_causal: Path, correction: str
) -> None:
    ids, mask, tokenizer = batch_of(tiny_causal)
    given: dict[str, Any] = {}
    if correction != "none":
        given[correction] = torch.arange(1.0, len(LABELS) + 1)
    engines = served(VLLM, str(tiny_causal), torch.float32), LocalTeacher(model_of(tiny_causal))
    found, known = (one.label_probabilities(ids, mask, trie_of(tokenizer), **given) for one in engines)
    torch.testing.assert_close(found, known, atol=1e-5, rtol=1e-4)


def test_more_first_tokens_than_one_answer_tells(made_up: type[MadeUpLLM], tiny_causal: Path) -> None:
    ids, mask, _ = batch_of(tiny_causal)
    trie = build_trie([[token] for token in range(10, 310)], end_token=0)
    found = served(VLLM, str(tiny_causal), torch.float32).label_probabilities(ids, mask, trie)
    known = LocalTeacher(model_of(tiny_causal)).label_probabilities(ids, mask, trie)
    torch.testing.assert_close(found, known, atol=1e-5, rtol=1e-4)


def test_greedy_text_and_confidence_are_those_of_the_default_engine(
    made_up: type[MadeUpLLM], tiny_causal: Path
) -> None:
    ids, mask, _ = batch_of(tiny_causal)
    ends = list(range(2, 60))
    sampling = Sampling(temperature=0.0, max_new_tokens=12)
    engines = served(VLLM, str(tiny_causal), torch.float32), LocalTeacher(model_of(tiny_causal))
    found, known = (one.sample(ids, mask, [0] * 3, sampling, ends) for one in engines)
    assert [one.tokens for one in found] == [one.tokens for one in known]
    assert [one.confidence for one in found] == pytest.approx([one.confidence for one in known], rel=1e-4)


def test_several_seeds_a_prompt_and_none_ends_in_time(made_up: type[MadeUpLLM], tiny_causal: Path) -> None:
    ids, mask, _ = batch_of(tiny_causal)
    teacher = served(VLLM, str(tiny_causal), torch.float32)
    sampling = Sampling(max_new_tokens=4)
    found = teacher.sample(ids, mask, [5, 6, 5, 6, 5, 6], sampling, range(400))
    again = teacher.sample(ids[1:2], mask[1:2], [5, 6], sampling, range(400))
    assert [one.tokens for one in found[2:4]] == [one.tokens for one in again] == [[], []], "ended by its first token"
    assert found[2].confidence != found[3].confidence, "each seed has its own draws"
    assert [one.tokens for one in teacher.sample(ids, mask, [1, 2, 3], sampling, ())] == [None] * 3


def test_one_is_open_at_a_time_and_is_shared(made_up: type[MadeUpLLM], tiny_causal: Path, tmp_path: Path) -> None:
    from lit_synth.modules.pretrained import load_pretrained

    first: Any = served(VLLM, str(tiny_causal), torch.float32)
    assert served(VLLM, str(tiny_causal), torch.float32) is first
    assert served(VLLM, str(tiny_causal), torch.bfloat16) is not first
    assert first.llm.closed == 1
    assert MadeUpLLM.options["dtype"] == "bfloat16"
    second: Any = served(Engine("vllm", 2), str(tiny_causal), torch.bfloat16)
    assert MadeUpLLM.options["tensor_parallel_size"] == 2
    load_pretrained(AutoModelForCausalLM, str(tiny_causal))
    assert second.llm.closed == 1, "a model that is loaded needs its memory"


def test_mistakes_are_told_in_one_line(
    made_up: type[MadeUpLLM], tiny_causal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids, mask, _ = batch_of(tiny_causal)
    with pytest.raises(InputError, match=r"cannot run broken: no room; where memory is short"):
        served(VLLM, "broken", torch.float32)
    teacher = served(VLLM, str(tiny_causal), torch.float32)
    with pytest.raises(InputError, match=r"a prompt has 900 tokens, and there is room for 128"):
        teacher.sample(torch.ones(1, 900), torch.ones(1, 900), [0], Sampling(), [0])
    monkeypatch.setattr(MadeUpLLM, "generate", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        teacher.sample(ids, mask, [0] * 3, Sampling(), [0])
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(InputError, match=r"tensor_parallel 4: this machine has 1 GPUs"):
        served(Engine("vllm", 4), str(tiny_causal), torch.float32)


@pytest.mark.skipif(HAS_VLLM, reason="vllm is installed")
def test_an_engine_that_is_not_installed_says_what_to_do(tiny_causal: Path) -> None:
    with pytest.raises(InputError, match=r"vllm: is not installed; pip install 'lit-synth\[vllm\]'"):
        served(VLLM, str(tiny_causal), torch.float32)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "vllm", "tensor_parallel": 0},
        {"name": "vllm", "memory": 1.0},
        {"name": "transformers", "tensor_parallel": 2},
    ],
)
def test_values_without_effect_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"engine\.(tensor_parallel|memory)"):
        Engine(**given)


@pytest.mark.skipif(not HAS_VLLM, reason="vllm is not installed; see CONTRIBUTING.md for an environment that has it")
def test_the_real_one_agrees_with_the_default_engine(
    tiny_causal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    ids, mask, tokenizer = batch_of(tiny_causal)
    tokenizer.save_pretrained(tmp_path)
    # vLLM has attention for heads of 32 and more.
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    config = AutoConfig.for_model("gpt_neox", vocab_size=len(tokenizer), max_position_embeddings=128, **shape)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(20)
    model.save_pretrained(tmp_path)
    teacher, local = served(VLLM, str(tmp_path), torch.float32), LocalTeacher(model)
    trie = trie_of(tokenizer)
    found, known = (one.label_probabilities(ids, mask, trie) for one in (teacher, local))
    assert found.argmax(dim=1).tolist() == known.argmax(dim=1).tolist()
    torch.testing.assert_close(found, known, atol=1e-3, rtol=0)
    greedy = Sampling(temperature=0.0, max_new_tokens=12)
    ends = list(range(2, 60))
    written, other = (one.sample(ids, mask, [0] * 3, greedy, ends) for one in (teacher, local))
    assert [one.tokens for one in written] == [one.tokens for one in other]
    drawn = [
        teacher.sample(ids, mask, seeds, Sampling(max_new_tokens=12), ends)
        for seeds in ([1, 2, 3], [1, 2, 3], [4, 5, 6])
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    close_served()
