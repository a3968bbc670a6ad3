"""Vector strokes to files that other programs understand, in the formats that `pyvarcolor.strokes.parsing` reads."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pyvarcolor.color import lab_to_rgb, project_to_gamut, rgb_to_lab
from pyvarcolor.io.photo import Photo
from pyvarcolor.strokes.raster import Raster
from pyvarcolor.strokes.vector import VectorStroke, save_vector

FORMATS = "black", "layer", "vector"
SUFFIXES = ".json", ".png", ".tif", ".tiff", ".webp"

# On black, less than this of 255 (the largest channel) would hardly be seen, and might not be taken for paint: it gets
# this L*.
_DARKEST, _LIGHTER = 40, 18.0


def save_strokes(
    path: str | Path, strokes: Sequence[VectorStroke], shape: tuple[int, int], *, format: str = "auto"
) -> Path:
    """Write strokes to a file, whole or not at all; an existing one is replaced.

    Parameters
    ----------
    path : str or Path
        Target ending in .json (vector strokes), .png, .tif, .tiff or .webp (a picture without loss).
    strokes : sequence of VectorStroke
        In the order of painting.
    shape : (int, int)
        Height and width of the photograph in pixels: the size of a picture.
    format : {"auto", "black", "layer", "vector"}
        "auto" is "vector" for .json and "black" for a picture: RGB, black where nothing is painted; very dark strokes
        are lightened, their chroma kept. "layer" is a picture with transparency: alpha is the confidence.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ValueError
        If the format is unknown or does not fit the file's name.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pyvarcolor.strokes.parsing import read_strokes
    >>> stroke = VectorStroke(((0.2, 0.5), (0.8, 0.5)), 0.05, "#c8503c")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_strokes(f"{folder}/strokes.png", [stroke], (100, 200))
    ...     print(read_strokes(path, np.full((100, 200), 128, np.uint8)))
    painted on black: 1 stroke, 1 colour, 6.4 % of pixels
    """
    from pyvarcolor.io import write_photo

    path = Path(path)
    format = check_format(path, format)
    if format == "vector":
        save_vector(path, strokes)
        return path
    raster = Raster(shape)
    raster.show(strokes)
    colors = raster.colors()
    rgb, alpha = colors[:, :3], np.ascontiguousarray(colors[:, 3])
    if format == "black":
        dark = rgb.max(axis=1) < _DARKEST
        dark[0] = False  # that is where there is none
        if dark.any():
            light = np.full(dark.sum(), _LIGHTER, np.float32)
            chroma, _ = project_to_gamut(light, rgb_to_lab(rgb[dark])[:, 1:])
            rgb[dark] = lab_to_rgb(light, chroma, np.uint8)
    picture = rgb[raster.top]
    like = Photo(picture, alpha=alpha[raster.top]) if format == "layer" else None
    return write_photo(path, picture, like=like, overwrite=True)


def check_format(path: Path, format: str) -> str:
    """Which format a file of strokes is to have.

    Parameters
    ----------
    path : Path
        Its name.
    format : {"auto", "black", "layer", "vector"}
        What was asked for.

    Returns
    -------
    {"black", "layer", "vector"}

    Raises
    ------
    ValueError
        If it is unknown or does not fit the file's name.

    Examples
    --------
    >>> check_format(Path("strokes.json"), "auto"), check_format(Path("strokes.png"), "layer")
    ('vector', 'layer')
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"strokes must go to a file ending in {', '.join(SUFFIXES)}, but {path} ends in {suffix!r}")
    if format not in ("auto", *FORMATS):
        raise ValueError(f"format of strokes must be auto, {', '.join(FORMATS)}, but is {format!r}")
    if format == "auto":
        return "vector" if suffix == ".json" else "black"
    if (format == "vector") != (suffix == ".json"):
        raise ValueError(f"format {format!r} of strokes must fit the file's name, but {path} ends in {suffix!r}")
    return format
