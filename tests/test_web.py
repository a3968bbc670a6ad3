"""The stroke tool in a browser: headless Chromium, driven through chromedriver (the W3C WebDriver protocol)."""

import base64
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
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
from pyvarcolor.strokes.pictures import save_strokes
from pyvarcolor.strokes.vector import VectorStroke

MISSING = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
MISSING += [name for name in ("tornado",) if importlib.util.find_spec(name) is None]
REQUIRED = os.environ.get("PYVARCOLOR_REQUIRE_BROWSER") == "1"
SCREENSHOTS = os.environ.get("PYVARCOLOR_SCREENSHOTS")
SHAPE = 240, 320
CONTROL, SHIFT, ESCAPE = "\ue009", "\ue008", "\ue00c"
SWITCHES = (
    *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync", "window-size=1400,1000"),
)
CANVAS = """
    const canvas = document.querySelector('canvas'), box = canvas?.getBoundingClientRect();
    const full = canvas?.width > 500 && canvas.getContext('2d').getImageData(2, canvas.height - 2, 1, 1).data[3] == 255;
    return full ? [box.x, box.y, box.width, box.height] : null;
"""
PIXEL = "return [...document.querySelector('canvas').getContext('2d').getImageData({}, {}, 1, 1).data].slice(0, 3);"
PICTURE = "return document.querySelector('canvas').toDataURL();"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="process groups of POSIX"),
    pytest.mark.skipif(bool(MISSING) and not REQUIRED, reason=f"needs {', '.join(MISSING)} (Debian: chromium-driver)"),
]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def running(*command, **streams):
    """A process, ended in the end with all that it has started."""
    with subprocess.Popen([*map(str, command)], start_new_session=True, **streams) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


class Browser:
    """A page, by way of chromedriver."""

    def __init__(self, port, profile):
        self._url = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        wait_for(self._is_ready, "the start of chromedriver")
        switches = [f"--{switch}" for switch in (*SWITCHES, f"user-data-dir={profile}")]
        chrome = {"args": switches, "binary": shutil.which("chromium")}
        answer = self._call("/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome}}})
        self._url += f"/session/{answer['sessionId']}"
        self.origin = 0.0, 0.0  # of the canvas

    def _is_ready(self):
        try:
            return self._call("/status", method="GET")["ready"]
        except OSError:
            return False

    def _call(self, command, body=None, method="POST"):
        content = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self._url}{command}", content, method=method)
        with self._opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        """Height and width of the canvas, once it shows something."""
        self._call("/url", {"url": url})
        *self.origin, width, height = wait_for(lambda: self.run(CANVAS), "a picture on the canvas")
        return height, width

    def run(self, script):
        return self._call("/execute/sync", {"script": script, "args": []})

    def pixel(self, x, y):
        return tuple(self.run(PIXEL.format(int(x), int(y))))

    def picture(self):
        return self.run(PICTURE)

    def _act(self, kind, *steps):
        source = {"type": kind, "id": kind, "actions": list(steps)}
        if kind == "pointer":
            source["parameters"] = {"pointerType": "mouse"}
        self._call("/actions", {"actions": [source]})

    def _at(self, x, y):
        return {"x": round(self.origin[0] + x), "y": round(self.origin[1] + y)}

    def drag(self, *places, button=2):
        start, *others = ({"type": "pointerMove", "duration": 0, **self._at(*place)} for place in places)
        down, up = ({"type": f"pointer{way}", "button": button} for way in ("Down", "Up"))
        self._act("pointer", start, down, *others, up)

    def move(self, place):
        self._act("pointer", {"type": "pointerMove", "duration": 0, **self._at(*place)})

    def double_click(self, place, button=0):
        twice = [{"type": f"pointer{way}", "button": button} for way in ("Down", "Up")] * 2
        self._act("pointer", {"type": "pointerMove", "duration": 0, **self._at(*place)}, *twice)

    def wheel(self, place, turns):
        for _ in range(turns):
            self._act("wheel", {"type": "scroll", "deltaX": 0, "deltaY": -100, **self._at(*place)})

    def press(self, *keys):
        down = [{"type": "keyDown", "value": key} for key in keys]
        self._act("key", *down, *({"type": "keyUp", "value": key} for key in reversed(keys)))

    def screenshot(self, name):
        if SCREENSHOTS:
            picture = base64.b64decode(self._call("/screenshot", method="GET"))
            Path(SCREENSHOTS, f"web_{name}.png").write_bytes(picture)

    def close(self):
        self._call("", method="DELETE")


@pytest.fixture
def browser(tmp_path):
    port = free_port()
    with running(shutil.which("chromedriver"), f"--port={port}", stdout=subprocess.DEVNULL):
        opened = Browser(port, tmp_path / "profile")
        yield opened
        opened.close()


@pytest.fixture
def tool(tmp_path):
    """`colormaskerapp`, as a process, and the address of its page."""
    photo, log = tmp_path / "gray.png", tmp_path / "log.txt"
    Image.fromarray((255 * resize(data.camera(), SHAPE, anti_aliasing=True)).astype(np.uint8)).save(photo)
    command = "from pyvarcolor.cli.mask_app import main; main()"
    flags = "--input", photo, "--output", tmp_path / "mask.png", "--web", "--no-browser", "--port", free_port()
    streams = {"stdout": subprocess.PIPE, "text": True}
    with log.open("w") as words, running(sys.executable, "-c", command, *flags, stderr=words, **streams) as process:
        address = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text()), "the page's address")
        yield process, f"{address[0]}/1"
    assert "Traceback" not in log.read_text()


class Painting:
    """What a hand does in a browser, and what should come of it."""

    def __init__(self, browser, size):
        self.browser = browser
        self.view = Viewport.fitting(SHAPE, (round(size[0]) - STATUS, round(size[1]) - PANEL))
        self.strokes = []

    def paint(self, color, *places):
        self.browser.drag(*places)
        points = [self.view.to_photo(*place) for place in places]
        points = tuple((x / SHAPE[1], y / SHAPE[0]) for x, y in points)
        self.strokes.append(VectorStroke(points, Session().radius, color))
        self.wait_for_stroke()

    def undo(self):
        stroke = self.strokes.pop()
        self.browser.press(CONTROL, "z")
        wait_for(lambda: not self.is_shown(stroke), "undo")
        return stroke

    def redo(self, stroke):
        self.strokes.append(stroke)
        self.browser.press(CONTROL, SHIFT, "Z")
        self.wait_for_stroke()

    def zoom(self, place, turns):
        self.browser.wheel(place, turns)
        for _ in range(turns):
            self.view = self.view.zoomed(*place, 1.25)
        self.wait_for_stroke()

    def is_shown(self, stroke):
        x, y = stroke.points[0]
        return self.browser.pixel(*self.view.to_window(x * SHAPE[1], y * SHAPE[0])) == stroke.rgb

    def wait_for_stroke(self):
        wait_for(lambda: self.is_shown(self.strokes[-1]), "ink where the last stroke began")


def test_the_mask_drawn_in_a_browser_is_what_was_drawn_pixel_for_pixel(browser, tool, tmp_path):
    process, address = tool
    painting = Painting(browser, browser.open(address))
    browser.screenshot("start")
    colors = Session().recent
    for row in (200, 300, 400, 500):
        painting.paint(colors[0], (300, row), (420, row + 20), (500, row - 30))
    *_, gone = [painting.undo() for _ in range(3)]
    painting.redo(gone)
    browser.press("3")
    painting.zoom((420, 320), 2)
    painting.paint(colors[2], (350, 500), (450, 560))
    browser.screenshot("strokes")

    before = browser.picture()
    browser.press("h")
    wait_for(lambda: browser.picture() != before, "help")
    browser.screenshot("help")
    browser.press(ESCAPE)
    painting.wait_for_stroke()

    mask = tmp_path / "mask.png"
    browser.press("s")
    wait_for(mask.exists, "saving")
    browser.press(ESCAPE)
    out, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out.split()) == (0, [str(mask)])
    save_strokes(tmp_path / "wanted.png", painting.strokes, SHAPE)
    np.testing.assert_array_equal(read_image(mask), read_image(tmp_path / "wanted.png"))
    assert not list(tmp_path.glob("*.autosave"))


def test_the_brush_is_up_after_a_double_click_and_beyond_the_edge(browser, tool):
    _, address = tool
    browser.open(address)
    color = VectorStroke(((0, 0),), 1, Session().color).rgb

    def ink_at(x, y):
        return browser.pixel(x, y) == color

    browser.press("r")
    browser.double_click((300, 200))
    wait_for(lambda: ink_at(300, 200), "ink")
    browser.move((420, 320))
    border = 2 - browser.origin[0]
    browser.drag((300, 500), (300, 540), (border, 540), button=0)
    browser.move((420, 660))
    browser.drag((600, 200), (700, 200), button=0)
    wait_for(lambda: ink_at(620, 200), "ink")
    assert not ink_at(360, 260)
    assert not ink_at(360, 600)
    assert ink_at(300, 520)
