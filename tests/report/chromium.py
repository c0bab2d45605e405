"""A browser without a window, steered over a pipe by the DevTools protocol: pages as a reader uses them."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
PATIENCE = 120.0
"""Seconds until an answer; a page that needs longer hangs, even on a machine with much else to do."""


class Browser:
    """One tab of a browser.

    Args:
        folder: Gets downloads and the browser's own files.
    """

    def __init__(self, folder: Path) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        self.said: list[str] = []
        self._number, self._left, self._session = 0, b"", ""
        asked, self._ask = os.pipe()
        self._answer, answered = os.pipe()

        def connect() -> None:  # Chromium reads from 3 and writes to 4
            os.dup2(asked, 13)
            os.dup2(answered, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        # Without a sandbox, since CI runs as root; the pages are our own.
        command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(  # noqa: S603 - our own page
            [*command, f"--user-data-dir={folder / 'profile'}", "about:blank"],
            preexec_fn=connect,
            close_fds=False,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(asked)
        os.close(answered)
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for one thing and return the answer."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        if self._session and not method.startswith(("Target.", "Browser.")):
            asked["sessionId"] = self._session
        os.write(self._ask, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("id") == self._number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result
            self._note(told)

    def show(self, path: Path, width: int = 900, dark: bool = False) -> None:
        """Load a file in a window of a width."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=path.as_uri())
        self._loaded()

    def reload(self) -> None:
        """Load the page anew."""
        self.call("Page.reload")
        self._loaded()

    def run(self, body: str) -> Any:
        """Run the body of a function in the page; return what it returns."""
        told = self.call(
            "Runtime.evaluate", expression=f"(() => {{ {body} }})()", returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key, such as ``Tab``, ``Enter`` or ``a``."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40}
        text = {"Enter": "\r", " ": " "}.get(key, key if len(key) == 1 else "")
        known = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", **known, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **known)

    def downloaded(self, name: str) -> str:
        """Wait for a file and return its text."""
        limit = time.monotonic() + PATIENCE
        while not (self.downloads / name).exists():
            assert time.monotonic() < limit, list(self.downloads.iterdir())
            time.sleep(0.05)
        return (self.downloads / name).read_text(encoding="utf-8")

    def picture(self, path: Path, clip: dict[str, float] | None = None) -> None:
        """Write what is seen as a PNG."""
        more = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if clip else {}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **more)["data"]))

    def close(self) -> None:
        """End the browser and all that it has started."""
        os.close(self._ask)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._answer)

    def _loaded(self) -> None:
        while self.run("return document.readyState") != "complete" or self.run("return location.href") == "about:blank":
            time.sleep(0.02)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            assert select.select([self._answer], [], [], PATIENCE)[0], "the browser does not answer"
            more = os.read(self._answer, 1 << 20)
            assert more, "the browser has ended"
            self._left += more
        line, self._left = self._left.split(b"\0", 1)
        told: dict[str, Any] = json.loads(line)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        """Keep what the console says."""
        if told.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.said.append(json.dumps(told["params"]))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Yield a browser that is closed afterwards, whatever happens."""
    one = Browser(folder)
    try:
        yield one
    finally:
        one.close()
