from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lit_synth.errors import InputError
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
    modes = {path.stat().st_mode for path in (tmp_path / "model").iterdir()}
    assert len(modes) == 1, "who may read the config may read the weights"


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


class Looked(L.Callback):
    """Keeps how the model was loaded."""

    def setup(self, trainer: L.Trainer, pl_module: Any, stage: str) -> None:
        model = load_pretrained(AutoModelForCausalLM, pl_module.folder, trainer)
        self.found = model.config._attn_implementation, model.dtype


class Nothing(L.LightningModule):
    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch: torch.Tensor, index: int) -> torch.Tensor:
        loss: torch.Tensor = self.layer(batch).sum()
        return loss

    def predict_step(self, batch: torch.Tensor, index: int) -> torch.Tensor:
        return batch

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.parametrize(
    ("precision", "action", "expected"),
    [
        ("32-true", "fit", ("sdpa", torch.float32)),
        ("32-true", "predict", ("sdpa", torch.float32)),
        ("bf16-mixed", "fit", ("eager", torch.float32)),
        ("bf16-mixed", "predict", ("sdpa", torch.bfloat16)),
    ],
)
def test_bfloat16_is_learnt_with_whole_weights_and_read_with_half(
    precision: Any, action: str, expected: tuple[str, torch.dtype], tiny_causal: Path, tmp_path: Path
) -> None:
    looked = Looked()
    trainer = L.Trainer(
        accelerator="cpu",
        precision=precision,
        callbacks=[looked],
        fast_dev_run=True,
        default_root_dir=tmp_path,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    getattr(trainer, action)(Nothing(str(tiny_causal)), torch.utils.data.DataLoader(torch.ones(2, 1)))  # type: ignore[arg-type]
    assert looked.found == expected
