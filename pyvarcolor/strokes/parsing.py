"""From what a person painted to hints: pictures of strokes in three conventions, and files of vector strokes.

"black"
    Painted on black; black is unpainted.
"layer"
    Painted on a transparent layer; its alpha says where, and soft alpha how sure.
"copy"
    Painted over a copy of the photograph ("scribbles" in Levin et al. 2004); painted is what differs from it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from pyvarcolor.color import check_photo, lab_to_rgb, rgb_to_lab
from pyvarcolor.hints import Hints
from pyvarcolor.strokes.copies import differ, predict_copy
from pyvarcolor.strokes.raster import NoStrokesError, rasterize, trace
from pyvarcolor.strokes.solid import NEAR, PACK, SQUARE, Solid, find_solid
from pyvarcolor.strokes.vector import VectorStroke, load_vector

Pixels = NDArray[np.uint8]

FORMATS = {
    "black": "painted on black",
    "layer": "painted on a transparent layer",
    "copy": "painted over a copy of the photograph",
    "vector": "vector strokes",
}

# Levels of 255, the largest of any channel.
PAINT = 10  # less than this differs by accident
LOSSY_PAINT = 24  # the same in a JPEG file
ROUNDING = 2  # less than this is no sign of compression
FAINT_SHARE = 0.25  # faint pixels away from paint, against painted ones, from which compression is assumed
OPAQUE = 128  # alpha from which a pixel of a picture counts, where alpha is not what says "painted"
FAINTEST = 16  # alpha below which a layer's colour is mostly rounding

MOST_EXACT = 256  # colours of a picture that are all kept when it is traced

LEAST_EXPLAINED = 0.25  # share of pixels that an unpainted picture must predict


@dataclass(frozen=True, eq=False)
class Strokes:
    """Strokes as they were understood; prints as one line.

    Parameters
    ----------
    hints : Hints
        What the strokes prescribe.
    format : {"black", "layer", "copy", "vector"}
        How they were marked.
    count : int
        Number of strokes; those of one colour that touch count once.
    colours : int
        Number of different colours.
    vector : tuple of VectorStroke, or None
        What paints these hints; None: see `Strokes.traced`.
    picture : (H, W, 3) ndarray of uint8, or None
        The picture that they were read from.

    Examples
    --------
    >>> hints = Hints.from_points([(5, 5, (20, 15))], (30, 30))
    >>> print(Strokes(hints, "black", 1, 1))
    painted on black: 1 stroke, 1 colour, 1.0 % of pixels
    """

    hints: Hints
    format: str
    count: int
    colours: int
    vector: tuple[VectorStroke, ...] | None = field(default=None, repr=False)
    picture: Pixels | None = field(default=None, repr=False)

    def traced(self) -> tuple[VectorStroke, ...]:
        """Vector strokes that paint just these pixels in these colours: those of the file, if it held such.

        Those of a picture are one pixel wide. One of more than 256 colours (a JPEG file) keeps those that differ by
        more than 6 of 255.

        Returns
        -------
        tuple of VectorStroke

        Examples
        --------
        >>> picture = np.zeros((20, 30, 3), np.uint8)
        >>> picture[5:9, 3:15] = 200, 60, 60
        >>> found = parse_strokes(picture, np.full((20, 30), 128, np.uint8))
        >>> [stroke.color for stroke in found.traced()]
        ['#c83c3c']
        """
        if self.vector is not None:
            return self.vector
        mask, confidence = self.hints.mask, self.hints.confidence
        rgb = self.picture
        if rgb is None:
            rgb = lab_to_rgb(np.full(mask.shape, 60.0), self.hints.chroma, np.uint8)
        own = rgb[mask].astype(np.int64) @ PACK
        values, counts = np.unique(own, return_counts=True)
        sure = np.full(len(own), 255) if confidence is None else np.rint(255 * confidence[mask]).astype(int)
        kept = _merged(values, counts)[np.searchsorted(values, own)]
        pairs, place = np.unique(256 * kept + sure, return_inverse=True)
        labels = np.zeros(mask.shape, np.int32)
        labels[mask] = place + 1
        return trace(labels, [(f"#{pair // 256:06x}", pair % 256 / 255) for pair in pairs.tolist()])

    def __str__(self) -> str:
        strokes = f"{self.count} stroke{'s' * (self.count != 1)}"
        colours = f"{self.colours} colour{'s' * (self.colours != 1)}"
        percent = 100 * self.hints.share
        share = f"{percent:.1f}" if percent >= 0.1 else f"{percent:.2g}"
        return f"{FORMATS[self.format]}: {strokes}, {colours}, {share} % of pixels"


def read_strokes(
    path: str | Path,
    gray: ArrayLike,
    *,
    format: str = "auto",
    resize: bool = False,
    max_pixels: int = 250_000_000,
) -> Strokes:
    """Read strokes from a file.

    Parameters
    ----------
    path : str or Path
        An image, or the JSON file of `pyvarcolor.strokes.vector.save_vector`, which fits photographs of any size.
    gray : (H, W) or (H, W, 1|3|4) array_like
        The photograph that they belong to; see `pyvarcolor.colorize`.
    format : {"auto", "black", "layer", "copy", "vector"}
        How the strokes are marked; see `parse_strokes`.
    resize : bool
        Bring an image of another size to that of the photograph, to the nearest pixel.
    max_pixels : int
        Largest number of pixels to accept; see `pyvarcolor.io.read_photo`.

    Returns
    -------
    Strokes

    Raises
    ------
    ValueError
        As `parse_strokes` and `pyvarcolor.strokes.vector.load_vector` do.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pyvarcolor.strokes.vector import VectorStroke, save_vector
    >>> gray = np.full((100, 200), 128, np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_vector(f"{folder}/strokes.json", [VectorStroke(((0.2, 0.5), (0.8, 0.5)), 0.05, "#c8503c")])
    ...     print(read_strokes(f"{folder}/strokes.json", gray))
    vector strokes: 1 stroke, 1 colour, 6.4 % of pixels
    """
    shape = check_photo(gray, "gray").shape[:2]
    if format == "vector" or (format == "auto" and Path(path).suffix.lower() == ".json"):
        strokes = load_vector(path)
        hints = rasterize(strokes, (shape[0], shape[1]))
        painted = [stroke.color.lower() for stroke in strokes if stroke.color is not None]
        return Strokes(hints, "vector", len(painted), len(set(painted)), strokes)
    from pyvarcolor.io import read_image

    image = read_image(path, max_pixels=max_pixels)
    if resize:
        rows, columns = (
            ((np.arange(new) + 0.5) * old / new).astype(np.intp)
            for new, old in zip(shape, image.shape[:2], strict=True)
        )
        image = image[rows[:, None], columns]
    lossy = True if Path(path).suffix.lower() in (".jpg", ".jpeg") else None
    return parse_strokes(image, gray, format=format, lossy=lossy)


def hints_of(strokes_or_hints: ArrayLike | Hints | None, gray: NDArray[Any]) -> Hints:
    """Hints as they are, or read from a picture of strokes.

    Parameters
    ----------
    strokes_or_hints : (H, W, 3|4) array_like of uint8, or Hints, or None
        As in `pyvarcolor.colorize`; None: there are none.
    gray : (H, W) or (H, W, 1|3|4) ndarray
        The photograph that they belong to.

    Returns
    -------
    Hints
        Of the size of the photograph.

    Raises
    ------
    ValueError
        If the sizes differ, or no stroke is found.

    Examples
    --------
    >>> hints = Hints.from_points([(5, 5, (20, 15))], (20, 40))
    >>> hints_of(hints, np.zeros((20, 40), np.uint8)) is hints
    True
    """
    if strokes_or_hints is None:
        return Hints.none(gray.shape)
    hints = strokes_or_hints if isinstance(strokes_or_hints, Hints) else parse_strokes(strokes_or_hints, gray).hints
    if hints.mask.shape != gray.shape[:2]:
        raise ValueError(f"hints must have the size of gray {gray.shape[:2]}, but have {hints.mask.shape}")
    return hints


def parse_strokes(image: ArrayLike, gray: ArrayLike, *, format: str = "auto", lossy: bool | None = None) -> Strokes:
    """Find the strokes in a picture.

    Smooth borders, where a stroke's colour is mixed with what lies beneath or beside it, prescribe nothing:
    see `pyvarcolor.strokes.solid.find_solid`. Neutral strokes are strokes, of chroma 0.

    Parameters
    ----------
    image : (H, W, 3) or (H, W, 4) array_like
        The picture of strokes, sRGB-encoded; uint8, uint16, or float in 0..1.
    gray : (H, W) or (H, W, 1|3|4) array_like
        The photograph that they belong to; see `pyvarcolor.colorize`. It also tells what an unpainted copy
        looks like: see `pyvarcolor.strokes.copies.predict_copy`.
    format : {"auto", "black", "layer", "copy"}
        How the strokes are marked. "auto" takes a picture that is transparent anywhere for a layer, and any
        other for "black" or "copy", whichever explains more of its pixels better.
    lossy : bool, optional
        Whether the picture went through lossy compression (JPEG), after which only the inner part of strokes
        at least 5 pixels wide is trusted; None finds out.

    Returns
    -------
    Strokes

    Raises
    ------
    TypeError
        If a dtype is none of these.
    ValueError
        If the sizes differ, the format is unknown, cannot be told or does not fit, or no stroke is found
        (`pyvarcolor.strokes.raster.NoStrokesError`).

    Examples
    --------
    >>> import numpy as np
    >>> gray = np.full((40, 40), 128, np.uint8)
    >>> image = np.zeros((40, 40, 3), np.uint8)
    >>> image[5:9, 3:15] = 200, 60, 60
    >>> image[25:29, 3:15] = 180, 180, 180
    >>> print(parse_strokes(image, gray))
    painted on black: 2 strokes, 2 colours, 6.0 % of pixels
    """
    gray, picture = check_photo(gray, "gray"), check_photo(image, "strokes")
    if picture.ndim == 2 or picture.shape[2] == 1:
        raise ValueError(f"strokes must have shape (H, W, 3) or (H, W, 4), but have shape {picture.shape}")
    if picture.shape[:2] != gray.shape[:2]:
        raise ValueError(
            f"strokes must have the size of the photograph {gray.shape[:2]}, but have {picture.shape[:2]}; "
            "paint on the photograph itself, or ask for resizing"
        )
    if format not in ("auto", "black", "layer", "copy"):
        raise ValueError(f'format must be "auto", "black", "layer" or "copy" for a picture, but is "{format}"')
    picture = _to_8_bit(picture)
    rgb, alpha = np.ascontiguousarray(picture[:, :, :3]), picture[:, :, 3] if picture.shape[2] == 4 else None
    transparent = alpha is not None and bool((alpha < 255).any())
    if format == "layer" and not transparent:
        raise ValueError('format "layer" must have transparent pixels, but these strokes have none')
    if transparent and format in ("auto", "layer"):
        return _read_layer(rgb, alpha)
    return _read_opaque(rgb, None if alpha is None else alpha >= OPAQUE, _to_8_bit(gray), format, lossy)


def _read_layer(rgb: Pixels, alpha: Any) -> Strokes:
    """Strokes on a transparent layer."""
    solid = find_solid(rgb, alpha >= FAINTEST)
    confidence = alpha.astype(np.float32) / 255
    return _strokes(rgb, solid, "layer", confidence if (alpha[solid.mask] < 255).any() else None)


def _read_opaque(
    rgb: Pixels, present: NDArray[np.bool_] | None, gray: Pixels, format: str, lossy: bool | None
) -> Strokes:
    """Strokes on black or over a copy; `present` is False where the picture is transparent."""
    backdrop = np.zeros_like(rgb)
    difference = differ(rgb, backdrop)
    if format != "black":
        copy = predict_copy(rgb, gray)
        from_copy = differ(rgb, copy)
        if format == "auto":
            format = _tell_apart(difference, from_copy)
        if format == "copy":
            backdrop, difference = copy, from_copy
    if format == "copy" and (difference <= PAINT).mean() < LEAST_EXPLAINED:
        raise ValueError(
            f'format "copy" must show the photograph in at least {LEAST_EXPLAINED:.0%} of the pixels, '
            f"but these strokes do in {(difference <= PAINT).mean():.0%}"
        )
    painted = difference > PAINT
    if lossy is None:  # smooth borders are faint beside paint, compression also further away
        faint = (difference > ROUNDING) & ~ndimage.binary_dilation(painted, SQUARE)
        lossy = bool(faint.sum() > FAINT_SHARE * painted.sum())
    if lossy:  # and it smears the rim
        painted = ndimage.binary_erosion(difference > LOSSY_PAINT, SQUARE, border_value=1)
    if present is not None:
        painted &= present
    return _strokes(rgb, find_solid(rgb, painted, backdrop, lossy=lossy), format)


def _tell_apart(from_black: Pixels, from_copy: Pixels) -> str:
    """The convention, "black" or "copy", that explains more pixels better; black if they do equally."""
    explained = np.minimum(from_black, from_copy) <= PAINT
    if explained.mean() < LEAST_EXPLAINED:
        raise ValueError(
            f"strokes must leave at least {LEAST_EXPLAINED:.0%} of the pixels black or like the photograph, "
            f"but {explained.mean():.0%} are; if they are this dense, say how they are marked (format)"
        )
    like_copy = (explained & (from_copy < from_black)).sum()
    like_black = (explained & (from_black < from_copy)).sum()
    return "copy" if like_copy > like_black else "black"


def _strokes(rgb: Pixels, solid: Solid, format: str, confidence: NDArray[np.float32] | None = None) -> Strokes:
    """Strokes with the chroma of the solid pixels."""
    if not solid.mask.any():
        raise NoStrokesError(
            f"strokes must hold at least one stroke, but none was found ({FORMATS[format]}); "
            "thin ones are lost in a JPEG file: save as PNG or paint wider"
        )
    chroma = np.zeros((*solid.mask.shape, 2), np.float32)
    at = np.flatnonzero(solid.mask)
    chroma.reshape(-1, 2)[at] = rgb_to_lab(rgb.reshape(-1, 3)[at])[:, 1:]
    return Strokes(Hints(solid.mask, chroma, confidence), format, solid.strokes, solid.colours, picture=rgb)


def _merged(values: NDArray[np.int64], counts: NDArray[np.intp]) -> NDArray[np.int64]:
    """Packed colours, each the most frequent one that is near where there are very many."""
    if len(values) <= MOST_EXACT:
        return values
    rgb = values[:, None] // PACK % 256
    merged, left = values.copy(), np.ones(len(values), np.bool_)
    for k in np.argsort(-counts, kind="stable"):
        if left[k]:
            near = left & (np.abs(rgb - rgb[k]) <= NEAR).all(axis=1)
            merged[near], left[near] = values[k], False
    return merged


def _to_8_bit(picture: NDArray[Any]) -> Pixels:
    """The picture as uint8."""
    if picture.dtype == np.uint8:
        return picture
    scale = 255 / 65535 if picture.dtype == np.uint16 else 255
    eight: Pixels = np.rint(picture.astype(np.float32) * np.float32(scale)).astype(np.uint8)
    return eight
