"""Where a served model is asked: any OpenAI-compatible endpoint."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lit_synth.errors import InputError
from lit_synth.permissions import is_local

Message = Mapping[str, str]
Prompt = str | Sequence[Message]

_URL = re.compile(r"https?://(\[[\da-f:.]+\]|[^\s/?#@:\[\]]+)(:\d+)?(/[^\s?#@]*)?", re.IGNORECASE)
_SECRET = re.compile("api.?key|secret|password|authorization", re.IGNORECASE)
_OURS = ("model", "messages", "prompt", "temperature", "max_tokens", "stream", "n")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a served model is asked, and how.

    Args:
        base_url: What stands in front of ``/chat/completions``, as ``https://api.openai.com/v1``.
        model: Name of the model at the server.
        key_variable: Name of the environment variable with the key. The key is read from there alone and goes into no
            file and no message; a server on this machine may need none.
        max_requests: Most requests that may ever be noted in one file of answers, failed ones included; ``None`` for
            any number, 0 to read the file alone.
        concurrency: Most requests at a time.
        requests_per_minute: Most requests a minute, evenly spaced; ``None`` for any number.
        timeout: Seconds for one request.
        retries: Further tries after one that failed.
        temperature: 0 for the likeliest tokens; ``None`` to leave it to the server.
        max_tokens: Longest answer in tokens; ``None`` to leave it to the server.
        chat: Ask ``/chat/completions``, or ``/completions`` as base models want it.
        parameters: Further fields of a request, such as ``stop``, ``seed`` or ``max_completion_tokens``.

    Raises:
        InputError: A value with which nothing can be asked.
    """

    base_url: str
    model: str
    max_requests: int | None
    max_tokens: int | None
    key_variable: str = "OPENAI_API_KEY"
    concurrency: int = 8
    requests_per_minute: int | None = None
    timeout: float = 60.0
    retries: int = 5
    temperature: float | None = 0.0
    chat: bool = True
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.base_url):
            raise InputError("base_url: give https://HOST/v1 or the like, without a user, a query or spaces")
        if self.base_url.rstrip("/").endswith("/completions"):
            raise InputError(f"base_url {self.base_url}: leave out /chat/completions, it is put behind")
        if not re.fullmatch("[A-Z_][A-Z0-9_]*", self.key_variable):
            raise InputError("key_variable: give the name of an environment variable in capitals, never the key itself")
        if not 0 < self.concurrency <= 1000:
            raise InputError(f"concurrency {self.concurrency}: give 1 to 1000")
        for name in ("requests_per_minute", "max_tokens", "timeout"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise InputError(f"{name} {value}: give a number above 0")
        for name in ("max_requests", "retries", "temperature"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                raise InputError(f"{name} {value}: give 0 or more")
        if ours := sorted(set(self.parameters) & set(_OURS)):
            raise InputError(f"parameters: leave out {ours[0]}; it has a field of its own, or cannot be chosen")
        if secret := next(filter(_SECRET.search, self.parameters), None):
            # A run's config is written down, in its folder and its report.
            raise InputError(f"parameters: leave out {secret}; a key is read from the environment, see key_variable")

    @property
    def url(self) -> str:
        """What is asked."""
        return f"{self.base_url.rstrip('/')}/{'chat/completions' if self.chat else 'completions'}"

    def body(self, prompt: Prompt) -> dict[str, Any]:
        """Return the request for a prompt: messages, or a text, which to a chat is one message of the user's."""
        asked: dict[str, Any] = {"model": self.model}
        if self.chat:
            said = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else [dict(one) for one in prompt]
            asked["messages"] = said
        elif isinstance(prompt, str):
            asked["prompt"] = prompt
        else:
            raise ValueError("an endpoint with chat=False takes texts, no messages")
        if self.temperature is not None:
            asked["temperature"] = float(self.temperature)
        if self.max_tokens is not None:
            asked["max_tokens"] = self.max_tokens
        return asked | self.parameters

    def key(self) -> str:
        """Read the key from the environment.

        Raises:
            InputError: There is none, and the server is not on this machine; or it is no key.
        """
        key = os.environ.get(self.key_variable, "").strip()
        host = urlsplit(self.base_url).hostname or ""
        if not key and not is_local(host):
            raise InputError(
                f"{host}: set the environment variable {self.key_variable} to your key, to any text if none is needed"
            )
        if not re.fullmatch("[!-~]*", key):
            raise InputError(f"environment variable {self.key_variable}: holds characters that are in no key")
        return key
