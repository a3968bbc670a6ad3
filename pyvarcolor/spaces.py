"""Luma-chroma spaces in which colour can be spread: Lab, Oklab, YCbCr.

Whatever the space, the lightness L* of the photograph is kept: a space only decides which two numbers, beside the
luminance, are made smooth. So a space is a pair of maps between (a*, b*) and its own chroma *at given L**.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pyvarcolor.color import (
    LUMINANCE,
    Array,
    decode_srgb,
    encode_srgb,
    lab_to_linear_rgb,
    linear_rgb_to_lab,
)


class Space(Protocol):
    """A pair of maps between a*, b* and another chroma at given L*."""

    def from_lab(self, lightness: Array, ab: Array) -> Array:
        """Chroma (..., 2) of this space for L* (...) and a*, b* (..., 2)."""
        ...

    def to_lab(self, lightness: Array, chroma: Array) -> Array:
        """a*, b* (..., 2) of the colour that has this chroma and the luminance of L* (...)."""
        ...


class Lab:
    """CIE Lab itself: nothing to convert."""

    def from_lab(self, lightness: Array, ab: Array) -> Array:
        """Return `ab`."""
        return ab

    def to_lab(self, lightness: Array, chroma: Array) -> Array:
        """Return `chroma`."""
        return chroma


@dataclass(frozen=True)
class LumaChroma:
    """A space given by its maps from and to linear RGB.

    Parameters
    ----------
    encode : callable
        Linear RGB (..., 3) to luma (...) and chroma (..., 2).
    decode : callable
        Back.
    scale : float
        Brings its chroma to the size of a*, b*, so that tolerances and step sizes mean the same in each space.
    """

    encode: Callable[[Array], tuple[Array, Array]]
    decode: Callable[[Array, Array], Array]
    scale: float

    def from_lab(self, lightness: Array, ab: Array) -> Array:
        """Chroma (..., 2) of this space for L* (...) and a*, b* (..., 2)."""
        _, chroma = self.encode(lab_to_linear_rgb(lightness, ab))
        return self.scale * chroma

    def to_lab(self, lightness: Array, chroma: Array) -> Array:
        """a*, b* (..., 2) of the colour that has this chroma and the luminance of L* (...)."""
        chroma = chroma / self.scale
        gray = lab_to_linear_rgb(lightness, np.zeros_like(chroma))
        weights, target = LUMINANCE.astype(chroma.dtype), gray[..., 1]
        luma, _ = self.encode(gray)
        step = 1e-3
        for _ in range(8):  # Newton's method in luma, the slope by a difference
            excess = self.decode(luma, chroma) @ weights - target
            ahead = self.decode(luma + step, chroma) @ weights - target
            luma = luma - step * excess / np.maximum(ahead - excess, 1e-3 * step)
        return linear_rgb_to_lab(self.decode(luma, chroma))[..., 1:]


# B. Ottosson, "A perceptual color space for image processing", 2020
_LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OKLAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# ITU-R BT.601, full range, as in JPEG
_YCBCR_FROM_RGB = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


def _oklab_encode(linear: Array) -> tuple[Array, Array]:
    lab = np.cbrt(linear @ _LMS_FROM_RGB.T.astype(linear.dtype)) @ _OKLAB_FROM_LMS.T.astype(linear.dtype)
    return lab[..., 0], lab[..., 1:]


def _oklab_decode(luma: Array, chroma: Array) -> Array:
    lab = np.concatenate([luma[..., None], chroma], axis=-1)
    roots = lab @ np.linalg.inv(_OKLAB_FROM_LMS).T.astype(lab.dtype)
    linear: Array = roots**3 @ np.linalg.inv(_LMS_FROM_RGB).T.astype(lab.dtype)
    return linear


def _ycbcr_encode(linear: Array) -> tuple[Array, Array]:
    ycbcr = encode_srgb(linear) @ _YCBCR_FROM_RGB.T.astype(linear.dtype)
    return ycbcr[..., 0], ycbcr[..., 1:]


def _ycbcr_decode(luma: Array, chroma: Array) -> Array:
    ycbcr = np.concatenate([luma[..., None], chroma], axis=-1)
    return decode_srgb(ycbcr @ np.linalg.inv(_YCBCR_FROM_RGB).T.astype(ycbcr.dtype))


SPACES: dict[str, Space] = {
    "lab": Lab(),
    "oklab": LumaChroma(_oklab_encode, _oklab_decode, scale=400),
    "ycbcr": LumaChroma(_ycbcr_encode, _ycbcr_decode, scale=200),
}
"""The spaces by name."""


def space_called(name: str) -> Space:
    """Space of this name; raises ValueError with the list of names if there is none."""
    if name not in SPACES:
        raise ValueError(f"space must be one of {', '.join(SPACES)}, but is {name!r}")
    return SPACES[name]
