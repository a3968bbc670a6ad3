"""Vector strokes painted into a frame of pixels, and pixels traced back to vector strokes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.hints import Hints
from pyvarcolor.strokes.vector import VectorStroke

Points = NDArray[np.float64]

_PIECE = 8  # brush radii
_LEAST_RADIUS = float(np.sqrt(0.5))  # pixels: a brush covers at least the pixel beneath it


class NoStrokesError(ValueError):
    """Strokes that paint no pixel."""


class Box(NamedTuple):
    """A window of a frame, in pixels."""

    top: int
    left: int
    bottom: int
    right: int

    def cut(self, other: Box) -> Box:
        """What both have in common; nothing, if it ends before it begins."""
        return Box(*map(max, self[:2], other[:2]), *map(min, self[2:], other[2:]))

    def join(self, other: Box) -> Box:
        """The least box that holds both."""
        return Box(*map(min, self[:2], other[:2]), *map(max, self[2:], other[2:]))

    @property
    def is_empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.top >= self.bottom or self.left >= self.right

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class Raster:
    """Which stroke lies on top at each pixel, kept up to date as strokes come and go.

    A pixel is painted if its centre lies within the brush's radius of the polyline; there is no smoothing. The brush
    covers at least the pixel beneath it, and later strokes paint over earlier ones, or erase them.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the frame in pixels.

    Attributes
    ----------
    top : (H, W) ndarray of int32
        Number of the stroke on top, counted from 1; 0 where there is none.
    strokes : tuple of VectorStroke
        Those that are shown.

    Examples
    --------
    >>> raster = Raster((4, 6))
    >>> raster.show([VectorStroke(((0.0, 0.4), (0.4, 0.4)), 0.1, "#c8503c")])
    Box(top=1, left=0, bottom=2, right=3)
    >>> raster.top
    array([[0, 0, 0, 0, 0, 0],
           [1, 1, 1, 0, 0, 0],
           [0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0]], dtype=int32)
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.top = np.zeros(shape, np.int32)
        self.strokes: tuple[VectorStroke, ...] = ()

    @property
    def frame(self) -> Box:
        """All of it."""
        return Box(0, 0, *self.top.shape)

    def show(self, strokes: Iterable[VectorStroke]) -> Box:
        """Show these strokes instead of those before; only what differs is painted.

        Parameters
        ----------
        strokes : iterable of VectorStroke
            In the order of painting.

        Returns
        -------
        Box
            Outside of it nothing has changed.
        """
        old, self.strokes = self.strokes, tuple(strokes)
        kept = next(
            (n for n, (a, b) in enumerate(zip(old, self.strokes, strict=False)) if a is not b and a != b),
            min(len(old), len(self.strokes)),
        )
        changed = Box(*self.top.shape, 0, 0)
        if gone := old[kept:]:
            for stroke in gone:
                changed = changed.join(self._box_of(stroke))
            changed = changed.cut(self.frame)
            self.top[changed.window] = 0
            for number, stroke in enumerate(self.strokes[:kept], start=1):
                self._paint(number, stroke, changed)
        for number, stroke in enumerate(self.strokes[kept:], start=kept + 1):
            self._paint(number, stroke, self.frame)
            changed = changed.join(self._box_of(stroke))
        return changed.cut(self.frame)

    def hints(self) -> Hints:
        """What the strokes prescribe.

        Returns
        -------
        Hints
        """
        chroma = np.array([(0, 0), *(stroke.chroma for stroke in self.strokes)], np.float32)
        confidence = np.array([0, *(stroke.confidence for stroke in self.strokes)], np.float32)
        mask = self.top > 0
        held = np.zeros((*self.top.shape, 2), np.float32)
        held[mask] = chroma[self.top[mask]]
        soft = (confidence[1:] < 1).any() and (confidence[self.top[mask]] < 1).any()
        return Hints(mask, held, confidence[self.top] if soft else None)

    def colors(self) -> NDArray[np.uint8]:
        """Colour of each stroke by its number, and how sure it is.

        Returns
        -------
        (N + 1, 4) ndarray of uint8
            Red, green, blue, and 255 times the confidence, at least 1; four zeros for number 0.
        """
        rows = [(*stroke.rgb, max(round(255 * stroke.confidence), 1)) for stroke in self.strokes]
        return np.array([(0, 0, 0, 0), *rows], np.uint8)

    def _reach(self, stroke: VectorStroke) -> tuple[Points, float]:
        """Corners and radius in pixels; the centre of pixel (row, column) is (column, row)."""
        height, width = self.top.shape
        radius = max(stroke.radius * min(height, width), _LEAST_RADIUS)
        return np.array(stroke.points) * (width, height) - 0.5, radius

    def _box_of(self, stroke: VectorStroke) -> Box:
        """Where it may paint."""
        corners, radius = self._reach(stroke)
        low, high = corners.min(axis=0) - radius, corners.max(axis=0) + radius
        limits = (-1, max(self.top.shape) + 1)
        (left, top), (right, bottom) = np.ceil(low).clip(*limits), (np.floor(high) + 1).clip(*limits)
        return Box(int(top), int(left), int(bottom), int(right))

    def _paint(self, number: int, stroke: VectorStroke, within: Box) -> None:
        """Put a stroke on top, as far as it lies within the box."""
        if self._box_of(stroke).cut(within).is_empty:
            return
        corners, radius = self._reach(stroke)
        for start, end in _pieces(corners, _PIECE * radius):
            window, covered = _cover(start, end, radius, within)
            self.top[window][covered] = 0 if stroke.color is None else number


def rasterize(strokes: Iterable[VectorStroke], shape: tuple[int, int]) -> Hints:
    """Paint strokes into a frame.

    Parameters
    ----------
    strokes : iterable of VectorStroke
        In the order of painting; see `Raster`.
    shape : (int, int)
        Height and width of the photograph in pixels.

    Returns
    -------
    Hints

    Raises
    ------
    NoStrokesError
        If no stroke is left in the frame.

    Examples
    --------
    >>> rasterize([VectorStroke(((0.25, 0.5), (0.75, 0.5)), 0.05, "#c8503c")], (100, 200))
    Hints(1080 of 20000 pixels, 5.40 %)
    """
    raster = Raster(shape)
    raster.show(strokes)
    if not raster.top.any():
        raise NoStrokesError(f"strokes must touch the frame {shape}, but none does")
    return raster.hints()


def trace(labels: NDArray[np.integer], colors: Sequence[tuple[str, float]]) -> tuple[VectorStroke, ...]:
    """Strokes that paint just these pixels, of one pixel's width: each goes along rows that lie below each other.

    Parameters
    ----------
    labels : (H, W) ndarray of int
        0 where there is no paint, else one more than the place of its colour in `colors`.
    colors : sequence of (str, float)
        Colour ("#rrggbb") and confidence.

    Returns
    -------
    tuple of VectorStroke

    Examples
    --------
    >>> labels = np.array([[0, 1, 1], [1, 1, 0]])
    >>> strokes = trace(labels, [("#c8503c", 1.0)])
    >>> len(strokes), bool((rasterize(strokes, (2, 3)).mask == (labels > 0)).all())
    (1, True)
    """
    height, width = labels.shape
    beside = np.pad(labels, ((0, 0), (1, 1)))
    rows, borders = np.nonzero(beside[:, 1:] != beside[:, :-1])
    # Where a run of one label begins; the next border of the row is where it ends.
    starts = np.flatnonzero(borders < width)
    starts = starts[labels[rows[starts], borders[starts]] > 0]
    runs = zip(rows[starts].tolist(), borders[starts].tolist(), (borders[starts + 1] - 1).tolist(), strict=True)
    paths: list[tuple[int, list[tuple[int, int]]]] = []
    above: list[tuple[int, int, int]] = []  # first and last column, and path, of the runs of the row before
    here: list[tuple[int, int, int]] = []
    current = -1
    for row, first, last in runs:
        if row != current:
            above, here, current = (here if row == current + 1 else []), [], row
        label = int(labels[row, first])
        while above and above[0][1] < first:
            above.pop(0)
        path = len(paths)
        if above and above[0][0] <= last and paths[above[0][2]][0] == label:
            _, end, path = above.pop(0)
            down = min(end, last)
            paths[path][1].extend([(down, row - 1), (down, row), (first, row), (last, row)])
        else:
            paths.append((label, [(first, row), (last, row)]))
        here.append((first, last, path))
    strokes = []
    for label, corners in paths:
        color, confidence = colors[label - 1]
        points = tuple(((x + 0.5) / width, (y + 0.5) / height) for (x, y), _ in groupby(corners))
        strokes.append(VectorStroke(points, _LEAST_RADIUS / min(height, width), color, confidence))
    return tuple(strokes)


def _pieces(corners: Points, longest: float) -> Iterator[tuple[Points, Points]]:
    """Ends of the segments between corners, slanting ones cut to pieces so that the window around each stays small."""
    for start, end in pairwise(corners if len(corners) > 1 else np.repeat(corners, 2, axis=0)):
        cuts = np.linspace(start, end, 1 + max(int(np.ceil(np.abs(end - start).min() / longest)), 1))
        yield from pairwise(cuts)


def _cover(start: Points, end: Points, radius: float, within: Box) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """The window around a segment and which of its pixels lie within `radius` of it."""
    least, most = (within.left, within.top), (within.right, within.bottom)
    low = np.clip(np.ceil(np.minimum(start, end) - radius), least, most).astype(int)
    high = np.clip(np.floor(np.maximum(start, end) + radius) + 1, low, most).astype(int)
    x = np.arange(low[0], high[0]) - start[0]
    y = np.arange(low[1], high[1])[:, None] - start[1]
    along = end - start
    share = np.clip((x * along[0] + y * along[1]) / max(along @ along, 1e-12), 0, 1)
    near = (x - share * along[0]) ** 2 + (y - share * along[1]) ** 2 <= radius**2
    return (slice(low[1], high[1]), slice(low[0], high[0])), near
