"""What is seen through a viewport: the photograph in gray and in colour, and the strokes on it.

Everything is kept at two sizes: that of the photograph, and a small one on which colour is solved for and which is
shown as long as it has the pixels that the screen can show.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pyvarcolor.color import lightness_from_gray
from pyvarcolor.interactive.viewport import Viewport
from pyvarcolor.kernels import Kernels
from pyvarcolor.strokes.raster import Raster
from pyvarcolor.strokes.vector import VectorStroke

Array = NDArray[np.floating]
Picture = NDArray[np.uint8]

LONG_SIDE = 1200
"""Of the small copy, in pixels, at most."""
GROUND = (38, 38, 40)
"""Colour around the photograph."""


class Scene:
    """A photograph and its strokes, ready to be shown.

    Parameters
    ----------
    gray : (H, W) or (H, W, 1|3|4) ndarray
        As in `pyvarcolor.colorize`.
    kernels : Kernels
        Encode colour.

    Attributes
    ----------
    small : (h, w) ndarray of float32
        L* of the small copy; what colour is solved for on.
    chroma : (h, w, 2) ndarray of float32, or None
        a* and b*, once there are any, at the size of the small copy or less.
    """

    def __init__(self, gray: NDArray[np.generic], kernels: Kernels) -> None:
        self._kernels = kernels
        self.lightness = np.ascontiguousarray(lightness_from_gray(gray), np.float32)
        self.shape: tuple[int, int] = (self.lightness.shape[0], self.lightness.shape[1])
        self.small = shrunk(self.lightness, LONG_SIDE)
        self.chroma: Array | None = None
        self._rasters = [Raster(self.shape), Raster((self.small.shape[0], self.small.shape[1]))]

    @property
    def raster(self) -> Raster:
        """The strokes at the size of the photograph: what is saved."""
        return self._rasters[0]

    def show_strokes(self, strokes: tuple[VectorStroke, ...]) -> None:
        """Have these strokes on the photograph."""
        for raster in self._rasters:
            raster.show(strokes)

    def chroma_at(self, x: float, y: float) -> tuple[float, float]:
        """Colour at a place in pixels of the photograph; (0, 0) where there is none yet."""
        if self.chroma is None:
            return 0.0, 0.0
        row, col = self._pixel(x, y, (self.chroma.shape[0], self.chroma.shape[1]))
        a, b = self.chroma[row, col]
        return float(a), float(b)

    def lightness_at(self, x: float, y: float) -> float:
        """L* at a place in pixels of the photograph."""
        return float(self.lightness[self._pixel(x, y, self.shape)])

    def gray(self, view: Viewport) -> Picture:
        """The photograph as it is, (h, w, 3) for the window."""
        return self.developed(view, None)

    def color(self, view: Viewport) -> Picture:
        """The photograph in colour; in gray, as long as there is no colour."""
        return self.developed(view, self.chroma)

    def ink(self, picture: Picture, view: Viewport) -> Picture:
        """A copy of what the window shows, with the strokes on it."""
        raster = self._rasters[0 if self._is_close(view) else 1]
        rows, cols = (self._places(view, axis, raster.top.shape[axis]) for axis in (0, 1))
        top = raster.top[rows.clip(0)[:, None], cols.clip(0)]
        top[rows < 0], top[:, cols < 0] = 0, 0
        painted = np.flatnonzero(top)
        inked = picture.copy()
        inked.reshape(-1, 3)[painted] = raster.colors()[top.reshape(-1)[painted], :3]
        return inked

    def _pixel(self, x: float, y: float, shape: tuple[int, int]) -> tuple[int, int]:
        """Row and column in a copy of this shape, at its border for places beyond."""
        scaled = (y * shape[0] / self.shape[0], x * shape[1] / self.shape[1])
        row, col = (int(min(max(at, 0), side - 1)) for at, side in zip(scaled, shape, strict=True))
        return row, col

    def _is_close(self, view: Viewport) -> bool:
        """Whether the small copy has fewer pixels than the screen could show."""
        return view.zoom * self.shape[1] > self.small.shape[1] and self.small.shape != self.shape

    def _places(self, view: Viewport, axis: int, size: int) -> NDArray[np.intp]:
        """Row or column in a copy of each of the window's, -1 beyond the photograph."""
        start = view.top if axis == 0 else view.left
        at = (start + (np.arange(view.window[axis]) + 0.5) / view.zoom) * (size / self.shape[axis])
        inside = (at >= 0) & (at < size)
        return np.where(inside, at, -1).astype(np.intp)

    def developed(self, view: Viewport, chroma: Array | None) -> Picture:
        """What the window shows with this chroma; it may be called in another thread.

        Parameters
        ----------
        view : Viewport
            The window.
        chroma : (h, w, 2) ndarray of float32, or None
            a* and b* of a copy of any size; None is gray.

        Returns
        -------
        (h, w, 3) ndarray of uint8
        """
        height, width = view.window
        picture = np.empty((height, width, 3), np.uint8)
        picture[:] = GROUND
        # the part of the window that the photograph covers, in pixels of the screen
        corners = np.rint([*view.to_window(0, 0), *view.to_window(self.shape[1], self.shape[0])]).astype(int)
        x0, y0, x1, y1 = corners.clip(0, (width, height, width, height)).tolist()
        if x0 < x1 and y0 < y1:
            part = (*view.to_photo(x0, y0), *view.to_photo(x1, y1))
            size = y1 - y0, x1 - x0
            lightness = self._part(self.lightness if self._is_close(view) else self.small, part, size)
            ab = np.zeros((size[0], 2, size[1]), np.float32)
            if chroma is not None:
                for channel in (0, 1):
                    ab[:, channel] = self._part(chroma[..., channel], part, size)
            developed = np.empty((*size, 3), np.uint8)
            self._kernels.encode_rgb(lightness, ab, developed)
            picture[y0:y1, x0:x1] = developed
        return picture

    def _part(self, plane: Array, part: tuple[float, float, float, float], size: tuple[int, int]) -> Array:
        """A part of a copy of the photograph, from (left, top) to (right, bottom) in its pixels, at another size."""
        rows, cols = plane.shape
        limits = (cols, rows, cols, rows)
        scale = cols / self.shape[1], rows / self.shape[0]
        left, top, right, bottom = np.clip(np.multiply(part, scale * 2), 0, limits).tolist()
        near = size[1] >= 2 * (right - left)  # then single pixels are seen
        how = Image.Resampling.NEAREST if near and plane.shape == self.shape else Image.Resampling.BILINEAR
        first, last = (int(left), int(top)), (min(int(np.ceil(right)), cols), min(int(np.ceil(bottom)), rows))
        image = Image.fromarray(np.ascontiguousarray(plane[first[1] : last[1], first[0] : last[0]]))
        box = (left - first[0], top - first[1], right - first[0], bottom - first[1])
        return np.array(image.resize((size[1], size[0]), how, box=box, reducing_gap=2), np.float32)


def shrunk(plane: Array, side: int) -> Array:
    """A copy (h, w) of a plane (H, W) of float32 whose long side is at most `side`; the same where it is already."""
    height, width = plane.shape
    scale = side / max(height, width)
    if scale >= 1:
        return plane
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = Image.fromarray(plane).resize(size, Image.Resampling.BOX, reducing_gap=3)
    return np.ascontiguousarray(small)
