"""`colorize_tiles`: photographs too large to be coloured in one piece; first small, then tile by tile at full size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyvarcolor.color import check_photo
from pyvarcolor.hints import Hints
from pyvarcolor.pipeline import colorize
from pyvarcolor.recipe import Given, Prior, Recipe
from pyvarcolor.result import Callback, Colorization, Progress

Array = NDArray[np.floating]
Window = tuple[slice, slice]

_MARGIN = 96  # pixels around a tile on which the small picture's colour gives way to the tile's own
_CONFIDENCE = 0.5  # of the small picture's colour on the frame around them
_PULL = 0.01  # weight of its colour within, were it not blurred; it decides where a tile has no say of its own


def colorize_tiles(
    gray: ArrayLike,
    strokes_or_hints: ArrayLike | Hints | None = None,
    *,
    tile: int = 4096,
    method: str | Recipe = "auto",
    prior: Prior = "auto",
    backend: str = "auto",
    space: str = "lab",
    callback: Callback | None = None,
    threads: int | None = None,
    **options: Any,
) -> Colorization:
    """Colour a photograph in tiles, with memory for one of them.

    The photograph is coloured at a size that fits a tile first. Each tile is then solved at full size, with its own
    hints, drawn to the colours of the small picture: strongly on a frame around it, weakly within.

    Parameters
    ----------
    gray : (H, W) or (H, W, 1|3|4) array_like
        As in `colorize`.
    strokes_or_hints : (H, W, 3|4) array_like of uint8, or Hints, optional
        As in `colorize`.
    tile : int
        Side of a tile in pixels, at least 256. A solver's memory grows with its square: about 2 GiB for the default.
    method, prior, backend, space, threads, **options
        As in `colorize`.
    callback : callable, optional
        Gets a `Progress` after each tile, that counts tiles instead of iterations.

    Returns
    -------
    Colorization
        Its report sums up all tiles. Near the seams of tiles it may differ from what `colorize` gives.

    Raises
    ------
    TypeError, ValueError, pyvarcolor.kernels.BackendError
        As in `colorize`.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize_tiles
    >>> gray = np.full((300, 700), 128, np.uint8)
    >>> hints = Hints.from_points([(100, 15, (40, 30))], gray.shape)
    >>> colorize_tiles(gray, hints, tile=256).rgb.shape
    (300, 700, 3)
    """
    if tile < 256:
        raise ValueError(f"tile must be at least 256, but is {tile}")
    if "initial" in options:
        raise TypeError("colorize_tiles has no option 'initial': it starts from the photograph made small")
    recipe = Recipe.of(method, prior=prior, space=space, **options)
    from pyvarcolor.strokes.parsing import hints_of  # slow to import

    gray = check_photo(gray, "gray")
    hints = hints_of(strokes_or_hints, gray)
    height, width = gray.shape[:2]
    factor = 1
    while (height // factor) * (width // factor) > tile**2:
        factor *= 2
    run = partial(colorize, backend=backend, threads=threads)
    small = run(_shrink_photo(gray, factor), _shrink_hints(hints, factor), method=_for_small(recipe, factor))
    if factor == 1:
        return small

    # The small picture takes the place of a prior; what a method knew by itself there is spread in the recommended way.
    for_tiles = replace(recipe, prior=None) if recipe.method.needs_hints else Recipe.of("auto", prior="none")
    rgb = np.empty((height, width, 3), small.rgb.dtype)
    chroma = np.empty((height, width, 2), small.chroma.dtype)
    moved, reports = 0.0, [small.report]
    tiles = list(_tiles(height, width, tile))
    for count, (rows, columns) in enumerate(tiles, start=1):
        wide = _widen(rows, height), _widen(columns, width)
        guess = _enlarge(small.chroma, factor, wide)
        piece = run(gray[wide], _with_guess(hints, guess, wide, _PULL / factor**2), initial=guess, method=for_tiles)
        own = _inside(rows, wide[0]), _inside(columns, wide[1])
        rgb[rows, columns], chroma[rows, columns] = piece.rgb[own], piece.chroma[own]
        moved += piece.moved * piece.rgb[own].size / rgb.size
        reports.append(piece.report)
        if callback is not None:
            seconds = sum(one.seconds for one in reports)
            change = piece.report.change[-1] if piece.report.change else 0.0
            callback(Progress(count, len(tiles), float("nan"), change, seconds, chroma.copy))
    report = replace(
        reports[-1],
        iterations=sum(one.iterations for one in reports),
        seconds=sum(one.seconds for one in reports),
        stopped_by=next((one.stopped_by for one in reports if one.stopped_by == "max_iter"), reports[-1].stopped_by),
    )
    from pyvarcolor.learned.doubt import Enlarged

    return Colorization(rgb, chroma, moved, report, Enlarged(small.doubt, chroma[..., 0]))


def _for_small(recipe: Recipe, factor: int) -> Recipe:
    """The recipe for the photograph made small: a given prior is of its size."""
    if factor == 1 or not isinstance(recipe.prior, Given):
        return recipe
    from skimage.measure import block_reduce

    chroma = block_reduce(recipe.prior.chroma, (factor, factor, 1), np.mean)  # type: ignore[no-untyped-call]
    sure = recipe.prior.confidence
    sure = None if sure is None else block_reduce(sure, (factor, factor), np.mean)  # type: ignore[no-untyped-call]
    return replace(recipe, prior=Given(chroma, sure))


def _tiles(height: int, width: int, tile: int) -> Iterator[Window]:
    """Windows of at most tile x tile pixels, all about alike, that cover the photograph."""
    rows, columns = (np.linspace(0, side, -(-side // tile) + 1).astype(int) for side in (height, width))
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            yield slice(int(top), int(bottom)), slice(int(left), int(right))


def _widen(span: slice, side: int) -> slice:
    """The same with its margin, cut at the border of the photograph."""
    return slice(max(span.start - _MARGIN, 0), min(span.stop + _MARGIN, side))


def _inside(span: slice, wide: slice) -> slice:
    """A span counted from the start of the wider one."""
    return slice(span.start - wide.start, span.stop - wide.start)


def _shrink_photo(gray: NDArray[Any], factor: int) -> NDArray[Any]:
    """Means of blocks, in the dtype of the photograph; its border is repeated where a block stands over it."""
    if factor == 1:
        return gray
    from skimage.measure import block_reduce

    beyond = [(0, -side % factor) for side in gray.shape[:2]] + [(0, 0)] * (gray.ndim - 2)
    block = (factor, factor, *[1] * (gray.ndim - 2))
    mean: Array = block_reduce(np.pad(gray, beyond, mode="edge"), block, np.mean, func_kwargs={"dtype": np.float32})  # type: ignore[no-untyped-call]
    return np.rint(mean).astype(gray.dtype) if gray.dtype.kind == "u" else mean.clip(0, 1).astype(gray.dtype)


def _shrink_hints(hints: Hints, factor: int) -> Hints:
    """The mean of the hints in each block, as sure as the surest of them."""
    if factor == 1:
        return hints
    from skimage.measure import block_reduce

    block = (factor, factor)
    count = block_reduce(hints.mask, block, np.sum)  # type: ignore[no-untyped-call]
    chroma = block_reduce(hints.chroma, (*block, 1), np.sum) / np.maximum(count, 1)[..., None]  # type: ignore[no-untyped-call]
    confidence = None if hints.confidence is None else block_reduce(hints.confidence, block, np.max)  # type: ignore[no-untyped-call]
    return Hints(count > 0, chroma, confidence)


def _enlarge(chroma: Array, factor: int, wide: Window) -> Array:
    """The small picture's chroma on a window of the photograph, bilinear between centres of blocks."""
    from scipy.ndimage import map_coordinates

    at = [(np.arange(span.start, span.stop) + 0.5) / factor - 0.5 for span in wide]
    grid = np.meshgrid(*at, indexing="ij")
    planes = [map_coordinates(chroma[..., c], grid, order=1, mode="nearest") for c in range(2)]
    return np.stack(planes, axis=-1)


def _with_guess(hints: Hints, guess: Array, wide: Window, pull: float) -> Hints:
    """The window's own hints, and the small picture's colour: surely on the frame where the photograph goes on."""
    mask = hints.mask[wide]
    sure = mask.astype(np.float32) if hints.confidence is None else hints.confidence[wide].copy()
    frame = np.zeros_like(mask)
    height, width = hints.mask.shape
    frame[0], frame[-1] = wide[0].start > 0, wide[0].stop < height
    frame[:, 0] |= wide[1].start > 0
    frame[:, -1] |= wide[1].stop < width
    sure[~mask] = np.where(frame[~mask], _CONFIDENCE, pull / (1 + pull))
    return Hints(np.ones_like(mask), np.where(mask[..., None], hints.chroma[wide], guess), sure)
