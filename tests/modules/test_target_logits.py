"""Logits of target tokens alone: the same figures and gradients as of the whole, for fewer products."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForSeq2SeqLM, PreTrainedModel

from lit_synth.modules.target_logits import target_logits

WORDS = 499
SIZES = {
    "bart": {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64},
    "t5": {"d_model": 32, "d_kv": 8, "num_heads": 4, "d_ff": 64, "num_layers": 1},
    # It shifts labels only where it works out a loss.
    "m2m_100": {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64},
    # Its head is given several foretold tokens for each one.
    "prophetnet": {
        "hidden_size": 32,
        "num_encoder_layers": 1,
        "num_decoder_layers": 1,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "num_encoder_attention_heads": 4,
        "num_decoder_attention_heads": 4,
    },
}
HEADS = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}


def model_of(kind: str) -> PreTrainedModel:
    torch.manual_seed(0)
    ids = {"pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    sizes = SIZES[kind] | ids | (HEADS if "d_ff" not in SIZES[kind] and kind != "prophetnet" else {})
    model: PreTrainedModel = AutoModelForSeq2SeqLM.from_config(AutoConfig.for_model(kind, vocab_size=WORDS, **sizes))
    model.eval()
    return model


def batch() -> tuple[dict[str, Any], torch.Tensor]:
    torch.manual_seed(1)
    labels = torch.randint(3, WORDS, (2, 8))
    labels[1, 2:] = -100
    mask = torch.tensor([[1] * 5, [1] * 3 + [0] * 2])
    return {"input_ids": torch.randint(3, WORDS, (2, 5)), "attention_mask": mask}, labels


@pytest.mark.parametrize("kind", SIZES)
def test_logits_and_gradients_are_those_of_the_whole(kind: str) -> None:
    inputs, labels = batch()
    model = model_of(kind)
    whole = model(**inputs, labels=labels).logits[labels >= 0]
    nn.functional.cross_entropy(whole, labels[labels >= 0]).backward()
    gradients = {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}
    model.zero_grad()
    found = target_logits(model, inputs, labels)
    assert found.shape == (10, WORDS)
    torch.testing.assert_close(found, whole)
    nn.functional.cross_entropy(found, labels[labels >= 0]).backward()
    for name, one in model.named_parameters():
        if one.grad is not None:
            torch.testing.assert_close(one.grad, gradients[name], msg=name)


@pytest.mark.parametrize("kind", ["bart", "t5"])
def test_padding_costs_no_product_of_the_head(kind: str) -> None:
    inputs, labels = batch()
    model = model_of(kind)
    with FlopCounterMode(display=False) as plain:
        model(**inputs, labels=labels)
    with FlopCounterMode(display=False) as counter:
        target_logits(model, inputs, labels)
    # Six of 16 places are padding; a product has two operations, over a width of 32.
    assert plain.get_total_flops() - counter.get_total_flops() == 6 * 2 * 32 * WORDS
    whole = model(**inputs, labels=labels).logits
    assert whole.shape == (2, 8, WORDS), "what is changed is changed for one call"
