"""What the live thread does for the strokes of the moment: colour, colours to choose from, places to paint next."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyvarcolor import methods
from pyvarcolor.advice import suggest_strokes
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.interactive.palette import hex_of
from pyvarcolor.pipeline import Colorizer
from pyvarcolor.raster import Raster
from pyvarcolor.result import Colorization, NotConvergedWarning
from pyvarcolor.vector import VectorStroke

Array = NDArray[np.floating]

PLACES = 5
VIVID = 2.0
LEAST_REACH = 8.0
"""of a* and b*: less would hardly be seen beside each other"""


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Parameters
    ----------
    strokes : tuple of VectorStroke
        All there are, the one in progress too.
    final : bool
        Whether the brush is up: the colour is refined after the preview.
    at : (x, y) or None
        A place, as fractions of the frame, to suggest colours for.
    places : bool
        Whether to suggest where to paint next.
    """

    strokes: tuple[VectorStroke, ...]
    final: bool = True
    at: tuple[float, float] | None = None
    places: bool = False


@dataclass(frozen=True)
class Colour:
    """Chroma (h, w, 2) of the small copy, and how many seconds it took."""

    chroma: Array
    seconds: float


@dataclass(frozen=True)
class Advice:
    """Colours to choose from, or places (x, y) to paint next, as fractions of the frame; None: not asked for."""

    colors: list[str] | None = None
    places: list[tuple[float, float]] | None = None


class Painter:
    """Colours the small copy of a photograph again and again.

    Parameters
    ----------
    gray : (h, w) ndarray of float32
        The small copy, sRGB-encoded, 0..1.
    **options
        As `pyvarcolor.Colorizer` takes them.
    """

    def __init__(self, gray: Array, **options: Any) -> None:
        self._gray = gray
        self._how = {name: options[name] for name in ("backend", "threads") if name in options}
        self._colorizer = Colorizer(gray, **options)
        method = options.get("method", "auto")
        prior = methods.prior_of(method, options.get("prior", "auto"))
        self._needs_hints = methods.get(method).needs_hints and (prior is None or prior.needs_hints)
        self._lightness = lightness_from_gray(gray)
        self._raster = Raster((gray.shape[0], gray.shape[1]))
        self._last: Colorization | None = None

    def answer(self, wish: Wish) -> Iterator[Colour | Advice]:
        """Colour for these strokes, soon and then refined; then advice.

        Parameters
        ----------
        wish : Wish
            What is asked for.

        Yields
        ------
        Colour or Advice
        """
        self._raster.show(wish.strokes)
        hints = self._raster.hints()
        if hints.count == 0 and self._needs_hints:
            yield Colour(np.zeros((*self._gray.shape, 2), np.float32), 0.0)
            self._last = None
            return
        for preview in (True, False) if wish.final else (True,):
            if preview and hints.count == 0:
                continue  # without strokes there is no quicker answer than the right one
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotConvergedWarning)
                self._last = self._colorizer.update(hints, preview=preview)
            yield Colour(self._last.chroma, time.perf_counter() - began)
        if wish.at is not None and self._last is not None:
            yield Advice(colors=self._colors_at(self._last, *wish.at))
        if wish.places:
            height, width = self._gray.shape
            found = suggest_strokes(self._gray, hints, count=PLACES, **self._how)
            yield Advice(places=[((col + 0.5) / width, (row + 0.5) / height) for row, col in found])

    def _colors_at(self, result: Colorization, x: float, y: float) -> list[str]:
        """What a place may look like: as it is now, more vivid, and one deviation redder, greener, yellower, bluer."""
        height, width = self._gray.shape
        at = min(max(int(y * height), 0), height - 1), min(max(int(x * width), 0), width - 1)
        now = result.chroma[at]
        reach = max(float(result.uncertainty[at]), LEAST_REACH)
        ways = (0, 0), *((sign * reach, 0) for sign in (1, -1)), *((0, sign * reach) for sign in (1, -1))
        shown = [now + way for way in ways]
        shown.insert(1, VIVID * now)
        lightness = float(self._lightness[at])
        return list(dict.fromkeys(hex_of(lightness, a, b) for a, b in shown))
