"""The client against real HTTP servers: in this process with scripted faults, and one that serves a real model."""

import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from jsonargparse import ArgumentParser

from lit_synth.decoding import asking
from lit_synth.decoding.endpoint import Endpoint
from lit_synth.decoding.served import ask
from lit_synth.errors import InputError
from tests.serving import Reply, Server, serving, spoken

KEY = "sk-a-key-that-nobody-may-see"


def wrong(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message} | more}).encode()


def echo(prompt: str, before: int = 0, delay: float = 0.0) -> Reply:
    return Reply(spoken(f"to {prompt}"), delay=delay)


def at(url: str, **more: Any) -> Endpoint:
    given: dict[str, Any] = {"base_url": url, "model": "m", "max_requests": None, "max_tokens": 8, "timeout": 5.0}
    return Endpoint(**given | more)


def numbered(count: int) -> list[str]:
    return [f"prompt {number}" for number in range(count)]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no proxy and no password of whoever runs the tests; and short pauses."""
    for name in ("OPENAI_API_KEY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(asking, "_PAUSE", 0.01)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "new" / "answers.jsonl"


# What is asked, and how often


def test_answers_come_in_order_and_so_many_at_a_time(cache: Path) -> None:
    full = threading.Barrier(8)

    def script(prompt: str, _: int) -> Reply:
        full.wait(30)  # nobody is answered before eight have asked
        return echo(prompt, delay=random.uniform(0.0, 0.05))

    with serving(script) as server:
        answers = ask(at(server.url, concurrency=8, timeout=60, retries=0), numbered(40), cache)
    assert answers == [f"to prompt {number}" for number in range(40)]
    assert server.most == 8


def test_one_at_a_time(cache: Path) -> None:
    with serving(lambda prompt, _: echo(prompt, delay=0.01)) as server:
        ask(at(server.url, concurrency=1), numbered(10), cache)
    assert server.most == 1


def test_equal_prompts_are_asked_once_and_nothing_is_asked_again(cache: Path) -> None:
    with serving(echo) as server:
        endpoint = at(server.url)
        assert ask(endpoint, ["a", "b", "a", "a"], cache) == ["to a", "to b", "to a", "to a"]
        assert sorted(server.prompts) == ["a", "b"]
        assert ask(endpoint, ["b", "c"], cache) == ["to b", "to c"]
        assert sorted(server.prompts) == ["a", "b", "c"]
    assert ask(endpoint, ["c", "a"], cache) == ["to c", "to a"], "without a server"


def test_all_that_may_change_an_answer_asks_anew(cache: Path) -> None:
    with serving(echo) as server, serving(echo) as other:
        first: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}]
        ask(at(server.url), [first], cache)
        ask(at(f"{server.url}/", temperature=0, concurrency=3, timeout=9, retries=1), [first], cache)
        assert len(server.prompts) == 1
        for changed in ({"model": "n"}, {"temperature": 0.5}, {"max_tokens": 9}, {"parameters": {"seed": 1}}):
            ask(at(server.url, **changed), [first], cache)
        ask(at(server.url), [first[1:], [{**first[0], "role": "user"}, first[1]]], cache)
        assert len(server.prompts) == 7
        ask(at(other.url), [first], cache)
        assert len(other.prompts) == 1


def test_the_request_is_what_the_endpoint_says(cache: Path) -> None:
    with serving(echo) as server:
        ask(at(server.url, parameters={"stop": ["\n"]}), ["a"], cache)
        ask(at(server.url, max_tokens=None, temperature=None, parameters={"max_completion_tokens": 5}), ["a"], cache)
    user = [{"role": "user", "content": "a"}]
    assert server.bodies[0] == {"model": "m", "messages": user, "temperature": 0.0, "max_tokens": 8, "stop": ["\n"]}
    assert server.bodies[1] == {"model": "m", "messages": user, "max_completion_tokens": 5}
    assert server.paths == ["/v1/chat/completions"] * 2


def test_base_models_are_asked_for_a_completion(cache: Path) -> None:
    with serving(lambda prompt, _: Reply(json.dumps({"choices": [{"text": f"{prompt}!"}]}).encode())) as server:
        endpoint = at(server.url, chat=False)
        assert ask(endpoint, ["a"], cache) == ["a!"]
    assert server.paths == ["/v1/completions"]
    assert server.bodies == [{"model": "m", "prompt": "a", "temperature": 0.0, "max_tokens": 8}]
    with pytest.raises(ValueError, match="takes texts"):
        ask(endpoint, [[{"role": "user", "content": "a"}]], cache)


def test_two_at_the_same_file_ask_once(cache: Path) -> None:
    with serving(lambda prompt, _: echo(prompt, delay=0.05)) as server:
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.append(ask(at(server.url), numbered(8), cache))) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(server.prompts) == sorted(numbered(8))
    assert found == [[f"to {prompt}" for prompt in numbered(8)]] * 3


# Faults that pass

FAULTS = {
    "429": Reply(wrong("slow down"), 429),
    "429 that says quota in words only": Reply(b'{"error": "INSUFFICIENT QUOTA", "message": "concurrent"}', 429),
    "408": Reply(b"", 408),
    "500": Reply(b"oops", 500),
    "502 in HTML": Reply(b"<html>bad gateway</html>", 502),
    "529": Reply(wrong("overloaded"), 529),
    "not JSON": Reply(b"<html>hello</html>"),
    "empty": Reply(b""),
    "JSON cut off": Reply(spoken("to a")[:-9]),
    "not an object": Reply(b'["choices"]'),
    "nested without end": Reply(b"[" * 100_000),
    "no choices": Reply(b'{"choices": []}'),
    "an error that calls itself fine": Reply(wrong("provider down")),
    "choice of null": Reply(b'{"choices": [null]}'),
    "text that is none": Reply(b'{"choices": [{"message": {"content": 7}}]}'),
    "an error in the choice": Reply(spoken("half an ans", finish_reason="error")),
    "closed midway": Reply(spoken("to a"), sent=20),
    "closed at once": Reply(status=0),
    "silent": Reply(spoken("late"), delay=1.5),
    "a blank line now and then, too long": Reply(spoken("late"), dribble=b"\n" * 40),
    "not the compression it says": Reply(spoken("to a"), headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_asked_again(cache: Path, fault: str) -> None:
    with serving(lambda prompt, before: echo(prompt) if before else FAULTS[fault]) as server:
        started = time.monotonic()
        assert ask(at(server.url, timeout=0.6, retries=1), ["a"], cache) == ["to a"]
        assert time.monotonic() - started < 1.4
    assert server.prompts == ["a", "a"]
    first, second = map(json.loads, cache.read_text().splitlines())
    assert first["failed"]
    assert second["answer"] == "to a"


def test_blank_lines_before_an_answer_are_no_fault(cache: Path) -> None:
    with serving(lambda *_: Reply(spoken("late but there"), dribble=b"\n" * 6)) as server:
        assert ask(at(server.url, timeout=2, retries=0), ["a"], cache) == ["late but there"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(spoken(None, finish_reason="content_filter")),
        Reply(b'{"choices": [{"message": null, "finish_reason": "content_filter"}]}'),
        Reply(b'{"choices": [{"message": {"role": "assistant", "refusal": "I cannot"}}]}'),
        Reply(wrong("filtered", code="content_filter"), 400),
    ],
)
def test_no_text_is_an_answer_too_and_not_paid_for_twice(cache: Path, reply: Reply) -> None:
    with serving(lambda prompt, _: echo(prompt) if prompt == "b" else reply) as server:
        for _ in range(2):
            assert ask(at(server.url), ["a", "b"], cache) == [None, "to b"]
    assert sorted(server.prompts) == ["a", "b"]


def test_an_answer_can_always_be_written(cache: Path, tmp_path: Path) -> None:
    """Half of an emoji, where the tokens ended."""
    with serving(lambda *_: Reply(b'{"choices": [{"message": {"content": "fine \\ud83d"}}]}')) as server:
        (answer,) = ask(at(server.url), ["a"], cache)
    assert answer == "fine ?"
    (tmp_path / "written").write_text(answer, encoding="utf-8")


@pytest.mark.parametrize("name", ["Retry-After", "retry-after-ms", "date"])
def test_a_server_that_asks_to_be_left_alone_is_left_alone_by_all(cache: Path, name: str) -> None:
    def script(prompt: str, before: int) -> Reply:
        if prompt == "prompt 3" and not before:
            values = {"Retry-After": "1.0", "retry-after-ms": "1000"}
            date = formatdate(time.time() + 2, usegmt=True)  # to the second, so 1 to 2 from now
            headers = {"Retry-After": date} if name == "date" else {name: values[name]}
            return Reply(wrong("slow down"), 429, headers)
        return echo(prompt, delay=0.05)

    with serving(script) as server:
        ask(at(server.url, concurrency=4), numbered(60), cache)
    refused = server.times[server.prompts.index("prompt 3")]
    after = [moment - refused for moment in server.times]
    assert len(server.prompts) == 61
    assert not [moment for moment in after if 0.4 < moment < 0.99], "what was under way may still arrive"
    assert len([moment for moment in after if moment > 0.99]) > 20


def test_a_wait_without_end_is_told_and_not_waited_for(cache: Path) -> None:
    with serving(lambda *_: Reply(wrong("daily limit"), 429, {"Retry-After": "86400"})) as server:
        with pytest.raises(InputError, match=r"asks to wait 86,400 s \(429 daily limit\); run again then"):
            ask(at(server.url, concurrency=1), numbered(3), cache)
        assert len(server.prompts) == 1


@pytest.mark.parametrize("value", ["-5", "0", "inf", "nan", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_wait_that_makes_no_sense_is_our_own_pause(cache: Path, value: str) -> None:
    script = [Reply(b"", 429, {"Retry-After": value})]
    with serving(lambda prompt, before: echo(prompt) if before else script[0]) as server:
        assert ask(at(server.url), ["a"], cache) == ["to a"]


def test_pauses_double(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_PAUSE", 0.1)
    with serving(lambda prompt, before: echo(prompt) if before == 3 else Reply(b"", 500)) as server:
        ask(at(server.url), ["a"], cache)
    pauses = [after - before for before, after in zip(server.times, server.times[1:], strict=False)]
    assert all(wanted <= pause < 3 * wanted for pause, wanted in zip(pauses, (0.1, 0.2, 0.4), strict=True))


def test_a_low_limit_of_the_server_is_lived_with(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lets 3 pass in every 0.3 seconds: some are told 429 more often than there are retries, none is given up."""
    monkeypatch.setattr(asking, "_PAUSE", 0.2)
    monkeypatch.setattr(asking, "_LONGEST", 0.3)
    passed: list[float] = []

    def script(prompt: str, before: int) -> Reply:
        now = time.monotonic()
        if len([moment for moment in passed if moment > now - 0.3]) >= 3:
            return Reply(b"", 429)
        passed.append(now)
        return echo(prompt)

    with serving(script) as server:
        answers = ask(at(server.url, concurrency=8, retries=2), numbered(16), cache)
    assert answers == [f"to {prompt}" for prompt in numbered(16)]
    assert max(Counter(server.prompts).values()) > 3


def test_requests_are_spaced(cache: Path) -> None:
    with serving(echo) as server:
        ask(at(server.url, requests_per_minute=600), numbered(8), cache)
    assert 0.6 < server.times[-1] - server.times[0] < 3, "7 gaps of a tenth of a second"


# Faults that stay


REFUSALS = [
    (400, wrong("max_tokens is too large"), "400 to prompt 1: max_tokens is too large; check model, max_tokens"),
    (
        401,
        wrong(f"Incorrect API key:\n {KEY}."),
        r"401 to prompt 1: Incorrect API key: \*\*\*\.; check the key in MY_KEY",
    ),
    (403, b"\x1b[31mforbidden\x00", r"403 to prompt 1: \[31mforbidden; check what the key in MY_KEY may use"),
    (404, b"", "404 to prompt 1: nothing said; check model, and base_url, which usually ends in /v1"),
    (422, b'{"detail": "no"}', "422 to prompt 1: .*detail.*; check model"),
    (
        429,
        wrong("out of credit", type="insufficient_quota"),
        "out of credit; check the credit behind the key in MY_KEY",
    ),
]


@pytest.mark.parametrize(("status", "body", "words"), REFUSALS)
def test_a_refusal_ends_at_once_in_one_line(
    cache: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, words: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with serving(lambda *_: Reply(body, status)) as server:
        with pytest.raises(InputError, match=words) as error:
            ask(at(server.url, concurrency=1, key_variable="MY_KEY"), numbered(9), cache)
        assert len(server.prompts) == 1
    assert "\n" not in str(error.value)
    assert KEY not in str(error.value) + cache.read_text()


def test_a_request_that_cannot_be_written_is_no_fault_of_the_server(cache: Path) -> None:
    with serving(echo) as server, pytest.raises(InputError, match=r"cannot be asked .*check base_url, parameters"):
        ask(at(server.url, parameters={"top_p": float("nan")}), ["a"], cache)
    assert not server.prompts


def test_a_server_that_is_down_is_not_stormed(cache: Path) -> None:
    with serving(lambda *_: Reply(b"down for the day", 503)) as server:
        words = r"got no answer, with 2 retries \(last: 503 down for the day\); 0 of 500 answers are kept.*run again"
        with pytest.raises(InputError, match=words):
            ask(at(server.url, concurrency=4, retries=2), numbered(500), cache)
        assert 9 <= len(server.prompts) <= 6 * 3


def test_no_server_at_all(cache: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(InputError, match="no connection, or one cut off"):
            ask(at(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", retries=1), ["a"], cache)


@pytest.mark.parametrize(("concurrency", "crashing"), [(1, (2, 4, 6, 8)), (4, (2,))])
def test_prompts_without_an_answer_do_not_keep_others_from_theirs(
    cache: Path, concurrency: int, crashing: tuple[int, ...]
) -> None:
    broken = {f"prompt {number}" for number in crashing}

    with serving(lambda prompt, _: Reply(b"crash", 500) if prompt in broken else echo(prompt)) as server:
        endpoint = at(server.url, retries=2, concurrency=concurrency)
        left = len(crashing)
        with pytest.raises(InputError, match=rf"{left} prompts got no answer.*; {10 - left} of 10 answers are kept"):
            ask(endpoint, numbered(10), cache)
        assert Counter(server.prompts) == {prompt: 3 if prompt in broken else 1 for prompt in numbered(10)}
        server.prompts.clear()
        again, broken = broken, set()
        assert ask(endpoint, numbered(10), cache) == [f"to {prompt}" for prompt in numbered(10)]
        assert sorted(server.prompts) == sorted(again)


# What may be spent


def test_no_more_than_the_limit_is_ever_sent(cache: Path) -> None:
    with serving(lambda prompt, _: echo(prompt, delay=0.02)) as server:
        for limit in (7, 7, 12):
            words = f"max_requests {limit} reached; {limit} of 20 answers are kept in .*answers.jsonl; raise it"
            with pytest.raises(InputError, match=words):
                ask(at(server.url, max_requests=limit, concurrency=5), numbered(20), cache)
            assert len(server.prompts) == limit
        assert len(ask(at(server.url, max_requests=20), numbered(20), cache)) == 20
        assert sorted(server.prompts) == sorted(numbered(20))
        assert ask(at(server.url, max_requests=0), numbered(2), cache) == ["to prompt 0", "to prompt 1"]


def test_failed_requests_count_too(cache: Path) -> None:
    with serving(lambda prompt, before: echo(prompt) if before else Reply(b"", 500)) as server:
        with pytest.raises(InputError, match="max_requests 5 reached; 2 of 6 answers"):
            ask(at(server.url, max_requests=5, concurrency=1), numbered(6), cache)
        assert len(server.prompts) == 5


# Who may see the key


def test_the_key_goes_to_the_server_and_nowhere_else(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    told: list[str] = []
    with serving(lambda prompt, before: echo(prompt) if before else Reply(f"busy {KEY}".encode(), 500)) as server:
        ask(at(server.url), ["a", "b"], cache, told.append)
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    assert "busy ***" in cache.read_text()
    kept = "".join(path.read_text() for path in cache.parent.iterdir())
    assert KEY not in kept + "".join(told) + repr(at(server.url))


def test_without_a_key_no_password_is_sent_instead(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(echo) as server:
        assert requests.post(f"{server.url}/x", json={"prompt": "x"}, timeout=5).ok
        assert "Authorization" in server.headers.pop(), "this is what would be sent otherwise"
        ask(at(server.url), ["a"], cache)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        ask(at(server.url), ["b"], cache)
    assert [headers.get("Authorization") for headers in server.headers] == [None, f"Bearer {KEY}"]


def test_this_machine_is_not_asked_through_a_proxy(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(echo) as server, serving(echo) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
        assert ask(at(server.url), ["a"], cache) == ["to a"]
    assert not proxy.prompts


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(cache: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(echo) as other:
        there = f"http://localhost:{other.server_port}/v1/chat/completions"
        away = Reply(b"", status, {"Location": f"{there}?token=secret"})
        words = f"redirects to {there}; give the base_url"
        with serving(lambda *_: away) as server, pytest.raises(InputError, match=words):
            ask(at(server.url), ["a"], cache)
        assert len(server.prompts) == 1
        assert not other.prompts


def test_a_key_is_needed_for_another_machine_only(cache: Path) -> None:
    with pytest.raises(InputError, match=r"^api\.example\.com: set the environment variable MY_KEY"):
        ask(at("https://api.example.com/v1", key_variable="MY_KEY"), ["a"], cache)


@pytest.mark.parametrize("value", [f"{KEY} 2", f"{KEY}\u2028", f"{KEY}\n{KEY}", f"{KEY}é"])
def test_what_cannot_be_a_key_is_refused_unseen(cache: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"x{value}x")
    with serving(echo) as server, pytest.raises(InputError, match="OPENAI_API_KEY: holds characters") as error:
        ask(at(server.url), ["a"], cache)
    assert KEY not in str(error.value)
    assert not server.prompts


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate with openssl")
def test_a_certificate_is_checked(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    files = {name: str(tmp_path / name) for name in ("key.pem", "cert.pem")}
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=here", "-days", "2"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files["key.pem"], "-out", files["cert.pem"]]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (fixed words)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["cert.pem"], files["key.pem"])
    with serving(echo) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        endpoint = at(server.url.replace("http:", "https:"))
        with pytest.raises(InputError, match=r"127\.0\.0\.1: its TLS certificate cannot be verified; set REQUESTS_CA"):
            ask(endpoint, ["a"], cache)
        assert not server.prompts
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", files["cert.pem"])
        assert ask(endpoint, ["a"], cache) == ["to a"]


# What is told


def test_lines_tell_how_far_how_fast_how_long_and_what_failed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_EVERY", 0.2)
    told: list[str] = []
    with serving(lambda prompt, before: echo(prompt, delay=0.1) if before else Reply(b"busy", 503)) as server:
        ask(at(server.url, concurrency=2), numbered(4), cache)
        ask(at(server.url, concurrency=2), numbered(12), cache, told.append)
    assert len(told) >= 3
    assert 4 <= int(told[0].partition("/12 answers · ")[0]) < 12
    assert told[-1].startswith("12/12 answers · ")
    assert told[-1].endswith("/s · 0:00 left · last failure: 503 busy")
    told.clear()
    ask(at(server.url), numbered(12), cache, told.append)
    assert not told


@pytest.mark.parametrize(
    "given",
    [
        {"base_url": "api.openai.com/v1"},
        {"base_url": "ftp://host/v1"},
        {"base_url": "https://user:password@host/v1"},
        {"base_url": "https://host/v1?api-version=1"},
        {"base_url": "https://[::1"},
        {"base_url": "https:///v1"},
        {"base_url": "https://host/v1/chat/completions"},
        {"key_variable": "sk-secret"},
        {"key_variable": "gsk_secret"},
        {"key_variable": ""},
        {"max_requests": -1},
        {"concurrency": 0},
        {"concurrency": 1001},
        {"requests_per_minute": 0},
        {"timeout": 0.0},
        {"timeout": float("inf")},
        {"timeout": float("nan")},
        {"retries": -1},
        {"temperature": -0.5},
        {"max_tokens": 0},
        {"parameters": {"stream": True}},
        {"parameters": {"model": "n"}},
        {"parameters": {"api_key": "sk-secret"}},
    ],
)
def test_what_cannot_be_asked_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(given))) as error:
        at(**{"url": "http://localhost/v1"} | given) if "base_url" not in given else at("", **given)
    assert "secret" not in str(error.value)
    assert "password" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/v1", "https://api.openai.com/v1/", "http://[::1]:80", "http://10.0.0.1"]
)
def test_usual_addresses_are_taken(url: str) -> None:
    assert at(url).url == f"{url.rstrip('/')}/chat/completions"


def test_it_is_written_in_yaml(tmp_path: Path) -> None:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--endpoint", type=Endpoint | None, default=None)
    parser.add_argument("--config", action="config")
    (tmp_path / "run.yaml").write_text(
        "endpoint:\n  base_url: http://localhost:8000/v1\n  model: m\n  max_requests: 3000\n  max_tokens: 16\n"
        '  temperature: 0\n  parameters: {stop: ["\\n"]}\n'
    )
    given = parser.instantiate(parser.parse_args(["--config", str(tmp_path / "run.yaml")])).endpoint
    assert given == Endpoint(
        base_url="http://localhost:8000/v1", model="m", max_requests=3000, max_tokens=16, parameters={"stop": ["\n"]}
    )


# Kills

# A child of a shell's background job ignores interrupts, unless it says otherwise.
CHILD = """
import signal
import sys
from pathlib import Path
from lit_synth.decoding.endpoint import Endpoint
from lit_synth.decoding.served import ask
signal.signal(signal.SIGINT, signal.default_int_handler)
endpoint = Endpoint(base_url=sys.argv[1], model="m", max_requests=None, max_tokens=8, timeout=30.0, concurrency=4)
ask(endpoint, [f"prompt {number}" for number in range(60)], Path(sys.argv[2]), print)
"""


@contextmanager
def child(server: Server, cache: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """Ask in another process; its name is its key, so that the server knows who asks."""
    command = [sys.executable, "-u", "-c", CHILD, server.url, str(cache)]
    pipe, known = subprocess.PIPE, os.environ | {"OPENAI_API_KEY": name}
    with subprocess.Popen(command, env=known, stderr=pipe, stdout=pipe, text=True) as process:  # noqa: S603 (our words)
        try:
            yield process
        finally:
            process.kill()


def wait_until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.002)


def asked_by(server: Server, name: str) -> list[str]:
    pairs = zip(server.prompts, server.headers, strict=True)
    return sorted(prompt for prompt, headers in pairs if headers["Authorization"] == f"Bearer {name}")


def kept_in(cache: Path) -> set[str]:
    lines = cache.read_text().splitlines(keepends=True)
    return {json.loads(line)["answer"].removeprefix("to ") for line in lines if line.endswith("\n")}


def test_a_kill_loses_nothing_that_was_answered(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda prompt, _: echo(prompt, delay=0.03)) as server:
        before: set[str] = set()
        for name, replies in (("first", 13), ("second", 35)):
            with child(server, cache, name) as process:
                wait_until(lambda enough=replies: server.replied >= enough)  # type: ignore[misc]
                os.kill(process.pid, signal.SIGKILL)
                assert process.wait() == -signal.SIGKILL
            after = kept_in(cache)
            assert len(after) >= replies - 4 * (1 + (name == "second")), "only what was under way is lost"
            assert not before & {*asked_by(server, name)}
            before = after
        assert len(before) < 60
        monkeypatch.setenv("OPENAI_API_KEY", "third")
        assert ask(at(server.url), numbered(60), cache) == [f"to {prompt}" for prompt in numbered(60)]
        assert asked_by(server, "third") == sorted({*numbered(60)} - before)


def test_an_interrupt_keeps_what_is_under_way(cache: Path) -> None:
    gate = threading.Event()

    def script(prompt: str, _: int) -> Reply:
        if server.replied >= 8:
            gate.wait(60)
        return echo(prompt)

    with serving(script) as server:
        with child(server, cache, "first") as process:
            wait_until(lambda: server.replied >= 8 and server.now == 4)
            process.send_signal(signal.SIGINT)
            assert process.stdout
            # A line of progress may come first, where the machine has much else to do.
            said = iter(process.stdout.readline, "")
            assert "interrupted: waiting for the answers that are under way\n" in said
            gate.set()
            _, errors = process.communicate(timeout=60)
        assert "KeyboardInterrupt" in errors
        assert kept_in(cache) == {*server.prompts}
        assert 12 <= len(server.prompts) < 16


def test_an_interrupt_while_workers_start_loses_no_answer(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(threading.Thread):
        made = 0

        def start(self) -> None:
            Interrupted.made += 1
            if Interrupted.made == 3:
                wait_until(lambda: server.now == 2)
                raise KeyboardInterrupt
            super().start()

    def script(prompt: str, _: int) -> Reply:
        return echo(prompt, delay=0.5)

    with serving(script) as server:
        # Of the client alone: the server's threads are of the same module.
        ours = SimpleNamespace(Thread=Interrupted, Event=threading.Event, Lock=threading.Lock)
        monkeypatch.setattr(asking, "threading", ours)
        with pytest.raises(KeyboardInterrupt):
            ask(at(server.url, concurrency=4), numbered(8), cache)
        assert len(server.prompts) == 2
        assert kept_in(cache) == {*server.prompts}


# A real server with a real model

TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:"


@pytest.fixture
def served(tiny_causal: Path, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve a tiny model with `transformers serve`, and return its URL and folder."""
    from transformers import AutoTokenizer

    folder = tmp_path / "model"
    shutil.copytree(tiny_causal, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(folder)]
    command += ["--port", str(port), "--device", "cpu"]
    log = tmp_path / "server.log"
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:  # noqa: S603 - our own server
        try:
            for _ in range(300):
                assert process.poll() is None, log.read_text()[-2000:]
                try:
                    if requests.get(f"http://localhost:{port}/health", timeout=1).ok:
                        break
                except requests.ConnectionError:
                    time.sleep(0.2)
            yield f"http://localhost:{port}/v1", folder
        finally:
            process.terminate()


@pytest.mark.parametrize("tiny_causal", ["llama"], indirect=True)
def test_a_real_server_answers_as_its_model_does(served: tuple[str, Path], cache: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    url, folder = served
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def alone(text: str) -> str:
        ids = tokenizer(text, return_tensors="pt")
        written = model.generate(**ids, max_new_tokens=6, do_sample=False)[0, ids["input_ids"].shape[1] :]
        return str(tokenizer.decode(written, skip_special_tokens=True))

    prompts = [f"Review: a film of {number} hours" for number in range(8)]
    chats = [[{"role": "system", "content": "Rate it."}, {"role": "user", "content": each}] for each in prompts]
    endpoint = Endpoint(base_url=url, model=str(folder), max_requests=20, max_tokens=6, concurrency=4)
    wanted = [alone(f"system: Rate it.\nuser: {each}\nassistant:") for each in prompts]
    assert len(set(wanted)) > 1
    assert ask(endpoint, chats, cache) == wanted
    completing = Endpoint(base_url=url, model=str(folder), max_requests=20, max_tokens=6, chat=False)
    assert ask(completing, prompts[:2], cache) == [alone(each) for each in prompts[:2]]
    wrong_path = Endpoint(base_url=url.removesuffix("/v1"), model=str(folder), max_requests=20, max_tokens=6)
    with pytest.raises(InputError, match=r"answered 404 .*check model, and base_url"):
        ask(wrong_path, prompts[:1], cache)
