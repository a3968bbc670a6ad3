"""What the live thread does for the strokes of the moment: colour, colours to choose from, places to paint next."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.advice import suggest_strokes
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.hints import Hints
from pyvarcolor.interactive.palette import hex_of
from pyvarcolor.interactive.scene import shrunk
from pyvarcolor.pipeline import Colorizer
from pyvarcolor.recipe import Recipe
from pyvarcolor.result import Colorization, NotConvergedWarning
from pyvarcolor.strokes.raster import Raster
from pyvarcolor.strokes.vector import VectorStroke

Array = NDArray[np.floating]

DRAFT_SIDE = 800
"""Long side in pixels of what is coloured first, at most."""
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
class Color:
    """Chroma (h, w, 2) of a copy, and how many seconds it took."""

    chroma: Array
    seconds: float


@dataclass(frozen=True)
class Advice:
    """Colours to choose from, or places (x, y) to paint next, as fractions of the frame; None: not asked for."""

    colors: list[str] | None = None
    places: list[tuple[float, float]] | None = None


class _Copy:
    """A copy of the photograph that is kept ready to be coloured."""

    def __init__(self, gray: Array, recipe: Recipe, backend: str, threads: int | None) -> None:
        self._colorizer = Colorizer(gray, method=recipe, backend=backend, threads=threads)
        self._raster = Raster((gray.shape[0], gray.shape[1]))

    def hints(self, strokes: tuple[VectorStroke, ...]) -> Hints:
        """What strokes prescribe on it."""
        self._raster.show(strokes)
        return self._raster.hints()

    def color(self, hints: Hints, *, preview: bool) -> Colorization:
        """Its colour; whether that has converged does not matter here."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotConvergedWarning)
            return self._colorizer.update(hints, preview=preview)


class Painter:
    """Colours a copy of a photograph again and again; a still smaller one first.

    Parameters
    ----------
    gray : (h, w) ndarray of float32
        The copy, sRGB-encoded, 0..1.
    recipe : Recipe
        How it is coloured.
    backend, threads
        As `pyvarcolor.Colorizer` takes them; if `threads` is None, one processor is left to the brush.
    """

    def __init__(self, gray: Array, recipe: Recipe, backend: str = "auto", threads: int | None = None) -> None:
        self._gray, self._lightness, self._recipe = gray, lightness_from_gray(gray), recipe
        spared = max((os.cpu_count() or 1) - 1, 1) if threads is None else threads
        self._draft = _Copy(shrunk(gray, DRAFT_SIDE), recipe, backend, spared)
        self._copy = _Copy(gray, recipe, backend, threads)
        self._suggest = partial(suggest_strokes, count=PLACES, backend=backend, threads=threads)

    def answer(self, wish: Wish) -> Iterator[Color | Advice]:
        """Colour for these strokes, soon and then refined; then advice.

        Parameters
        ----------
        wish : Wish
            What is asked for.

        Yields
        ------
        Color or Advice
        """
        began = time.perf_counter()
        rough = self._draft.hints(wish.strokes)
        if rough.count == 0 and self._recipe.needs_hints:
            yield Color(np.zeros((*self._gray.shape, 2), np.float32), time.perf_counter() - began)
            return
        # What is expected where nothing is painted follows when the brush is up; a preview keeps it.
        yield Color(self._draft.color(rough, preview=True).chroma, time.perf_counter() - began)
        if not wish.final:
            return
        began = time.perf_counter()
        hints = self._copy.hints(wish.strokes)
        refined = self._copy.color(hints, preview=False)
        yield Color(refined.chroma, time.perf_counter() - began)
        self._draft.color(rough, preview=False)
        if wish.at is not None:
            yield Advice(colors=self._colors_at(refined, *wish.at))
        if wish.places:
            height, width = self._gray.shape
            found = self._suggest(self._gray, hints)
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
