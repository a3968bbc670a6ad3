"""Image formats that are written: for each what it can hold, and an encoder; `decoders.py` reads them, and more.

Another format is an entry of `FORMATS`: ``docs/adding_a_file_format.md`` adds one.
"""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

import numpy as np
from PIL import Image

from pyvarcolor.io import iptc
from pyvarcolor.io.exif import BIG, BYTE, CLASSIC, DESCRIPTION, ICC, IPTC, PREFIX, SOFTWARE, UNDEFINED, XMP, Entry, Exif
from pyvarcolor.io.photo import WHITE, Pixels

if TYPE_CHECKING:
    import tifffile

_LARGEST_TIFF = 2**32  # bytes; beyond, offsets take 64 bits (BigTIFF)


class Metadata(NamedTuple):
    """What stands in a file beside the pixels."""

    exif: Exif
    xmp: bytes | None
    iptc: bytes | None
    icc: bytes | None
    dpi: tuple[float, float] | None


class Encoder(Protocol):
    """Writes pages to a file."""

    def add(self, pixels: Pixels, metadata: Metadata) -> None:
        """Write a page."""

    def finish(self) -> None:
        """Write what comes after the last page."""


class Format(NamedTuple):
    """A file format and its limits."""

    name: str
    encoder: Callable[[BinaryIO], Encoder]
    depths: tuple[np.dtype[Any], ...]  # the last one for pixels of another depth
    has_alpha: bool = True
    longest_side: int = 2**31 - 1
    has_pages: bool = False
    most_bytes: Mapping[str, int] = MappingProxyType({})  # of kinds of metadata that are limited


Encode = Callable[[Pixels, Metadata], bytes]


class _OnePage:
    """Writes the one page of a file."""

    def __init__(self, file: BinaryIO, encode: Encode) -> None:
        self._file, self._encode = file, encode

    def add(self, pixels: Pixels, metadata: Metadata) -> None:
        """Write the page."""
        self._file.write(self._encode(pixels, metadata))

    def finish(self) -> None:
        """Nothing comes after it."""


def _encode_png(pixels: Pixels, metadata: Metadata) -> bytes:
    """PNG with pixels from imagecodecs, as Pillow writes no 16-bit colour, and chunks of metadata."""
    import imagecodecs

    exif = metadata.exif
    chunks = []
    if metadata.icc:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.dpi:
        per_meter = (round(value / 0.0254) for value in metadata.dpi)
        chunks.append((b"pHYs", struct.pack(">IIB", *per_meter, 1)))
    texts = {
        b"Description": exif.text(DESCRIPTION).encode(),
        b"Software": exif.text(SOFTWARE).encode(),
        b"XML:com.adobe.xmp": metadata.xmp,
    }
    chunks += [(b"iTXt", key + b"\0" * 5 + text) for key, text in texts.items() if text]  # as it is, no language
    if metadata.iptc:
        chunks.append((b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(iptc.as_text(metadata.iptc))))
    if exif.directory:
        chunks.append((b"eXIf", exif.to_bytes().removeprefix(PREFIX)))
    png = bytes(imagecodecs.png_encode(pixels))
    header_end = 8 + 25  # signature, IHDR
    return b"".join([png[:header_end], *(_png_chunk(*chunk) for chunk in chunks), png[header_end:]])


def _png_chunk(name: bytes, data: bytes) -> bytes:
    """Length, name, data and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


class _TiffPages:
    """Writes Deflate-compressed TIFF, and at the end new directories with all metadata in them.

    Only then the size of the file is known, which decides how they are laid out.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: tifffile.TiffWriter | None = None
        self._metadata: list[Exif] = []

    def add(self, pixels: Pixels, metadata: Metadata) -> None:
        """Write the pixels of a page."""
        import tifffile

        exif = metadata.exif
        if self._writer is None:
            self._writer = tifffile.TiffWriter(self._file, byteorder=exif.order, bigtiff=True)
        self._writer.write(
            pixels,
            photometric="rgb",
            extrasamples=["unassalpha"] if pixels.shape[2] == 4 else None,
            compression="zlib",
            predictor=True,
            metadata=None,
            software=False,
        )
        blocks = {XMP: (BYTE, metadata.xmp), IPTC: (UNDEFINED, metadata.iptc), ICC: (UNDEFINED, metadata.icc)}
        exif.directory |= {tag: Entry(kind, len(data), data) for tag, (kind, data) in blocks.items() if data}
        self._metadata.append(exif)

    def finish(self) -> None:
        """Write the directories."""
        file, directories = self._file, self._directories()
        order, end = directories[0].order, file.seek(0, io.SEEK_END)
        most = end + sum(len(directory.serialised(0, BIG)) + 1 for directory in directories)
        layout = BIG if most > _LARGEST_TIFF else CLASSIC
        file.seek(0)
        file.write(layout.heads[order].ljust(len(BIG.heads[order]) + BIG.offset_bytes, b"\0"))
        link = len(layout.heads[order])  # where the offset of the next directory is to stand
        for directory in directories:
            offset = end + end % 2
            file.seek(link)
            file.write(struct.pack(order + layout.offset, offset))
            file.seek(offset)
            end = offset + file.write(directory.serialised(offset, layout))
            link = offset + layout.table_bytes(len(directory.directory))

    def _directories(self) -> list[Exif]:
        """Where the pixels of each page are, and its metadata."""
        import tifffile

        if self._writer is not None:
            self._writer.close()
        self._file.seek(0)
        with tifffile.TiffFile(self._file) as written:
            offsets = [page.offset for page in written.pages]
        directories = [Exif.from_file(self._file, offset, skip=()) for offset in offsets]
        for directory, exif in zip(directories, self._metadata, strict=True):
            directory.directory |= exif.in_order(directory.order).directory
        return directories


def _encode_with_pillow(format_name: str, **options: Any) -> Encode:
    """Make an encoder for JPEG or WebP."""

    def encode(pixels: Pixels, metadata: Metadata) -> bytes:
        file = io.BytesIO()
        exif = metadata.exif.to_bytes() if metadata.exif.directory else None
        segment = _iptc_segment(metadata.iptc) if metadata.iptc else None
        fields = {"exif": exif, "xmp": metadata.xmp, "icc_profile": metadata.icc, "dpi": metadata.dpi, "extra": segment}
        present = {name: value for name, value in fields.items() if value}
        Image.fromarray(pixels).save(file, format_name, **options, **present)
        return file.getvalue()

    return encode


def _iptc_segment(data: bytes) -> bytes:
    """Segment of a JPEG file, as Photoshop writes it."""
    segment = b"Photoshop 3.0\0" + iptc.as_resource(data)
    return b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment


_8, _16, _FLOAT = WHITE
_PNG = Format(
    "PNG",
    partial(_OnePage, encode=_encode_png),
    (_8, _16),
    most_bytes={"IPTC": 500_000},  # as text of twice the length, of which Pillow reads 1 MiB
)
_TIFF = Format("TIFF", _TiffPages, (_8, _16, _FLOAT), has_pages=True)
_JPEG = Format(
    "JPEG",
    partial(_OnePage, encode=_encode_with_pillow("JPEG", quality=95, subsampling="4:4:4")),
    (_8,),
    has_alpha=False,
    longest_side=65500,
    most_bytes={"EXIF": 65533, "XMP": 65533 - 29, "IPTC": 65533 - 27},  # of a segment, less what it starts with
)
_WEBP = Format(
    "WebP",
    partial(_OnePage, encode=_encode_with_pillow("WEBP", lossless=True, exact=True)),
    (_8,),
    longest_side=16383,
    most_bytes={"IPTC": 0},
)
FORMATS = {".png": _PNG, ".tif": _TIFF, ".tiff": _TIFF, ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": _WEBP}
"""By suffix."""
