"""What is coloured: a photograph whose colours are known, and strokes drawn from them."""

import numpy as np
from numpy.typing import NDArray

from pyvarcolor import Hints
from pyvarcolor.evaluation import Photograph
from pyvarcolor.strokes.raster import rasterize
from pyvarcolor.strokes.vector import VectorStroke

Array = NDArray[np.floating]

SEED = 730419
ROWS, COLUMNS = 5, 6
"""of the grid that gets one stroke a cell"""
TRIES = 12
"""strokes tried in each cell; the one of most even colour is kept, as a person stays on one object"""
LENGTH = 0.04
"""of a stroke, as a fraction of the frame"""
RADIUS = 0.005
"""of the brush, as a fraction of the short side"""


def mosaic(shrink: int = 1) -> Photograph:
    """Four photographs of scikit-image side by side at their own resolution, 900 x 1112 = 1.0008 megapixels.

    Every pixel is a camera's: skin, cloth, metal, wood and sky, nothing enlarged. Every `shrink`-th row and
    column of it is kept.
    """
    from skimage import data

    motorcycle, _, _ = data.stereo_motorcycle()
    upper = np.hstack([data.astronaut()[:500], motorcycle[:, :600]])
    lower = np.hstack([data.coffee(), data.rocket()[:400, :512]])
    return Photograph(np.ascontiguousarray(np.vstack([upper, lower])[::shrink, ::shrink]))


def draw_strokes(photograph: Photograph, length: float = LENGTH, radius: float = RADIUS) -> Hints:
    """Hints of `strokes_on` the photograph: on 1.3 % of its pixels unless told otherwise."""
    return rasterize(strokes_on(photograph, length, radius), photograph.gray.shape)


def strokes_on(photograph: Photograph, length: float = LENGTH, radius: float = RADIUS) -> list[VectorStroke]:
    """30 short straight strokes in true colours, one in each cell of a grid over the photograph."""
    random = np.random.default_rng(SEED)
    strokes = []
    for row, column in np.ndindex(ROWS, COLUMNS):
        starts = (np.array([column, row]) + random.uniform(0.1, 0.9, (TRIES, 2))) / (COLUMNS, ROWS)
        angles = random.uniform(0, 2 * np.pi, TRIES)
        ends = starts + length * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        colors = [_colors_along(photograph, start, end) for start, end in zip(starts, ends, strict=True)]
        best = int(np.argmin([rgb.std(axis=0).sum() for rgb in colors]))
        color = "#{:02x}{:02x}{:02x}".format(*colors[best].mean(axis=0).round().astype(int))
        line = tuple(map(tuple, np.stack([starts[best], ends[best]]).tolist()))
        strokes.append(VectorStroke(line, radius, color))
    return strokes


def draw_points(photograph: Photograph, count: int = 10) -> Hints:
    """Single pixels in true colours, far from each other."""
    mask = np.zeros(photograph.gray.shape, np.bool_)
    mask.flat[np.random.default_rng(SEED).choice(mask.size, count, replace=False)] = True
    return Hints(mask, photograph.lab[..., 1:])


def _colors_along(photograph: Photograph, start: Array, end: Array) -> Array:
    """True colours (50, 3) on the way from one point (x, y) to another, both fractions of the frame."""
    rows, columns = photograph.gray.shape
    x, y = np.linspace(start, end, 50).T
    return photograph.rgb[
        np.clip(y * rows, 0, rows - 1).astype(int), np.clip(x * columns, 0, columns - 1).astype(int)
    ].astype(float)
