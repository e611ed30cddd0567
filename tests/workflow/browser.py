"""Chromium without a window, steered through its DevTools protocol over a pair of pipes."""

import base64
import io
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

PROGRAMS = ["chromium", "chromium-browser", "google-chrome"]
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--force-color-profile=srgb", "--window-size=1400,900"),
    "--host-resolver-rules=MAP * ~NOTFOUND",  # so that no page has a network
    "--remote-debugging-pipe",  # on the descriptors 3 and 4
]


class Page:
    """One page, and every address that it or a frame in it asked for.

    Attributes:
        requests: Addresses in the order of their requests.
        errors: What the page's scripts threw.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._buffer, self._number = b"", 0
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._watch(self._session)
        # An answer tells that all of this has come into force, before a page is opened.
        self.evaluate("true")

    def open(self, address: str) -> None:
        """Go to an address; it need not be loaded on return."""
        self._call("Page.navigate", self._session, url=address)

    def evaluate(self, script: str) -> object:
        """The JSON value of a JavaScript expression."""
        answer = self._call(
            "Runtime.evaluate", self._session, expression=script, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, script: str) -> None:
        """Wait until a JavaScript expression is true."""
        self.wait_for(lambda: bool(self.evaluate(script)), script)

    def wait_for(self, condition: Callable[[], bool], what: str = "a condition") -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.1)

    def colours(self) -> set[tuple[int, int, int]]:
        """Colours of the pixels that are visible now."""
        data = self._call("Page.captureScreenshot", self._session)["data"]
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
        return set(map(tuple, np.unique(pixels.reshape(-1, 3), axis=0).tolist()))

    def _watch(self, session: str) -> None:
        for domain in ("Page", "Network", "Runtime"):
            self._send(f"{domain}.enable", session)
        # Frames of another origin, such as those of data: addresses, are targets of their own,
        # and wait until they are watched.
        frames = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self._send("Target.setAutoAttach", session, **frames)
        self._send("Runtime.runIfWaitingForDebugger", session)

    def _call(self, method: str, session: str | None = None, **parameters: object) -> dict:
        number = self._send(method, session, **parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]
            self._note(message)

    def _send(self, method: str, session: str | None = None, **parameters: object) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._number

    def _receive(self, seconds: float = 60) -> dict:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], seconds)
            assert ready, "the browser does not answer"
            chunk = os.read(self._from, 2**20)
            assert chunk, "the browser has ended"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, message: dict) -> None:
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"]["text"])
            case "Target.attachedToTarget" if "sessionId" in message:
                self._watch(message["params"]["sessionId"])


@contextmanager
def browse(profile: Path) -> Iterator[Page]:
    """A page of a Chromium that lives as long as the body.

    Args:
        profile: Folder for what the browser stores.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, (
        "this test needs Chromium: install the Debian package chromium, as make test does where it"
        " is root or has sudo"
    )
    their_input, to_browser = os.pipe()
    from_browser, their_output = os.pipe()
    command = [program, *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
    # A shell puts the pipes on the descriptors that the browser expects.
    wrapped = ["bash", "-c", f'exec "$@" 3<&{their_input} 4>&{their_output}', "bash", *command]
    with subprocess.Popen(
        wrapped, pass_fds=(their_input, their_output), stderr=subprocess.DEVNULL
    ) as process:
        os.close(their_input)
        os.close(their_output)
        try:
            yield Page(to_browser, from_browser)
        finally:
            os.close(to_browser)  # at whose end the browser ends
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            os.close(from_browser)
