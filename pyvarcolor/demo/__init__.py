"""The bundled example: a portrait in gray, the strokes that a person painted on it, and its true colours."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.color import lab_to_rgb, lightness_from_gray
from pyvarcolor.strokes.vector import VectorStroke, load_vector


class Demo(NamedTuple):
    """A photograph with strokes and the truth to compare with.

    Parameters
    ----------
    true_rgb : (H, W, 3) ndarray of uint8
        The photograph in its true colours, sRGB-encoded.
    gray : (H, W) ndarray of uint8
        The same of equal lightness without colour, sRGB-encoded.
    strokes : tuple of VectorStroke
        What a person painted on `gray`.
    """

    true_rgb: NDArray[np.uint8]
    gray: NDArray[np.uint8]
    strokes: tuple[VectorStroke, ...]


def load_demo() -> Demo:
    """Load the example, which needs no download.

    The photograph is NASA's portrait of the astronaut Eileen Collins (public domain) as it comes with
    scikit-image; the strokes were painted for pyvarcolor.

    Returns
    -------
    Demo

    Examples
    --------
    >>> demo = load_demo()
    >>> demo.gray.shape, len(demo.strokes)
    ((512, 512), 55)
    """
    from skimage.data import astronaut

    true_rgb: NDArray[np.uint8] = astronaut()  # type: ignore[no-untyped-call]
    lightness = lightness_from_gray(true_rgb)
    gray = lab_to_rgb(lightness, np.zeros((*lightness.shape, 2), lightness.dtype), np.uint8)[:, :, 0]
    return Demo(true_rgb, np.ascontiguousarray(gray), load_vector(Path(__file__).with_name("strokes.json")))
