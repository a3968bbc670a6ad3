"""Photographs to files: whole or not at all, at full depth, with the metadata of the source."""

import io
import os
import struct
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np

from pyvarcolor.io.atomic import Replacement
from pyvarcolor.io.encoders import FORMATS, Encoder, Format, Metadata
from pyvarcolor.io.exif import PREFIX, Exif
from pyvarcolor.io.photo import WHITE, ImageFileError, Photo, Pixels, with_depth

SUFFIXES = tuple(FORMATS)
"""Of the files that `write_photo` writes."""


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
        Source of transparency, EXIF, XMP and IPTC data, RGB colour profile and resolution. Its shape must be
        that of `rgb`.
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
        If the suffix is unknown, the file exists, the picture is too large for the format, or writing fails;
        `errno` is that of the cause, for instance a full disk.
    ValueError
        If `rgb` or `like` has an unsuitable shape, dtype or range.

    Warns
    -----
    UserWarning
        If the format cannot hold something of `like`: JPEG has no transparency and at most 64 KiB each of EXIF,
        XMP and IPTC data, WebP has no IPTC data.

    Notes
    -----
    All four formats get the whole EXIF data (TIFF as tags of its own) but for the thumbnail, which would show
    the source, and the XMP and IPTC data byte for byte. TIFF files of more than 4 GiB are BigTIFF. Comments in
    the format's own way (text chunks of PNG, comments of JPEG and GIF) and Photoshop's own data are not
    carried over.

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
    return _write(path, [(rgb, Photo(pixels=rgb) if like is None else like)], note, overwrite)


def write_pages(
    path: str | Path, pages: Iterable[tuple[Pixels, Photo]], *, note: str | None = None, overwrite: bool = False
) -> Path:
    """Write the pages of a photograph: one as `write_photo` does, several as TIFF.

    Parameters
    ----------
    path : str or Path
        As in `write_photo`.
    pages : iterable of (ndarray, Photo)
        Pixels (H, W, 3) of each page and its source, as `rgb` and `like` of `write_photo`. Each is asked for
        when the one before is written and forgotten, so that only one need be in memory.
    note : str, optional
        As in `write_photo`, for each page.
    overwrite : bool
        As in `write_photo`.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ImageFileError
        As `write_photo`; or if there are several pages and the format is not TIFF.
    ValueError
        If a page has an unsuitable shape, dtype or range, or there is none.

    Warns
    -----
    UserWarning
        As `write_photo`.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pyvarcolor.io import read_pages
    >>> pages = [np.full((4, 6, 3), color, np.uint8) for color in ((255, 0, 0), (0, 0, 255))]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_pages(f"{folder}/album.tif", ((rgb, Photo(rgb)) for rgb in pages))
    ...     [photo.pixels[0, 0].tolist() for photo in read_pages(path)]
    [[255, 0, 0], [0, 0, 255]]
    """
    return _write(path, pages, note, overwrite)


def _write(path: str | Path, pages: Iterable[tuple[Pixels, Photo]], note: str | None, overwrite: bool) -> Path:
    """As `write_pages`; apart, so that warnings name the caller's line."""
    file_format = _format_for(path)
    output: Replacement | _StandardOutput
    encoder: Encoder | None = None
    with ExitStack() as stack:
        for rgb, like in pages:
            if encoder is None:
                check_target(path, like=like, overwrite=overwrite)
                with _blaming(path):
                    output = _StandardOutput() if str(path) == "-" else Replacement(Path(path))
                stack.enter_context(output)
                encoder = file_format.encoder(output.file)
            elif not file_format.has_pages:
                raise ImageFileError(
                    f"cannot write {path}: {file_format.name} holds one page, but there are several; name it .tif"
                )
            pixels, metadata = _prepared(path, rgb, like, note)
            with _blaming(path):
                encoder.add(pixels, metadata)
            del rgb, like, pixels, metadata  # before the next page is made
        if encoder is None:
            raise ValueError("pages must hold at least one page, but are empty")
        with _blaming(path):
            encoder.finish()
            output.commit()
    return Path(path)


class _StandardOutput:
    """Standard output as a `Replacement`."""

    def __init__(self) -> None:
        self.file = io.BytesIO()

    def commit(self) -> None:
        """Send everything."""
        sys.stdout.buffer.write(self.file.getvalue())
        sys.stdout.buffer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left behind."""


@contextmanager
def _blaming(path: str | Path) -> Iterator[None]:
    """Say which file could not be written; a full disk keeps its number."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, struct.error) as error:  # all but the first: encoders
        failed = ImageFileError(
            f"cannot write {path}: {error}; check free space and permissions, or choose another place"
        )
        failed.errno = getattr(error, "errno", None)
        raise failed from error


def _prepared(path: str | Path, rgb: Pixels, like: Photo, note: str | None) -> tuple[Pixels, Metadata]:
    """Pixels and metadata as the format can hold them."""
    rgb, file_format = _checked(rgb), _format_for(path)
    if like.pixels.shape[:2] != rgb.shape[:2]:
        raise ValueError(
            f"rgb must have height and width {like.pixels.shape[:2]} of {like.source}, but has {rgb.shape[:2]}"
        )
    depth = rgb.dtype if rgb.dtype in file_format.depths else file_format.depths[-1]
    pixels = with_depth(rgb, depth)
    if like.alpha is not None:
        if file_format.has_alpha:
            pixels = np.dstack([pixels, with_depth(like.alpha, depth)])
        else:
            warnings.warn(f"{path}: {file_format.name} has no transparency; it is left out", stacklevel=4)
    exif = _exif_of(like, note)
    blocks = {"EXIF": exif.to_bytes() if exif.directory else None, "XMP": like.xmp, "IPTC": like.iptc}
    for kind, most in file_format.most_bytes.items():
        if len(blocks[kind] or b"") > most:
            amount = f"so much {kind}" if most else kind
            warnings.warn(f"{path}: {file_format.name} cannot hold {amount} data; it is left out", stacklevel=4)
            blocks[kind] = None
    if blocks["EXIF"] is None:
        exif = _exif_of(replace(like, exif=None), note)
    return pixels, Metadata(exif, blocks["XMP"], blocks["IPTC"], like.icc, like.dpi)


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


def _format_for(path: str | Path) -> Format:
    """Entry of the table of formats."""
    suffix = ".png" if str(path) == "-" else Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ImageFileError(f"cannot write {path}: unknown suffix {suffix!r}; use one of {', '.join(FORMATS)}")
    return FORMATS[suffix]


def _exif_of(like: Photo, note: str | None) -> Exif:
    """EXIF of the source with the note and the resolution."""
    exif = Exif.from_file(io.BytesIO(like.exif.removeprefix(PREFIX))) if like.exif else Exif()
    if note is not None:
        exif.add_note(note)
    if like.dpi:
        exif.set_dpi(like.dpi)
    return exif
