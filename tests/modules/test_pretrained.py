from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lit_synth.examples import InputError
from lit_synth.modules.pretrained import load_pretrained, loaded, save_pretrained


def model_of(folder: Path) -> tuple[Any, Any]:
    return load_pretrained(AutoModelForCausalLM, str(folder)), AutoTokenizer.from_pretrained(folder)


def test_an_export_replaces_an_earlier_one(tiny_causal: Path, tmp_path: Path) -> None:
    """As after a kill between the export and the end of its stage."""
    model, tokenizer = model_of(tiny_causal)
    save_pretrained(model, tokenizer, tmp_path / "model")
    with torch.no_grad():
        model.get_output_embeddings().weight.fill_(0.5)
    save_pretrained(model, tokenizer, tmp_path / "model")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    assert (again.get_output_embeddings().weight == 0.5).all()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_export_deletes_nothing_of_another(tiny_causal: Path, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "thesis.tex").write_text("five years")
    with pytest.raises(InputError, match=r"thesis\.tex.*model\.partial"):
        save_pretrained(*model_of(tiny_causal), tmp_path / "model")
    assert (tmp_path / "model" / "thesis.tex").read_text() == "five years"
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "model.partial")


def test_random_weights_need_a_config_alone(tiny_causal: Path, tmp_path: Path) -> None:
    model, _ = model_of(tiny_causal)
    model.config.save_pretrained(tmp_path)
    made = load_pretrained(AutoModelForCausalLM, str(tmp_path), weights=False)
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    assert {name: value.shape for name, value in made.state_dict().items()} == shapes
    with pytest.raises(InputError, match="holds no model"):
        load_pretrained(AutoModelForCausalLM, str(tmp_path))


def test_a_model_is_asked_for_only_once_it_is_loaded() -> None:
    with pytest.raises(RuntimeError, match="configure_model has not run"):
        loaded(None)
