"""One request to an OpenAI-compatible endpoint, and what its reply means."""

import json
import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from lit_synth.errors import InputError
from lit_synth.permissions import is_local

_SAID = 200  # characters of what a server says that an error repeats
_LATER = (408, 409, 429)  # with 5xx: what may succeed later
_CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)


class TransientError(Exception):
    """A request that brought no answer and may bring one later.

    Args:
        reason: One line.
        wait: Seconds for which the server asks to be left alone; ``None`` where it does not say.
        crowded: Whether there are too many requests, so that all others should wait too.
    """

    def __init__(self, reason: str, wait: float | None = None, crowded: bool = False) -> None:
        super().__init__(reason)
        self.wait = wait
        self.crowded = crowded


class RefusedError(Exception):
    """A request that will never be answered as it is.

    Args:
        status: The HTTP status.
        said: What the server says, in one line.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Key(requests.auth.AuthBase):
    """Sends a key with a request.

    Used without a key too: a request without ``auth`` would take a password from the user's netrc file.
    """

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


def send(session: requests.Session, url: str, body: Mapping[str, Any], key: str, timeout: float) -> str | None:
    """Ask once.

    Args:
        session: Of the calling thread alone.
        url: Ends in ``/chat/completions`` or ``/completions``.
        body: The request.
        key: May be empty.
        timeout: Seconds for connection and answer together; a server that is silent at the end may take twice that.

    Returns:
        The text; ``None`` where the model gave none, as when it declines or a filter steps in.

    Raises:
        TransientError: To be tried again.
        RefusedError: Not to be tried again.
        InputError: The server is another than `url` says: it redirects, or its certificate is not its own.
    """
    deadline = time.monotonic() + timeout
    host = urlsplit(url).hostname or ""
    how: dict[str, Any] = {
        "timeout": timeout,
        "stream": True,
        # It would turn POST into GET, and may lead to a host that should not see the key.
        "allow_redirects": False,
        # A proxy's localhost is another one.
        "proxies": {"no_proxy": host} if is_local(host) else None,
    }
    try:
        with session.post(url, json=body, auth=Key(key), **how) as reply:
            content = _read(reply, deadline)
    except requests.RequestException as error:
        raise _unreached(error, url) from None
    if 300 <= reply.status_code < 400:
        to = reply.headers.get("Location", "another place").partition("?")[0]
        raise InputError(f"{url} redirects to {to[:_SAID]}; give the base_url that it leads to, if it is the right one")
    if reply.ok:
        return _text(content, key)
    if reply.status_code == 400 and "content_filter" in _codes(content):
        return None
    raise _no_answer(reply, content, key)


def _read(reply: requests.Response, deadline: float) -> bytes:
    content = bytearray()
    # By single bytes, since a larger piece waits until it is full: busy servers send an empty line every few seconds,
    # each of which would start the timeout of the socket anew.
    for piece in reply.iter_content(1):
        content += piece
        if time.monotonic() > deadline:
            raise requests.ReadTimeout
    return bytes(content)


def _unreached(error: requests.RequestException, url: str) -> Exception:
    # Never the error's own words: they may hold the address of a proxy, with its password.
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        host = urlsplit(url).hostname
        return InputError(f"{host}: its TLS certificate cannot be verified; set REQUESTS_CA_BUNDLE to your CA's file")
    if isinstance(error, requests.Timeout):
        return TransientError("no answer in time")
    if isinstance(error, _CUT):
        return TransientError(f"no connection, or one cut off ({type(error).__name__})")
    return InputError(f"{url} cannot be asked ({type(error).__name__}); check base_url, parameters and proxy settings")


def _no_answer(reply: requests.Response, content: bytes, key: str) -> Exception:
    status, said = reply.status_code, _said(content, key)
    # Out of credit is told as a rate limit too, but no waiting helps.
    if (status in _LATER or status >= 500) and "insufficient_quota" not in _codes(content):
        wait = _wait(reply.headers)
        return TransientError(f"{status} {said}", wait, crowded=status == 429 or wait is not None)
    return RefusedError(status, said)


def _text(content: bytes, key: str) -> str | None:
    try:
        choice = json.loads(content)["choices"][0]
        text = (choice["message"] or {}).get("content") if "message" in choice else choice["text"]
        cut = choice.get("finish_reason") == "error"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise TransientError(f"no choices in the answer: {_said(content, key)}") from None
    if cut or not isinstance(text, str | None):
        raise TransientError(f"no text in the answer: {_said(content, key)}")
    # Half of an emoji, as a limit of tokens can leave it, is no text that could be written to a file.
    return None if text is None else text.encode("utf-8", "replace").decode()


def _error(content: bytes) -> Any:
    try:
        return json.loads(content)["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _codes(content: bytes) -> list[Any]:
    error = _error(content)
    return [error.get("code"), error.get("type")] if isinstance(error, dict) else []


def _said(content: bytes, key: str) -> str:
    error = _error(content)
    message = error.get("message") if isinstance(error, dict) else error
    text = message if isinstance(message, str) else content.decode("utf-8", "replace")
    line = "".join(filter(str.isprintable, " ".join(text.split())))
    return (line.replace(key, "***") if len(key) > 7 else line)[:_SAID] or "nothing said"


def _wait(headers: Mapping[str, str]) -> float | None:
    try:
        if milliseconds := headers.get("retry-after-ms"):
            seconds = float(milliseconds) / 1000
        else:
            seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        try:
            seconds = parsedate_to_datetime(headers.get("Retry-After", "")).timestamp() - time.time()
        except ValueError:
            return None
    return seconds if 0 < seconds < math.inf else None
