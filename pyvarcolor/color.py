"""Gray to lightness, Lab to and from RGB, and the way into the sRGB gamut.

CIE Lab with the white of sRGB (D65): the white point is the sum of the rows of the RGB matrix, so that a gray
pixel comes back as exactly gray. Against scikit-image, which rounds the white, a* and b* differ by less than 0.01.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating]

# IEC 61966-2-1: linear sRGB -> XYZ, and the white point in units of it
_XYZ_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
_WHITE = _XYZ_FROM_RGB.sum(axis=1)
_RELATIVE_XYZ_FROM_RGB = _XYZ_FROM_RGB / _WHITE[:, None]
_RGB_FROM_RELATIVE_XYZ = np.linalg.inv(_RELATIVE_XYZ_FROM_RGB)

LUMINANCE = _RELATIVE_XYZ_FROM_RGB[1]
"""Share of linear R, G and B in the luminance Y."""

_DEPTHS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
# Linear RGB outside 0..1 by this share of its brightest channel, or by this much in black, is rounding, not a colour
# outside the gamut. More would show in the dark: clipping raises L*, and 1e-6 are 0.85 units of 16-bit sRGB there.
_GAMUT_SLACK, _BLACK_SLACK = 1e-6, 2e-8


def lightness_from_gray(gray: ArrayLike) -> Array:
    """CIE L* of a gray, tinted or colour scan.

    Parameters
    ----------
    gray : (H, W) or (H, W, 1|3|4) array_like
        sRGB-encoded; uint8, uint16, or float in 0..1. Three channels are reduced to their luminance, so that a
        sepia scan keeps its lightness; a fourth channel (alpha) is not looked at.

    Returns
    -------
    (H, W) ndarray
        L*, 0..100; float64 for a float64 input, else float32.

    Raises
    ------
    TypeError
        If the dtype is none of these.
    ValueError
        If the shape is wrong or empty, or a float is NaN, infinite or outside 0..1.

    Examples
    --------
    >>> import numpy as np
    >>> lightness_from_gray(np.array([[0, 119, 255]], np.uint8)).round(2)
    array([[  0.  ,  50.03, 100.  ]], dtype=float32)
    """
    gray = check_photo(gray, "gray")
    if gray.ndim == 3 and gray.shape[2] == 1:
        gray = gray[:, :, 0]
    dtype = working_dtype(gray)
    if gray.ndim == 2:
        if gray.dtype in _DEPTHS:
            levels = np.arange(_DEPTHS[gray.dtype] + 1) / _DEPTHS[gray.dtype]
            table: Array = _lightness_from_luminance(decode_srgb(levels)).astype(dtype)
            return table.take(gray)
        return _lightness_from_luminance(decode_srgb(gray.astype(dtype)))
    linear = np.stack([_linear_channel(gray[:, :, c], dtype) for c in range(3)], axis=-1)
    return _lightness_from_luminance(linear @ LUMINANCE.astype(dtype))


def rgb_to_lab(rgb: ArrayLike) -> Array:
    """CIE Lab of an sRGB picture.

    Parameters
    ----------
    rgb : (..., 3) array_like
        sRGB-encoded; uint8, uint16, or float in 0..1.

    Returns
    -------
    (..., 3) ndarray
        L* (0..100), a*, b*; float64 for a float64 input, else float32.

    Examples
    --------
    >>> import numpy as np
    >>> rgb_to_lab(np.array([255, 0, 0], np.uint8)).round(1)
    array([53.2, 80.1, 67.2], dtype=float32)
    """
    rgb = np.asarray(rgb)
    dtype = working_dtype(rgb)
    linear = np.stack([_linear_channel(rgb[..., c], dtype) for c in range(3)], axis=-1)
    return linear_rgb_to_lab(linear)


def linear_rgb_to_lab(linear: Array) -> Array:
    """CIE Lab of linear RGB, (..., 3) to (..., 3); RGB may lie outside 0..1."""
    f = _lab_f(linear @ _RELATIVE_XYZ_FROM_RGB.T.astype(linear.dtype))
    fx, fy, fz = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def lab_to_linear_rgb(lightness: Array, chroma: Array) -> Array:
    """Linear RGB (..., 3) of L* (...) and a*, b* (..., 2); not clipped."""
    fy = (lightness + 16) / 116
    f = np.stack([fy + chroma[..., 0] / 500, fy, fy - chroma[..., 1] / 200], axis=-1)
    return _lab_f_inverse(f) @ _RGB_FROM_RELATIVE_XYZ.T.astype(f.dtype)


def lab_to_rgb(lightness: Array, chroma: Array, dtype: DTypeLike) -> NDArray[Any]:
    """sRGB picture of L* and a*, b*.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.
    chroma : (H, W, 2) ndarray
        a* and b*, inside the gamut (`project_to_gamut`); what lies outside is clipped.
    dtype : dtype
        uint8 and uint16 are rounded to their full range, floats are 0..1.

    Returns
    -------
    (H, W, 3) ndarray of `dtype`

    Examples
    --------
    >>> import numpy as np
    >>> lab_to_rgb(np.array([[53.24]]), np.array([[[80.09, 67.20]]]), np.uint8)
    array([[[255,   0,   0]]], dtype=uint8)
    """
    encoded = encode_srgb(lab_to_linear_rgb(lightness, chroma).clip(0, 1))
    dtype = np.dtype(dtype)
    if dtype in _DEPTHS:
        return np.rint(encoded * _DEPTHS[dtype]).astype(dtype)
    return encoded.clip(0, 1).astype(dtype)


def project_to_gamut(lightness: Array, chroma: Array) -> tuple[Array, float]:
    """Bring chroma into the sRGB gamut at constant hue and lightness.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.
    chroma : (H, W, 2) ndarray
        a* and b*.

    Returns
    -------
    chroma : (H, W, 2) ndarray
        A copy; where (a, b) lies outside the gamut it is t (a, b) with the largest t in 0..1 that fits, to 1/4096.
    moved : float
        Fraction of pixels moved.

    Examples
    --------
    >>> import numpy as np
    >>> chroma, moved = project_to_gamut(np.array([[50.0, 50.0]]), np.array([[[10.0, 10.0], [0.0, -200.0]]]))
    >>> chroma.round(0).tolist(), moved
    ([[[10.0, 10.0], [0.0, -47.0]]], 0.5)
    """
    outside = ~in_gamut(lab_to_linear_rgb(lightness, chroma))
    light, vivid = lightness[outside], chroma[outside]
    low, high = np.zeros_like(light), np.ones_like(light)
    for _ in range(12):
        middle = (low + high) / 2
        fits = in_gamut(lab_to_linear_rgb(light, middle[:, None] * vivid))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    projected = chroma.copy()
    projected[outside] = low[:, None] * vivid
    return projected, float(outside.mean())


def check_photo(photo: ArrayLike, name: str) -> NDArray[Any]:
    """Return `photo` as an array if it is one that `lightness_from_gray` accepts; raise what that documents."""
    array = np.asarray(photo)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ValueError(f"{name} must have shape (H, W) or (H, W, 1|3|4), but has shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one pixel, but has shape {array.shape}")
    if array.dtype not in _DEPTHS:
        if array.dtype.kind != "f":
            raise TypeError(f"{name} must be uint8, uint16 or float in 0..1, but is {array.dtype}")
        finite = np.isfinite(array)
        if not finite.all():
            raise ValueError(f"{name} must be finite, but holds {(~finite).sum()} NaN or infinite values")
        low, high = array.min(), array.max()
        if low < 0 or high > 1:
            raise ValueError(f"{name} must lie in 0..1 when it is float, but spans {low:g}..{high:g}")
    return array


def working_dtype(array: NDArray[Any]) -> np.dtype[Any]:
    """float64 for float64 pictures, float32 for all others."""
    return np.dtype(np.float64 if array.dtype == np.float64 else np.float32)


def encode_srgb(linear: Array) -> Array:
    """sRGB encoding of linear values; odd-symmetric, so that values outside the gamut survive a round trip."""
    magnitude = np.abs(linear)
    curved = 1.055 * np.maximum(magnitude, 0.0031308) ** (1 / 2.4) - 0.055
    encoded: Array = np.copysign(np.where(magnitude <= 0.0031308, 12.92 * magnitude, curved), linear)
    return encoded


def decode_srgb(encoded: Array) -> Array:
    """Inverse of `encode_srgb`."""
    magnitude = np.abs(encoded)
    curved = ((np.maximum(magnitude, 0.04045) + 0.055) / 1.055) ** 2.4
    linear: Array = np.copysign(np.where(magnitude <= 0.04045, magnitude / 12.92, curved), encoded)
    return linear


def _linear_channel(channel: NDArray[Any], dtype: np.dtype[Any]) -> Array:
    """Linear values of one sRGB-encoded channel of any accepted dtype; by table for integers."""
    if channel.dtype in _DEPTHS:
        top = _DEPTHS[channel.dtype]
        return decode_srgb(np.arange(top + 1) / top).astype(dtype).take(channel)
    return decode_srgb(channel.astype(dtype))


def _lightness_from_luminance(luminance: Array) -> Array:
    return 116 * _lab_f(luminance) - 16


def _lab_f(t: Array) -> Array:
    return np.where(t > 0.008856, np.cbrt(np.maximum(t, 0)), 7.787 * t + 16 / 116)


def _lab_f_inverse(f: Array) -> Array:
    return np.where(f > 0.2068966, f * f * f, (f - 16 / 116) / 7.787)


def in_gamut(linear: Array) -> NDArray[np.bool_]:
    """Whether linear RGB (..., 3) can be shown, (...)."""
    r, g, b = linear[..., 0], linear[..., 1], linear[..., 2]
    low, high = np.minimum(np.minimum(r, g), b), np.maximum(np.maximum(r, g), b)
    inside: NDArray[np.bool_] = (low >= -(_GAMUT_SLACK * high + _BLACK_SLACK)) & (high <= 1 + _GAMUT_SLACK)
    return inside
