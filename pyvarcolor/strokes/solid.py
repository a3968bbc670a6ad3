"""Which painted pixels show a stroke's own colour, and which only a mixture at its border.

Paint programs smooth the borders of a stroke: border pixels mix its colour with what lies beneath or
beside it, and would prescribe a chroma that nobody chose. Each connected patch of paint has its own palette.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Colors = NDArray[np.float32]

# All of these are levels of 255, the largest difference of any channel.
NEAR = 6  # no eye tells these apart in a small spot
MIXED = 8  # how well a mixture is predicted
FLAT = 6  # range in a window of 3 x 3 pixels that no smooth border has
LOSSY_NEAR, LOSSY_FLAT = 10, 10  # the same in a JPEG file

MOST_COLORS = 16  # a patch of more colours is a picture, not a stroke
SAMPLE = 40_000  # pixels of a patch that are looked at to find its palette
FEWEST_REPEATS, LEAST_SHARE = (
    3,
    0.05,
)  # of one colour where nothing is flat: a thin stroke repeats its colour exactly
PACK = np.array([65536, 256, 1])
CANDIDATES = 16  # of the most frequent and of the strongest colours of a thin stroke
REPEATS_COUNT = 0.25  # weight of a candidate's own pixels against those that it explains
SQUARE = np.ones((3, 3), np.bool_)


@dataclass(frozen=True, eq=False)
class Solid:
    """The pixels of pure stroke colour, with the number of strokes and of different colours among them."""

    mask: Mask
    strokes: int
    colours: int


def find_solid(rgb: Pixels, painted: Mask, backdrop: Pixels | None = None, *, lossy: bool = False) -> Solid:
    """Find the painted pixels whose colour is one that a stroke is really made of.

    A colour belongs to a patch's palette if it fills a window of 3 x 3 pixels somewhere, or, in strokes too
    thin for that, if it repeats exactly and explains others as mixtures of it with the backdrop. Pixels near
    a palette colour are solid. Pixels that no mixture of palette and backdrop explains are solid too where
    they fill areas (a pasted piece of a colour photograph), less the rim.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
        The picture of strokes.
    painted : (H, W) ndarray of bool
        Pixels touched by paint at all.
    backdrop : (H, W, 3) ndarray of uint8, optional
        What lies beneath the paint; None where paint does not mix with it (a transparent layer).
    lossy : bool
        The picture went through lossy compression: tolerate more, and trust only colours that are flat.

    Returns
    -------
    Solid

    Examples
    --------
    A red stroke whose border rows are half black:

    >>> import numpy as np
    >>> rgb = np.zeros((9, 20, 3), np.uint8)
    >>> rgb[3:6, 2:18] = 200, 40, 40
    >>> rgb[[2, 6], 2:18] = 100, 20, 20
    >>> solid = find_solid(rgb, rgb.any(2), np.zeros_like(rgb))
    >>> int(solid.mask.sum()), solid.strokes, solid.colours
    (48, 1, 1)
    """
    near, flatness = (LOSSY_NEAR, LOSSY_FLAT) if lossy else (NEAR, FLAT)
    inside = ndimage.binary_erosion(painted, SQUARE, border_value=1)
    span = ndimage.maximum_filter(rgb, (3, 3, 1)) - ndimage.minimum_filter(rgb, (3, 3, 1))
    flat = inside & (span <= flatness).all(axis=2)

    solid = flat.copy()
    unexplained = np.zeros_like(painted)
    palettes: list[Colors] = []
    for patch in _patches(painted):
        color = rgb[patch].astype(np.float32)
        beneath = None if backdrop is None else backdrop[patch].astype(np.float32)
        palette = _find_palette(color, beneath, flat[patch], near=near, thin=not lossy)
        own = _is_near(color, palette, near)
        solid[patch] |= own
        palettes.append(palette)
        if len(palette) == MOST_COLORS:
            unexplained[patch] = not lossy
        elif not lossy:
            rest = ~own
            rest[rest] = ~_is_mixture(color[rest], None if beneath is None else beneath[rest], palette)
            unexplained[patch] = rest
    unexplained &= inside
    areas = ndimage.binary_erosion(unexplained, SQUARE, border_value=1)
    solid |= ndimage.binary_dilation(areas, SQUARE) & unexplained
    strokes = sum(1 if len(palette) in (0, MOST_COLORS) else len(palette) for palette in palettes)
    return Solid(solid, strokes, _count_different(palettes, near))


def _patches(painted: Mask) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows and columns of each connected patch of paint."""
    labels, _ = ndimage.label(painted, SQUARE)
    rows, columns = np.nonzero(painted)
    label = labels[rows, columns]
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    for members in np.split(order, cuts) if len(order) else ():
        yield rows[members], columns[members]


def _find_palette(color: Colors, beneath: Colors | None, flat: Mask, *, near: int, thin: bool) -> Colors:
    """Colours (K, 3) of one patch: the flat ones first, then, if `thin`, the repeated ones."""
    step = 1 + len(color) // SAMPLE
    color, flat = color[::step], flat[::step]
    beneath = None if beneath is None else beneath[::step]
    palette = np.empty((0, 3), np.float32)
    left = flat.copy()
    while left.any() and len(palette) < MOST_COLORS:
        pure, _ = _most_frequent(color[left])
        palette = np.vstack([palette, pure])
        left &= ~_is_near(color, pure[None], near)
    if not thin:
        return palette

    left = ~_is_near(color, palette, near)
    left[left] = ~_is_mixture(color[left], None if beneath is None else beneath[left], palette)
    while left.any() and len(palette) < MOST_COLORS:
        here = None if beneath is None else beneath[left]
        pure, repeats = _most_frequent(color[left]) if here is None else _most_explaining(color[left], here)
        if len(palette) and repeats < max(FEWEST_REPEATS, LEAST_SHARE * left.sum()):
            break
        palette = np.vstack([palette, pure])
        left[left] = ~(_is_near(color[left], pure[None], near) | _is_mixture(color[left], here, palette))
    return palette


def _most_frequent(color: Colors) -> tuple[Colors, int]:
    """The most frequent colour and how often it occurs."""
    values, counts = _count(color)
    return values[counts.argmax()], int(counts.max())


def _count(color: Colors) -> tuple[Colors, NDArray[np.intp]]:
    """Different colours and how often each occurs."""
    packed, counts = np.unique(color.astype(np.int32) @ PACK, return_counts=True)
    return (packed[:, None] // PACK % 256).astype(np.float32), counts


def _most_explaining(color: Colors, beneath: Colors) -> tuple[Colors, int]:
    """The colour whose mixtures with what lies beneath explain most pixels, and how often it occurs."""
    values, counts = _count(color)
    strength = np.abs(values - beneath.mean(axis=0)).sum(axis=1)
    candidates = np.union1d(np.argsort(-counts)[:CANDIDATES], np.argsort(-strength)[:CANDIDATES])
    step = 1 + len(color) // 2000
    explained = [_lies_between(color[::step], beneath[::step], values[index]).mean() for index in candidates]
    best = candidates[np.argmax(explained + REPEATS_COUNT * counts[candidates] / len(color))]
    return values[best], int(counts[best])


def _is_near(color: Colors, palette: Colors, near: int) -> Mask:
    """Whether each colour is about one of the palette."""
    found = np.zeros(len(color), np.bool_)
    for pure in palette:
        found |= _agree(color, pure, near)
    return found


def _is_mixture(color: Colors, beneath: Colors | None, palette: Colors) -> Mask:
    """Whether each colour mixes a palette colour with another one or with what lies beneath."""
    found = np.zeros(len(color), np.bool_)
    for index, pure in enumerate(palette):
        grounds: list[Colors] = list(palette[:index])
        if beneath is not None:
            grounds.append(beneath)
        for ground in grounds:
            found |= _lies_between(color, ground, pure)
    return found


def _lies_between(color: Colors, start: Colors, end: Colors) -> Mask:
    """Whether colours mix `start` and `end`, in sRGB values or, as GIMP does, in linear light."""
    found = np.zeros(len(color), np.bool_)
    for gamma in (1.0, 2.2):
        a, b, c = ((values / 255) ** gamma for values in (start, end, color))
        way = b - a
        length = (way * way).sum(axis=-1, keepdims=True)
        share = ((c - a) * way).sum(axis=-1, keepdims=True) / np.maximum(length, 1e-6)
        mixed = (a + np.clip(share, 0, 1) * way) ** (1 / gamma)
        found |= _agree(mixed * 255, color, MIXED)
    return found


def _agree(color: Colors, other: Colors, near: int) -> Mask:
    """Whether no channel differs by more than `near`."""
    alike = np.ones(len(color), np.bool_)
    for channel in range(3):
        alike &= np.abs(color[:, channel] - other[..., channel]) <= near
    return alike


def _count_different(palettes: list[Colors], near: int) -> int:
    """Number of different colours in all palettes together."""
    left = np.vstack([np.empty((0, 3), np.float32), *palettes])
    different = 0
    while len(left):
        left = left[~_is_near(left, left[:1], near)]
        different += 1
    return different
