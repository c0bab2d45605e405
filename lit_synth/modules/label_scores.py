"""The teacher's probabilities of a task's labels, and what long or frequent labels are corrected by."""

from functools import cached_property

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from lit_synth.decoding.decoders import Decoder
from lit_synth.decoding.trie import LabelScore, Node, build_trie, lengths_of
from lit_synth.task import Task


class LabelScorer:
    """Scores every label of a task after a prompt.

    Args:
        task: Names the labels.
        tokenizer: The model's.
        score: What a label counts by: the ``sum`` or the ``mean`` of its tokens' log probabilities, or the sum less
            that of a ``content_free`` prompt, which shows no examples either. A fine-tuned teacher knows its labels:
            ``sum`` is exact for it.
        one_line: Whether a label ends with the blank line in front of the next example, as in a prompt of examples
            without fine-tuning; else with the end token.
    """

    def __init__(self, task: Task, tokenizer: PreTrainedTokenizerBase, score: LabelScore, one_line: bool) -> None:
        self.task = task
        self.tokenizer = tokenizer
        self.score = score
        self.one_line = one_line
        self.prior: Tensor | None = None

    def probabilities(self, decoder: Decoder, input_ids: Tensor, mask: Tensor) -> Tensor:
        """Return probabilities of shape ``(batch, labels)`` for prompts of shape ``(batch, sequence)``."""
        lengths = None
        if self.score == "mean":
            lengths = torch.tensor(lengths_of(self.trie), device=input_ids.device)
        if self.score == "content_free" and self.prior is None:
            prompt = self.task.prompt(dict.fromkeys(self.task.fields, "N/A"))
            ids = torch.tensor([self._tokens(prompt)], device=input_ids.device)
            nothing = decoder.label_probabilities(ids, torch.ones_like(ids), self.trie, tolerance=0.0)
            self.prior = nothing[0].clamp(min=torch.finfo(torch.float32).tiny)
        return decoder.label_probabilities(input_ids, mask, self.trie, lengths=lengths, prior=self.prior)

    @cached_property
    def label_tokens(self) -> list[list[int]]:
        """Token ids of every label's completion."""
        return [self._tokens(self.task.completion(label)) for label in self.task.labels]

    @cached_property
    def trie(self) -> Node:
        """The task's labels as one tree of tokens."""
        ends = self.tokenizer("\n\n", add_special_tokens=False)["input_ids"] if self.one_line else ()
        return build_trie(self.label_tokens, next(iter(ends), self.tokenizer.eos_token_id))

    def _tokens(self, text: str) -> list[int]:
        # As prompts are encoded: without a token for the beginning, which a prior behind one would know alone.
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return ids
