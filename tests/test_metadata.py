"""Metadata in and metadata out, tag by tag as ExifTool reads them; and the lightness of archive scans."""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import warnings
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

import pyvarcolor
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.io import Photo, encoders, read_pages, read_photo, write_pages, write_photo
from pyvarcolor.io.exif import BIG, CLASSIC, PREFIX, Entry, Exif

NOTE = json.dumps({"colourised by": "pyvarcolor", "method": "tgv"})
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
IPTC = b"\x1c\x02\x00\x00\x02\x00\x04" + b"\x1c\x02\x69\x00\x0bGrandmother" + b"\x1c\x02\x19\x00\x06family"
XMP = (
    b"<?xpacket begin='\xef\xbb\xbf' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about=''"
    b" xmlns:dc='http://purl.org/dc/elements/1.1/' dc:source='album 7'/></rdf:RDF></x:xmpmeta>\n<?xpacket end='w'?>"
)
SUFFIXES = [".tif", ".png", ".jpg", ".webp"]

REQUIRED = os.environ.get("PYVARCOLOR_REQUIRE_EXIFTOOL") == "1"
needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None and not REQUIRED, reason="needs exiftool (Debian: libimage-exiftool-perl)"
)


def random_pixels(shape, dtype="uint8", seed=4127):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def colored(photo):
    """RGB of the depth of a photograph."""
    return photo.pixels if photo.pixels.ndim == 3 else np.dstack([photo.pixels] * 3)


# --- ExifTool -------------------------------------------------------------------------------------

WRITTEN = [
    *("-IFD0:ImageDescription=Großmutter, 1931", "-IFD0:Make=Zeiss", "-IFD0:Model=Ikonta 520/2"),
    *("-IFD0:Artist=Jürgen Müller", "-IFD0:PageNumber=2 7", "-IFD0:ModifyDate=2004:05:06 07:08:09"),
    *("-IFD0:XResolution=600", "-IFD0:YResolution=300", "-IFD0:ResolutionUnit#=2"),
    *("-PNG-pHYs:PixelsPerUnitX=23622", "-PNG-pHYs:PixelsPerUnitY=11811", "-PNG-pHYs:PixelUnits#=1"),
    *("-ExifIFD:DateTimeOriginal=1931:05:17 11:59:00", "-ExifIFD:ExposureTime=0.004", "-ExifIFD:ISO=400"),
    *("-ExifIFD:UserComment=Rückseite beschriftet", "-ExifIFD:LensModel=Tessar", "-ExifIFD:FNumber=4.5"),
    *("-GPS:GPSLatitude=47.07", "-GPS:GPSLatitudeRef=N", "-GPS:GPSLongitude=15.43", "-GPS:GPSLongitudeRef=E"),
    *("-XMP-dc:Title=Großmutter", "-XMP-dc:Subject=family", "-XMP-dc:Subject=garden", "-XMP-xmp:Rating=4"),
    *("-XMP-photoshop:Source=album 7", "-XMP-dc:Rights-de=Stadtarchiv", "-XMP-tiff:Orientation#=1"),
    *("-IPTC:CodedCharacterSet=UTF8", "-IPTC:Headline=Großmutter", "-IPTC:Keywords=family", "-IPTC:Keywords=garden"),
    *("-IPTC:City=Graz", "-IPTC:DateCreated=1931:05:17"),
]
ABOUT_THE_FILE = {"SourceFile", "ExifTool", "System", "File", "Composite", "JFIF", "PNG", "PNG-pHYs", "RIFF"}
LAYOUT = {  # of the pixels, which are others: RGB and Deflate where they were gray, JPEG or LZW
    *("SubfileType", "ImageWidth", "ImageHeight", "BitsPerSample", "Compression", "PhotometricInterpretation"),
    *("StripOffsets", "SamplesPerPixel", "RowsPerStrip", "StripByteCounts", "PlanarConfiguration", "Predictor"),
    *("PreviewImage", "PreviewImageStart", "PreviewImageLength"),  # so ExifTool calls a strip of JPEG
    *("SampleFormat", "ExtraSamples", "JPEGTables", "YCbCrSubSampling", "YCbCrPositioning", "ReferenceBlackWhite"),
}


def exiftool(*arguments):
    return subprocess.run(["exiftool", *map(str, arguments)], capture_output=True, check=True, timeout=60).stdout


def tags_of(paths):
    """Tags of each file as ExifTool tells them, but for those about the file and the layout of its pixels."""
    answers = json.loads(exiftool("-j", "-G1:4", "-a", "-u", "-n", *paths))
    found = []
    for answer in answers:
        assert [key for key in answer if key.startswith("ExifTool:")] == ["ExifTool:ExifToolVersion"]  # and no warning
        tags = {}
        for key, value in answer.items():
            parts = key.split(":")
            group, name = parts[0], parts[-1]  # and between them the number of the copy, where there are several
            if group not in ABOUT_THE_FILE and name not in LAYOUT:
                tags.setdefault(f"{group}:{name}", []).append(value)
        found.append(tags)
    return found


def with_note(tags, directory="IFD0"):
    """Tags as they are after colouring."""
    (caption,) = tags[f"{directory}:ImageDescription"]
    return tags | {f"{directory}:ImageDescription": [f"{caption}\n{NOTE}"], f"{directory}:Software": ["pyvarcolor"]}


def make_sources(folder):
    """Scans of all kinds, without metadata; gray ones first."""
    gray, rgb = (20, 30), (20, 30, 3)
    plain = {"metadata": None, "software": False}
    tifffile.imwrite(folder / "gray8_lzw.tif", random_pixels(gray), compression="lzw", **plain)
    tifffile.imwrite(folder / "gray16_deflate.tif", random_pixels(gray, "uint16"), compression="zlib", **plain)
    tifffile.imwrite(folder / "gray16_big_endian.tif", random_pixels(gray, "uint16"), byteorder=">", **plain)
    (folder / "gray8.png").write_bytes(imagecodecs.png_encode(random_pixels(gray)))
    (folder / "gray16.png").write_bytes(imagecodecs.png_encode(random_pixels(gray, "uint16")))
    Image.fromarray(random_pixels(gray)).save(folder / "gray8.jpg")
    tifffile.imwrite(folder / "rgb8_jpeg.tif", random_pixels((32, 48, 3)), compression="jpeg", **plain)
    tifffile.imwrite(folder / "rgb16_big_endian.tif", random_pixels(rgb, "uint16"), byteorder=">", **plain)
    (folder / "rgb16.png").write_bytes(imagecodecs.png_encode(random_pixels(rgb, "uint16")))
    Image.fromarray(random_pixels(rgb)).save(folder / "rgb8.jpg")
    Image.fromarray(random_pixels(rgb)).save(folder / "rgb8.webp", lossless=True)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Scans with metadata that ExifTool wrote."""
    folder = tmp_path_factory.mktemp("sources")
    make_sources(folder)
    (folder / "srgb.icc").write_bytes(SRGB_PROFILE)
    exiftool("-q", "-q", "-overwrite_original", *WRITTEN, *folder.glob("*8*"), *folder.glob("*16*"))
    exiftool("-q", "-q", "-overwrite_original", f"-ICC_Profile<={folder / 'srgb.icc'}", *folder.glob("rgb*"))
    return folder


@pytest.fixture(scope="module")
def tags(sources):
    """By file name: tags before colouring, and after."""
    before = sorted(path for path in sources.iterdir() if path.suffix in SUFFIXES)
    after = []
    for path in before:
        for suffix in SUFFIXES:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*WebP cannot hold IPTC data")
                pages = ((colored(photo), photo) for photo in read_pages(path))
                after.append(write_pages(sources / f"{path.name}_coloured{suffix}", pages, note=NOTE))
    paths = [*before, *after]
    return dict(zip((path.name for path in paths), tags_of(paths), strict=True))


SOURCES = [
    *("gray8_lzw.tif", "gray16_deflate.tif", "gray16_big_endian.tif", "gray8.png", "gray16.png", "gray8.jpg"),
    *("rgb8_jpeg.tif", "rgb16_big_endian.tif", "rgb16.png", "rgb8.jpg", "rgb8.webp"),
]


@needs_exiftool
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", SOURCES)
def test_every_tag_survives(tags, name, suffix):
    before, after = tags[name], tags[f"{name}_coloured{suffix}"]
    groups = {key.split(":")[0] for key in before}
    assert groups >= {"IFD0", "ExifIFD", "GPS", "XMP-dc"} | ({"IPTC"} if not name.endswith("webp") else set())
    assert ("ICC-header" in groups) == name.startswith("rgb")
    expected = {key: value for key, value in before.items() if suffix != ".webp" or not key.startswith("IPTC:")}
    assert after == with_note(expected)


@needs_exiftool
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_xmp_survives_byte_for_byte(sources, tmp_path, suffix):
    photo = read_photo(sources / "rgb8.webp")
    packet = exiftool("-b", "-XMP", sources / "rgb8.webp")
    assert packet == photo.xmp
    assert exiftool("-b", "-XMP", write_photo(tmp_path / f"a{suffix}", colored(photo), like=photo)) == packet


@needs_exiftool
@pytest.mark.parametrize("name", ["gray16_big_endian.tif", "rgb8_jpeg.tif"])
def test_big_tiff_has_all_tags(sources, tmp_path, tags, name, monkeypatch):
    photo = read_photo(sources / name)
    with monkeypatch.context() as patch:
        patch.setattr(encoders, "_LARGEST_TIFF", 100)
        big = write_photo(tmp_path / "big.tif", colored(photo), like=photo)
    again = read_photo(big)
    classic = write_photo(tmp_path / "classic.tif", colored(again), like=again)
    assert [path.read_bytes()[2:4].strip(b"\0") for path in (big, classic)] == [b"+", b"*"]
    as_big, as_classic = tags_of([big, classic])
    assert as_classic == tags[name]
    # In large files ExifTool does not know nested directories and IPTC data for what they are; tifffile does.
    known = "IFD0", "XMP", "ICC"
    raw = {"IFD0:IPTC-NAA", "IFD0:ApplicationNotes"}
    found = {key: value for key, value in as_big.items() if key.startswith(known) and key not in raw}
    assert found == {key: value for key, value in tags[name].items() if key.startswith(known)}
    with tifffile.TiffFile(big) as large, tifffile.TiffFile(classic) as small:
        for tag in ("ExifTag", "GPSTag", "IPTCNAA", "XMP"):
            assert large.pages[0].tags[tag].value == small.pages[0].tags[tag].value


@needs_exiftool
def test_pages_have_their_own_tags(sources, tmp_path, tags):
    names = ["gray16_big_endian.tif", "rgb8_jpeg.tif", "gray8_lzw.tif"]
    for path, name in zip((tmp_path / f"{number}.tif" for number in range(3)), names, strict=True):
        shutil.copy(sources / name, path)
    exiftool("-q", "-overwrite_original", "-IFD0:DocumentName=back", "-IPTC:City=Wien", tmp_path / "1.tif")
    photos = [read_photo(tmp_path / f"{number}.tif") for number in range(3)]
    album = write_pages(tmp_path / "album.tif", ((colored(photo), photo) for photo in photos))
    again = write_pages(tmp_path / "again.tif", ((colored(photo), photo) for photo in read_pages(album)), note=NOTE)
    before, after = tags_of([album, again])
    for number in range(3):
        assert before[f"IFD{number}:Artist"] == ["Jürgen Müller"]
        before = with_note(before, f"IFD{number}")
    assert (before["IFD1:DocumentName"], before["IPTC:City"], before["IPTC2:City"]) == (["back"], ["Graz"], ["Wien"])
    assert before["ExifIFD:ISO"] == [400] * 3
    assert after == before

    singles = [
        write_photo(tmp_path / f"single{number}.tif", colored(photo), like=photo)
        for number, photo in enumerate(read_pages(album))
    ]
    first, second, third = tags_of(singles)
    assert first == tags[names[0]]
    assert second == tags[names[1]] | {"IFD0:DocumentName": ["back"], "IPTC:City": ["Wien"]}
    assert third == tags[names[2]]


# --- XMP and IPTC ---------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_xmp_and_iptc_are_read_again(tmp_path, suffix):
    pixels = random_pixels((4, 6, 3))
    like = Photo(pixels, xmp=XMP, iptc=None if suffix == ".webp" else IPTC)
    photo = read_photo(write_photo(tmp_path / f"a{suffix}", pixels, like=like))
    assert (photo.xmp, photo.iptc) == (like.xmp, like.iptc)


@pytest.mark.parametrize("text", [b' tiff:Orientation="%d"', b" tiff:Orientation = '%d'", b"<tiff:Orientation>%d<"])
def test_xmp_does_not_turn_an_upright_picture(tmp_path, text):
    exif = Image.Exif()
    exif[274] = 6
    packet = b'<x exif:Orientation="6"' + text + b" tiff:ImageWidth='6'>"
    Image.fromarray(random_pixels((4, 6))).save(tmp_path / "a.jpg", exif=exif, xmp=packet % 6)
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.pixels.shape == (6, 4)
    assert photo.xmp == packet % 1


@pytest.mark.parametrize(("kind", "byteorder"), [("B", "<"), ("I", "<"), ("I", ">")])
@pytest.mark.parametrize("swapped", [False, True])
def test_iptc_of_any_type_in_tiff(tmp_path, kind, byteorder, swapped):
    data = IPTC.ljust(-len(IPTC) // 4 * -4, b"\0")
    stored = np.frombuffer(data, "u4").byteswap().tobytes() if swapped else data
    values = struct.unpack(f"{byteorder}{len(data) // struct.calcsize(kind)}{kind}", stored)
    extra = [(33723, kind, len(values), values, True)]
    tifffile.imwrite(tmp_path / "a.tif", random_pixels((4, 6)), byteorder=byteorder, extratags=extra)
    assert read_photo(tmp_path / "a.tif").iptc == data


def resource(number, data, name=b""):
    """One of Photoshop's image resources."""
    pascal = bytes([len(name)]) + name
    pascal += b"\0" * (len(pascal) % 2)
    return b"8BIM" + struct.pack(">H", number) + pascal + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)


RESOURCES = resource(0x0425, b"digest.", b"name") + resource(0x0404, IPTC) + resource(0x040A, b"\1")


def test_iptc_among_photoshops_resources_in_tiff(tmp_path):
    extra = [(34377, "B", len(RESOURCES), RESOURCES, True)]
    tifffile.imwrite(tmp_path / "a.tif", random_pixels((4, 6)), extratags=extra)
    assert read_photo(tmp_path / "a.tif").iptc == IPTC


def png_with_text(path, text):
    chunk = b"zTXt" + b"Raw profile type iptc\0\0" + zlib.compress(text.encode())
    chunk = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    png = imagecodecs.png_encode(random_pixels((4, 6)))
    path.write_bytes(png[:33] + chunk + png[33:])
    return path


@pytest.mark.parametrize("data", [IPTC, RESOURCES])
@pytest.mark.parametrize("name", ["iptc", "IPTC profile"])
def test_iptc_of_other_programs_in_png(tmp_path, data, name):
    path = png_with_text(tmp_path / "a.png", f"\n{name}\n{len(data):8}\n{data.hex(chr(10), 36)}\n")
    assert read_photo(path).iptc == IPTC


@pytest.mark.parametrize("text", ["", "\niptc\n 4\nno digits\n", "\niptc\n 6\n384249\n"])
def test_damaged_iptc_is_left_out(tmp_path, text):
    path = png_with_text(tmp_path / "a.png", text)
    if "38" in text:  # well-formed, with nothing in it
        assert read_photo(path).iptc is None
        return
    with pytest.warns(UserWarning, match="IPTC data is damaged and is left out"):
        assert read_photo(path).iptc is None


@pytest.mark.parametrize(
    ("suffix", "kind", "most"),
    [(".jpg", "xmp", 65533 - 29), (".jpg", "iptc", 65533 - 27), (".png", "iptc", 500_000), (".webp", "iptc", 0)],
)
def test_what_a_format_cannot_hold_is_left_out_with_a_warning(tmp_path, suffix, kind, most):
    pixels = random_pixels((4, 6, 3))
    fits = {kind: (b"\x1c" + b"x" * most)[:most] or None}
    photo = read_photo(write_photo(tmp_path / f"fits{suffix}", pixels, like=Photo(pixels, **fits)))
    assert getattr(photo, kind) == fits[kind]
    with pytest.warns(UserWarning, match=f"cannot hold (so much )?{kind.upper()} data; it is left out") as record:
        path = write_photo(tmp_path / f"long{suffix}", pixels, like=Photo(pixels, **{kind: b"\x1c" + b"x" * most}))
    assert record[0].filename == __file__
    assert getattr(read_photo(path), kind) is None


def test_png_text_of_any_name_is_text(tmp_path):
    text = PngInfo()
    for key in ("dpi", "icc_profile", "photoshop", "jfif_unit"):
        text.add_text(key, "said by hand")
    Image.fromarray(random_pixels((4, 6))).save(tmp_path / "a.png", pnginfo=text)
    photo = read_photo(tmp_path / "a.png")
    assert (photo.dpi, photo.icc, photo.iptc) == (None, None, None)


def test_extended_xmp_is_left_out_with_a_warning(tmp_path):
    segment = b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + b"<more/>"
    extra = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    Image.fromarray(random_pixels((4, 6))).save(tmp_path / "a.jpg", xmp=XMP, extra=extra)
    with pytest.warns(UserWarning, match="extension of its XMP data is left out"):
        assert read_photo(tmp_path / "a.jpg").xmp == XMP


# --- directories ----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
def test_directories_of_big_tiff(order):
    number = struct.pack(order + "Q", 7)
    exif = Exif(order, {315: Entry(2, 7, b"A. Name"), 34665: {37510: Entry(7, 12, b"long comment")}})
    for layout in (CLASSIC, BIG):
        start = layout.heads[order] + struct.pack(order + layout.offset, len(layout.heads[order]) + layout.offset_bytes)
        assert Exif.from_file(io.BytesIO(start + exif.serialised(len(start), layout))) == exif
    numbers = Exif(order, {40000: Entry(16, 1, number), 40001: Entry(16, 2, number + b"\xff" * 8)})
    narrowed = {40000: Entry(4, 1, struct.pack(order + "I", 7)), 40001: numbers.directory[40001]}
    file = io.BytesIO(BIG.heads[order] + struct.pack(order + "Q", 16) + numbers.serialised(16, BIG))
    assert Exif.from_file(file).directory == narrowed


@pytest.mark.parametrize("offset", [2**16, 2**63, 2**64 - 1])
def test_directories_beyond_the_end_are_damage(offset):
    with pytest.raises(ValueError, match="must lie in the file"):
        Exif.from_file(io.BytesIO(BIG.heads["<"] + struct.pack("<Q", offset)))


def test_pages_of_both_byte_orders(tmp_path):
    pixels = random_pixels((4, 6, 3), "uint16")
    blocks = []
    for order in "><":
        speed, time = struct.pack(order + "H", 400), struct.pack(order + "II", 1, 250)
        blocks.append(Exif(order, {34665: {34855: Entry(3, 1, speed), 33434: Entry(5, 1, time)}}))
    pages = ((pixels, Photo(pixels, exif=exif.to_bytes(), dpi=(300, 300))) for exif in blocks)
    album = write_pages(tmp_path / "album.tif", pages)
    found = [Exif.from_file(io.BytesIO(photo.exif.removeprefix(PREFIX))) for photo in read_pages(album)]
    assert found == [blocks[0], blocks[0]]


@pytest.mark.skipif(sys.platform != "linux", reason="takes 5 GiB where files have no holes")
def test_tiff_of_more_than_4_gib(tmp_path):
    pages = random_pixels((2, 4, 6, 3), "uint16")

    def with_hole():
        yield pages[0], Photo(pages[0], xmp=XMP, dpi=(300, 600))
        (unfinished,) = tmp_path.glob(".pyvarcolor-*")
        os.truncate(unfinished, 5 << 30)
        yield pages[1], Photo(pages[1], iptc=IPTC)

    path = write_pages(tmp_path / "huge.tif", with_hole(), note=NOTE)
    assert path.stat().st_size > 5 << 30
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        assert len(tiff.pages) == 2
        assert tiff.pages[1].offset > 5 << 30
    for photo, pixels in zip(read_pages(path), pages, strict=True):
        np.testing.assert_array_equal(photo.pixels, pixels, strict=True)
        assert NOTE.encode() in photo.exif
    assert (photo.iptc, photo.dpi) == (IPTC, None)


# --- lightness ------------------------------------------------------------------------------------

LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750])  # of linear sRGB, IEC 61966-2-1


def linear(encoded):
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(linear):
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def slope(values):
    """Of `linear`."""
    return np.where(values <= 0.04045, 1 / 12.92, 2.4 / 1.055 * ((values + 0.055) / 1.055) ** 1.4)


def cie_lightness(luminance):
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)


@pytest.fixture(scope="module")
def scene():
    """Values in 0..1 of a picture with smooth and grainy parts, black and white."""
    y, x = np.linspace(0, 1, 96)[:, None], np.linspace(0, 1, 128)
    grain = 0.03 * np.random.default_rng(881).standard_normal((96, 128))
    return np.clip(0.5 + 0.5 * np.sin(7 * x + 3 * y) * np.cos(5 * y) + grain, 0, 1)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("tint", [None, (1, 0.9, 0.8)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("power", [1, 4], ids=["", "dark"])
def test_lightness_is_kept_within_the_rounding_of_its_depth(tmp_path, scene, power, dtype, tint, suffix):
    white = np.iinfo(dtype).max
    scan = np.rint(white * (scene**power if tint is None else scene[..., None] ** power * tint)).astype(dtype)
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(imagecodecs.png_encode(scan)) if suffix == ".png" else tifffile.imwrite(path, scan)
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, scan, strict=True)
    colors = pyvarcolor.colorize(photo.pixels).rgb
    assert np.ptp(colors.astype(int), axis=2).max() > white / 20
    result = read_photo(write_photo(tmp_path / f"result{suffix}", colors, like=photo, note=NOTE)).pixels
    assert result.dtype == dtype

    gray = scan / white if tint is None else encoded(linear(scan / white) @ LUMINANCE)
    back = encoded(linear(result / white) @ LUMINANCE)
    off = np.abs(back - gray) * white  # units of a gray of this depth
    # half a unit in each of three channels, in linear RGB what the fit into the gamut takes for rounding, and float32
    brightest = linear(result.max(axis=2) / white)
    rounding = (0.5 * (slope(result / white) @ LUMINANCE) + (1e-6 * brightest + 2e-8) * white) / slope(gray)
    assert (off <= rounding + 0.02).all()
    assert off.max() < 0.52
    if tint is None:
        # three roundings may add up to a hair more than half a unit of 16 bits: then it is the next number
        changed = np.rint(back * white) - scan
        assert np.abs(changed).max() <= (dtype == "uint16")
        assert np.count_nonzero(changed) < scan.size / 3000


def gray_profile(gamma):
    """Gray ICC profile with a power law."""
    tags = {
        b"wtpt": struct.pack(">8s3i", b"XYZ ", 63190, 65536, 54061),
        b"kTRC": struct.pack(">8sIH2x", b"curv", 1, round(gamma * 256)),
    }
    table, heap = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(heap), len(data))
        heap += data
    size = 128 + len(table) + len(heap)
    head = struct.pack(">I4sI4s4s4s12x4s", size, b"", 0x02400000, b"scnr", b"GRAY", b"XYZ ", b"acsp")
    return (head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)).ljust(128, b"\0") + table + heap


@pytest.mark.parametrize("gamma", [1, 2.19921875])  # as profiles can say it
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_lightness_by_a_gray_profile(tmp_path, scene, dtype, gamma):
    white = np.iinfo(dtype).max
    scan = np.rint(white * scene).astype(dtype)
    tifffile.imwrite(tmp_path / "scan.tif", scan, iccprofile=gray_profile(gamma))
    photo = read_photo(tmp_path / "scan.tif")
    expected = (scan / white) ** gamma
    assert np.abs(photo.pixels - white * encoded(expected)).max() <= (0.51 if dtype == "uint8" else 1.2)
    off = np.abs(lightness_from_gray(photo.pixels) - cie_lightness(expected))
    without_profile = np.abs(lightness_from_gray(scan) - cie_lightness(expected))
    assert off.max() < (0.25 if dtype == "uint8" else 0.002) < 0.5 < without_profile.max()
