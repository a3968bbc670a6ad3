"""Strokes as a person draws them: points, a brush and a colour, independent of the size of the photograph."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import rgb_to_lab
from pyvarcolor.io.atomic import replace_file

FORMAT, VERSION = "pyvarcolor-strokes", 1

_FARTHEST = 10.0  # frames: what is painted further away would take time and memory for nothing


@dataclass(frozen=True)
class VectorStroke:
    """A polyline drawn with a round brush.

    Parameters
    ----------
    points : tuple of (x, y)
        Corners as fractions of the frame's width and height, from (0, 0) at its upper left to (1, 1) at its
        lower right. A single point is a dab. Points outside the frame are allowed, up to 10 from its corner.
    radius : float
        Radius of the brush as a fraction of the frame's short side, at most 10.
    color : str or None
        sRGB colour as "#rrggbb"; a gray one says "this is gray". None erases what lies beneath.
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
    color: str | None
    confidence: float = 1.0

    def __post_init__(self) -> None:
        points = self.points if isinstance(self.points, (list, tuple)) else ()
        for point in points:
            if not (isinstance(point, (list, tuple)) and len(point) == 2 and all(map(_is_finite, point))):
                raise ValueError(f"stroke.points must hold pairs of finite numbers (x, y), but holds {point!r}")
        if not points:
            raise ValueError(f"stroke.points must hold at least one pair (x, y), but is {self.points!r}")
        if max(abs(value) for point in points for value in point) > _FARTHEST:
            raise ValueError(f"stroke.points must lie in -{_FARTHEST:g}..{_FARTHEST:g}, but one does not")
        if _is_finite(self.radius) and self.radius > _FARTHEST:
            raise ValueError(f"stroke.radius must be at most {_FARTHEST:g}, but is {self.radius!r}")
        if not (_is_finite(self.radius) and self.radius > 0):
            raise ValueError(f"stroke.radius must be a finite number above 0, but is {self.radius!r}")
        if self.color is not None and not (isinstance(self.color, str) and re.fullmatch("#[0-9a-fA-F]{6}", self.color)):
            raise ValueError(f'stroke.color must be written "#rrggbb", or be None to erase, but is {self.color!r}')
        if not (_is_finite(self.confidence) and 0 < self.confidence <= 1 and np.float32(self.confidence) > 0):
            raise ValueError(f"stroke.confidence must lie in (0, 1], but is {self.confidence!r}")
        object.__setattr__(self, "points", tuple((float(x), float(y)) for x, y in points))
        object.__setattr__(self, "radius", float(self.radius))
        object.__setattr__(self, "confidence", float(self.confidence))

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour's red, green and blue, 0..255; black for an eraser."""
        red, green, blue = bytes.fromhex((self.color or "#000000")[1:])
        return red, green, blue

    @property
    def chroma(self) -> NDArray[np.float32]:
        """The colour's a* and b*, shape (2,); the brush's lightness means nothing."""
        lab: NDArray[np.float32] = rgb_to_lab(np.array([[self.rgb]], np.uint8))
        return lab[0, 0, 1:]

    @classmethod
    def from_json(cls, entry: object) -> "VectorStroke":
        """Make a stroke from its JSON object.

        Parameters
        ----------
        entry : object
            The fields by name, as `dataclasses.asdict` gives them.

        Returns
        -------
        VectorStroke

        Raises
        ------
        ValueError
            If a field is missing, unknown or malformed.

        Examples
        --------
        >>> VectorStroke.from_json({"points": [[0.1, 0.2]], "radius": 0.01, "color": None})
        VectorStroke(points=((0.1, 0.2),), radius=0.01, color=None, confidence=1.0)
        """
        required, allowed = {"points", "radius", "color"}, {"points", "radius", "color", "confidence"}
        if not isinstance(entry, Mapping):
            raise ValueError(f"stroke must be an object, but is {entry!r}")
        for name in sorted(required - entry.keys()):
            raise ValueError(f"stroke.{name} must be given, but is missing")
        for name in sorted(entry.keys() - allowed):
            raise ValueError(f"stroke.{name} is unknown (known: {', '.join(sorted(allowed))}), but is {entry[name]!r}")
        return cls(**entry)


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
    replace_file(Path(path), (json.dumps(document) + "\n").encode())


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
    except (ValueError, RecursionError) as error:
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
            strokes.append(VectorStroke.from_json(entry))
        except ValueError as error:
            raise ValueError(f"{path}, stroke {index}: {error}") from error
    return tuple(strokes)


def _is_finite(value: object) -> bool:
    """Whether the value is a number that a float can hold."""
    try:
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
