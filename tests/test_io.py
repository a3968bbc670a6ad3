"""Photographs from and to real files made here, read back by a library that did not write them."""

import errno
import io
import json
import os
import pickle
import struct
import sys
import types
import warnings
import weakref
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageOps

from pyvarcolor.io import (
    ImageFileError,
    Photo,
    TooManyPixelsError,
    read_image,
    read_pages,
    read_photo,
    write_pages,
    write_photo,
)

NOTE = json.dumps({"colourised by": "pyvarcolor 0.1.0", "method": "tgv", "options": {"alpha1": 0.5}})
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1}


def random_pixels(shape, dtype="uint8", seed=9173):
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.random(shape, dtype=np.float32)
    return rng.integers(0, WHITE[dtype] + 1, shape).astype(dtype)


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width, height, depth=8, color_type=0, interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def with_chunks(png, *chunks, before=b"IDAT"):
    """PNG with chunks put in before the first one of a name."""
    place = png.index(before) - 4
    return png[:place] + b"".join(png_chunk(*chunk) for chunk in chunks) + png[place:]


def stored_as(orientation, upright):
    """Array that a viewer turns into `upright`, told by Pillow's own transpositions."""
    methods = Image.Transpose
    undo = {
        1: (),
        2: (methods.FLIP_LEFT_RIGHT,),
        3: (methods.ROTATE_180,),
        4: (methods.FLIP_TOP_BOTTOM,),
        5: (methods.TRANSPOSE,),
        6: (methods.ROTATE_90,),
        7: (methods.TRANSVERSE,),
        8: (methods.ROTATE_270,),
    }
    image = Image.fromarray(upright)
    for method in undo[orientation]:
        image = image.transpose(method)
    return np.asarray(image)


def saved(path, image, *args, **options):
    image.save(path, *args, **options)
    return path


# --- bit depth and layout -------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_png_is_read_exactly(tmp_path, dtype, channels):
    stored = random_pixels((7, 5, channels), dtype)
    path = tmp_path / "scan.png"
    path.write_bytes(imagecodecs.png_encode(stored.squeeze()))
    photo = read_photo(path)
    colors = channels - 1 if channels in {2, 4} else channels
    np.testing.assert_array_equal(photo.pixels, stored[..., :colors].squeeze(), strict=True)
    if colors == channels:
        assert photo.alpha is None
    else:
        np.testing.assert_array_equal(photo.alpha, stored[..., -1], strict=True)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_is_read_exactly(tmp_path, dtype, channels, compression, planar, byteorder):
    stored = random_pixels((9, 6, channels), dtype)
    path = tmp_path / "scan.tif"
    tifffile.imwrite(
        path,
        stored[..., 0] if channels == 1 else np.moveaxis(stored, -1, 0) if planar == "separate" else stored,
        photometric="minisblack" if channels == 1 else "rgb",
        planarconfig=None if channels == 1 else planar,
        extrasamples=["unassalpha"] if channels == 4 else None,
        compression=compression,
        predictor=compression is not None,
        rowsperstrip=4,
        byteorder=byteorder,
    )
    photo = read_photo(path)
    expected = stored[..., 0] if channels == 1 else stored[..., :3]
    np.testing.assert_array_equal(photo.pixels, expected, strict=True)
    assert (photo.alpha is None) == (channels < 4)
    if channels == 4:
        np.testing.assert_array_equal(photo.alpha, stored[..., 3], strict=True)


def test_interlaced_sixteen_bit_png(tmp_path):
    stored = random_pixels((9, 11, 3), "uint16")
    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    rows = [row for y, x, dy, dx in passes for row in stored[y::dy, x::dx]]
    data = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    header = png_header(11, 9, 16, 2, interlace=1)
    (tmp_path / "a.png").write_bytes(header + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b""))
    np.testing.assert_array_equal(read_photo(tmp_path / "a.png").pixels, stored, strict=True)


def test_big_tiff(tmp_path):
    stored = random_pixels((5, 4, 3), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", bigtiff=True, byteorder=">")
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels, stored, strict=True)


def test_jpeg_compressed_tiff_matches_pillow(tmp_path):
    ramp = np.linspace(0, 255, 48 * 32 * 3).reshape(48, 32, 3).astype(np.uint8)
    path = saved(tmp_path / "scan.tif", Image.fromarray(ramp), compression="jpeg")
    with Image.open(path) as image:
        np.testing.assert_allclose(read_photo(path).pixels.astype(int), np.asarray(image), atol=2)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_white_is_zero_in_miniswhite(tmp_path, dtype):
    stored = random_pixels((4, 5), dtype)
    tifffile.imwrite(tmp_path / "fax.tif", stored, photometric="miniswhite")
    np.testing.assert_array_equal(read_photo(tmp_path / "fax.tif").pixels, WHITE[dtype] - stored, strict=True)


@pytest.mark.parametrize("name", ["page.png", "page.tif", "page.bmp"])
def test_one_bit_is_black_and_white(tmp_path, name):
    bits = random_pixels((5, 11)) > 99
    path = saved(tmp_path / name, Image.fromarray(bits))
    np.testing.assert_array_equal(read_photo(path).pixels, np.where(bits, 255, 0).astype(np.uint8), strict=True)


def test_one_bit_miniswhite_group4(tmp_path):
    bits = random_pixels((8, 16)) > 99
    path = saved(tmp_path / "fax.tif", Image.fromarray(bits), compression="group4")
    np.testing.assert_array_equal(read_photo(path).pixels > 0, bits)


def test_twelve_bits_fill_the_sixteen(tmp_path):
    stored = np.array([[0, 1, 2048, 4095]], np.uint16)
    packed = imagecodecs.packints_encode(stored, 12)
    entries = [(256, 4), (257, 1), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (279, len(packed))]
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    data = packed + b"\0" * (len(packed) % 2)
    header = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    (tmp_path / "raw.tif").write_bytes(header + data + struct.pack("<H", len(entries)) + table + b"\0" * 4)
    np.testing.assert_array_equal(read_photo(tmp_path / "raw.tif").pixels, [[0, 16, 32776, 65535]])


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.tif"])
def test_palette_becomes_rgb(tmp_path, name):
    image = Image.fromarray(random_pixels((6, 7), seed=511) % 4).convert("P")
    image.putpalette([10, 20, 30, 200, 0, 0, 0, 180, 0, 255, 255, 255])
    path = saved(tmp_path / name, image)
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, np.asarray(image.convert("RGB")), strict=True)
    assert photo.alpha is None


@pytest.mark.parametrize("name", ["a.png", "a.gif"])
def test_transparent_palette_gets_alpha(tmp_path, name):
    image = Image.fromarray(random_pixels((6, 7), seed=517) % 3).convert("P")
    image.putpalette([10, 20, 30, 200, 0, 0, 0, 180, 0])
    path = saved(tmp_path / name, image, transparency=1)
    np.testing.assert_array_equal(read_photo(path).alpha, np.where(np.asarray(image) == 1, 0, 255), strict=False)


@pytest.mark.parametrize(("mode", "key"), [("L", 17), ("RGB", (17, 17, 17)), ("1", 0)])
def test_transparent_color_key_gets_alpha(tmp_path, mode, key):
    gray = np.array([[17, 17, 0], [200, 17, 255]], np.uint8)
    image = Image.fromarray(gray > 17) if mode == "1" else Image.fromarray(gray).convert(mode)
    photo = read_photo(saved(tmp_path / "a.png", image, transparency=key))
    is_key = gray <= 17 if mode == "1" else gray == 17
    np.testing.assert_array_equal(photo.alpha, np.where(is_key, 0, 255))


def test_sixteen_bit_color_key_gets_alpha(tmp_path):
    stored = np.array([[300, 301]], np.uint16)
    png = with_chunks(imagecodecs.png_encode(stored), (b"tRNS", struct.pack(">H", 300)))
    (tmp_path / "a.png").write_bytes(png)
    photo = read_photo(tmp_path / "a.png")
    np.testing.assert_array_equal(photo.pixels, stored, strict=True)
    np.testing.assert_array_equal(photo.alpha, np.array([[0, 65535]], np.uint16), strict=True)


def test_associated_alpha_is_divided_out(tmp_path):
    alpha = np.array([[0, 51, 255]], np.uint8)
    colors = np.array([[[0, 0, 0], [100, 200, 250], [1, 2, 3]]], np.uint8)
    premultiplied = np.rint(colors * (alpha[..., None] / 255)).astype(np.uint8)
    stored = np.dstack([premultiplied, alpha])
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.pixels, colors)
    np.testing.assert_array_equal(photo.alpha, alpha)


def test_undeclared_extra_channel_is_dropped_with_a_warning(tmp_path):
    stored = random_pixels((4, 3, 4))
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["unspecified"])
    with pytest.warns(UserWarning, match=r"a\.tif: 1 extra channels .* left out"):
        photo = read_photo(tmp_path / "a.tif")
    assert photo.alpha is None
    np.testing.assert_array_equal(photo.pixels, stored[..., :3])


@pytest.mark.parametrize("bad", [255.0, -0.5, np.nan, np.inf])
def test_float_tiff_outside_0_to_1_is_refused(tmp_path, bad):
    stored = random_pixels((4, 5), "float32")
    stored[2, 3] = bad
    tifffile.imwrite(tmp_path / "hdr.tif", stored)
    with pytest.raises(ImageFileError, match=r"hdr\.tif: its values span .* scale them to 0\.\.1"):
        read_photo(tmp_path / "hdr.tif")


def test_float_tiff_is_clipped_within_rounding(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[-1e-6, 0.5, 1 + 1e-6]]))
    np.testing.assert_array_equal(
        read_photo(tmp_path / "a.tif").pixels, np.array([[0, 0.5, 1]], np.float32), strict=True
    )


@pytest.mark.parametrize("dtype", ["int16", "uint32"])
def test_other_integers_are_refused(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "dem.tif", np.zeros((3, 4), dtype))
    with pytest.raises(ImageFileError, match=rf"its pixels are {dtype} values; save it with 8 or 16 bits"):
        read_photo(tmp_path / "dem.tif")


def test_only_the_first_page_is_read_with_one_warning(tmp_path):
    pages = random_pixels((3, 4, 5))
    tifffile.imwrite(tmp_path / "album.tif", pages, photometric="minisblack")
    with pytest.warns(UserWarning, match=r"album\.tif: only the first of 3 pages") as record:
        photo = read_photo(tmp_path / "album.tif")
    assert len(record) == 1
    np.testing.assert_array_equal(photo.pixels, pages[0])


def test_thumbnail_page_is_passed_over(tmp_path):
    full = random_pixels((8, 6))
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(full[::2, ::2], subfiletype=1, metadata=None)
        writer.write(full, metadata=None)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels, full)


def album(path, pages, **options):
    """Multi-page TIFF with a thumbnail after each page."""
    with tifffile.TiffWriter(path, **options) as writer:
        for page in pages:
            writer.write(page, metadata=None)
            writer.write(page[::2, ::2], subfiletype=1, metadata=None)
    return path


@pytest.mark.parametrize("bigtiff", [False, True])
def test_all_pages_but_thumbnails_are_read(tmp_path, bigtiff):
    pages = [random_pixels((4, 6)), random_pixels((9, 5), "uint16"), random_pixels((3, 3))]
    path = album(tmp_path / "album.tif", pages, bigtiff=bigtiff)
    for source in (path, io.BytesIO(path.read_bytes())):
        photos = list(read_pages(source))
        assert len(photos) == 3
        for photo, page in zip(photos, pages, strict=True):
            np.testing.assert_array_equal(photo.pixels, page, strict=True)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tif"])
def test_one_picture_is_one_page(tmp_path, name):
    path = saved(tmp_path / name, Image.fromarray(random_pixels((4, 6, 3))))
    (photo,) = read_pages(path)
    np.testing.assert_array_equal(photo.pixels, read_photo(path).pixels, strict=True)


def test_animation_is_one_page(tmp_path):
    frames = [Image.new("L", (4, 3), value) for value in (30, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="only the first of 2 pages") as record:
        assert len(list(read_pages(tmp_path / "a.gif"))) == 1
    assert record[0].filename == __file__


def test_page_that_cannot_be_read_is_told_when_it_is_asked_for(tmp_path):
    path = album(tmp_path / "album.tif", [random_pixels((4, 6)), np.zeros((4, 6), np.int16)])
    pages = read_pages(path)
    assert next(pages).pixels.shape == (4, 6)
    with pytest.raises(ImageFileError, match=r"cannot read .*album\.tif: its pixels are int16 values"):
        next(pages)
    with pytest.raises(ImageFileError, match="no such file"):
        next(read_pages(tmp_path / "missing.tif"))


@pytest.mark.parametrize("orientation", [1, 6])
def test_one_page_at_a_time_is_in_memory(tmp_path, orientation):
    scans = random_pixels((3, 40, 60), seed=77)
    source = tmp_path / "album.tif"
    with tifffile.TiffWriter(source) as writer:
        for scan in scans:
            writer.write(scan, metadata=None, extratags=[(274, "H", 1, orientation, True)])
    alive = []

    def colored():
        for photo in read_pages(source):
            assert [pixels() for pixels in alive if pixels() is not None] == []
            rgb = np.dstack([photo.pixels] * 3)
            alive.extend((weakref.ref(photo.pixels), weakref.ref(rgb)))
            page = [(rgb, photo)]
            del rgb, photo
            yield page.pop()

    write_pages(tmp_path / "out.tif", colored())
    assert len(alive) == 6


def test_circle_of_pages_is_read_once():
    stream = io.BytesIO()
    tifffile.imwrite(stream, random_pixels((4, 6)), metadata=None)
    data = bytearray(stream.getvalue())
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)  # the page that follows is itself
    assert read_photo(io.BytesIO(data)).pixels.shape == (4, 6)


def test_page_marked_as_thumbnail_is_read_where_it_is_alone(tmp_path):
    stored = random_pixels((4, 6))
    tifffile.imwrite(tmp_path / "a.tif", stored, subfiletype=1)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels, stored)


def test_animation_is_read_as_its_first_frame(tmp_path):
    frames = [Image.new("L", (4, 3), value) for value in (30, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.warns(UserWarning, match="only the first of 2 pages"):
        photo = read_photo(tmp_path / "a.gif")
    assert (photo.pixels == 30).all()


# --- colour profiles ------------------------------------------------------------------------------


def icc_profile(color_space, connection_space, tags):
    """Minimal ICC version 2 profile."""
    heap_start = 128 + 4 + 12 * len(tags)
    table, heap = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, heap_start + len(heap), len(data))
        heap += data + b"\0" * (-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", heap_start + len(heap), b"", 0x02400000, b"prtr", color_space, connection_space)
    head += struct.pack(">6H", 2026, 3, 7, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)  # D50
    return head.ljust(128, b"\0") + table + heap


WHITE_POINT = {b"wtpt": struct.pack(">8s3i", b"XYZ ", 63190, 65536, 54061)}


def gray_profile(gamma):
    """Gray profile with a power law."""
    curve = struct.pack(">8sIH", b"curv", 1, round(gamma * 256))
    return icc_profile(b"GRAY", b"XYZ ", WHITE_POINT | {b"kTRC": curve})


def cmyk_profile():
    """CMYK profile that maps ink to Lab through a table with two points an axis, unlike the ideal filters."""
    corners = np.indices((2, 2, 2, 2)).reshape(4, -1).T
    lightness = 255 * np.prod(1 - corners * [0.3, 0.4, 0.1, 0.9], axis=1)
    a = 128 + 60 * (corners[:, 1] - corners[:, 0]) * (1 - corners[:, 3])
    b = 128 + 60 * (corners[:, 2] - corners[:, 0]) * (1 - corners[:, 3])
    table = np.rint(np.stack([lightness, a, b], axis=1)).astype(np.uint8).tobytes()
    identity = bytes(range(256))
    matrix = struct.pack(">9i", *(65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
    lut = struct.pack(">8sBBBB", b"mft1", 4, 3, 2, 0) + matrix + identity * 4 + table + identity * 3
    return icc_profile(b"CMYK", b"Lab ", WHITE_POINT | {b"A2B0": lut})


def srgb_encoded(linear):
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_gray_profile_is_applied_and_not_kept(tmp_path, dtype):
    gamma = 1.796875
    stored = random_pixels((64, 40), dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, iccprofile=gray_profile(gamma))
    photo = read_photo(tmp_path / "a.tif")
    assert photo.icc is None
    assert photo.pixels.dtype == dtype
    expected = WHITE[dtype] * srgb_encoded((stored / WHITE[dtype]) ** gamma)
    tolerance = {"uint8": 0.51, "uint16": 1.2, "float32": 2e-5}[dtype]
    np.testing.assert_allclose(photo.pixels, expected, rtol=0, atol=tolerance)


def test_gray_profile_is_applied_in_sixteen_bit_png(tmp_path):
    stored = np.array([[0, 20000, 65535]], np.uint16)
    png = imagecodecs.png_encode(stored)
    profile = b"gray\0\0" + zlib.compress(gray_profile(1.0))
    (tmp_path / "a.png").write_bytes(with_chunks(png, (b"iCCP", profile)))
    np.testing.assert_allclose(read_photo(tmp_path / "a.png").pixels, 65535 * srgb_encoded(stored / 65535), atol=1.2)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk_without_a_profile(tmp_path, name):
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:, 16:] = (0, 255, 255, 51)
    path = saved(tmp_path / name, cmyk_image(inks))
    photo = read_photo(path)
    np.testing.assert_allclose(photo.pixels[8, [2, 29]], [(255, 255, 255), (204, 0, 0)], atol=3)


def cmyk_image(inks):
    return Image.merge("CMYK", [Image.fromarray(np.ascontiguousarray(inks[..., i])) for i in range(4)])


def test_sixteen_bit_cmyk_keeps_sixteen_bits(tmp_path):
    inks = random_pixels((4, 5, 4), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated")
    share = 1 - inks / 65535
    expected = 65535 * share[..., :3] * share[..., 3:]
    photo = read_photo(tmp_path / "a.tif")
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_allclose(photo.pixels, expected, atol=0.51)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk_profile_is_applied_and_not_kept(tmp_path, name):
    image = cmyk_image(np.kron(random_pixels((2, 2, 4), seed=83), np.ones((16, 16, 1), np.uint8)))
    path = saved(tmp_path / name, image, icc_profile=cmyk_profile())
    photo = read_photo(path)
    assert photo.icc is None
    source = ImageCms.ImageCmsProfile(io.BytesIO(cmyk_profile()))
    with Image.open(path) as stored:
        expected = ImageCms.profileToProfile(stored, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        ideal = stored.convert("RGB")
    np.testing.assert_allclose(photo.pixels.astype(int), np.asarray(expected), atol=2)
    assert np.abs(np.asarray(ideal).astype(int) - np.asarray(expected)).max() > 20


def test_damaged_gray_profile_is_left_out_with_a_warning(tmp_path):
    stored = random_pixels((3, 4))
    tifffile.imwrite(tmp_path / "a.tif", stored, iccprofile=icc_profile(b"GRAY", b"XYZ ", WHITE_POINT))
    with pytest.warns(UserWarning, match="GRAY colour profile is damaged"):
        photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.pixels, stored)
    assert photo.icc is None


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_rgb_profile_is_kept_byte_for_byte(tmp_path, name, mode):
    photo = read_photo(saved(tmp_path / name, Image.new(mode, (8, 6), 77), icc_profile=SRGB_PROFILE))
    assert photo.icc == SRGB_PROFILE
    written = write_photo(tmp_path / f"out{name}", random_pixels((6, 8, 3)), like=photo)
    with Image.open(written) as image:
        assert image.info["icc_profile"] == SRGB_PROFILE


# --- orientation and resolution -------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png8", "png16", "tiff8", "tiff16", "jpeg", "webp"])
def test_orientation_is_applied_once(tmp_path, kind, orientation):
    upright = np.kron(random_pixels((2, 3), seed=61), np.ones((8, 8), np.uint8))
    stored = stored_as(orientation, upright)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / kind
    if kind == "png16":
        png = imagecodecs.png_encode(stored.astype(np.uint16) * 257)
        path.write_bytes(with_chunks(png, (b"eXIf", exif.tobytes()[6:]), before=b"IEND"))
    elif kind == "tiff16":
        tifffile.imwrite(
            path,
            stored.astype(np.uint16) * 257,
            software=False,
            metadata=None,
            extratags=[(274, "H", 1, orientation, True)],
        )
    else:
        options = {"lossless": True} if kind == "webp" else {}
        format_name = {"png8": "PNG", "tiff8": "TIFF", "jpeg": "JPEG", "webp": "WEBP"}[kind]
        Image.fromarray(stored).save(path, format_name, exif=exif, **options)
    photo = read_photo(path)
    turned = read_image(path)[..., 0]
    np.testing.assert_allclose(turned.astype(int), upright, atol=3 if kind == "jpeg" else 0)
    assert photo.exif is None

    written = write_photo(tmp_path / "out.png", np.dstack([turned] * 3), like=photo)
    with Image.open(written) as image:
        assert image.getexif().get(ExifTags.Base.Orientation, 1) == 1
        np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(image))[..., 0], turned)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_resolution_turns_with_the_picture(tmp_path, name):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    photo = read_photo(saved(tmp_path / name, Image.new("L", (6, 4)), dpi=(600, 300), exif=exif))
    assert photo.dpi == pytest.approx((300, 600), rel=1e-3)


def test_resolution_in_centimetres(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_pixels((3, 4)), resolution=(100, 200), resolutionunit="CENTIMETER")
    assert read_photo(tmp_path / "a.tif").dpi == pytest.approx((254, 508))


def test_aspect_ratio_is_no_resolution(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_pixels((3, 4)), resolution=(2, 1), resolutionunit="NONE")
    assert read_photo(tmp_path / "a.tif").dpi is None


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.tif", "out.webp"])
def test_resolution_is_written(tmp_path, name):
    like = Photo(pixels=random_pixels((4, 6)), dpi=(400, 300))
    written = write_photo(tmp_path / name, random_pixels((4, 6, 3)), like=like)
    assert read_photo(written).dpi == pytest.approx((400, 300), rel=1e-4)
    with Image.open(written) as image:
        tags = image.getexif()
        assert image.info.get("dpi", (tags.get(282), tags.get(283))) == pytest.approx((400, 300), rel=1e-4)


# --- EXIF and the note ----------------------------------------------------------------------------


def camera_exif():
    """Photo with EXIF as cameras write it: text beyond ASCII, nested directories, maker's notes."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 1
    exif[ExifTags.Base.ImageDescription] = "Grandmother, 1931"
    exif[ExifTags.Base.Artist] = "Jürgen Müller".encode()
    exif[ExifTags.Base.Make] = "Zeiss"
    exif[ExifTags.Base.DateTime] = "1931:05:17 12:00:00"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            ExifTags.Base.ExposureTime: 0.004,
            ExifTags.Base.DateTimeOriginal: "1931:05:17 11:59:00",
            ExifTags.Base.MakerNote: b"private notes of the maker",
            ExifTags.Base.ExifImageWidth: 9999,
        }
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (47.0, 4.0, 12.0), 3: "E", 4: (15.0, 26.0, 30.0)})
    Image.new("L", (6, 4)).save(stream, "JPEG", exif=exif)
    stream.seek(0)
    return read_photo(stream)


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.tif", "out.webp"])
def test_exif_survives_and_the_note_joins_the_caption(tmp_path, name):
    like = camera_exif()
    written = write_photo(tmp_path / name, random_pixels((4, 6, 3)), like=like, note=NOTE)
    with Image.open(written) as image:
        image.load()
        tags = image.getexif()
        assert tags[ExifTags.Base.ImageDescription].split("\n") == ["Grandmother, 1931", NOTE]
        assert tags[ExifTags.Base.Software] == "pyvarcolor"
        assert tags[ExifTags.Base.Make] == "Zeiss"
        assert tags[ExifTags.Base.Artist].encode("latin-1").decode() == "Jürgen Müller"
        assert ExifTags.Base.Orientation not in tags
        camera = tags.get_ifd(ExifTags.IFD.Exif)
        assert camera[ExifTags.Base.DateTimeOriginal] == "1931:05:17 11:59:00"
        assert camera[ExifTags.Base.ExposureTime] == pytest.approx(0.004)
        assert camera[ExifTags.Base.MakerNote] == b"private notes of the maker"
        assert ExifTags.Base.ExifImageWidth not in camera
        assert tags.get_ifd(ExifTags.IFD.GPSInfo)[4] == (15.0, 26.0, 30.0)
    again = read_photo(written)
    third = write_photo(tmp_path / f"third{name}", random_pixels((4, 6, 3)), like=again)
    assert read_photo(third).exif == again.exif


def test_big_endian_exif_reaches_tiff(tmp_path):
    exif = Image.Exif()
    exif.endian = ">"
    exif[ExifTags.Base.Make] = "Rolleiflex"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 400
    photo = read_photo(saved(tmp_path / "a.jpg", Image.new("L", (6, 4)), exif=exif))
    rgb = random_pixels((4, 6, 3), "uint16")
    written = write_photo(tmp_path / "a.tif", rgb, like=photo)
    with tifffile.TiffFile(written) as tiff:
        np.testing.assert_array_equal(tiff.asarray(), rgb)
        assert tiff.pages[0].tags["Make"].value == "Rolleiflex"
        assert tiff.pages[0].tags["ExifTag"].value["ISOSpeedRatings"] == 400


def test_tiff_text_reaches_jpeg(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        random_pixels((4, 6)),
        description="Grandfather at sea",
        software="ScanSoft 3",
        datetime="2001:02:03 04:05:06",
        extratags=[(315, "s", 0, "A. Nonymous", True)],
    )
    photo = read_photo(tmp_path / "a.tif")
    with Image.open(write_photo(tmp_path / "a.jpg", random_pixels((4, 6, 3)), like=photo, note=NOTE)) as image:
        tags = dict(image.getexif())
    assert tags == {
        ExifTags.Base.ImageDescription: f"Grandfather at sea\n{NOTE}",
        ExifTags.Base.Software: "ScanSoft 3",
        ExifTags.Base.DateTime: "2001:02:03 04:05:06",
        ExifTags.Base.Artist: "A. Nonymous",
    } | {tag: value for tag, value in tags.items() if tag in {282, 283, 296}}


def test_array_layout_in_a_caption_is_not_passed_on(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_pixels((4, 6)), software=False)  # describes itself as {"shape": [4, 6]}
    assert read_photo(tmp_path / "a.tif").exif is None


def test_png_says_how_it_was_made(tmp_path):
    written = write_photo(tmp_path / "a.png", random_pixels((4, 6, 3), "uint16"), note=NOTE)
    with Image.open(written) as image:
        image.load()
        assert json.loads(image.text["Description"])["method"] == "tgv"
        assert image.text["Software"] == "pyvarcolor"


def test_damaged_exif_is_left_out_with_a_warning(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.new("L", (6, 4), 90), exif=b"Exif\0\0II*\0\xff\xff\0\0")
    with pytest.warns(UserWarning, match="EXIF data is damaged and is left out"):
        photo = read_photo(path)
    assert photo.exif is None
    assert photo.pixels.shape == (4, 6)


def test_exif_too_long_for_jpeg_is_left_out_with_a_warning(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_pixels((4, 6)), description="x" * 70_000)
    photo = read_photo(tmp_path / "a.tif")
    with pytest.warns(UserWarning, match="JPEG cannot hold so much EXIF data"):
        written = write_photo(tmp_path / "a.jpg", random_pixels((4, 6, 3)), like=photo, note=NOTE)
    with Image.open(written) as image:
        assert image.getexif()[ExifTags.Base.ImageDescription] == NOTE


# --- refusals -------------------------------------------------------------------------------------


@pytest.fixture
def noise_files(tmp_path):
    """Files that do not compress, so that any cut goes through pixel data."""
    noise = random_pixels((40, 30, 3))
    tifffile.imwrite(tmp_path / "plain.tif", noise, photometric="rgb", rowsperstrip=10)
    tifffile.imwrite(tmp_path / "lzw.tif", noise, photometric="rgb", rowsperstrip=10, compression="lzw")
    tifffile.imwrite(tmp_path / "jpeg.tif", noise, photometric="rgb", rowsperstrip=16, compression="jpeg")
    (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(noise.astype(np.uint16) * 257))
    for name in ("a.png", "a.jpg", "a.webp", "a.gif", "a.bmp"):
        Image.fromarray(noise).save(tmp_path / name)
    return tmp_path


NOISE_FILES = ["plain.tif", "lzw.tif", "jpeg.tif", "deep.png", "a.png", "a.jpg", "a.webp", "a.gif", "a.bmp"]


@pytest.mark.parametrize("name", NOISE_FILES)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_truncated_file_is_an_error(noise_files, name, share):
    path = noise_files / name
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ImageFileError, match=f"cannot read .*{name}: .*(cut short|truncated)"):
        read_photo(path)


@settings(max_examples=40, deadline=None)
@given(
    share=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
    kind=st.sampled_from(["png", None, "lzw", "jpeg"]),
)
def test_damage_gives_a_picture_or_an_image_file_error(share, flip, kind):
    noise = random_pixels((20, 12, 3), "uint8" if kind == "jpeg" else "uint16")
    stream = io.BytesIO()
    if kind == "png":
        stream.write(imagecodecs.png_encode(noise))
    else:
        tifffile.imwrite(stream, noise, photometric="rgb", compression=kind)
    data = bytearray(stream.getvalue())
    data[int(share * len(data))] ^= flip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on what the damage made unreadable
        try:
            photo = read_photo(io.BytesIO(data), max_pixels=10_000)
        except ImageFileError:
            return
    assert photo.pixels.size > 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "notes.png",
            b"this is no picture",
            "starts with b'this is no pictu', which is no known image format",
        ),
        ("empty.jpg", b"", "it is empty"),
        ("header.png", b"\x89PNG\r\n\x1a\n", "its PNG data is damaged, cut short"),
        ("header.tif", b"II*\0", "its TIFF data is damaged, cut short"),
        ("zero.png", png_header(0, 7) + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""), "damaged"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageFileError) as caught:
        read_photo(tmp_path / name)
    assert message in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ImageFileError, match="there is no such file"):
        read_photo(tmp_path / "missing.png")
    with pytest.raises(ImageFileError, match="it is a folder"):
        read_photo(tmp_path)


@pytest.mark.parametrize("depth", [8, 16])
def test_huge_header_is_refused_before_memory_is_taken(tmp_path, depth):
    idat = png_chunk(b"IDAT", zlib.compress(bytes(100)))
    (tmp_path / "huge.png").write_bytes(png_header(30_000, 20_000, depth) + idat + png_chunk(b"IEND", b""))
    with pytest.raises(ImageFileError, match=r"30000 x 20000 = 600\.0 million pixels.*250 million.*max_pixels"):
        read_photo(tmp_path / "huge.png")


def test_huge_tiff_header_is_refused():
    stream = io.BytesIO()
    tifffile.imwrite(stream, random_pixels((4, 6)), metadata=None)
    data = bytearray(stream.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        place = tiff.pages[0].tags["ImageLength"].valueoffset
    struct.pack_into("<I", data, place, 100_000_000)
    with pytest.raises(ImageFileError, match=r"6 x 100000000 = 600\.0 million pixels"):
        read_photo(io.BytesIO(data))


@pytest.mark.parametrize(("tag", "value"), [("TileWidth", 2**30), ("SamplesPerPixel", 60_000)])
def test_forged_tiff_layout_is_refused_before_memory_is_taken(tag, value):
    stream = io.BytesIO()
    tifffile.imwrite(stream, random_pixels((20, 30)), tile=(16, 16), metadata=None)
    data = bytearray(stream.getvalue())
    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        entry = tiff.pages[0].tags[tag]
    struct.pack_into("<I" if entry.dtype == 4 else "<H", data, entry.valueoffset, value)
    with pytest.raises(ImageFileError, match=r"more than the limit of 250 million|has 60000 channels"):
        read_photo(io.BytesIO(data))


def test_large_scans_pass_pillows_own_limit(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow warns beyond it and refuses beyond twice as much
    stream = io.BytesIO(imagecodecs.png_encode(random_pixels((15, 20))))
    assert read_photo(stream).pixels.shape == (15, 20)
    stream.seek(0)
    with pytest.raises(ImageFileError, match=r"0\.0002 million"):
        read_photo(stream, max_pixels=200)


@pytest.mark.parametrize("read", [read_photo, read_image, lambda *args, **limit: list(read_pages(*args, **limit))])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_claimed_pixels_are_told_between_processes(tmp_path, name, read):
    path = saved(tmp_path / name, Image.new("L", (30, 20)))
    with pytest.raises(TooManyPixelsError) as caught:
        read(path, max_pixels=599)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is TooManyPixelsError
    assert again.pixels == 600
    assert str(again) == str(caught.value)


# --- streams and names ----------------------------------------------------------------------------


def test_standard_input_and_output(monkeypatch):
    rgb = random_pixels((4, 6, 3), "uint16")
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", types.SimpleNamespace(buffer=pipe))
    assert write_photo("-", rgb) == Path("-")
    pipe.seek(0)
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=pipe))
    photo = read_photo("-")
    assert photo.source == "standard input"
    np.testing.assert_array_equal(photo.pixels, rgb, strict=True)


def test_names_beyond_ascii(tmp_path):
    folder = tmp_path / "Großmutter's Fotos"
    folder.mkdir()
    rgb = random_pixels((3, 5, 3))
    for suffix in (".png", ".tif", ".webp", ".TIFF"):
        path = folder / f"Ёлка 写真 №1{suffix}"
        write_photo(str(path), rgb)
        photo = read_photo(str(path))
        np.testing.assert_array_equal(photo.pixels, rgb, strict=True)
        assert photo.source == str(path)


def test_stroke_images_are_eight_bit_color(tmp_path):
    gray, layer = random_pixels((4, 6), "uint16"), random_pixels((4, 6, 4))
    tifffile.imwrite(tmp_path / "gray.tif", gray)
    expected = np.dstack([np.rint(gray / 257).astype(np.uint8)] * 3)
    np.testing.assert_array_equal(read_image(tmp_path / "gray.tif"), expected, strict=True)
    path = saved(tmp_path / "layer.png", Image.fromarray(layer))
    np.testing.assert_array_equal(read_image(path), layer, strict=True)


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("a.png", "uint8"),
        ("a.png", "uint16"),
        ("a.tif", "uint8"),
        ("a.tif", "uint16"),
        ("a.tiff", "float32"),
        ("a.webp", "uint8"),
    ],
)
@pytest.mark.parametrize("shape", [(11, 7), (1, 1), (1, 9)])
def test_round_trip_is_exact(tmp_path, name, dtype, has_alpha, shape):
    rgb = random_pixels((*shape, 3), dtype)
    alpha = random_pixels(shape, dtype, seed=29) if has_alpha else None
    like = Photo(pixels=random_pixels(shape, dtype), alpha=alpha, icc=SRGB_PROFILE, dpi=(300, 300))
    written = write_photo(tmp_path / name, rgb, like=like, note=NOTE)
    photo = read_photo(written)
    np.testing.assert_array_equal(photo.pixels, rgb, strict=True)
    expected = rgb if alpha is None else np.dstack([rgb, alpha])
    if name == "a.png" and dtype == "uint16":  # Pillow shows the upper 8 bits
        independent = np.asarray(Image.open(io.BytesIO(written.read_bytes()))).astype(int)
        np.testing.assert_allclose(independent, expected >> 8, atol=1)
    elif dtype == "uint8":
        with Image.open(written) as image:
            np.testing.assert_array_equal(np.asarray(image), expected)
    else:
        np.testing.assert_array_equal(imagecodecs.imread(written).reshape(expected.shape), expected)
    assert photo.icc == SRGB_PROFILE
    if has_alpha:
        np.testing.assert_array_equal(photo.alpha, alpha, strict=True)


def test_tiff_declares_its_layout(tmp_path):
    like = Photo(pixels=random_pixels((4, 6), "uint16"), alpha=random_pixels((4, 6), "uint16"))
    with tifffile.TiffFile(write_photo(tmp_path / "a.tif", random_pixels((4, 6, 3), "uint16"), like=like)) as tiff:
        page = tiff.pages[0]
        assert len(tiff.pages) == 1
        assert page.photometric == tifffile.PHOTOMETRIC.RGB
        assert page.extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE


def test_jpeg_keeps_color_sharp(tmp_path):
    rgb = np.zeros((16, 16, 3), np.uint8)
    rgb[:, ::2] = (220, 40, 40)
    rgb[:, 1::2] = (40, 40, 220)
    with Image.open(write_photo(tmp_path / "a.jpg", rgb)) as image:
        assert {(h, v) for _, h, v, _ in image.layer} == {(1, 1)}
        np.testing.assert_allclose(np.asarray(image).astype(int), rgb, atol=16)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_eight_bit_formats_get_rounded_values(tmp_path, name, dtype):
    value = {"uint16": 200 * 257 + 100, "float32": 200.4 / 255}[dtype]
    written = write_photo(tmp_path / name, np.full((8, 8, 3), value, dtype))
    assert (read_photo(written).pixels == 200).all()


def test_float_png_gets_sixteen_bits(tmp_path):
    rgb = np.full((2, 3, 3), 0.25, np.float64)
    assert (read_photo(write_photo(tmp_path / "a.png", rgb)).pixels == np.uint16(16384)).all()


def test_jpeg_leaves_transparency_out_with_a_warning(tmp_path):
    like = Photo(pixels=random_pixels((4, 6)), alpha=random_pixels((4, 6)))
    with pytest.warns(UserWarning, match=r"a\.jpg: JPEG has no transparency"):
        write_photo(tmp_path / "a.jpg", random_pixels((4, 6, 3)), like=like)


def test_existing_files_are_not_overwritten_unless_asked(tmp_path):
    path = saved(tmp_path / "photo.png", Image.new("L", (6, 4), 50))
    before = path.read_bytes()
    photo = read_photo(path)
    rgb = random_pixels((4, 6, 3))
    with pytest.raises(ImageFileError, match=r"it is the source photograph itself; .*overwrite=True"):
        write_photo(tmp_path / "." / "photo.png", rgb, like=photo)
    with pytest.raises(ImageFileError, match=r"the file exists; .*overwrite=True"):
        write_photo(path, rgb)
    assert path.read_bytes() == before
    write_photo(path, rgb, like=photo, overwrite=True)
    np.testing.assert_array_equal(read_photo(path).pixels, rgb)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failed_write_leaves_everything_as_it_was(tmp_path, monkeypatch, call):
    path = tmp_path / "out.tif"
    path.write_bytes(b"yesterday's result")

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(ImageFileError, match=r"cannot write .*out\.tif: .*No space left on device") as caught:
        write_photo(path, random_pixels((4, 6, 3)), overwrite=True)
    assert caught.value.errno == pickle.loads(pickle.dumps(caught.value)).errno == errno.ENOSPC
    assert path.read_bytes() == b"yesterday's result"
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


def test_unwritable_folder(tmp_path, monkeypatch):
    def deny(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", deny)  # file modes do not stop the superuser, who may run this
    with pytest.raises(ImageFileError, match=r"Permission denied.*permissions"):
        write_photo(tmp_path / "a.png", random_pixels((4, 6, 3)))


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
def test_result_gets_the_users_usual_permissions(tmp_path):
    (tmp_path / "plain").touch()
    written = write_photo(tmp_path / "a.png", random_pixels((4, 6, 3)))
    assert written.stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/a.png", "there is no folder .*nowhere; create it first"),
        ("a.xyz", r"unknown suffix '\.xyz'; use one of \.png, \.tif"),
        ("a", "unknown suffix ''"),
        ("folder.png", "it is a folder"),
    ],
)
def test_bad_targets_are_named(tmp_path, name, message):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageFileError, match=message):
        write_photo(tmp_path / name, random_pixels((4, 6, 3)))


def test_too_wide_for_webp(tmp_path):
    with pytest.raises(ImageFileError, match=r"20000 x 1 pixels exceed the limit of WebP, 16383"):
        write_photo(tmp_path / "a.webp", random_pixels((1, 20_000, 3)))


@pytest.mark.parametrize(
    ("rgb", "message"),
    [
        (np.zeros((4, 6), np.uint8), r"rgb must have shape \(H, W, 3\) .* has shape \(4, 6\)"),
        (np.zeros((0, 6, 3), np.uint8), r"has shape \(0, 6, 3\)"),
        (np.zeros((4, 6, 3), np.int32), "rgb must be uint8, uint16 or float, but is int32"),
        (np.full((4, 6, 3), 1.5), "rgb must be in 0..1"),
        (np.full((4, 6, 3), np.nan, np.float32), "rgb must be in 0..1"),
        (
            np.zeros((4, 7, 3), np.uint8),
            r"rgb must have height and width \(4, 6\) of scan\.png, but has \(4, 7\)",
        ),
    ],
)
def test_unsuitable_arrays_are_refused(tmp_path, rgb, message):
    with pytest.raises(ValueError, match=message):
        write_photo(tmp_path / "a.png", rgb, like=Photo(pixels=np.zeros((4, 6), np.uint8), source="scan.png"))
    assert list(tmp_path.iterdir()) == []


# --- pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg", ".webp"])
def test_one_page_is_written_as_a_photograph(tmp_path, suffix):
    rgb, like = random_pixels((4, 6, 3), "uint16"), camera_exif()
    paths = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    assert write_photo(paths[0], rgb, like=like, note=NOTE) == paths[0]
    assert write_pages(paths[1], [(rgb, like)], note=NOTE) == paths[1]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_pages_keep_pixels_profile_and_resolution(tmp_path):
    stored = [random_pixels((4, 6, 3)), random_pixels((9, 5, 3), "uint16"), random_pixels((3, 3, 3), "float32")]
    alpha = random_pixels((9, 5), "uint16")
    likes = [
        Photo(stored[0][..., 0], dpi=(300, 600), icc=SRGB_PROFILE),
        Photo(stored[1][..., 0], alpha=alpha),
        Photo(stored[2][..., 0], dpi=(72, 72)),
    ]
    path = write_pages(tmp_path / "album.tif", zip(stored, likes, strict=True), note=NOTE)
    photos = list(read_pages(path))
    for photo, rgb, like in zip(photos, stored, likes, strict=True):
        np.testing.assert_array_equal(photo.pixels, rgb, strict=True)
        assert (photo.icc, photo.dpi) == (like.icc, like.dpi)
        assert NOTE.encode() in photo.exif
    np.testing.assert_array_equal(photos[1].alpha, alpha, strict=True)
    with tifffile.TiffFile(path) as tiff:
        for page, rgb in zip(tiff.pages, [stored[0], np.dstack([stored[1], alpha]), stored[2]], strict=True):
            np.testing.assert_array_equal(page.asarray(), rgb, strict=True)
    with Image.open(path) as image:  # which reads no more than 8 bits
        np.testing.assert_array_equal(np.asarray(image), stored[0])


@pytest.mark.parametrize(("name", "format_name"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WebP")])
def test_several_pages_need_tiff(tmp_path, name, format_name):
    rgb = random_pixels((4, 6, 3))
    with pytest.raises(ImageFileError, match=rf"{name}: {format_name} holds one page, .*; name it \.tif"):
        write_pages(tmp_path / name, [(rgb, Photo(rgb))] * 2)
    assert list(tmp_path.iterdir()) == []


def test_error_while_pages_are_made_leaves_everything_as_it_was(tmp_path):
    path = tmp_path / "out.tif"
    path.write_bytes(b"yesterday's result")
    rgb = random_pixels((4, 6, 3))

    def pages():
        yield rgb, Photo(rgb)
        raise ValueError("no colours today")

    with pytest.raises(ValueError, match=r"^no colours today$"):
        write_pages(path, pages(), overwrite=True)
    with pytest.raises(ValueError, match="at least one page"):
        write_pages(path, [], overwrite=True)
    with pytest.raises(ImageFileError, match="the file exists"):
        write_pages(path, [(rgb, Photo(rgb))])
    assert path.read_bytes() == b"yesterday's result"
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("name", ["small.png", "large.png", "small.jpg"])
def test_full_disk_keeps_its_number(tmp_path, monkeypatch, name):
    rgb = random_pixels((20, 30, 3) if name.startswith("small") else (200, 300, 3))
    really_open = Path.open
    monkeypatch.setattr(Path, "open", lambda *_: really_open(Path("/dev/full"), "wb"))
    with pytest.raises(ImageFileError, match=r"^cannot write .*No space left on device; check free space") as caught:
        write_pages(tmp_path / name, [(rgb, Photo(rgb))])
    assert caught.value.errno == errno.ENOSPC
