"""The stroke tool in a browser: headless Chromium, driven through chromedriver (the W3C WebDriver protocol)."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE, wait_for
from PIL import Image
from skimage import data
from skimage.transform import resize

from pyvarcolor.interactive.screen import PANEL, STATUS
from pyvarcolor.interactive.session import Session
from pyvarcolor.interactive.viewport import Viewport
from pyvarcolor.io import read_image
from pyvarcolor.stroke_pictures import save_strokes
from pyvarcolor.vector import VectorStroke

MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
REQUIRED = os.environ.get("PYVARCOLOR_REQUIRE_BROWSER") == "1"
SHAPE = 240, 320
SCREENSHOTS = os.environ.get("PYVARCOLOR_SCREENSHOTS")
CONTROL, ESCAPE = "\ue009", "\ue00c"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING) and not REQUIRED, reason=f"needs {', '.join(MISSING)} (Debian: chromium-driver)"),
]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Browser:
    """A page, by way of chromedriver."""

    def __init__(self, driver, profile):
        self._url = driver
        wait_for(self._is_ready, "chromedriver")
        switches = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
        switches += f" disable-component-update disable-sync window-size=1400,1000 user-data-dir={profile}"
        options = {"args": [f"--{switch}" for switch in switches.split()], "binary": shutil.which("chromium")}
        answer = self._call("", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self._url = f"{driver}/{answer['sessionId']}"

    def _is_ready(self):
        try:
            return urllib.request.urlopen(self._url.replace("/session", "/status"), timeout=1).status == 200
        except OSError:
            return False

    def _call(self, command, body=None, method="POST"):
        content = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self._url}{command}", content, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        self._call("/url", {"url": url})

    def run(self, script):
        return self._call("/execute/sync", {"script": script, "args": []})

    def act(self, kind, *steps):
        source = {"type": kind, "id": kind, "actions": list(steps)}
        if kind == "pointer":
            source["parameters"] = {"pointerType": "mouse"}
        self._call("/actions", {"actions": [source]})

    def drag(self, origin, *places, button=2):
        x, y = origin
        start, *corners = (
            {"type": "pointerMove", "duration": 0, "x": round(x + a), "y": round(y + b)} for a, b in places
        )
        down, up = ({"type": f"pointer{way}", "button": button} for way in ("Down", "Up"))
        pause = {"type": "pause", "duration": 120}
        self.act("pointer", start, pause, down, pause, *(step for each in corners for step in (each, pause)), up)

    def wheel(self, origin, place, turns):
        x, y = (round(a + b) for a, b in zip(origin, place, strict=True))
        for _ in range(abs(turns)):
            step = -100 if turns > 0 else 100
            self.act("wheel", {"type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": step})

    def press(self, *keys):
        down = [{"type": "keyDown", "value": key} for key in keys]
        self.act("key", *down, *({"type": "keyUp", "value": key} for key in reversed(keys)))

    def screenshot(self, name):
        if SCREENSHOTS:
            picture = base64.b64decode(self._call("/screenshot", method="GET"))
            Path(SCREENSHOTS, f"web_{name}.png").write_bytes(picture)

    def close(self):
        self._call("", method="DELETE")


@pytest.fixture
def browser(tmp_path):
    port = free_port()
    driver = subprocess.Popen(
        [shutil.which("chromedriver"), f"--port={port}"], stdout=subprocess.DEVNULL, start_new_session=True
    )
    opened = None
    try:
        opened = Browser(f"http://127.0.0.1:{port}/session", tmp_path / "profile")
        yield opened
    finally:
        if opened is not None:
            opened.close()
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()


def test_the_mask_drawn_in_a_browser_is_what_was_drawn_pixel_for_pixel(browser, tmp_path):
    pytest.importorskip("tornado")
    photo, mask, log = tmp_path / "gray.png", tmp_path / "mask.png", tmp_path / "log.txt"
    Image.fromarray((255 * resize(data.camera(), SHAPE, anti_aliasing=True)).astype(np.uint8)).save(photo)
    command = "from pyvarcolor.mask_app import main; main()"
    flags = ["--input", photo, "--output", mask, "--web", "--no-browser", "--port", str(free_port())]
    with (
        log.open("wb") as words,
        subprocess.Popen([sys.executable, "-c", command, *flags], stdout=subprocess.PIPE, stderr=words) as tool,
    ):
        try:
            address = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()), "the page's address")
            browser.open(f"{address[0]}/1")
            box = wait_for(
                lambda: browser.run(
                    "const c = document.querySelector('canvas'); if (!c) return null;"
                    "const b = c.getBoundingClientRect(); return b.width > 500 ? [b.x, b.y, b.width, b.height] : null;"
                ),
                "the canvas",
            )
            time.sleep(1)
            browser.screenshot("start")
            draw(browser, box, tmp_path)
            browser.press("s")
            wait_for(mask.exists, "saving")
            browser.press(ESCAPE)
            out, _ = tool.communicate(timeout=PATIENCE)
        finally:
            tool.kill()
    assert (tool.returncode, out.decode().split()) == (0, [str(mask)])
    np.testing.assert_array_equal(read_image(mask), read_image(tmp_path / "wanted.png"))
    assert "Traceback" not in log.read_text()


def draw(browser, box, folder):
    origin, view = box[:2], Viewport.fitting(SHAPE, (round(box[3]) - STATUS, round(box[2]) - PANEL))

    def stroke(color, *places):
        points = tuple(view.to_photo(*place) for place in places)
        return VectorStroke(tuple((x / SHAPE[1], y / SHAPE[0]) for x, y in points), Session().radius, color)

    colors, wanted = Session().recent, []
    for row in (200, 300, 400):
        places = (300, row), (420, row + 20), (500, row - 30)
        browser.drag(origin, *places)
        wanted.append(stroke(colors[0], *places))
    browser.press(CONTROL, "z")
    browser.press("3")
    browser.wheel(origin, (420, 520), 2)
    for _ in range(2):
        view = view.zoomed(420, 520, 1.25)
    time.sleep(0.5)
    places = (350, 500), (450, 560)
    browser.drag(origin, *places)
    wanted[2:] = [stroke(colors[2], *places)]
    time.sleep(1)
    browser.screenshot("strokes")
    browser.press("h")
    time.sleep(1)
    browser.screenshot("help")
    browser.press(ESCAPE)
    save_strokes(folder / "wanted.png", wanted, SHAPE)
