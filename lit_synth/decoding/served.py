"""A client for any OpenAI-compatible endpoint: every prompt is answered once, and no answer is paid for twice."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lit_synth.decoding.answers import Answers
from lit_synth.decoding.asking import Asking
from lit_synth.decoding.endpoint import Endpoint, Prompt
from lit_synth.download import locked, say


def ask(
    endpoint: Endpoint, prompts: Sequence[Prompt], cache: Path, tell: Callable[[str], None] = say
) -> list[str | None]:
    """Ask a served model, and never twice the same.

    What stands in the cache is not asked, and equal prompts are asked once, at any temperature. After an error or a
    kill, the same call goes on.

    Args:
        endpoint: Where and how.
        prompts: Messages, or texts.
        cache: File of answers, one for a whole run; see `Answers`. Another process that uses it waits.
        tell: Takes a line of progress every few seconds.

    Returns:
        An answer a prompt, in order; ``None`` where the model gave no text, as when it declines or a filter steps in.

    Raises:
        InputError: The server refuses, does not answer, or the limit of requests is reached; the answers are kept.
    """
    bodies = [endpoint.body(prompt) for prompt in prompts]
    keys = [_hash(endpoint.url, body) for body in bodies]
    cache.parent.mkdir(parents=True, exist_ok=True)
    with locked(cache), closing(Answers(cache)) as answers:
        numbered = zip(keys, enumerate(bodies, start=1), strict=True)
        missing = {key: prompt for key, prompt in numbered if key not in answers}
        if missing:
            Asking(endpoint, missing, answers, tell).run(total=len(set(keys)))
        return [answers[key] for key in keys]


def _hash(url: str, body: Mapping[str, Any]) -> str:
    # All of the request counts: an answer to other parameters is another answer.
    return hashlib.sha256(json.dumps([url, body], sort_keys=True).encode()).hexdigest()
