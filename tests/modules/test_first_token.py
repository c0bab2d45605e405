"""A head that reads the first token alone: the same figures, gradients and files, for fewer products."""

import copy

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForSequenceClassification

from lit_synth.modules.first_token import KINDS, read_first_token_alone

LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 4}
SIZES = {"hidden_size": 32, "intermediate_size": 128, "vocab_size": 99, **LAYERS}
OTHERS = {"distilbert": {"dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4, "vocab_size": 99}, "mpnet": SIZES}


def pair(kind):
    """Return a model as it comes, and one like it that reads the first token alone."""
    torch.manual_seed(0)
    sizes = OTHERS.get(kind, SIZES)
    plain = AutoModelForSequenceClassification.from_config(AutoConfig.for_model(kind, **sizes, num_labels=3)).eval()
    changed = copy.deepcopy(plain)
    read_first_token_alone(changed)
    return plain, changed


def batch():
    torch.manual_seed(1)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])
    return {"input_ids": torch.randint(5, 99, (2, 7)), "attention_mask": mask, "labels": torch.tensor([0, 2])}


@pytest.mark.parametrize("kind", sorted(KINDS | OTHERS.keys()))
def test_answers_and_gradients_are_the_same(kind):
    plain, changed = pair(kind)
    for model in (plain, changed):
        model.found = model(**batch())
        model.found.loss.backward()
    torch.testing.assert_close(changed.found.logits, plain.found.logits)
    for (name, one), other in zip(changed.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, msg=name)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_fewer_products(kind):
    counted = []
    for model in pair(kind):
        with FlopCounterMode(display=False) as counter:
            model(**batch())
        counted.append(counter.get_total_flops())
    plain, changed = counted
    # Behind attention stand 9 of 12 parts of a layer, one of two layers; of 7 tokens 6 are left out.
    assert changed < plain * (1 - 0.8 * 9 / 24 * 6 / 7)


def test_what_is_saved_is_the_model_as_it_came(tmp_path):
    plain, changed = pair("bert")
    changed.save_pretrained(tmp_path)
    again = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert again(**batch(), output_hidden_states=True).hidden_states[-1].shape == (2, 7, 32)
    torch.testing.assert_close(again(**batch()).logits, plain(**batch()).logits)
