"""A scripted server that speaks as an OpenAI-compatible one: for the tests of the client and of those who use it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def spoken(text: str | None, **more: Any) -> bytes:
    """Return what a chat says, as the body of a reply."""
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}} | more]}).encode()


@dataclass
class Reply:
    """What the server does with a request; ``dribble`` is sent a byte every so many seconds before the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    sent: int | None = None
    dribble: bytes = b""
    every: float = 0.05


class Server(ThreadingHTTPServer):
    """Does what a script says, given a prompt and how often it has been asked before, and notes all it is asked."""

    daemon_threads = True

    def __init__(self, script: Callable[[str, int], Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = script
        self.lock = threading.Lock()
        self.prompts: list[str] = []
        self.times: list[float] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.replied = self.now = self.most = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
        with self.server.lock:
            before = self.server.prompts.count(prompt)
            self.server.prompts.append(prompt)
            self.server.times.append(time.monotonic())
            self.server.bodies.append(body)
            self.server.headers.append(dict(self.headers))
            self.server.paths.append(self.path)
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
        try:
            self.reply(self.server.script(prompt, before))
        except OSError:
            pass  # the client has gone
        finally:
            with self.server.lock:
                self.server.now -= 1

    def reply(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        if reply.status == 0:
            self.close_connection = True
            return
        with self.server.lock:
            self.server.replied += 1
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.dribble + reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for byte in reply.dribble:
            self.wfile.write(bytes([byte]))
            time.sleep(reply.every)
        self.wfile.write(reply.body[: reply.sent])
        self.close_connection = reply.sent is not None

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(script: Callable[[str, int], Reply]) -> Iterator[Server]:
    """Serve on a free port of this machine, in a thread of this process."""
    with Server(script) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
