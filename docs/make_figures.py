"""Make the pictures of README.md and docs/.

    python docs/make_figures.py

writes docs/images/demo.jpg, which is what `pyvarcolor demo` shows, docs/images/methods.jpg, the same strokes by each
method, docs/images/automatic.jpg, photographs of scikit-image coloured without strokes, and docs/images/paint_*.jpg,
the stroke tool at work.
"""

import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from matplotlib.backend_bases import MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont, ImageOps
from skimage import data

from pyvarcolor import NotConvergedWarning, colorize
from pyvarcolor.color import lab_to_rgb, rgb_to_lab
from pyvarcolor.demo import load_demo
from pyvarcolor.interactive import StrokeTool
from pyvarcolor.strokes.raster import rasterize

IMAGES = Path(__file__).parent / "images"
WIDTH = 1400
PLACE = 0.12, 0.35  # in the photograph of the demo, for which colours are suggested
PANELS = {
    "heat": {"method": "heat"},
    "tv": {"method": "tv"},
    "tgv": {"method": "tgv"},
    "graph": {"method": "graph"},
    "kriging": {"method": "kriging"},
    "auto": {"method": "auto"},
    "true colours": None,
}


def main() -> None:
    """Write the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pyvarcolor", "demo", "--out-dir", folder], check=True)
        with Image.open(Path(folder, "side_by_side.png")) as picture:
            save(picture.convert("RGB"), "demo.jpg")
    save(compare_methods(), "methods.jpg")
    save(colour_automatically(), "automatic.jpg")
    for name, picture in paint().items():
        save(picture, f"paint_{name}.jpg")


def paint() -> dict[str, Image.Image]:
    """The stroke tool at work on the photograph of the demo, as its window looks at five moments."""
    demo = load_demo()
    figure = Figure(figsize=(11, 6.6), dpi=100)
    canvas = FigureCanvasAgg(figure)
    tool = StrokeTool(demo.gray, figure=figure)
    height, width = demo.gray.shape

    def look() -> Image.Image:
        tool.wait()
        canvas.draw()
        return Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB")

    def point(name: str, x: float, y: float, button: int | None = None) -> None:
        across, down = tool.display.view.to_window(x * width, y * height)
        place = across, tool.screen.view.bbox.y1 - down
        canvas.callbacks.process(name, MouseEvent(name, canvas, *place, button))

    pictures = {"start": look()}
    for stroke in demo.strokes:
        tool.choose(stroke.color)
        tool.session.radius = stroke.radius
        (x, y), *corners = stroke.points
        point("button_press_event", x, y, 3)
        for x, y in corners:
            point("motion_notify_event", x, y)
        point("button_release_event", x, y, 3)
    pictures["strokes"] = look()
    point("button_press_event", *PLACE, 1)
    point("button_release_event", *PLACE, 1)
    tool.wait()
    tool.suggest_places()
    pictures["advice"] = look()
    tool.suggest_places()
    tool.toggle_divider()
    pictures["divider"] = look()
    tool.toggle_divider()
    tool.toggle_help()
    pictures["help"] = look()
    tool.close()
    return pictures


def compare_methods() -> Image.Image:
    """The face of the demo by each method, side by side, with a caption below each."""
    demo = load_demo()
    hints = rasterize(demo.strokes, demo.gray.shape)
    face = np.s_[:300, 110:350]
    panels = []
    for caption, options in PANELS.items():
        if options is None:
            rgb = demo.true_rgb
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotConvergedWarning)
                result = colorize(demo.gray, hints, **options)
            print(f"{caption}: {result.report}")
            rgb = result.rgb
        panel = Image.new("RGB", (248, 332), "white")
        panel.paste(Image.fromarray(rgb[face]), (4, 0))
        font = ImageFont.load_default(18)
        ImageDraw.Draw(panel).text((124, 318), caption, "black", font, anchor="mm")
        panels.append(np.asarray(panel))
    return Image.fromarray(np.hstack(panels))


def colour_automatically() -> Image.Image:
    """Photographs, one a column: in gray, coloured without strokes, and as it was."""
    columns = []
    for rgb in (data.chelsea(), data.rocket(), data.coffee()):
        gray = lab_to_rgb(rgb_to_lab(rgb)[..., 0], np.zeros((*rgb.shape[:2], 2)), np.uint8)
        pictures = (gray, colorize(gray).rgb, rgb)
        columns.append(np.vstack([ImageOps.fit(Image.fromarray(picture), (360, 240)) for picture in pictures]))
    return Image.fromarray(np.hstack(columns))


def save(picture: Image.Image, name: str) -> None:
    """Save as JPEG, at most `WIDTH` pixels wide."""
    picture.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    picture.save(IMAGES / name, quality=85, optimize=True)
    print(f"{IMAGES / name}: {(IMAGES / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
