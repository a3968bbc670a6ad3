"""Photographs to files: whole or not at all, at full depth, with the metadata of the source."""

import io
import os
import struct
import sys
import warnings
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from pyvarcolor.io.atomic import replace_file
from pyvarcolor.io.exif import DESCRIPTION, PREFIX, SOFTWARE, Exif
from pyvarcolor.io.photo import WHITE, ImageFileError, Photo, Pixels, with_depth


class _Metadata(NamedTuple):
    """What stands in the file beside the pixels."""

    exif: Exif
    icc: bytes | None
    dpi: tuple[float, float] | None


_Encoder = Callable[[Pixels, _Metadata], bytes]


def write_photo(
    path: str | Path,
    rgb: Pixels,
    *,
    like: Photo | None = None,
    note: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a photograph; an error leaves no partial file behind and an existing file untouched.

    The suffix decides the format. PNG keeps 8 and 16 bits (float32 becomes 16) and TIFF all three depths,
    both exactly. JPEG gets 8 bits at quality 95 without chroma subsampling. WebP gets 8 bits and is lossless,
    because its lossy form always halves the resolution of colour.

    Parameters
    ----------
    path : str or Path
        Target ending in .png, .tif, .tiff, .jpg, .jpeg or .webp, or "-" for PNG on standard output.
    rgb : ndarray of uint8, uint16 or float32, shape (H, W, 3)
        Pixels; float32 in 0..1.
    like : Photo, optional
        Source of transparency, EXIF, RGB colour profile and resolution. Its shape must be that of `rgb`.
    note : str, optional
        How the picture was made, as one line of JSON. It becomes the last line of the EXIF or TIFF
        description, below a caption that is there already; in PNG also of the text "Description". "Software"
        is set to "pyvarcolor" unless the source names another.
    overwrite : bool
        Replace an existing file. Without it, no existing file is touched, the source photograph included.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ImageFileError
        If the suffix is unknown, the file exists, the picture is too large for the format, or writing fails.
    ValueError
        If `rgb` or `like` has an unsuitable shape, dtype or range.

    Warns
    -----
    UserWarning
        If the format (JPEG) cannot hold the transparency or the amount of EXIF data of `like`.

    Notes
    -----
    All four formats get the whole EXIF data (TIFF as tags of its own) but for the thumbnail, which would show
    the source. XMP and IPTC data and the text chunks of a PNG source are not carried over.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pyvarcolor.io import read_photo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_photo(f"{folder}/red.png", np.full((4, 6, 3), (65535, 0, 0), np.uint16))
    ...     path.name, read_photo(path).pixels.dtype.name
    ('red.png', 'uint16')
    """
    rgb = _checked(rgb)
    like = Photo(pixels=rgb) if like is None else like
    if like.pixels.shape[:2] != rgb.shape[:2]:
        raise ValueError(
            f"rgb must have height and width {like.pixels.shape[:2]} of {like.source}, but has {rgb.shape[:2]}"
        )
    check_target(path, like=like, overwrite=overwrite)
    path, file_format = Path(path), _format_for(path)
    depth = rgb.dtype if rgb.dtype in file_format.depths else file_format.depths[-1]
    pixels = with_depth(rgb, depth)
    if like.alpha is not None:
        if file_format.has_alpha:
            pixels = np.dstack([pixels, with_depth(like.alpha, depth)])
        else:
            warnings.warn(f"{path}: {file_format.name} has no transparency; it is left out", stacklevel=2)
    exif = _exif_of(like, note)
    if len(exif.to_bytes()) > file_format.exif_bytes:
        warnings.warn(f"{path}: {file_format.name} cannot hold so much EXIF data; it is left out", stacklevel=2)
        exif = _exif_of(replace(like, exif=None), note)
    try:
        data = file_format.encode(pixels, _Metadata(exif, like.icc, like.dpi))
        if str(path) == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            replace_file(path, data)
    except (OSError, RuntimeError, ValueError, struct.error) as error:  # all but the first: encoders
        raise ImageFileError(
            f"cannot write {path}: {error}; check free space and permissions, or choose another place"
        ) from error
    return path


def check_target(path: str | Path, *, like: Photo, overwrite: bool = False) -> None:
    """Refuse what `write_photo` would refuse, before time is spent on the pixels.

    Parameters
    ----------
    path : str or Path
        Where the photograph is to be written.
    like : Photo
        Its source, of the same size.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ImageFileError
        If the suffix is unknown, the folder is missing or not writable, the file exists, or the picture is
        too large for the format.

    Examples
    --------
    >>> import numpy as np
    >>> check_target("photo.xyz", like=Photo(np.zeros((4, 6), np.uint8)))
    Traceback (most recent call last):
        ...
    pyvarcolor.io.photo.ImageFileError: cannot write photo.xyz: unknown suffix '.xyz'; use one of .png, ...
    """
    file_format, longest_side = _format_for(path), max(like.pixels.shape)
    if str(path) != "-":
        check_place(Path(path), like=like, overwrite=overwrite)
    if longest_side > file_format.longest_side:
        height, width = like.pixels.shape[:2]
        raise ImageFileError(
            f"cannot write {path}: {width} x {height} pixels exceed the limit of {file_format.name}, "
            f"{file_format.longest_side} a side; write PNG or TIFF"
        )


def check_place(path: Path, *, like: Photo, overwrite: bool = False) -> None:
    """Refuse a missing or read-only folder, and an existing file unless it may be replaced.

    Parameters
    ----------
    path : Path
        Where a file is to be written.
    like : Photo
        The photograph that it is made from.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ImageFileError
        If it could not be written there.
    """
    if not path.parent.is_dir():
        raise ImageFileError(f"cannot write {path}: there is no folder {path.parent}; create it first")
    if path.is_dir():
        raise ImageFileError(f"cannot write {path}: it is a folder; name a file in it")
    if not os.access(path.parent, os.W_OK):
        raise ImageFileError(f"cannot write {path}: folder {path.parent} is read-only; choose another place")
    if path.exists() and not overwrite:
        is_source = Path(like.source).exists() and path.samefile(like.source)
        what = "it is the source photograph itself" if is_source else "the file exists"
        raise ImageFileError(
            f"cannot write {path}: {what}; choose another name, or allow it (overwrite=True, --overwrite)"
        )


def _checked(rgb: Pixels) -> Pixels:
    """`rgb` with one of the dtypes in WHITE."""
    rgb = np.asarray(rgb)
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise ValueError(f"rgb must have shape (H, W, 3) with H, W >= 1, but has shape {rgb.shape}")
    if rgb.dtype.kind == "f":
        rgb = rgb.astype(np.float32, copy=False)
        if not (rgb.min() >= 0 and rgb.max() <= 1):
            raise ValueError(f"rgb must be in 0..1 as {rgb.dtype}, but spans {rgb.min():g} to {rgb.max():g}")
    elif rgb.dtype not in WHITE:
        raise ValueError(f"rgb must be uint8, uint16 or float, but is {rgb.dtype}")
    return rgb


def _format_for(path: str | Path) -> "_Format":
    """Entry of _FORMATS."""
    suffix = ".png" if str(path) == "-" else Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise ImageFileError(f"cannot write {path}: unknown suffix {suffix!r}; use one of {', '.join(_FORMATS)}")
    return _FORMATS[suffix]


def _exif_of(like: Photo, note: str | None) -> Exif:
    """EXIF of the source with the note and the resolution."""
    exif = Exif.from_file(io.BytesIO(like.exif.removeprefix(PREFIX))) if like.exif else Exif()
    if note is not None:
        exif.add_note(note)
    if like.dpi:
        exif.set_dpi(like.dpi)
    return exif


def _encode_png(pixels: Pixels, metadata: _Metadata) -> bytes:
    """PNG with pixels from imagecodecs, as Pillow writes no 16-bit colour, and chunks of metadata."""
    import imagecodecs

    exif, icc, dpi = metadata
    chunks = []
    if icc:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(icc)))
    if dpi:
        per_meter = (round(value / 0.0254) for value in dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    for keyword, tag in ((b"Description", DESCRIPTION), (b"Software", SOFTWARE)):
        if text := exif.text(tag):
            chunks.append((b"iTXt", keyword + b"\0" * 5 + text.encode()))  # uncompressed, no language
    if exif.directory:
        chunks.append((b"eXIf", exif.to_bytes().removeprefix(PREFIX)))
    png = bytes(imagecodecs.png_encode(pixels))
    header_end = 8 + 25  # signature, IHDR
    return b"".join([png[:header_end], *(_png_chunk(*chunk) for chunk in chunks), png[header_end:]])


def _png_chunk(name: bytes, data: bytes) -> bytes:
    """Length, name, data and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _encode_tiff(pixels: Pixels, metadata: _Metadata) -> bytes:
    """Deflate-compressed TIFF whose directory is written anew with the EXIF entries in it."""
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(
        file,
        pixels,
        byteorder=metadata.exif.order,
        bigtiff=False,
        photometric="rgb",
        extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
        compression="zlib",
        predictor=True,
        iccprofile=metadata.icc,
        metadata=None,
        software=False,
    )
    layout = Exif.from_file(file, skip=())
    layout.directory |= metadata.exif.directory
    offset = file.seek(0, io.SEEK_END)
    offset += file.write(b"\0" * (offset % 2))
    file.write(layout.serialised(layout.directory, offset))
    file.seek(4)
    file.write(struct.pack(layout.order + "I", offset))
    return file.getvalue()


def _encode_with_pillow(format_name: str, **options: Any) -> _Encoder:
    """Make an encoder for JPEG or WebP."""

    def encode(pixels: Pixels, metadata: _Metadata) -> bytes:
        file = io.BytesIO()
        exif = metadata.exif.to_bytes() if metadata.exif.directory else None
        fields = {"exif": exif, "icc_profile": metadata.icc, "dpi": metadata.dpi}
        present = {name: value for name, value in fields.items() if value}
        Image.fromarray(pixels).save(file, format_name, **options, **present)
        return file.getvalue()

    return encode


class _Format(NamedTuple):
    """A file format and its limits."""

    name: str
    encode: _Encoder
    depths: tuple[np.dtype[Any], ...]  # the last one for pixels of another depth
    has_alpha: bool = True
    longest_side: int = 2**31 - 1
    exif_bytes: int = 2**31 - 1


_8, _16, _FLOAT = WHITE
_PNG = _Format("PNG", _encode_png, (_8, _16))
_TIFF = _Format("TIFF", _encode_tiff, (_8, _16, _FLOAT))
_JPEG = _Format(
    "JPEG",
    _encode_with_pillow("JPEG", quality=95, subsampling="4:4:4"),
    (_8,),
    has_alpha=False,
    longest_side=65500,
    exif_bytes=65533,
)
_WEBP = _Format("WebP", _encode_with_pillow("WEBP", lossless=True, exact=True), (_8,), longest_side=16383)
_FORMATS = {".png": _PNG, ".tif": _TIFF, ".tiff": _TIFF, ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": _WEBP}
SUFFIXES = tuple(_FORMATS)
"""Of the files that `write_photo` writes."""
