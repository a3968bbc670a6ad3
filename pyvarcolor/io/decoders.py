"""Image formats: pixels at full depth and metadata, as the file has them."""

import io
import logging
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from pyvarcolor.io import iptc
from pyvarcolor.io.exif import (
    IPTC,
    ORIENTATION,
    PHOTOSHOP,
    PREFIX,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    XMP,
    Y_RESOLUTION,
    Exif,
)
from pyvarcolor.io.photo import WHITE, Pixels, with_depth

if TYPE_CHECKING:
    import tifffile

COLOR_CHANNELS = {"GRAY": 1, "RGB": 3, "CMYK": 4}
_PILLOW_MODES = {  # mode of the file: mode to convert to, colour
    "1": ("L", "GRAY"),
    "L": ("L", "GRAY"),
    "LA": ("LA", "GRAY"),
    "P": ("RGB", "RGB"),
    "RGB": ("RGB", "RGB"),
    "RGBA": ("RGBA", "RGB"),
    "CMYK": ("CMYK", "CMYK"),
}
_TIFF_COLORS = {  # photometric interpretation: colour
    "MINISWHITE": "GRAY",
    "MINISBLACK": "GRAY",
    "RGB": "RGB",
    "PALETTE": "RGB",
    "YCBCR": "RGB",  # where JPEG-compressed: decoded to RGB
    "SEPARATED": "CMYK",
}
# Others are rare, and those that are image formats of their own could claim any size.
_TIFF_COMPRESSIONS = {
    *("NONE", "CCITTRLE", "CCITTFAX3", "CCITTFAX4", "LZW", "ADOBE_DEFLATE", "DEFLATE", "PACKBITS", "LZMA", "ZSTD"),
    *("JPEG", "ALT_JPEG"),
}
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the others define tables
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_MOST_CHANNELS = 16
_SEPARATE_PLANES = 2
_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA = 1, 2


# What matters is raised as an error; the log is for those who configure logging, not for standard error.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


class Refusal(ValueError):
    """The file is not taken, for a reason to be told as it stands."""


class TooLarge(Refusal):
    """It claims more pixels than are allowed."""

    def __init__(self, reason: str, pixels: int) -> None:
        super().__init__(reason)
        self.pixels = pixels


@dataclass
class Scan:
    """What a decoder finds in a file."""

    pixels: Pixels  # (H, W, channels of `color` and maybe one of alpha), dtype of WHITE
    color: str  # key of COLOR_CHANNELS
    orientation: int = 1
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    pages: int = 1  # that the file gives, this one among them
    remarks: list[str] = field(default_factory=list)  # for the user: what was left out


_PixelDecoder = Callable[[Image.Image, BinaryIO], tuple[Pixels, str]]


def decode_with_pillow(
    file: BinaryIO, max_pixels: int, *, format_name: str, decode_pixels: _PixelDecoder
) -> Iterator[Scan]:
    """Scan of any format but TIFF: metadata from Pillow, pixels from `decode_pixels`."""
    yield _pillow_scan(file, max_pixels, format_name, decode_pixels)


def _pillow_scan(file: BinaryIO, max_pixels: int, format_name: str, decode_pixels: _PixelDecoder) -> Scan:
    """Scan of the first frame."""
    Image.init()
    file = io.BytesIO(file.read())  # which reads no more than there is, whatever a chunk claims
    # The format's own factory, because Image.open has a size limit that only a global variable can change.
    with Image.OPEN[format_name][0](file, "") as image:
        check_size(*image.size, max_pixels)
        image.load()
        blocks = {key: value for key, value in image.info.items() if not isinstance(value, str)}  # PNG text: any key
        scan = Scan(*decode_pixels(image, file), icc=blocks.get("icc_profile"), xmp=blocks.get("xmp"))
        tags = image.getexif()
        scan.orientation = tags.get(ORIENTATION, 1)
        exact = _dpi(tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION), tags.get(RESOLUTION_UNIT))
        # Where JFIF says nothing, Pillow takes the resolution along x in EXIF for both.
        is_stated = image.format not in {"JPEG", "MPO"} or image.info.get("jfif_unit")
        stated = blocks.get("dpi") if is_stated else None  # rounded, in PNG to dots per metre
        scan.dpi = exact if exact and stated and np.allclose(exact, stated, rtol=0, atol=0.5) else stated or exact
        if "exif" in blocks:
            _add_exif(scan, io.BytesIO(blocks["exif"].removeprefix(PREFIX)))
        if any(data.startswith(_EXTENDED_XMP) for _, data in getattr(image, "applist", ())):
            scan.remarks.append("the extension of its XMP data is left out")
        scan.iptc = blocks.get("photoshop", {}).get(iptc.RESOURCE)
        if "Raw profile type iptc" in image.info:
            with _leaving_out(scan, "IPTC"):
                scan.iptc = iptc.from_text(image.info["Raw profile type iptc"])
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":  # whose further pictures are previews and depth maps
            scan.remarks.append(first_of(frames))
    return scan


def _pillow_pixels(image: Image.Image, _: BinaryIO) -> tuple[Pixels, str]:
    """Pixels (H, W, channels) and their colour, as Pillow decodes them."""
    if image.mode not in _PILLOW_MODES:
        raise Refusal(f"its pixels are of the kind {image.mode!r}; save it as gray or RGB of 8 or 16 bits")
    mode, color = _PILLOW_MODES[image.mode]
    if "transparency" in image.info and mode in {"L", "RGB"}:
        mode += "A"
    return np.atleast_3d(np.asarray(image.convert(mode))), color


def _png_pixels(image: Image.Image, file: BinaryIO) -> tuple[Pixels, str]:
    """As `_pillow_pixels`, but 16 bits from imagecodecs: Pillow reduces them to 8 in colour or with alpha."""
    file.seek(0)
    data = file.read()
    if data[24] < 16:  # bit depth in IHDR
        return _pillow_pixels(image, file)
    import imagecodecs

    pixels = np.atleast_3d(imagecodecs.png_decode(data))
    return pixels, "GRAY" if pixels.shape[-1] < 3 else "RGB"


def decode_tiff(file: BinaryIO, max_pixels: int) -> Iterator[Scan]:
    """Scan of each page of a TIFF file by tifffile, exact at every depth; Pillow reduces 16-bit colour to 8 bits."""
    from tifffile import TiffFile

    with TiffFile(file) as tiff:
        pages = _full_pages(tiff) or [tiff.pages.first]
        for page in pages:
            yield _tiff_scan(file, page, max_pixels, len(pages))


def _tiff_scan(file: BinaryIO, page: "tifffile.TiffPage", max_pixels: int, pages: int) -> Scan:
    """Scan of one of so many pages."""
    from tifffile import COMPRESSION, PHOTOMETRIC

    check_size(page.imagewidth, page.imagelength, max_pixels)
    check_size(max(page.tilewidth, 1), max(page.tilelength, 1), max_pixels)  # 0: strips
    if page.samplesperpixel > _MOST_CHANNELS or page.imagedepth > 1:
        raise Refusal(f"it has {page.samplesperpixel} channels and {page.imagedepth} layers; save it flat")
    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        if count < 1 or offset + count > page.parent.filehandle.size:  # decoders may fill the gap with gray
            raise Refusal("its pixel data is cut short; copy or scan it again")
    compression = COMPRESSION(page.compression).name
    if compression not in _TIFF_COMPRESSIONS:
        raise Refusal(f"it is compressed as {compression}; save it uncompressed or with LZW")
    if "JPEG" in compression:  # whose strips and tiles claim sizes of their own
        for offset in page.dataoffsets:
            check_size(*_jpeg_size(file, offset), max_pixels)
    photometric = PHOTOMETRIC(page.photometric).name
    is_raw_ycbcr = photometric == "YCBCR" and "JPEG" not in compression
    if photometric not in _TIFF_COLORS or is_raw_ycbcr:
        raise Refusal(f"its colours are stored as {photometric}; save it as gray or RGB")
    scan = Scan(
        _tiff_pixels(page, photometric),
        _TIFF_COLORS[photometric],
        orientation=page.tags.valueof(ORIENTATION, 1),
        icc=page.iccprofile,
        pages=pages,
    )
    if X_RESOLUTION in page.tags and Y_RESOLUTION in page.tags:
        scan.dpi = _dpi(*page.resolution, page.resolutionunit)
    _add_exif(scan, file, page.offset)
    scan.xmp = _tag_bytes(page, XMP)
    scan.iptc = iptc.from_tag(_tag_bytes(page, IPTC))
    if not scan.iptc:
        with _leaving_out(scan, "IPTC"):
            scan.iptc = iptc.from_resources(_tag_bytes(page, PHOTOSHOP))
    _separate_alpha(scan, page.extrasamples)
    return scan


def _tag_bytes(page: "tifffile.TiffPage", number: int) -> bytes:
    """What a tag holds, whatever its type is said to be; nothing where it is missing."""
    tag, file = page.tags.get(number), page.parent.filehandle
    if tag is None or tag.valueoffset > file.size:
        return b""
    file.seek(tag.valueoffset)
    return bytes(file.read(min(tag.valuebytecount, file.size)))


def _jpeg_size(file: BinaryIO, offset: int) -> tuple[int, int]:
    """Width and height from the header of a JPEG stream."""
    offset += 2
    while True:
        file.seek(offset)
        mark, kind, length, _, height, width = struct.unpack(">BBHBHH", file.read(9))
        if mark != 0xFF or length < 2:
            raise ValueError("a JPEG marker is missing")
        if kind in _JPEG_FRAMES:
            return width, height
        offset += 2 + length


def _full_pages(tiff: "tifffile.TiffFile") -> list["tifffile.TiffPage"]:
    """Pages that are no thumbnails."""
    pages: dict[int, tifffile.TiffPage] = {}
    for page in tiff.pages:
        if page.offset in pages:  # a damaged chain of pages that runs in a circle
            break
        pages[page.offset] = page.aspage()
    return [page for page in pages.values() if not page.is_reduced]


def _tiff_pixels(page: "tifffile.TiffPage", photometric: str) -> Pixels:
    """Pixels (H, W, channels) of a page in a dtype of WHITE, white being the largest value."""
    pixels = np.asarray(page.asarray())
    if page.samplesperpixel > 1 and page.planarconfig == _SEPARATE_PLANES:
        pixels = np.moveaxis(pixels, 0, -1)
    pixels = pixels.reshape(page.imagelength, page.imagewidth, -1)
    if photometric == "PALETTE":
        palette = (np.asarray(page.colormap).T >> 8).astype(np.uint8)
        return np.take(palette, pixels[..., 0], axis=0)
    if pixels.dtype.kind == "f":
        low, high = pixels.min(), pixels.max()
        if not (low >= -1e-4 and high <= 1 + 1e-4):  # NaN fails, too
            raise Refusal(f"its values span {low:g} to {high:g}; scale them to 0..1 without NaN or infinity")
        pixels = np.clip(pixels, 0, 1).astype(np.float32)
    elif pixels.dtype.kind in {"b", "u"} and page.bitspersample <= 16:
        dtype = np.dtype(np.uint8 if page.bitspersample <= 8 else np.uint16)
        brightest = 2**page.bitspersample - 1
        if brightest < WHITE[dtype]:
            pixels = (pixels.astype(np.uint32) * WHITE[dtype] + brightest // 2) // brightest
        pixels = pixels.astype(dtype)
    else:
        raise Refusal(f"its pixels are {pixels.dtype} values; save it with 8 or 16 bits or as float in 0..1")
    if photometric == "MINISWHITE":
        pixels[..., 0] = WHITE[pixels.dtype] - pixels[..., 0]
    return pixels


def _separate_alpha(scan: Scan, extras: tuple[int, ...]) -> None:
    """Keep an extra channel that is declared as alpha, with colours not multiplied by it; drop all others."""
    channels = COLOR_CHANNELS[scan.color]
    has_alpha = bool(extras) and extras[0] in {_ASSOCIATED_ALPHA, _UNASSOCIATED_ALPHA}
    undeclared = scan.pixels.shape[-1] - channels - has_alpha
    if undeclared < 0:
        raise Refusal(f"it has {scan.pixels.shape[-1]} channels, too few for {scan.color}; the file is damaged")
    if undeclared > 0:
        scan.remarks.append(f"{undeclared} extra channels that are not declared as alpha are left out")
    scan.pixels = scan.pixels[..., : channels + has_alpha]
    if has_alpha and extras[0] == _ASSOCIATED_ALPHA:
        opacity = with_depth(scan.pixels[..., channels:], np.float32)
        colors = with_depth(scan.pixels[..., :channels], np.float32) / np.where(opacity > 0, opacity, 1)
        scan.pixels[..., :channels] = with_depth(np.clip(colors, 0, 1), scan.pixels.dtype)


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse what a header claims before memory is taken for it."""
    if width < 1 or height < 1:
        raise Refusal(f"its header claims {width} x {height} pixels; the file is damaged")
    if width * height > max_pixels:
        raise TooLarge(
            f"its header claims {width} x {height} = {width * height / 1e6:.1f} million pixels, more than "
            f"the limit of {max_pixels / 1e6:g} million; raise max_pixels if the file is to be trusted",
            width * height,
        )


def _dpi(x: float | None, y: float | None, unit: int | None) -> tuple[float, float] | None:
    """Pixels per inch; None where there is no resolution or it is a mere aspect ratio."""
    units_per_inch = {None: 1.0, 2: 1.0, 3: 2.54}.get(unit)
    return (float(x) * units_per_inch, float(y) * units_per_inch) if x and y and units_per_inch else None


def _add_exif(scan: Scan, file: BinaryIO, offset: int | None = None) -> None:
    """Keep the EXIF entries of the directory at `offset` that describe the scene."""
    with _leaving_out(scan, "EXIF"):
        exif = Exif.from_file(file, offset)
        scan.exif = exif.to_bytes() if exif.directory else None


@contextmanager
def _leaving_out(scan: Scan, kind: str) -> Iterator[None]:
    """Tell the user where data is damaged, and go on without it."""
    try:
        yield
    except (ValueError, struct.error, RecursionError):
        scan.remarks.append(f"its {kind} data is damaged and is left out")


def first_of(pages: int) -> str:
    """Remark that only the first page is read."""
    return f"only the first of {pages} pages is read, the other {pages - 1} are left out"


_decode_eight_bits = partial(decode_with_pillow, decode_pixels=_pillow_pixels)
DECODERS: dict[str, Callable[[BinaryIO, int], Iterator[Scan]]] = {  # what gives the pages one by one
    "PNG": partial(decode_with_pillow, format_name="PNG", decode_pixels=_png_pixels),
    "TIFF": decode_tiff,
    "JPEG": partial(_decode_eight_bits, format_name="JPEG"),
    "WebP": partial(_decode_eight_bits, format_name="WEBP"),
    "GIF": partial(_decode_eight_bits, format_name="GIF"),
    "BMP": partial(_decode_eight_bits, format_name="BMP"),
}
SIGNATURES = {  # regular expression for the first bytes: key of DECODERS
    rb"\x89PNG\r\n\x1a\n": "PNG",
    rb"II\*\0|MM\0\*|II\+\0|MM\0\+": "TIFF",
    rb"\xff\xd8\xff": "JPEG",
    rb"RIFF....WEBP": "WebP",
    rb"GIF8[79]a": "GIF",
    rb"BM": "BMP",
}
