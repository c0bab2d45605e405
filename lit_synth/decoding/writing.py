"""How a teacher writes, as a value; without torch, since whoever asks for `--help` should not wait for it."""

import math
from dataclasses import dataclass

from lit_synth.errors import InputError


@dataclass(frozen=True)
class Sampling:
    """How a teacher writes.

    Args:
        temperature: Above 1 flattens the distribution, below 1 sharpens it; 0 takes the likeliest token.
        top_p: Share of the probability mass that stays eligible, from the likeliest token down.
        max_new_tokens: Longest completion in tokens; one that has not ended by then is rejected.
        one_line: Whether a line break ends a completion too.

    Raises:
        InputError: A value with which nothing can be sampled.
    """

    temperature: float = 1.0
    top_p: float = 0.95
    max_new_tokens: int = 64
    one_line: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise InputError(f"temperature {self.temperature:g}: give 0 for the likeliest tokens, or a number above it")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p {self.top_p:g}: give a share above 0 and up to 1, as 0.95")
        if self.max_new_tokens < 1:
            raise InputError(f"max_new_tokens {self.max_new_tokens}: give 1 or more")
