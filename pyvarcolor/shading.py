"""Chroma under shading: where an object lies in shadow, its a* and b* shrink with its lightness.

What is spread is v = u / phi(L). Under pure shading phi would be proportional to L* + 16; in photographs chroma grows
less than that towards the light, and vanishes in black: phi(L) = ((L + 2) / 52)^0.3 (`benchmarks/fit_shading.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import in_gamut, lab_to_linear_rgb, project_to_gamut
from pyvarcolor.hints import Hints

_BLACK, _POWER = 2, 0.3


def phi(lightness: NDArray[np.floating]) -> NDArray[np.floating]:
    """Size of chroma to expect at a lightness, 1 at L* = 50.

    Parameters
    ----------
    lightness : ndarray
        L*, 0..100.

    Returns
    -------
    ndarray
        phi(L), same shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> phi(np.array([0.0, 50.0, 100.0])).round(2)
    array([0.38, 1.  , 1.22])
    """
    return ((lightness + _BLACK) / (50 + _BLACK)) ** _POWER


def normalize_hints(hints: Hints, lightness: NDArray[np.floating]) -> NDArray[np.floating]:
    """Chroma of the hints divided by the mean of phi over each stroke.

    A stroke is a connected patch of one colour. Dividing by its mean keeps the shading of the photograph alive
    under the stroke, where dividing pixel by pixel would paint it flat.

    Parameters
    ----------
    hints : Hints
        Hints of any chroma.
    lightness : (H, W) ndarray
        L*, 0..100.

    Returns
    -------
    (H, W, 2) ndarray
        In the dtype of `lightness`; zero where there is no hint.
    """
    at = np.flatnonzero(hints.mask)
    chroma, light = hints.chroma.reshape(-1, 2)[at], lightness.reshape(-1)[at]
    height, width = hints.mask.shape
    normalized = np.zeros((height, 2, width), lightness.dtype)  # as kernels want it in memory
    if at.size:
        strokes = hints.strokes
        rows, columns = np.divmod(at, width)
        normalized[rows, :, columns] = chroma / _means(phi(light), strokes)[strokes, None]
    return normalized.transpose(0, 2, 1)


def fit_hints(hints: Hints, lightness: NDArray[np.floating]) -> Hints:
    """The same hints with each stroke's chroma brought into the sRGB gamut at its mean lightness, hue kept.

    A person who paints vivid red on a black coat means red, as far as black can be: taken at its word, and divided by
    phi, it would paint all that is lighter in a red beyond any colour. Hints that are not sure are left as they are:
    they may be as many as there are pixels (`pyvarcolor.tiles`), and only pull.

    Parameters
    ----------
    hints : Hints
        a* and b*.
    lightness : (H, W) ndarray
        L*, 0..100.

    Returns
    -------
    Hints
        The same object where every stroke fits.

    Examples
    --------
    >>> import numpy as np
    >>> hints = Hints(np.array([[True, False, True]]), np.array([[(60.0, 45.0), (0, 0), (60, 45)]]))
    >>> fit_hints(hints, np.array([[50.0, 50, 5]])).chroma[0, [0, 2], 0].round().tolist()
    [60.0, 10.0]
    """
    sure = hints if hints.confidence is None else Hints(hints.confidence == 1, hints.chroma)
    at = np.flatnonzero(sure.mask)
    chroma = hints.chroma.reshape(-1, 2)[at].astype(np.float64)
    if not (~in_gamut(lab_to_linear_rgb(lightness.reshape(-1)[at].astype(np.float64), chroma))).any():
        return hints
    strokes = sure.strokes
    light, own = _means(lightness.reshape(-1)[at], strokes), np.zeros((strokes.max() + 1, 2))
    own[strokes] = chroma
    fitted, moved = project_to_gamut(light, own)
    if not moved:
        return hints
    held = hints.chroma.copy()
    held.reshape(-1, 2)[at] = fitted[strokes]
    return Hints(hints.mask, held, hints.confidence)


def _means(values: NDArray[np.floating], strokes: NDArray[np.intp]) -> NDArray[np.floating]:
    """Mean over each stroke."""
    means: NDArray[np.floating] = np.bincount(strokes, values) / np.maximum(np.bincount(strokes), 1)
    return means
