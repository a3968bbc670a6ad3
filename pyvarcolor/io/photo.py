"""The photograph in memory, and the error for a file that cannot be read or written."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Pixels = NDArray[Any]
"""uint8, uint16 or float32, each spanning black to white as in `WHITE`."""

WHITE: dict[np.dtype[Any], int] = {
    np.dtype(np.uint8): 255,
    np.dtype(np.uint16): 65535,
    np.dtype(np.float32): 1,
}


class ImageFileError(OSError):
    """An image file that cannot be read or written: one sentence with file, reason and advice."""

    def __reduce__(self) -> tuple[Any, ...]:
        # between processes OSError would lose `errno`, as it stands beside the sentence
        return type(self), self.args, {**self.__dict__, "errno": self.errno}


class TooManyPixelsError(ImageFileError):
    """An image file that claims more pixels than are allowed.

    Attributes
    ----------
    pixels : int
        How many it claims.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from pyvarcolor.io import read_photo
    >>> stream = io.BytesIO()
    >>> Image.new("L", (640, 480)).save(stream, "PNG")
    >>> try:
    ...     read_photo(io.BytesIO(stream.getvalue()), max_pixels=1000)
    ... except TooManyPixelsError as error:
    ...     error.pixels
    307200
    """

    pixels: int = 0


@dataclass(frozen=True, eq=False)
class Photo:
    """A photograph as read from a file: pixels upright, transparency apart, metadata beside them.

    Attributes
    ----------
    pixels : ndarray, shape (H, W) or (H, W, 3)
        Gray or RGB values, sRGB-encoded: uint8, uint16, or float32 in 0..1. RGB values are the file's own
        numbers, in the encoding of `icc`; gray or CMYK values with a profile are brought to sRGB.
    alpha : ndarray, shape (H, W), or None
        Opacity in the dtype of `pixels`, not multiplied into them.
    exif : bytes or None
        EXIF block with the ``Exif`` prefix, without orientation, resolution, thumbnail and pixel layout.
    xmp : bytes or None
        XMP packet, byte for byte as in the file, but for an orientation: the pixels are upright.
    iptc : bytes or None
        IPTC data: the datasets (IIM), without the wrapping of the file.
    icc : bytes or None
        RGB colour profile, byte for byte as in the file.
    dpi : (float, float) or None
        Pixels per inch along x (columns) and y (rows) of the upright picture.
    source : str
        What to call the photograph in messages: the path it was read from, or "standard input".

    Examples
    --------
    >>> import numpy as np
    >>> Photo(pixels=np.zeros((2, 3), np.uint16)).pixels.shape
    (2, 3)
    """

    pixels: Pixels
    alpha: Pixels | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    source: str = "photograph"


def with_depth(pixels: Pixels, dtype: DTypeLike) -> Pixels:
    """Pixels as another of the dtypes in `WHITE`, black and white staying where they are."""
    target = np.dtype(dtype)
    if pixels.dtype == target:
        return pixels
    scaled = pixels.astype(np.float32) * np.float32(WHITE[target] / WHITE[pixels.dtype])
    return scaled if target.kind == "f" else np.rint(scaled).astype(target)
