"""The served teacher on a GPU, in half precision, where vLLM is installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from lit_synth.decoding.decoders import LocalTeacher, close_served, served
from lit_synth.decoding.engine import Engine
from lit_synth.decoding.trie import build_trie
from lit_synth.decoding.writing import Sampling

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU with CUDA"),
    pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed"),
]
PROMPTS = ("Review: a warm and funny film\nSentiment:", "Utterance: wake me\nIntent:", "Intent:")
LABELS = (" alarm set", " alarm", " weather query", " positive", " negative")


def test_it_agrees_with_the_default_engine_in_bfloat16(tiny_causal: Path, tmp_path: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_causal)
    tokenizer.save_pretrained(tmp_path)
    tokenizer.padding_side = "left"
    shape = {"hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 256}
    config = AutoConfig.for_model("gpt_neox", vocab_size=len(tokenizer), max_position_embeddings=128, **shape)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).to(torch.bfloat16).eval()
    model.save_pretrained(tmp_path)
    batch = tokenizer(list(PROMPTS), return_tensors="pt", padding=True).to("cuda")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    trie = build_trie([tokenizer(label)["input_ids"] for label in LABELS], tokenizer.eos_token_id)
    known = LocalTeacher(model.to("cuda")).label_probabilities(ids, mask, trie).cpu()
    engine = served(Engine("vllm", memory=0.3), str(tmp_path), torch.bfloat16)
    found = engine.label_probabilities(ids, mask, trie).cpu()
    torch.testing.assert_close(found, known, atol=1e-2, rtol=0)
    drawn = [engine.sample(ids, mask, [1, 2, 3], Sampling(max_new_tokens=12), [0]) for _ in range(2)]
    assert drawn[0] == drawn[1], "a record's seed gives its text"
    close_served()
