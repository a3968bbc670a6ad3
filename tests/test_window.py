"""The stroke tool in a real window: a virtual screen, and pointer and keys as a person's."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE, wait_for
from PIL import Image, ImageGrab
from skimage import data
from skimage.transform import resize

from pyvarcolor.interactive.keys import BINDINGS
from pyvarcolor.interactive.screen import PANEL, STATUS
from pyvarcolor.interactive.session import Session
from pyvarcolor.interactive.viewport import Viewport
from pyvarcolor.io import read_image, read_photo
from pyvarcolor.strokes.pictures import save_strokes
from pyvarcolor.strokes.raster import Raster
from pyvarcolor.strokes.vector import VectorStroke, load_vector

SCREEN = 1440, 960  # so many millimetres, without rounding, that 96 dpi are just 96
MISSING = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
REQUIRED = os.environ.get("PYVARCOLOR_REQUIRE_WINDOW") == "1"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING) and not REQUIRED, reason=f"needs {', '.join(MISSING)} (Debian: xvfb, xdotool)"),
]


@pytest.fixture(scope="module")
def display():
    read, write = os.pipe()
    arguments = ["Xvfb", "-displayfd", str(write), "-screen", "0", "x".join(map(str, (*SCREEN, 24))), "-dpi", "96"]
    server = subprocess.Popen(arguments, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        name = f":{pipe.readline().strip()}"
    yield name
    server.terminate()
    server.wait()


class Person:
    """Someone at the screen, before the window of a photograph of this shape."""

    def __init__(self, display, process, shape):
        self.display, self.process = display, process
        self._environment = {**os.environ, "DISPLAY": display}
        wait_for(lambda: self._run("search", "--name", "pyvarcolor").returncode == 0, "the window")
        window = self._run("search", "--name", "pyvarcolor").stdout.split()[-1]
        geometry = self._run("getwindowgeometry", "--shell", window).stdout
        facts = dict(line.split("=") for line in geometry.split())
        self.view = Viewport.fitting(shape, (int(facts["HEIGHT"]) - STATUS, int(facts["WIDTH"]) - PANEL))
        self._run("windowfocus", window)
        wait_for(lambda: len(np.unique(self.look()[:, : -PANEL - 60])) > 50, "the photograph on the screen")

    def _run(self, *words):
        return subprocess.run(["xdotool", *words], env=self._environment, capture_output=True, text=True, check=False)

    def look(self):
        return np.asarray(ImageGrab.grab(xdisplay=self.display))

    def press(self, *keys):
        self._run("key", "--delay", "40", *keys)

    def drag(self, start, *corners, button=3, lift=True):
        pauses = [word for x, y in corners for word in ("mousemove", str(x), str(y), "sleep", "0.08")]
        words = ["mousemove", *map(str, start), "sleep", "0.08", "mousedown", str(button), "sleep", "0.08", *pauses]
        self._run(*words, *(["mouseup", str(button), "sleep", "0.08"] if lift else []))

    def wheel(self, x, y, steps):
        button = "4" if steps > 0 else "5"
        self._run("mousemove", str(x), str(y), "sleep", "0.05", "click", "--repeat", str(abs(steps)), button)
        for _ in range(abs(steps)):
            self.view = self.view.zoomed(x, y, 1.25 if steps > 0 else 0.8)
        time.sleep(0.2)

    def stroke(self, color, *places):
        """What the tool makes of a drag over these places of the screen."""
        height, width = self.view.photo
        points = (self.view.to_photo(*place) for place in places)
        return VectorStroke(tuple((x / width, y / height) for x, y in points), Session().radius, color)


@contextmanager
def opened(display, shape, *command):
    """A window and who sits before it; closed in the end, whatever happens."""
    environment = {**os.environ, "DISPLAY": display, "MPLBACKEND": "tkagg"}
    arguments = [sys.executable, "-c", f"from pyvarcolor.{command[0]} import main; main()", *command[1:]]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, env=environment, **pipes) as process:
        try:
            yield Person(display, process, shape)
        finally:
            process.kill()


@pytest.fixture
def gray(tmp_path):
    path = tmp_path / "gray.png"
    Image.fromarray((255 * resize(data.camera(), (240, 320), anti_aliasing=True)).astype(np.uint8)).save(path)
    return path


def same_paint(strokes, others, shape):
    first, second = Raster(shape), Raster(shape)
    first.show(strokes)
    second.show(others)
    np.testing.assert_array_equal(first.colors()[first.top], second.colors()[second.top])


def test_the_saved_mask_is_what_was_drawn_pixel_for_pixel(display, gray, tmp_path):
    mask, shape, colors = tmp_path / "mask.png", (240, 320), Session().recent
    with opened(display, shape, "cli.mask_app", "--input", gray, "--output", mask) as person:
        expected = []
        for row in (200, 300, 400):
            places = (300, row), (420, row + 20), (500, row - 30)
            person.drag(*places)
            expected.append(person.stroke(colors[0], *places))
        person.press("ctrl+z")
        person.press("3")
        person.wheel(420, 520, 3)
        places = (350, 500), (450, 560)
        person.drag(*places)
        expected[2:] = [person.stroke(colors[2], *places)]
        person.press("e")
        places = (360, 480), (360, 620)
        person.drag(*places)
        expected.append(person.stroke(None, *places))
        person.press("s")
        wait_for(mask.exists, "saving")
        person.press("Escape")
        out, err = person.process.communicate(timeout=PATIENCE)
    assert (person.process.returncode, out.split(), err) == (0, [str(mask)], "")
    saved = read_image(mask)
    assert saved.shape == (*shape, 3)
    np.testing.assert_array_equal(saved, read_image(save_strokes(tmp_path / "wanted.png", expected, shape)))
    assert not list(tmp_path.glob("*.autosave*"))


def test_an_empty_mask_is_gone_on_with(display, gray, tmp_path):
    mask, shape = tmp_path / "mask.png", (240, 320)
    Image.new("RGB", shape[::-1]).save(mask)
    with opened(display, shape, "cli.mask_app", "--input", gray, "--output", mask) as person:
        person.drag((300, 300), (420, 320))
        person.press("s")
        wait_for(lambda: read_image(mask).any(), "saving")
        person.press("Escape")
        _, err = person.process.communicate(timeout=PATIENCE)
    assert (person.process.returncode, err) == (0, f"{mask}: no strokes yet\n")


def test_a_killed_session_loses_at_most_the_stroke_in_progress(display, gray, tmp_path):
    mask, shape, color = tmp_path / "mask.json", (240, 320), Session().color
    command = "cli.mask_app", "--input", gray, "--output", mask
    with opened(display, shape, *command) as person:
        expected = []
        for row in (250, 350):
            person.drag((300, row), (500, row + 10))
            expected.append(person.stroke(color, (300, row), (500, row + 10)))
        person.drag((300, 500), (400, 550), lift=False)
        os.kill(person.process.pid, signal.SIGKILL)
        person.process.wait()
        person._run("mouseup", "3")
    assert not mask.exists()
    with opened(display, shape, *command) as person:
        person.press("Return")
        person.press("s")
        wait_for(mask.exists, "saving")
        person.press("Escape")
        assert person.process.wait(PATIENCE) == 0
    saved = load_vector(mask)
    assert len(saved) == 2
    same_paint(saved, expected, shape)


def test_colour_follows_and_is_saved_at_full_depth(display, tmp_path):
    shape, photo, out = (120, 160), tmp_path / "scan.tif", tmp_path / "colour.tif"
    import tifffile

    deep = (65535 * resize(data.camera(), shape, anti_aliasing=True)).astype(np.uint16)
    tifffile.imwrite(photo, deep, photometric="minisblack")
    with opened(display, shape, "cli.app", "paint", photo, "-o", out) as person:
        before = person.look()
        person.drag((300, 300), (420, 320))
        changed = wait_for(
            lambda: (np.abs(person.look()[300:, 450:900].astype(int) - before[300:, 450:900]) > 8).any(2).mean() > 0.2,
            "colour away from the stroke",
        )
        assert changed
        person.press("s")
        wait_for(out.exists, "saving")
        person.press("Escape")
        assert person.process.wait(PATIENCE) == 0
    result = read_photo(out).pixels
    assert (result.dtype, result.shape) == (np.uint16, (*shape, 3))
    assert len(load_vector(tmp_path / "scan_strokes.json")) == 1


def test_every_key_can_be_pressed_in_any_look_and_nothing_breaks(display, gray, tmp_path):
    names = {"]": "bracketright", "[": "bracketleft", "+": "plus", "-": "minus", " ": "space", "tab": "Tab"}
    names |= {"home": "Home", "delete": "Delete", "escape": "Escape", "f1": "F1"}
    keys = [names.get(binding.keys[0], binding.keys[0]) for binding in BINDINGS if binding.action != "leave"]
    mask = tmp_path / "mask.png"
    with opened(display, (240, 320), "cli.mask_app", "--input", gray, "--output", mask, "--live") as person:
        person.drag((300, 250), (500, 260))
        for key in keys:
            person.press(key, "Escape" if key in ("ctrl+o", "h") else "n")
            person.drag((300, 350), (400, 360), button=1)
        person.press("h", "Escape", "s")  # what is pressed comes in order, however busy the tool is
        wait_for(mask.exists, "saving")
        person.press("Escape", "Escape")
        _, err = person.process.communicate(timeout=PATIENCE)
    assert (person.process.returncode, err) == (0, "")


@pytest.mark.parametrize("command", [["cli.mask_app", "--input"], ["cli.app", "paint"]])
def test_without_a_screen_the_way_out_is_said(command, gray, tmp_path):
    environment = {name: value for name, value in os.environ.items() if "DISPLAY" not in name and name != "MPLBACKEND"}
    arguments = [sys.executable, "-c", f"from pyvarcolor.{command[0]} import main; main()", *command[1:], str(gray)]
    if command[0] == "cli.mask_app":
        arguments += ["--output", str(tmp_path / "mask.png")]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert "no window can be opened here" in done.stderr
    assert "--web" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in Path(tmp_path).iterdir()] == ["gray.png"]
