"""Colours to choose from: a map of all that the screen can show at one lightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import lab_to_linear_rgb, lab_to_rgb, project_to_gamut, rgb_to_lab

MOST_CHROMA = 110.0
"""The map goes so far in a* and b*."""
_DARKEST, _LIGHTEST = 35.0, 90.0  # nearer to black and white there is hardly a colour


def gamut_map(lightness: float, size: int) -> NDArray[np.uint8]:
    """Picture of all colours at one lightness, a* to the right and b* upward; white where there is none.

    Parameters
    ----------
    lightness : float
        L*, 0..100; near black and white the nearest that has colours.
    size : int
        Side in pixels.

    Returns
    -------
    (size, size, 3) ndarray of uint8

    Examples
    --------
    >>> picture = gamut_map(60.0, 45)
    >>> picture[22, 22].tolist(), picture[0, 0].tolist()
    ([145, 145, 145], [255, 255, 255])
    """
    a = np.linspace(-MOST_CHROMA, MOST_CHROMA, size)
    chroma = np.stack(np.broadcast_arrays(a[None, :], -a[:, None]), axis=-1)
    light = np.full((size, size), shown_lightness(lightness))
    picture = lab_to_rgb(light, chroma, np.uint8)
    linear = lab_to_linear_rgb(light, chroma)
    picture[((linear < 0) | (linear > 1)).any(axis=2)] = 255
    return picture


def shown_lightness(lightness: float) -> float:
    """The nearest lightness at which there are colours."""
    return min(max(lightness, _DARKEST), _LIGHTEST)


def hex_of(lightness: float, a: float, b: float) -> str:
    """The colour as "#rrggbb"; one that the screen cannot show keeps its hue and lightness.

    Parameters
    ----------
    lightness, a, b : float
        L*, a* and b*; near black and white the nearest lightness that has colours.

    Returns
    -------
    str

    Examples
    --------
    >>> hex_of(60.0, 0.0, 0.0), hex_of(60.0, 300.0, 200.0) == hex_of(60.0, 150.0, 100.0)
    ('#919191', True)
    """
    light = np.array([[shown_lightness(lightness)]])
    chroma, _ = project_to_gamut(light, np.array([[[a, b]]], np.float64))
    return "#" + bytes(lab_to_rgb(light, chroma, np.uint8)[0, 0]).hex()


def chroma_of(color: str) -> tuple[float, float]:
    """a* and b* of "#rrggbb"."""
    lab = rgb_to_lab(np.array([[tuple(bytes.fromhex(color[1:]))]], np.uint8))
    return float(lab[0, 0, 1]), float(lab[0, 0, 2])
