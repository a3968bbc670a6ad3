"""How soon the stroke tool answers, in a real window: from the pointer to ink, from the end of a stroke to colour.

    xvfb-run -s "-screen 0 1440x960x24 -dpi 96" python benchmarks/paint_latency.py --megapixels 1 12 50

A second process moves the pointer with xdotool and notes when; ink counts as seen when Tk has nothing left to draw. The
photograph is scikit-image's, enlarged.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from matplotlib.backend_bases import MouseEvent
from skimage import data
from skimage.transform import resize

from pyvarcolor.interactive import StrokeTool
from pyvarcolor.interactive.window import run

STROKES, MOVES, PERIOD, PAUSE = 6, 60, 0.016, 2.0
DRIVER = """
import subprocess, sys, time
say = subprocess.Popen(["xdotool", "-"], stdin=subprocess.PIPE, text=True)
def do(words):
    say.stdin.write(words + chr(10)); say.stdin.flush()
strokes, moves, period = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
for stroke in range(strokes):
    x, y = 200, 120 + 80 * stroke
    do(f"mousemove {x} {y}"); time.sleep(0.1)
    do("mousedown 3"); time.sleep(0.1)
    for k in range(1, moves + 1):
        x += 8; y += 1 if k % 20 < 10 else -1
        print("move", x, y, time.monotonic(), flush=True)
        do(f"mousemove {x} {y}")
        time.sleep(period)
    print("up", 0, 0, time.monotonic(), flush=True)
    do("mouseup 3"); time.sleep(2.2)
say.stdin.close(); say.wait()
"""


class Watch:
    """The tool in its window, and when ink and colour are on the screen."""

    def __init__(self, gray: np.ndarray, live: bool) -> None:
        self.seen: dict[tuple[int, int], float] = {}
        self.colours: list[float] = []
        self._waiting: list[tuple[int, int]] = []
        self._gray, self._live = gray, live
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # for as long as this lives

    def make(self) -> StrokeTool:
        """Open it; the driver starts when it is there, and its end closes it."""
        self.tool = tool = StrokeTool(self._gray, live=self._live)
        self._widget = tool.screen.canvas.get_tk_widget()
        tool.screen.canvas.mpl_connect("motion_notify_event", self._on_motion)
        show = tool.display.show_color

        def show_and_note(*color: Any) -> None:
            show(*color)
            self._widget.after_idle(lambda: self.colours.append(time.monotonic()))

        tool.display.show_color = show_and_note
        self._widget.after(3000, self._start)
        return tool

    def _start(self) -> None:
        arguments = [sys.executable, "-c", DRIVER, *map(str, (STROKES, MOVES, PERIOD))]
        self._driver = subprocess.Popen(arguments, stdout=self._log)
        self._widget.after(200, self._look)

    def _look(self) -> None:
        if self._driver.poll() is None:
            self._widget.after(200, self._look)
        else:
            self._log.seek(0)
            self.sent = [(kind, int(x), int(y), float(when)) for kind, x, y, when in map(str.split, self._log)]
            self.tool.close()

    def _on_motion(self, event: MouseEvent) -> None:
        self._waiting.append((round(event.x), round(self.tool.screen.figure.bbox.height - event.y)))
        self._widget.after_idle(self._on_idle)

    def _on_idle(self) -> None:
        now = time.monotonic()
        self.seen |= {place: now for place in self._waiting if place not in self.seen}
        self._waiting.clear()


def measure(megapixels: float, live: bool) -> dict[str, list[float]]:
    """Seconds to ink, to the first colour after a stroke, and to its last."""
    height = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    watch = Watch(np.rint(255 * resize(data.camera(), (height, height * 3 // 2))).astype(np.uint8), live)
    run(watch.make, title="latency", toolkit="tkagg", web=False, port=8988, browser=False)
    moves = [((x, y), when) for kind, x, y, when in watch.sent if kind == "move"]
    # Tk leaves out moves that were overtaken: their ink comes with that of the next one
    ink, drawn = [], np.inf
    for place, when in reversed(moves):
        drawn = min(drawn, watch.seen.get(place, np.inf))
        ink.append(drawn - when)
    preview, refined = [], []
    for end in (when for kind, _, _, when in watch.sent if kind == "up"):
        # one that was on its way when the button went up may come first; the last two are those of the whole stroke
        own = [when - end for when in watch.colours if end < when < end + PAUSE]
        preview += own[-2:-1]
        refined += own[-1:]
    return {
        "ink": ink,
        "preview": preview,
        "refined": refined,
        "missed": [sum(at not in watch.seen for at, _ in moves)],
    }


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12])
    arguments = parser.parse_args()
    print(
        "| MP | colour | ink, median | ink, 95 % | stroke end to preview, median (worst) | refined | moves overtaken |"
    )
    print("|---|---|---|---|---|---|---|")
    for megapixels in arguments.megapixels:
        for live in (False, True):
            got = measure(megapixels, live)
            ink = 1000 * np.array(got["ink"])
            row = [
                f"{megapixels:g}",
                "live" if live else "off",
                f"{np.median(ink):.1f}",
                f"{np.percentile(ink, 95):.1f}",
            ]
            if live:
                preview, refined = 1000 * np.array(got["preview"]), 1000 * np.array(got["refined"])
                row += [f"{np.median(preview):.0f} ({preview.max():.0f})", f"{np.median(refined):.0f}"]
            else:
                row += ["", ""]
            print("| " + " | ".join([*row, str(got["missed"][0])]) + " |", flush=True)


if __name__ == "__main__":
    main()
