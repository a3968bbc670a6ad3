"""A photograph whose colours are known: what a method sees of it, and how near the method's answer is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import Array, lab_to_rgb, rgb_to_lab
from pyvarcolor.io import read_image

SCALES = (0.5, 1, 2)
"""Sizes that a photograph can be brought to."""

# mean squared error of rounding to 8 bits: nothing is known to be nearer to the truth than the truth to the scene
_ROUNDING = 1 / 12


@dataclass(frozen=True, eq=False)
class Photograph:
    """A colour photograph, the truth of an evaluation.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
        Its pixels, sRGB.
    name : str
        What to call it.

    Raises
    ------
    ValueError
        If the array is none of these, or has no colour.

    Examples
    --------
    >>> import numpy as np
    >>> photograph = Photograph(np.full((4, 6, 3), (200, 60, 60), np.uint8))
    >>> round(float(photograph.gray[0, 0]), 3), round(photograph.psnr(np.zeros((4, 6, 2))), 1)
    (0.435, 11.7)
    """

    rgb: NDArray[np.uint8]
    name: str = "photograph"

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3:
            raise ValueError(f"{self.name} must be uint8 (H, W, 3), but is {self.rgb.dtype} {self.rgb.shape}")
        if (self.rgb == self.rgb[..., :1]).all():
            raise ValueError(f"{self.name} must be a colour photograph, but all its pixels are gray")

    @cached_property
    def lab(self) -> Array:
        """The true L*, a*, b*, (H, W, 3) float32."""
        return rgb_to_lab(self.rgb)

    @cached_property
    def gray(self) -> Array:
        """The sRGB gray of the true L*, (H, W) float32 in 0..1: 8 bits would already lose some lightness."""
        return lab_to_rgb(self.lab[..., 0], np.zeros_like(self.lab[..., 1:]), np.float32)[..., 0]

    @property
    def megapixels(self) -> float:
        """Its size."""
        return self.gray.size / 1e6

    def scaled(self, scale: float) -> Photograph:
        """Make it half as large, by means over 2 x 2 pixels, or twice as large, by bicubic interpolation.

        Parameters
        ----------
        scale : {0.5, 1, 2}
            Its new height over its old one; an odd last row or column is left out before halving.

        Returns
        -------
        Photograph
        """
        from skimage.transform import downscale_local_mean, resize

        if scale == 1:
            return self
        height, width, _ = self.rgb.shape
        if scale == 2:
            size = 2 * height, 2 * width
            pixels = resize(self.rgb, size, order=3, mode="edge", preserve_range=True)  # type: ignore[no-untyped-call]
        else:
            even = self.rgb[: height // 2 * 2, : width // 2 * 2]
            pixels = downscale_local_mean(even, (2, 2, 1))  # type: ignore[no-untyped-call]
        return Photograph(np.rint(pixels).astype(np.uint8), self.name)

    def psnr(self, chroma: Array) -> float:
        """Peak signal-to-noise ratio in dB, over 8-bit RGB of the true L* with this a*, b*, clipped.

        No answer gets more than 58.9 dB, the ratio to the truth's own rounding: a mean stays finite.
        """
        error = float(np.mean((self._rgb_of(chroma).astype(float) - self.rgb) ** 2))
        return float(10 * np.log10(255**2 / max(error, _ROUNDING)))

    def ciede2000(self, chroma: Array) -> float:
        """Mean colour difference from the truth, without clipping."""
        from skimage.color import deltaE_ciede2000

        answer = np.dstack([self.lab[..., 0], chroma])
        return float(deltaE_ciede2000(self.lab, answer).mean())  # type: ignore[no-untyped-call]

    def colourfulness(self, chroma: Array) -> float:
        """Colourfulness of the true L* with this a*, b*, as a multiple of the truth's (see `colourfulness_of`)."""
        return colourfulness_of(self._rgb_of(chroma)) / colourfulness_of(self.rgb)

    def _rgb_of(self, chroma: Array) -> NDArray[np.uint8]:
        return lab_to_rgb(self.lab[..., 0], chroma, np.uint8)


def colourfulness_of(rgb: NDArray[np.uint8]) -> float:
    """Colourfulness after Hasler and Süsstrunk 2003 [1]_: spread and mean of the opponent colours.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
        A picture, sRGB.

    Returns
    -------
    float
        0 for gray; 109 and more is "extremely colourful".

    References
    ----------
    .. [1] D. Hasler, S. Süsstrunk: Measuring colourfulness in natural images. Proc. SPIE 5007, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> round(colourfulness_of(np.full((2, 2, 3), (255, 0, 0), np.uint8)), 1)
    85.5
    """
    red, green, blue = rgb.astype(float).transpose(2, 0, 1)
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def read_photograph(path: str | Path) -> Photograph:
    """Read a colour photograph, as 8-bit RGB; it is called by its file's name without suffix.

    Parameters
    ----------
    path : str or Path
        An image file; see `pyvarcolor.io.read_image`.

    Returns
    -------
    Photograph

    Raises
    ------
    pyvarcolor.io.ImageFileError
        If it cannot be read.
    ValueError
        If it has no colour.
    """
    rgb = read_image(path)[..., :3]
    try:
        return Photograph(np.ascontiguousarray(rgb), Path(path).stem)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
