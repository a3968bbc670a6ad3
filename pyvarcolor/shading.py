"""Chroma under shading: where an object lies in shadow, its a* and b* shrink with its lightness.

What is spread is v = u / phi(L). Under pure shading phi would be proportional to L* + 16; in photographs chroma grows
less than that towards the light, and vanishes in black: phi(L) = ((L + 2) / 52)^0.3 (`benchmarks/fit_shading.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
    from skimage.measure import label

    at = np.flatnonzero(hints.mask)
    chroma, light = hints.chroma.reshape(-1, 2)[at], lightness.reshape(-1)[at]
    height, width = hints.mask.shape
    normalized = np.zeros((height, 2, width), lightness.dtype)  # as kernels want it in memory
    if at.size == 0:
        return normalized.transpose(0, 2, 1)
    colours = np.full(hints.mask.shape, -1)  # a* and b* as the bits of one integer, which -1 (twice NaN) never is
    colours.reshape(-1)[at] = (chroma + 0).view(np.int64)[:, 0]  # + 0: there is one zero, not two
    strokes = label(colours, background=-1, connectivity=2).reshape(-1)[at]  # type: ignore[no-untyped-call]
    mean_phi = np.bincount(strokes, phi(light)) / np.maximum(np.bincount(strokes), 1)
    rows, columns = np.divmod(at, width)
    normalized[rows, :, columns] = chroma / mean_phi[strokes, None]
    return normalized.transpose(0, 2, 1)
