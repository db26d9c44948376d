"""Opens a page in headless Chromium as a person would see it, and measures it, over a pipe (DevTools protocol)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOUND = shutil.which("chromium") or shutil.which("chromium-browser")
_QUIET = (
    "--headless",
    "--no-sandbox",  # which it cannot set up as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_NUL = b"\0"
# Chromium reads from descriptor 3 and writes to descriptor 4.
_BEGIN = """
import os, sys
pipes = [os.dup(int(descriptor)) for descriptor in sys.argv[1:3]]
for descriptor, pipe in enumerate(pipes, 3):
    os.dup2(pipe, descriptor)
    os.set_inheritable(descriptor, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass
class Page:
    """One tab. `requests` are the addresses it asked for, `complaints` what stands in its console."""

    _commands: t.IO[bytes]
    _answers: t.IO[bytes]
    _session: str = ""
    _number: int = 0
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _loads: int = 0

    def open(self, path: Path, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Show a file at a width of so many CSS pixels, and wait until it is loaded."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.requests.clear()
        self.complaints.clear()
        loads = self._loads
        self.call("Page.navigate", url=path.as_uri())
        while self._loads == loads:
            self._read()

    def evaluate(self, expression: str) -> t.Any:
        """Return the value of a JavaScript expression, asked from outside of the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Keep the whole page as PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """Return the page as it prints, on A4."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
        return base64.b64decode(self.call("Page.printToPDF", **paper)["data"])

    def call(self, method: str, **parameters: object) -> dict[str, t.Any]:
        """Send one command of the protocol and return its answer."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + _NUL)
        self._commands.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return dict(answer["result"])

    def _read(self) -> dict[str, t.Any]:
        octets = bytearray()
        while (octet := self._answers.read(1)) != _NUL:
            assert octet, "Chromium has ended"
            octets += octet
        message: dict[str, t.Any] = json.loads(octets)
        match message.get("method"):
            case "Page.loadEventFired":
                self._loads += 1
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(message["params"]))
        return message


@contextmanager
def running_chromium() -> Iterator[Page]:
    """Start Chromium with a profile of its own, and end it."""
    assert FOUND is not None
    to_read, commands = os.pipe()
    answers, to_write = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [sys.executable, "-c", _BEGIN, str(to_read), str(to_write), FOUND, *_QUIET, f"--user-data-dir={profile}"],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        try:
            with os.fdopen(commands, "wb") as sent, os.fdopen(answers, "rb") as received:
                page = Page(sent, received)
                target = page.call("Target.createTarget", url="about:blank")["targetId"]
                page._session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
                for domain in ("Page", "Network", "Log", "Runtime"):
                    page.call(f"{domain}.enable")
                yield page
        finally:
            process.terminate()
            process.wait(30)
