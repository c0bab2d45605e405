"""A teacher in vLLM: many prompts at once, in processes of their own, over one GPU or several."""

import math
import os
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from lit_synth.decoding.engine import Engine
from lit_synth.decoding.sampling import Completion
from lit_synth.decoding.tree_walk import Question, walk
from lit_synth.decoding.trie import Node
from lit_synth.decoding.writing import Sampling
from lit_synth.errors import InputError
from lit_synth.permissions import may_unpickle
from lit_synth.stopping import stop_if_asked

SURROUNDINGS = {
    "VLLM_NO_USAGE_STATS": "1",  # it would tell its makers what runs
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # a forked process would inherit the locks of our threads
    "VLLM_HOST_IP": "127.0.0.1",  # all of it is on this machine; it would ask the network for its own address
}
MOST_TOKENS = 128
"""Next tokens that vllm tells of in one answer."""


class ServedTeacher:
    """A model in vLLM (Kwon et al., arXiv 2309.06180).

    Args:
        engine: Its options.
        model: A folder, or a hub name.
        dtype: Of the weights.

    Raises:
        InputError: vLLM cannot run the model.
    """

    def __init__(self, engine: Engine, model: str, dtype: torch.dtype) -> None:
        for name, value in SURROUNDINGS.items():
            os.environ.setdefault(name, value)
        from vllm import LLM

        count = torch.cuda.device_count()
        if 0 < count < engine.tensor_parallel:
            raise InputError(f"engine.tensor_parallel {engine.tensor_parallel}: this machine has {count} GPUs")
        try:
            self.llm = LLM(
                model,
                dtype=str(dtype).removeprefix("torch."),
                tensor_parallel_size=engine.tensor_parallel,
                gpu_memory_utilization=engine.memory,
                max_model_len=-1,  # the longest that the memory has room for
                load_format="auto" if may_unpickle() else "safetensors",
                generation_config="vllm",  # the folder's own would change how it writes
                enforce_eager=count == 0,
            )
        except (ValueError, RuntimeError) as error:
            told = str(error).strip().splitlines() or [type(error).__name__]
            raise InputError(
                f"engine.name vllm: cannot run {model}: {told[0]}; where memory is short, change engine.memory or "
                "raise engine.tensor_parallel"
            ) from error
        self.longest = int(self.llm.llm_engine.model_config.max_model_len)

    def label_probabilities(
        self,
        input_ids: Tensor,
        mask: Tensor,
        trie: Node,
        tolerance: float | None = 1e-4,
        lengths: Tensor | None = None,
        prior: Tensor | None = None,
    ) -> Tensor:
        """Return the distribution over the labels alone; see `lit_synth.decoding.annotate.label_probabilities`.

        The tree of labels is walked level by level: one question a prompt and open branch, of which the prompt is
        read once and kept. So all labels cost about as many questions as a label has tokens.
        """
        if lengths is not None or prior is not None:
            tolerance = 0.0
        scores = walk(_prompts(input_ids, mask), trie, self._ask, tolerance or 0.0).to(input_ids.device)
        if lengths is not None:
            scores = scores / lengths
        if prior is not None:
            scores = scores - prior.log()
        return scores.softmax(dim=1)

    def sample(
        self, input_ids: Tensor, mask: Tensor, seeds: Sequence[int], sampling: Sampling, end_tokens: Sequence[int]
    ) -> list[Completion]:
        """Return a completion a seed; see `lit_synth.decoding.sampling.sample`.

        A record's random numbers are its own. Its text may yet differ with its neighbours, in rare places: sums come
        out otherwise in the last bits in a batch of another size.
        """
        from vllm import SamplingParams

        prompts = _prompts(input_ids, mask)
        many = len(seeds) // len(prompts)
        asked = [
            SamplingParams(
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                seed=seed,
                max_tokens=sampling.max_new_tokens,
                ignore_eos=True,  # ends are those that are told, and no others
                stop_token_ids=list(end_tokens),
                logprobs=0,  # of the token that was drawn
                detokenize=False,
            )
            for seed in seeds
        ]
        repeated = [prompt for prompt in prompts for _ in range(many)]
        return [_completion(answer, end_tokens) for answer in self._generate(repeated, asked)]

    def close(self) -> None:
        """End its processes, which gives back the memory of the GPUs."""
        self.llm.llm_engine.engine_core.shutdown()

    def _ask(self, questions: Sequence[Question]) -> list[list[float]]:
        """Return the log probability of each next token, whatever the temperature."""
        from vllm import SamplingParams

        parts = [
            (number, tokens[start : start + MOST_TOKENS])
            for number, (_, tokens) in enumerate(questions)
            for start in range(0, len(tokens), MOST_TOKENS)
        ]
        asked = [
            SamplingParams(temperature=0.0, max_tokens=1, logprob_token_ids=tokens, detokenize=False)
            for _, tokens in parts
        ]
        found: list[list[float]] = [[] for _ in questions]
        answers = self._generate([questions[number][0] for number, _ in parts], asked)
        for (number, tokens), answer in zip(parts, answers, strict=True):
            told = answer.logprobs[0]
            found[number] += [float(told[token].logprob) for token in tokens]
        return found

    def _generate(self, prompts: Sequence[list[int]], asked: Sequence[Any]) -> list[Any]:
        longest = max(map(len, prompts), default=0)
        if longest >= self.longest:
            raise InputError(
                f"engine.name vllm: a prompt has {longest:,} tokens, and there is room for {self.longest:,}; lower "
                "max_length, or give engine.memory more"
            )
        try:
            answers = self.llm.generate(
                [{"prompt_token_ids": prompt} for prompt in prompts], list(asked), use_tqdm=False
            )
        except Exception:
            stop_if_asked()  # Ctrl-C reaches the engine's processes too, and ends them at once
            raise
        return [answer.outputs[0] for answer in answers]


def _prompts(input_ids: Tensor, mask: Tensor) -> list[list[int]]:
    """Return the tokens of each row without its padding."""
    return [ids[kept].tolist() for ids, kept in zip(input_ids, mask.bool(), strict=True)]


def _completion(answer: Any, end_tokens: Sequence[int]) -> Completion:
    tokens = list(answer.token_ids)
    confidence = math.exp(answer.cumulative_logprob / max(1, len(tokens)))
    ended = bool(tokens) and tokens[-1] in end_tokens
    return Completion(tokens[:-1] if ended else None, confidence)
