"""L*, a*, b* to sRGB, drawn towards gray where it lies outside the gamut; the C++ twin is `color.hpp`.

T is the type to calculate in: beside a plain 0.5, float32 would become float64.
"""

from typing import Any

import numpy as np
from numba import prange

from .image import Image, Picture, Row, Scalar
from .parallel import inline, kernel, sum_rows

RANGES = {"uint8": (255, 0.5), "uint16": (65535, 0.5), "float32": (1, 0), "float64": (1, 0)}
"""What 1 is in each dtype of a picture, and what to add so that cutting the rest off rounds."""


@inline
def lab_f_inverse(T: Any, f: Scalar) -> Scalar:
    """The inverse of CIE Lab's f: a cube, and a line near black."""
    return f * f * f if f > T(0.2068966) else (f - T(16.0 / 116)) * T(1 / 7.787)


@inline
def lab_to_linear_rgb(T: Any, lightness: Scalar, a: Scalar, b: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """Linear sRGB, white at (1, 1, 1)."""
    f = (lightness + T(16)) * T(1.0 / 116)
    x = lab_f_inverse(T, f + a * T(1.0 / 500))
    y = lab_f_inverse(T, f)
    z = lab_f_inverse(T, f - b * T(1.0 / 200))
    return (
        T(3.0799349355329992) * x - T(1.537151516271318) * y - T(0.5427834192616812) * z,
        T(-0.9212341827539382) * x + T(1.8759900014898907) * y + T(0.04524418126404751) * z,
        T(0.0528896820458639) * x - T(0.2040413383665112) * y + T(1.1511516563206472) * z,
    )


@inline
def in_gamut(T: Any, r: Scalar, g: Scalar, b: Scalar) -> bool:
    """Whether linear RGB lies in 0..1; outside by this share of the brightest channel, or so little, is rounding."""
    low, high = min(r, g, b), max(r, g, b)
    inside: bool = (low >= -(T(1e-6) * high + T(2e-8))) & (high <= T(1 + 1e-6))
    return inside


@inline
def linear_rgb_row(lightness: Row, a: Row, b: Row, rgb: Row) -> None:
    """Linear `rgb` (3, cols)."""
    T = rgb.dtype.type
    for j in range(len(lightness)):
        rgb[0, j], rgb[1, j], rgb[2, j] = lab_to_linear_rgb(T, lightness[j], a[j], b[j])


@inline
def fit_row(lightness: Row, a: Row, b: Row, t: Row) -> None:
    """(a, b) <- t (a, b) with the largest t in 0..1, to 1/4096, that lies in the gamut, by bisection."""
    T = t.dtype.type
    for j in range(len(t)):
        t[j] = 0
    step = T(0.5)
    while step >= T(1.0 / 4096):
        for j in range(len(t)):
            more = t[j] + step
            r, g, blue = lab_to_linear_rgb(T, lightness[j], more * a[j], more * b[j])
            t[j] = more if in_gamut(T, r, g, blue) else t[j]
        step *= T(0.5)
    for j in range(len(t)):
        a[j] *= t[j]
        b[j] *= t[j]


@inline
def encode_srgb_row(values: Row) -> None:
    """sRGB encoding of linear values, clipped to 0..1.

    Its power is x^(1/2.4) = c sqrt(sqrt(c)) with c = cbrt(x), which four steps of Halley find to 2e-15 from one
    start, the middle of what c can be.
    """
    T = values.dtype.type
    for j in range(len(values)):
        x = min(max(T(0), values[j]), T(1))
        c = T(0.38)
        for _ in range(4):
            cube = c * c * c
            c *= (cube + T(2) * x) / (T(2) * cube + x)
        curved = T(1.055) * (c * np.sqrt(np.sqrt(c))) - T(0.055)
        values[j] = T(12.92) * x if x <= T(0.0031308) else curved


@inline
def fit_outsiders(lightness: Row, chroma: Row, rgb: Row) -> int:
    """Bring what lies outside of a row into the gamut, in its linear `rgb`; how many pixels had to move."""
    T = rgb.dtype.type
    at = np.empty(len(lightness), np.intp)
    n = 0
    for j in range(len(lightness)):
        at[n] = j
        n += not in_gamut(T, rgb[0, j], rgb[1, j], rgb[2, j])
    if n == 0:
        return 0
    light, a, b, t = np.empty((4, n), rgb.dtype)
    for k in range(n):
        light[k], a[k], b[k] = lightness[at[k]], chroma[0, at[k]], chroma[1, at[k]]
    fit_row(light, a, b, t)
    fitted = np.empty((3, n), rgb.dtype)
    linear_rgb_row(light, a, b, fitted)
    for k in range(n):
        rgb[0, at[k]], rgb[1, at[k]], rgb[2, at[k]] = fitted[0, k], fitted[1, k], fitted[2, k]
    return n


@inline
def interleave_row(top: Scalar, half: Scalar, rgb: Row, out: Picture) -> None:
    """The three channels side by side, times `top`; `half` rounds."""
    for j in range(len(out)):
        for c in range(3):
            out[j, c] = rgb[c, j] * top + half


@kernel
def encode_rgb(lightness: Image, chroma: Image, top: Scalar, half: Scalar, rgb: Picture) -> Scalar:
    """L*, a*, b* to sRGB, fitted into the gamut at constant hue and lightness; how many pixels had to be."""
    moved = np.empty(len(lightness))
    for row in prange(len(lightness)):
        i = np.intp(row)
        linear = np.empty((3, lightness.shape[1]), lightness.dtype)
        linear_rgb_row(lightness[i], chroma[i, 0], chroma[i, 1], linear)
        moved[i] = fit_outsiders(lightness[i], chroma[i], linear)
        for c in range(3):
            encode_srgb_row(linear[c])
        interleave_row(top, half, linear, rgb[i])
    return sum_rows(moved)
