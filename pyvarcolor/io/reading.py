"""Photographs from files: whatever the format, one upright gray or RGB array with its metadata."""

import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from pyvarcolor.io.decoders import COLOR_CHANNELS, DECODERS, SIGNATURES, Refusal, Scan, TooLarge, first_of
from pyvarcolor.io.icc import color_space, srgb_from_cmyk, srgb_from_gray
from pyvarcolor.io.photo import ImageFileError, Photo, Pixels, TooManyPixelsError, with_depth

ImageSource = str | Path | BinaryIO

_MOST_DPI = 65535  # what every format can hold
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[0-9]""")
_UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {  # EXIF orientation: what turns the stored array upright
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}


def read_photo(source: ImageSource, *, max_pixels: int = 250_000_000) -> Photo:
    """Read a photograph at its full bit depth.

    PNG, JPEG, TIFF, WebP, GIF and BMP are read, told apart by content, not by name. 1-bit, palette, gray,
    RGB and CMYK pixels, with or without transparency, become gray or RGB of 8 or 16 bits or float32; the
    EXIF orientation is applied. Nothing is resized.

    Parameters
    ----------
    source : str, Path or binary stream
        Path of the file, "-" for standard input, or an open stream, read to its end.
    max_pixels : int
        Largest number of pixels to accept; what the file's header claims is checked before memory is taken.

    Returns
    -------
    Photo
        Pixels of shape (H, W) or (H, W, 3), with transparency and metadata apart.

    Raises
    ------
    ImageFileError
        If the file is missing, not an image, cut short, or has pixels outside 0..1 (float TIFF).
    TooManyPixelsError
        If its header claims more than `max_pixels`; an ImageFileError, too.

    Warns
    -----
    UserWarning
        If something is left out: further pages, undeclared channels, damaged EXIF or IPTC data or profile.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> stream = io.BytesIO()
    >>> Image.new("L", (640, 480)).save(stream, "PNG", dpi=(300, 300))
    >>> stream.seek(0)
    0
    >>> photo = read_photo(stream)
    >>> photo.pixels.shape, photo.pixels.dtype.name
    ((480, 640), 'uint8')
    """
    with _opened(source) as (file, name):
        page = next(_pages(file, name, max_pixels))
    if page.pages > 1:
        warnings.warn(f"{name}: {first_of(page.pages)}", stacklevel=2)
    return page.photo


def read_pages(source: ImageSource, *, max_pixels: int = 250_000_000) -> Iterator[Photo]:
    """Read the pages of a photograph, each when it is asked for.

    Parameters
    ----------
    source : str, Path or binary stream
        As in `read_photo`.
    max_pixels : int
        Largest number of pixels of a page.

    Yields
    ------
    Photo
        Each page of a TIFF file but for thumbnails, with its own metadata; the one picture of any other file.

    Raises
    ------
    ImageFileError
        As `read_photo`, when the page is asked for.

    Warns
    -----
    UserWarning
        As `read_photo`, but for further pages of a TIFF file.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> stream, page = io.BytesIO(), Image.new("L", (6, 4))
    >>> page.save(stream, "TIFF", save_all=True, append_images=[page.rotate(90, expand=True)])
    >>> stream.seek(0)
    0
    >>> [photo.pixels.shape for photo in read_pages(stream)]
    [(4, 6), (6, 4)]
    """
    with _opened(source) as (file, name):
        yield from map(attrgetter("photo"), _pages(file, name, max_pixels))  # a loop would hold the page before


def read_image(source: ImageSource, *, max_pixels: int = 250_000_000) -> Pixels:
    """Read a picture as 8-bit colour, for instance painted strokes.

    Parameters
    ----------
    source : str, Path or binary stream
        As in `read_photo`.
    max_pixels : int
        As in `read_photo`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3) or (H, W, 4)
        RGB, and alpha as fourth channel where the file has transparency; upright.

    Raises
    ------
    ImageFileError
        As `read_photo`.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> stream = io.BytesIO()
    >>> Image.new("LA", (6, 4)).save(stream, "PNG")
    >>> stream.seek(0)
    0
    >>> read_image(stream).shape
    (4, 6, 4)
    """
    photo = read_photo(source, max_pixels=max_pixels)
    pixels = with_depth(photo.pixels, np.uint8)
    rgb = np.stack([pixels] * 3, axis=-1) if pixels.ndim == 2 else pixels
    return rgb if photo.alpha is None else np.dstack([rgb, with_depth(photo.alpha, np.uint8)])


@contextmanager
def _opened(source: ImageSource) -> Iterator[tuple[BinaryIO, str]]:
    """Seekable binary file for a path, standard input or a stream, and its name for messages."""
    if str(source) == "-":
        yield io.BytesIO(sys.stdin.buffer.read()), "standard input"
    elif isinstance(source, str | Path):
        try:
            file = Path(source).open("rb")  # noqa: SIM115 (closed below, outside this try)
        except FileNotFoundError:
            raise ImageFileError(f"cannot read {source}: there is no such file; check the path") from None
        except IsADirectoryError:
            raise ImageFileError(f"cannot read {source}: it is a folder; name a file in it") from None
        except (OSError, ValueError) as error:  # ValueError: a null character in the path
            raise ImageFileError(f"cannot read {source}: {error}; check the path and its permissions") from error
        with file:
            yield file, str(source)
    else:
        yield io.BytesIO(source.read()), str(getattr(source, "name", "stream"))


def _format_of(file: BinaryIO, name: str) -> str:
    """Key of DECODERS, from the first bytes."""
    start = file.read(16)
    file.seek(0)
    for signature, format_name in SIGNATURES.items():
        if re.match(signature, start, re.DOTALL):
            return format_name
    reason = f"it starts with {start!r}, which is no known image format" if start else "it is empty"
    raise ImageFileError(f"cannot read {name}: {reason}; give a PNG, JPEG, TIFF, WebP, GIF or BMP file")


class _Page(NamedTuple):
    """A page of a file."""

    photo: Photo
    remarks: list[str]
    pages: int  # of the file

    @classmethod
    def of(cls, scan: Scan, name: str) -> "_Page":
        """What was found, as a photograph."""
        return cls(_photo_from(scan, name), scan.remarks, scan.pages)


def _pages(file: BinaryIO, name: str, max_pixels: int) -> Iterator[_Page]:
    """Pages one by one."""
    format_name = _format_of(file, name)
    pages = map(partial(_Page.of, name=name), DECODERS[format_name](file, max_pixels))
    while True:
        with _blaming(name, format_name), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's; what matters comes as an error or a remark
            page = next(pages, None)
        if page is None:
            return
        for remark in page.remarks:
            warnings.warn(f"{name}: {remark}", stacklevel=3)
        yield page
        del page  # its memory is for the next one


@contextmanager
def _blaming(name: str, format_name: str) -> Iterator[None]:
    """Say which file could not be read, and why."""
    try:
        yield
    except TooLarge as error:
        refused = TooManyPixelsError(f"cannot read {name}: {error}")
        refused.pixels = error.pixels
        raise refused from None
    except Refusal as error:
        raise ImageFileError(f"cannot read {name}: {error}") from None
    except MemoryError as error:
        raise ImageFileError(f"cannot read {name}: there is not enough memory for its pixels") from error
    except Exception as error:  # decoders raise anything on broken bytes
        raise ImageFileError(
            f"cannot read {name}: its {format_name} data is damaged, cut short or of a rare kind "
            f"({error}); open it in an image editor and save it again"
        ) from error


def _photo_from(scan: Scan, name: str) -> Photo:
    """Colour brought to gray or RGB, transparency split off, everything turned upright."""
    channels = COLOR_CHANNELS[scan.color]
    alpha = scan.pixels[..., channels] if scan.pixels.shape[-1] > channels else None
    pixels = _to_srgb(scan, scan.pixels[..., :channels])
    icc = scan.icc if scan.icc and color_space(scan.icc) == "RGB" and scan.color != "CMYK" else None
    turn = _UPRIGHT.get(scan.orientation, _UPRIGHT[1])
    dpi = scan.dpi if scan.dpi and all(0 < value <= _MOST_DPI for value in scan.dpi) else None  # NaN fails, too
    return Photo(
        pixels=np.ascontiguousarray(turn(pixels)),
        alpha=None if alpha is None else np.ascontiguousarray(turn(alpha)),
        exif=scan.exif,
        xmp=_XMP_ORIENTATION.sub(rb"\g<1>1", scan.xmp) if scan.xmp else None,
        iptc=scan.iptc or None,
        icc=icc,
        dpi=dpi[::-1] if dpi and scan.orientation in {5, 6, 7, 8} else dpi,
        source=name,
    )


def _to_srgb(scan: Scan, pixels: Pixels) -> Pixels:
    """Gray (H, W) or RGB (H, W, 3) from the colour channels, by the file's own profile if there is one."""
    if scan.color == "RGB":
        return pixels
    convert = {"GRAY": srgb_from_gray, "CMYK": srgb_from_cmyk}[scan.color]
    if scan.icc and color_space(scan.icc) == scan.color:
        try:
            return convert(pixels, scan.icc)
        except RuntimeError as error:  # imagecodecs.CmsError
            scan.remarks.append(f"its {scan.color} colour profile is damaged ({error}) and is left out")
    return convert(pixels, None)
