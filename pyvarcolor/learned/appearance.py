"""What a place in a photograph looks like: where it lies, how light and how rough it is, and the region around it.

Places that look alike tend to have one colour, also where no path joins them. The features are taken from a copy of
the photograph of fixed size: they, and all that is built on them, are the same for a small and for a large scan.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import ndimage
from scipy.sparse import csr_array

from pyvarcolor.photograph import Photograph

Array = NDArray[np.floating]

SIDE = 320
"""Long side of the copy in pixels."""

_PER_LIGHT = 20.0  # L* to one unit


def copy_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the copy on which features are taken.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the photograph.

    Returns
    -------
    (int, int)
        The longer is `SIDE`.

    Examples
    --------
    >>> copy_size((1000, 2000)), copy_size((3, 1))
    ((160, 320), (320, 107))
    """
    scale = SIDE / max(shape)
    return max(round(shape[0] * scale), 1), max(round(shape[1] * scale), 1)


def same_place(at: NDArray[np.intp], size: int, other: int) -> NDArray[np.intp]:
    """Which pixels of a line of `other` pixels the centres of pixels of a line of `size` pixels fall into.

    Parameters
    ----------
    at : ndarray of int
        Pixels of the first line.
    size, other : int
        Lengths of both, in pixels.

    Returns
    -------
    ndarray of int

    Examples
    --------
    >>> same_place(np.arange(4), 4, 2), same_place(np.arange(2), 2, 4)
    (array([0, 0, 1, 1]), array([1, 3]))
    """
    return (2 * at + 1) * other // (2 * size)


def make_copy(lightness: Array) -> Array:
    """The photograph at the size of the copy.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.

    Returns
    -------
    (h, w) ndarray
        In the same dtype.
    """
    from skimage.measure import block_reduce
    from skimage.transform import resize

    size = copy_size(lightness.shape)
    factor = max(max(lightness.shape) // (2 * SIDE), 1)  # means of blocks come first: the rest is quick
    if factor > 1:
        beyond = [(0, -side % factor) for side in lightness.shape]
        lightness = block_reduce(np.pad(lightness, beyond, mode="edge"), (factor, factor), np.mean)  # type: ignore[no-untyped-call]
    smaller = max(lightness.shape) > SIDE
    return np.ascontiguousarray(resize(lightness, size, order=1, mode="edge", anti_aliasing=smaller))  # type: ignore[no-untyped-call]


def copy_of(photograph: Photograph) -> Array:
    """The copy (h, w) of a photograph's lightness; see `make_copy`."""
    return make_copy(photograph.lightness)


def enlarge(planes: Array, like: Array) -> Array:
    """Planes of the size of the copy, at the size of the photograph.

    Parameters
    ----------
    planes : (h, C, w) ndarray
        On the copy.
    like : (H, W) ndarray
        The photograph.

    Returns
    -------
    (H, C, W) ndarray
        Interpolated, in the dtype of `planes`.
    """
    height, channels, width = planes.shape
    rows, cols = (_interpolation(*lengths, planes.dtype) for lengths in zip((height, width), like.shape, strict=True))
    wide = (cols @ planes.reshape(-1, width).T).T
    enlarged: Array = rows @ wide.reshape(height, -1)
    return enlarged.reshape(len(like), channels, -1)


def _interpolation(length: int, wanted: int, dtype: DTypeLike) -> csr_array:
    """The matrix (wanted, length) that brings a line of pixels to another length, linearly between their centres."""
    at = ((np.arange(wanted) + 0.5) * length / wanted - 0.5).clip(0, length - 1)
    before = np.minimum(at.astype(int), max(length - 2, 0))
    share = (at - before).astype(dtype)
    places = np.stack([before, np.minimum(before + 1, length - 1)], axis=1)
    shares = np.stack([1 - share, share], axis=1)
    return csr_array((shares.ravel(), places.ravel(), 2 * np.arange(wanted + 1)), (wanted, length))


def resized(planes: Array, size: tuple[int, ...]) -> Array:
    """Planes at another size.

    Parameters
    ----------
    planes : (h, C, w) ndarray
        Images of one size.
    size : (int, int)
        New height and width.

    Returns
    -------
    (H, C, W) ndarray
        Interpolated, means where it is smaller, in the dtype of `planes`.
    """
    from skimage.transform import resize

    def each(plane: Array) -> Array:
        return resize(plane, size, order=1, mode="edge", anti_aliasing=True)  # type: ignore[no-any-return, no-untyped-call]

    return np.stack([each(planes[:, channel]) for channel in range(planes.shape[1])], axis=1)


def appearance(lightness: Array, smooth: Callable[[Array], Array]) -> Array:
    """Features of every pixel of the copy.

    Parameters
    ----------
    lightness : (h, w) ndarray
        L* of the copy.
    smooth : callable
        Takes two planes (h, 2, w) and returns them smoothed within regions, not over edges.

    Returns
    -------
    (h, 7, w) ndarray
        In the dtype of `lightness`. Light in windows of three widths, in units of 20 L*; and of the region: its place
        (x, y) in fractions of the long side, its roughness, the logarithm of 1 + the standard deviation of L*, and the
        mean of the logarithm of 1 + the gradient of L*, per pixel of the copy.
    """
    rows, cols = np.indices(lightness.shape, lightness.dtype) / lightness.dtype.type(max(lightness.shape))
    light = lightness / _PER_LIGHT
    gradient = np.log1p(ndimage.gaussian_gradient_magnitude(lightness, 0.5, mode="nearest"))
    place = smooth(np.stack([cols, rows], axis=1))
    moments = smooth(np.stack([light, light**2], axis=1))
    edges = smooth(np.stack([gradient, gradient], axis=1))  # it takes nothing but pairs
    features = (
        *(_blurred(light, width) for width in (0.33, 1, 2.7)),
        *(place[:, 0], place[:, 1]),
        np.log1p(_PER_LIGHT * np.sqrt(np.maximum(moments[:, 1] - moments[:, 0] ** 2, 0))),
        edges[:, 0],
    )
    return np.stack(features, axis=1)


def _blurred(image: Array, width: float) -> Array:
    """Mean in a Gaussian window."""
    blurred: Array = ndimage.gaussian_filter(image, width, mode="nearest")
    return blurred
