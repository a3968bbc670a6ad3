"""Strokes as a person draws them: points, a brush and a colour, independent of the size of the photograph."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import rgb_to_lab
from pyvarcolor.hints import Hints

Points = NDArray[np.float64]

FORMAT, VERSION = "pyvarcolor-strokes", 1
PIECE = 8  # brush radii


@dataclass(frozen=True)
class VectorStroke:
    """A polyline drawn with a round brush.

    Parameters
    ----------
    points : tuple of (x, y)
        Corners as fractions of the frame's width and height, from (0, 0) at its upper left to (1, 1) at its
        lower right. A single point is a dab. Points outside the frame are allowed.
    radius : float
        Radius of the brush as a fraction of the frame's short side.
    color : str
        sRGB colour as "#rrggbb"; a gray one says "this is gray".
    confidence : float
        How sure the stroke is, in (0, 1]; 1 binds.

    Raises
    ------
    ValueError
        If a field is malformed or out of range.

    Examples
    --------
    >>> VectorStroke(((0.1, 0.2), (0.6, 0.2)), 0.01, "#c8503c")
    VectorStroke(points=((0.1, 0.2), (0.6, 0.2)), radius=0.01, color='#c8503c', confidence=1.0)
    """

    points: tuple[tuple[float, float], ...]
    radius: float
    color: str
    confidence: float = 1.0

    def __post_init__(self) -> None:
        points = self.points if isinstance(self.points, (list, tuple)) else ()
        for point in points:
            if not (isinstance(point, (list, tuple)) and len(point) == 2 and all(map(_is_finite, point))):
                raise ValueError(f"stroke.points must hold pairs of finite numbers (x, y), but holds {point!r}")
        if not points:
            raise ValueError(f"stroke.points must hold at least one pair (x, y), but is {self.points!r}")
        if not (_is_finite(self.radius) and self.radius > 0):
            raise ValueError(f"stroke.radius must be a finite number above 0, but is {self.radius!r}")
        if not (isinstance(self.color, str) and re.fullmatch("#[0-9a-fA-F]{6}", self.color)):
            raise ValueError(f'stroke.color must be written "#rrggbb", but is {self.color!r}')
        if not (_is_finite(self.confidence) and 0 < np.float32(self.confidence) <= 1):
            raise ValueError(f"stroke.confidence must lie in (0, 1], but is {self.confidence!r}")
        object.__setattr__(self, "points", tuple((float(x), float(y)) for x, y in points))
        object.__setattr__(self, "radius", float(self.radius))
        object.__setattr__(self, "confidence", float(self.confidence))

    @property
    def chroma(self) -> NDArray[np.float32]:
        """The colour's a* and b*, shape (2,); the brush's lightness means nothing."""
        rgb = np.array([[tuple(bytes.fromhex(self.color[1:]))]], np.uint8)
        lab: NDArray[np.float32] = rgb_to_lab(rgb)
        return lab[0, 0, 1:]


def save_vector(path: str | Path, strokes: Iterable[VectorStroke]) -> None:
    """Write strokes to a JSON file, exactly.

    Parameters
    ----------
    path : str or Path
        File to write; an existing one is replaced.
    strokes : iterable of VectorStroke
        In the order of painting.

    Raises
    ------
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> stroke = VectorStroke(((0.1, 0.2), (0.6, 0.2)), 0.01, "#c8503c")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_vector(f"{folder}/strokes.json", [stroke])
    ...     load_vector(f"{folder}/strokes.json") == (stroke,)
    True
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "strokes": [asdict(stroke) for stroke in strokes],
    }
    Path(path).write_text(json.dumps(document) + "\n", encoding="utf-8")


def load_vector(path: str | Path) -> tuple[VectorStroke, ...]:
    """Read strokes from a JSON file of `save_vector`.

    Parameters
    ----------
    path : str or Path
        File to read.

    Returns
    -------
    tuple of VectorStroke
        In the order of painting.

    Raises
    ------
    ValueError
        If the file is no JSON, of another format or version, or a stroke is malformed; says which and why.
    OSError
        If the file cannot be read.

    Examples
    --------
    See `save_vector`.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} must be a JSON file of strokes, but is none: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise ValueError(f'{path} must be a JSON object with "format": "{FORMAT}", but has {found!r}')
    if type(document.get("version")) is not int or document["version"] != VERSION:
        raise ValueError(f"{path} must have version {VERSION}, but has version {document.get('version')!r}")
    # A wrong type in a file is a wrong value to the caller: no TypeError here.
    if not isinstance(document.get("strokes"), list):
        raise ValueError(f"{path} must hold a list of strokes, but has {document.get('strokes')!r}")
    strokes = []
    for index, entry in enumerate(document["strokes"]):
        try:
            strokes.append(_read_stroke(entry))
        except ValueError as error:
            raise ValueError(f"{path}, stroke {index}: {error}") from error
    return tuple(strokes)


def rasterize(strokes: Iterable[VectorStroke], shape: tuple[int, int]) -> Hints:
    """Paint strokes into a frame.

    A pixel is a hint if its centre lies within the brush's radius of the polyline; there is no smoothing.
    The brush covers at least the pixel beneath it, and later strokes paint over earlier ones.

    Parameters
    ----------
    strokes : iterable of VectorStroke
        In the order of painting.
    shape : (int, int)
        Height and width of the photograph in pixels.

    Returns
    -------
    Hints

    Raises
    ------
    ValueError
        If no stroke touches the frame.

    Examples
    --------
    >>> rasterize([VectorStroke(((0.25, 0.5), (0.75, 0.5)), 0.05, "#c8503c")], (100, 200))
    Hints(1080 of 20000 pixels, 5.40 %)
    """
    mask = np.zeros(shape, np.bool_)
    chroma = np.zeros((*shape, 2), np.float32)
    confidence = np.ones(shape, np.float32)
    for stroke in strokes:
        # Centre of pixel (row, column) is (column, row) in these coordinates.
        corners = np.array(stroke.points) * (shape[1], shape[0]) - 0.5
        radius, color = max(stroke.radius * min(shape), np.sqrt(0.5)), stroke.chroma
        for start, end in _pieces(corners, PIECE * radius):
            window, covered = _cover(start, end, radius, shape)
            mask[window] |= covered
            chroma[window][covered] = color
            confidence[window][covered] = stroke.confidence
    if not mask.any():
        raise ValueError(f"strokes must touch the frame {shape}, but none does")
    return Hints(mask, chroma, confidence if (confidence < 1).any() else None)


def _pieces(corners: Points, longest: float) -> Iterator[tuple[Points, Points]]:
    """Ends of the segments between corners, cut to pieces so that the window around each stays small."""
    for start, end in pairwise(corners if len(corners) > 1 else np.repeat(corners, 2, axis=0)):
        cuts = np.linspace(start, end, 1 + max(int(np.ceil(np.hypot(*(end - start)) / longest)), 1))
        yield from pairwise(cuts)


def _cover(
    start: Points, end: Points, radius: float, shape: tuple[int, int]
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """The window around a segment and which of its pixels lie within `radius` of it."""
    low = np.clip(np.ceil(np.minimum(start, end) - radius), 0, (shape[1], shape[0])).astype(int)
    high = np.clip(np.floor(np.maximum(start, end) + radius) + 1, low, (shape[1], shape[0])).astype(int)
    x = np.arange(low[0], high[0]) - start[0]
    y = np.arange(low[1], high[1])[:, None] - start[1]
    along = end - start
    share = np.clip((x * along[0] + y * along[1]) / max(along @ along, 1e-12), 0, 1)
    near = (x - share * along[0]) ** 2 + (y - share * along[1]) ** 2 <= radius**2
    return (slice(low[1], high[1]), slice(low[0], high[0])), near


def _read_stroke(entry: Any) -> VectorStroke:
    """A stroke from its JSON object."""
    required, allowed = {"points", "radius", "color"}, {"points", "radius", "color", "confidence"}
    if not isinstance(entry, Mapping):
        raise ValueError(f"stroke must be an object, but is {entry!r}")
    for name in sorted(required - entry.keys()):
        raise ValueError(f"stroke.{name} must be given, but is missing")
    for name in sorted(entry.keys() - allowed):
        raise ValueError(f"stroke.{name} is unknown (known: {', '.join(sorted(allowed))}), but is {entry[name]!r}")
    return VectorStroke(**entry)


def _is_finite(value: object) -> bool:
    """Whether the value is a number that a float can hold."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
