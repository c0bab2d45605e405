"""Every shipped config is read by the command it is for; the real models are made on the meta device."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BartConfig, GPTNeoXConfig, PreTrainedConfig, RobertaConfig

from lit_synth import recipes
from lit_synth.cli import main
from lit_synth.recipes.parts import Config
from lit_synth.settings import STRATEGIES, Choice, RunSettings
from lit_synth.stages import StageCLI

CONFIGS = Path(__file__).parents[1] / "configs"
TASKS = ("slurp", "rte", "boolq", "multirc", "sgd", "webnlg")
GOLD = {"gold": True, "pool_gold": False, "synthetic": []}
NEOX = GPTNeoXConfig(
    vocab_size=50432, hidden_size=6144, num_hidden_layers=44, num_attention_heads=64, intermediate_size=24576
)
ROBERTA = RobertaConfig(
    vocab_size=50265, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096
)
BART = BartConfig()  # transformers' default is BART-Large


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[RunSettings]:
    """Collect what `run` is told instead of doing it."""
    found: list[RunSettings] = []
    monkeypatch.setattr("lit_synth.pipeline.Pipeline.execute", lambda self: found.append(self.run))
    return found


def read(runs: list[RunSettings], *files: str) -> RunSettings:
    assert main(["run", *(f"--config={CONFIGS / name}" for name in files), "--data_dir=rows"]) == 0
    return runs.pop()


def folder(path: Path, config: PreTrainedConfig, tokenizer: Path) -> str:
    config.save_pretrained(path)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(path)
    return str(path)


def on_meta(config: Config) -> int:
    """Make the module of a stage without memory; return its number of weights."""
    # Lightning's strategy wants the GPUs that it names to be there; the module does not.
    for name in ("strategy", "accelerator", "devices", "precision"):
        config["trainer"].pop(name, None)
    config["model"]["init_args"]["weights"] = False
    module = StageCLI(config, run=False).model
    with torch.device("meta"):
        module.configure_model()
    assert all(parameter.is_meta for parameter in module.parameters())
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("task", TASKS)
def test_the_real_models_of_a_task_are_made_on_the_meta_device(
    task: str, runs: list[RunSettings], tiny_causal: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    run = read(runs, f"{task}.yaml", "trainer/deepspeed_zero3.yaml")
    texts = task in ("sgd", "webnlg")
    student = "facebook/bart-large" if texts else "FacebookAI/roberta-large"
    assert (run.teacher.model, run.student.model) == ("EleutherAI/gpt-neox-20b", student)
    assert set(run.strategies) == set(STRATEGIES)
    teacher = folder(tmp_path / "teacher", NEOX, tiny_causal)
    learner = folder(tmp_path / "student", BART if texts else ROBERTA, tiny_encoder)
    run = replace(
        run, teacher=replace(run.teacher, model=teacher), student=replace(run.student, model=learner), data_dir="rows"
    )
    fit = recipes.teacher_fit(run, 0, tmp_path / "fit")
    assert fit["trainer"]["strategy"]["init_args"]["stage"] == 3
    described = StageCLI({**fit, "trainer": {}}, run=False).datamodule.task
    assert bool(described.labels) != texts
    assert on_meta(fit) > 20.5e9
    weights = on_meta(recipes.student_fit(run, described, 0, tmp_path / "gold", GOLD, Choice(1e-5, 10)))
    assert 3.5e8 < weights < 4.2e8


@pytest.mark.parametrize("task", TASKS)
def test_the_embedded_config_of_a_task_is_read(task: str, runs: list[RunSettings]) -> None:
    run = read(runs, f"{task}_embedded.yaml")
    assert run.teacher.model == "embedded:teacher"
    assert run.student.model is None
    assert set(run.strategies) == set(STRATEGIES)
    assert run.teacher.max_length >= run.student.max_length


def test_the_command_line_of_a_served_model_is_read(runs: list[RunSettings]) -> None:
    endpoint = '{base_url: "https://host/v1", model: name, max_requests: 500, max_tokens: 16}'
    files = f"--config={CONFIGS / 'rte_embedded.yaml'}", "--data_dir=rows"
    assert main(["run", *files, "--strategies", "gold,few_shot", "--few_shot.endpoint", endpoint]) == 0
    run = runs.pop()
    assert run.few_shot.endpoint is not None
    assert (run.few_shot.endpoint.model, run.few_shot.endpoint.max_requests) == ("name", 500)
    assert run.strategies == ("gold", "few_shot")
