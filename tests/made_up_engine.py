"""A made-up vLLM: it answers like the real one, by whole forward passes of the model without a cache."""

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from lit_synth.decoding.decoders import close_served


class MadeUpLLM:
    """What vLLM calls its engine; a model with ``broken`` in its name cannot be opened."""

    options: dict[str, Any]

    def __init__(self, model: str, **options: Any) -> None:
        if "broken" in model:
            raise RuntimeError("no room\nfor it")
        MadeUpLLM.options = options
        self.model = AutoModelForCausalLM.from_pretrained(model).eval()
        self.closed = 0
        engine_core = SimpleNamespace(shutdown=self.close)
        self.llm_engine = SimpleNamespace(
            engine_core=engine_core,
            model_config=SimpleNamespace(max_model_len=self.model.config.max_position_embeddings),
        )
        self.questions = 0

    def close(self) -> None:
        self.closed += 1

    def generate(self, prompts: list[dict[str, list[int]]], params: list[Any], use_tqdm: bool) -> list[Any]:
        self.questions += len(prompts)
        answers = [
            self.answer(prompt["prompt_token_ids"], asked) for prompt, asked in zip(prompts, params, strict=True)
        ]
        return [SimpleNamespace(outputs=[answer]) for answer in answers]

    @torch.inference_mode()
    def answer(self, prompt: list[int], asked: Any) -> Any:
        ids, logs = list(prompt), []
        dice = torch.Generator().manual_seed(getattr(asked, "seed", 0))
        for _ in range(asked.max_tokens):
            found = self.model(torch.tensor([ids])).logits[0, -1].float().log_softmax(dim=-1)
            scaled = (found / asked.temperature).softmax(dim=-1) if asked.temperature else found
            token = int(torch.multinomial(scaled, 1, generator=dice) if asked.temperature else found.argmax())
            ids.append(token)
            logs.append(float(found[token]))
            if token in getattr(asked, "stop_token_ids", ()):
                break
        told = {
            token: SimpleNamespace(logprob=float(found[token])) for token in getattr(asked, "logprob_token_ids", ())
        }
        assert len(told) <= 128, "as the real one refuses"
        return SimpleNamespace(token_ids=ids[len(prompt) :], cumulative_logprob=sum(logs), logprobs=[told])


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[MadeUpLLM]]:
    """Install it for one test."""
    module = ModuleType("vllm")
    module.__spec__ = ModuleSpec("vllm", None)
    module.LLM, module.SamplingParams = MadeUpLLM, SimpleNamespace  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", module)
    yield MadeUpLLM
    close_served()
