"""Damaged and crafted files: every reader gives what it documents or refuses, in bounded time and memory, and lives.

PYVARCOLOR_FUZZ_SECONDS=600 pytest tests/test_fuzz.py goes on with other files for so many seconds a reader.
"""

import faulthandler
import io
import json
import lzma
import os
import re
import resource
import struct
import subprocess
import sys
import time
import tomllib
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from pyvarcolor.evaluation.known_hints import read_hints, save_hints
from pyvarcolor.hints import Hints
from pyvarcolor.interactive.journal import Journal
from pyvarcolor.interactive.session import Session
from pyvarcolor.io import ImageFileError, read_image, read_photo, write_photo
from pyvarcolor.io.exif import PREFIX, Entry, Exif
from pyvarcolor.io.photo import WHITE
from pyvarcolor.strokes.parsing import read_strokes
from pyvarcolor.strokes.vector import VectorStroke, save_vector

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux tells it")

SHAPE = HEIGHT, WIDTH = 18, 26
MAX_PIXELS = 100_000
SECONDS = 10  # for one file, on a busy machine
MEMORY = 64 << 20  # bytes for one file of at most MAX_PIXELS
ADDRESSES = 1 << 30  # bytes that may be asked for and not used
GRAY = np.random.default_rng(70913).integers(0, 256, SHAPE, np.uint8)


# --- files as they should be ---------------------------------------------------------------------------


def pictures() -> list[bytes]:
    """Every format, depth, layout and compression that is read."""
    random = np.random.default_rng(70914)
    rgb, deep = (random.integers(0, np.iinfo(d).max, (*SHAPE, 4), d) for d in (np.uint8, np.uint16))
    image, tags = Image.fromarray(rgb[..., :3]), Image.Exif()
    tags[0x010E], tags[0x0112], tags[0x011A], tags[0x011B] = "caption", 6, 300.0, 300.0
    tags.get_ifd(0x8769).update({0x829A: 0.01, 0x9286: b"ASCII\0\0\0comment"})
    tags.get_ifd(0x8825).update({1: "N", 2: (50.0, 4.0, 30.0)})
    metadata = {"exif": tags, "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:400]}
    return [
        *map(_png, (rgb[..., 0], rgb[..., :3], rgb, deep[..., 0], deep[..., :3], deep)),
        *(_saved(image, kind, **metadata) for kind in ("PNG", "JPEG", "WEBP", "TIFF")),
        *(_saved(image.convert(mode), "PNG") for mode in ("1", "LA", "P")),
        *(_saved(image.convert(mode), "JPEG", progressive=True) for mode in ("L", "CMYK")),
        _saved(Image.fromarray(rgb), "WEBP", lossless=True),
        *(_saved(image, kind, save_all=True, append_images=[image.rotate(9)]) for kind in ("GIF", "WEBP", "TIFF")),
        *(_saved(image.convert(mode), "BMP") for mode in ("1", "P", "RGB")),
        *(_saved(image, "TIFF", compression=name) for name in ("tiff_lzw", "jpeg", "packbits")),
        _saved(image.convert("1"), "TIFF", compression="group4"),
        _saved(image.convert("P"), "TIFF"),
        _saved(image.convert("CMYK"), "TIFF"),
        _tiff(deep, photometric="rgb", extrasamples=["assocalpha"], compression="zlib", predictor=True),
        _tiff(deep[..., :3], photometric="rgb", bigtiff=True, tile=(16, 16), compression="lzw"),
        _tiff(rgb.transpose(2, 0, 1), photometric="rgb", planarconfig="separate", byteorder=">", rowsperstrip=5),
        _tiff(rgb[..., 0] / np.float32(255), compression="zlib"),
        _tiff(deep[..., 0], photometric="miniswhite"),
    ]


def _png(pixels: np.ndarray) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.png_encode(np.ascontiguousarray(pixels)))


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _tiff(pixels: np.ndarray, **options: Any) -> bytes:
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(file, pixels, metadata=None, **options)
    return file.getvalue()


def exif_blocks() -> list[bytes]:
    """Nested directories in both byte orders."""
    text, number = Entry(2, 12, b"long caption"), Entry(3, 1, b"\1\0")
    blocks = (Exif(order, {270: text, 34665: {37510: text, 40965: {1: number}}, 34853: {1: number}}) for order in "<>")
    return [block.to_bytes().removeprefix(PREFIX) for block in blocks]


def stroke_pictures() -> list[bytes]:
    """On black, on a transparent layer, over a copy."""
    black, layer, copy = np.zeros((*SHAPE, 3), np.uint8), np.zeros((*SHAPE, 4), np.uint8), np.dstack([GRAY] * 3)
    black[3:9, 4:20] = layer[3:9, 4:20, :3] = copy[3:9, 4:20] = 200, 60, 60
    layer[3:9, 4:20, 3] = 200
    return [*map(_png, (black, layer, copy)), _saved(Image.fromarray(black), "GIF")]


def vectors() -> list[bytes]:
    """One file of two strokes."""
    strokes = VectorStroke(((0.1, 0.2), (0.6, 0.2)), 0.1, "#c8503c", 0.5), VectorStroke(((0.5, 0.5),), 0.2, None)
    return [_written(lambda path: save_vector(path, strokes), ".json")]


def journals() -> list[bytes]:
    """One of a session with some steps, and some undone."""

    def write(path: Path) -> None:
        journal, session = Journal(path, SHAPE), Session([VectorStroke(((0.1, 0.2),), 0.1, "#c8503c")])
        session.note = lambda record: journal.add(record, session)
        for at in (0.2, 0.5, 0.7):
            session.begin(at, at)
            session.finish()
        session.undo()

    return [_written(write, ".autosave")]


def hint_archives() -> list[bytes]:
    """One of one kind."""
    hints = Hints.from_points([(5, 5, (20, 15)), (9, 20, (-30, 7))], SHAPE)
    return [_written(lambda path: save_hints(path, {"mine": hints}), ".npz")]


def hint_arrays() -> list[bytes]:
    """The two arrays of such an archive, one after the other."""
    with zipfile.ZipFile(io.BytesIO(hint_archives()[0])) as archive:
        return [SEPARATOR.join(map(archive.read, archive.namelist()))]


def cards() -> list[bytes]:
    """Of both spaces."""
    head = '[input]\nsize = [16, 24]\nchannels = 1\nof = "lightness"\nrange = [0.0, 1.0]\n[output]\n'
    tails = 'space = "ab"\nscale = 100.0\n', 'space = "rgb"\nrange = [0.0, 255.0]\n'
    return [(head + tail).encode() for tail in tails]


def _written(write: Callable[[Path], None], suffix: str) -> bytes:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder, "file" + suffix)
        write(path)
        return path.read_bytes()


# --- what is done to them ------------------------------------------------------------------------------

NUMBERS = (0, 1, 2, 3, 4, 5, 8, 16, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)
NUMERALS = [
    (number % 256**size).to_bytes(size, order)
    for number in NUMBERS
    for size in (1, 2, 4, 8)
    for order in ("little", "big")
]
TOKENS = [
    *(b"0", b"-1", b"3", b"0.5", b"1e999", b"-1e308", b"1e-320", b"NaN", b"nan", b"inf", b"Infinity"),
    *(
        b"1" + b"0" * 400,
        b"true",
        b"null",
        b'""',
        b'"x"',
        b'"\\ud800"',
        b"[]",
        b"[[]]",
        b"{}",
        b"[1, 2]",
        b"[0.5, 0.5]",
        b"1" * 5000,
    ),
    *(b"[" * 20_000, b'{"a":' * 20_000, b"a = " + b"[" * 20_000),
]
TOKEN = re.compile(rb'"[^"\n]*"|[-+.\w]+|[][{},:=]')

places = st.integers(0, 120) | st.integers(0, 2**16)
tokens = st.tuples(st.just("token"), places, st.sampled_from(TOKENS))
changes = st.one_of(
    st.tuples(st.just("put"), places, st.sampled_from(NUMERALS) | st.binary(min_size=1, max_size=4)),
    st.tuples(st.just("flip"), places, st.integers(0, 7)),
    st.tuples(st.just("insert"), places, st.binary(min_size=1, max_size=20)),
    st.tuples(st.just("drop"), places, st.integers(1, 100)),
    st.tuples(st.just("repeat"), places, st.tuples(st.integers(1, 60), st.sampled_from([1, 2, 50]))),
    st.tuples(st.just("end"), places, st.none()),
)


def changed(data: bytes, todo: list[tuple[str, int, Any]]) -> bytes:
    """The file after these changes, each at a place that wraps around."""
    for kind, place, how in todo:
        at = place % max(len(data), 1)
        if kind == "put":
            data = data[:at] + how + data[at + len(how) :]
        elif kind == "flip" and data:
            data = data[:at] + bytes([data[at] ^ 1 << how]) + data[at + 1 :]
        elif kind == "insert":
            data = data[:at] + how + data[at:]
        elif kind == "drop":
            data = data[:at] + data[at + how :]
        elif kind == "repeat":
            data = data[:at] + data[at : at + how[0]] * how[1] + data[at + how[0] :]
        elif kind == "end":
            data = data[:at]
        elif kind == "token" and (found := list(TOKEN.finditer(data))):
            start, end = found[place % len(found)].span()
            data = data[:start] + how + data[end:]
    return data


def sealed(data: bytes) -> bytes:
    """A PNG file with the checksums that belong to its chunks, so that what is in them gets read."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        out[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out)


SEPARATOR = b"--next array--"


def archived(data: bytes) -> bytes:
    """An .npz file of these two arrays."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in zip(("mine_mask.npy", "mine_chroma.npy"), data.split(SEPARATOR), strict=False):
            archive.writestr(name, array)
    return file.getvalue()


# --- crafted ones --------------------------------------------------------------------------------------


def picture_bombs() -> list[bytes]:
    """Little that claims to be much, or is."""
    import imagecodecs

    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + bytes(4)  # noqa: E731
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    zeros = bytes(128 << 20)
    deflated = zlib.compress(zeros)
    pixels = zlib.compress(bytes(8 * 9))
    codes = ("zlib", zlib.compress), ("lzma", lzma.compress), ("zstd", imagecodecs.zstd_encode)
    return [
        head + chunk(b"IDAT", deflated) + chunk(b"IEND", b""),
        *(
            head + chunk(name, key + deflated) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
            for name, key in ((b"iCCP", b"icc\0\0"), (b"zTXt", b"key\0\0"), (b"iTXt", b"key\0\1\0\0\0"))
        ),
        *(_strip_replaced(_tiff(np.zeros((8, 8), np.uint8), compression=name), code(zeros)) for name, code in codes),
        _jpeg_enlarged(_saved(Image.new("RGB", (16, 16)), "TIFF", compression="jpeg")),
        *(_saved(Image.new("L", (8, 8)), "PNG", exif=PREFIX + exif) for exif in exif_bombs()),
    ]


def _strip_replaced(tiff: bytes, strip: bytes) -> bytes:
    """The TIFF file, its only strip being this one."""
    out = bytearray(tiff)
    (at,) = struct.unpack_from("<I", out, 4)
    for entry in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", out, at)[0], 12):
        (tag,) = struct.unpack_from("<H", out, entry)
        if tag in {273, 279}:
            struct.pack_into("<HII", out, entry + 2, 4, 1, len(tiff) if tag == 273 else len(strip))
    return bytes(out) + strip


def _jpeg_enlarged(tiff: bytes) -> bytes:
    """The TIFF file, its JPEG strip claiming 65500 x 65500 pixels."""
    at = tiff.index(b"\xff\xc0") + 5
    return tiff[:at] + struct.pack(">HH", 65500, 65500) + tiff[at + 4 :]


def exif_bombs() -> list[bytes]:
    """Directories that share the next one many times over, a circle, and values that share all bytes."""
    head, count, levels = b"II*\0\x08\0\0\0", 10, 12
    size = 2 + 12 * count + 4
    tree = b"".join(
        struct.pack("<H", count) + struct.pack("<HHII", 34665, 4, 1, 8 + size * (level + 1)) * count + bytes(4)
        for level in range(levels)
    )
    circle = struct.pack("<HHHIII", 1, 34665, 4, 1, 8, 0)
    tags = range(40_000, 60_000)
    shared = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 7, 200_000, 8) for tag in tags)
    return [head + tree + bytes(6), head + circle, head + shared]


def text_bombs() -> list[bytes]:
    """Brackets without end."""
    return [b"[" * 200_000, b'{"format":' * 100_000]


def vector_bombs() -> list[bytes]:
    """Strokes far away, very wide, very many."""
    stroke = {"points": [[0.5, 0.5]], "radius": 0.1, "color": "#c8503c"}
    far = [[-1e300, 0.2], [1e300, 0.7]]
    many = [[0.1, 0.1], [0.9, 0.9]] * 2000
    zigzag = [stroke | {"points": points, "radius": radius} for points in (far, many) for radius in (1e-9, 1.0, 1e300)]
    documents = ({"format": "pyvarcolor-strokes", "version": 1, "strokes": [one]} for one in zigzag)
    return [*text_bombs(), *(json.dumps(document).encode() for document in documents)]


def hint_bombs() -> list[bytes]:
    """An array of 128 MiB of zeros, and one that only claims to be large."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f2", "fortran_order": False, "shape": (2**26, 1)})
    mask = hint_arrays()[0].split(SEPARATOR)[0]
    return [mask + SEPARATOR + head.getvalue() + bytes(size) for size in (2**27, 100)]


# --- what is read --------------------------------------------------------------------------------------


def check_photo(path: Path) -> None:
    """A photograph as documented, which can be written again with all that came with it."""
    photo = read_photo(path, max_pixels=MAX_PIXELS)
    pixels, alpha = photo.pixels, photo.alpha
    assert pixels.dtype in WHITE
    assert 1 <= pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS
    assert pixels.shape[2:] in {(), (3,)}
    assert pixels.min() >= 0
    assert pixels.max() <= WHITE[pixels.dtype]
    assert alpha is None or (alpha.dtype, alpha.shape) == (pixels.dtype, pixels.shape[:2])
    assert photo.dpi is None or (len(photo.dpi) == 2 and min(photo.dpi) > 0 and np.isfinite(photo.dpi).all())
    assert photo.exif is None or Exif.from_file(io.BytesIO(photo.exif.removeprefix(PREFIX))).directory
    assert photo.icc is None or isinstance(photo.icc, bytes)
    rgb = np.zeros((*pixels.shape[:2], 3), np.uint8)
    for suffix in (".png", ".tif", ".jpg"):
        write_photo(path.with_suffix(suffix), rgb, like=photo, note="fuzzed", overwrite=True)


def check_image(path: Path) -> None:
    """8-bit colour."""
    image = read_image(path, max_pixels=MAX_PIXELS)
    assert image.dtype == np.uint8
    assert image.shape[2:] in {(3,), (4,)}
    assert 1 <= image.shape[0] * image.shape[1] <= MAX_PIXELS


def check_exif(path: Path) -> None:
    """Directories that can be written and read again."""
    with path.open("rb") as file:
        exif = Exif.from_file(file)
    again = Exif.from_file(io.BytesIO(exif.to_bytes().removeprefix(PREFIX)))
    assert again == exif


def check_strokes(path: Path) -> None:
    """Hints for the photograph."""
    strokes = read_strokes(path, GRAY, max_pixels=MAX_PIXELS)
    assert strokes.hints.mask.shape == SHAPE
    assert strokes.count >= 0
    assert str(strokes)
    strokes.traced()


def check_journal(path: Path) -> None:
    """A session that can go on, or none."""
    journal = Journal(path, SHAPE)
    session = journal.recover()
    if session is not None:
        assert all(isinstance(stroke, VectorStroke) for stroke in session.strokes)
        journal.go_on()
        again = Journal(path, SHAPE).recover()
        assert again is not None
        assert again.strokes == session.strokes


def check_hints(path: Path) -> None:
    """Hints for the photograph, checked by their class."""
    assert read_hints(path, "mine", SHAPE).mask.shape == SHAPE


def check_card(path: Path) -> None:
    """Finite chroma, of a network that gives back what it gets."""
    from onnx import TensorProto, helper

    from pyvarcolor.learned.onnx import OnnxNetwork

    kind = TensorProto.FLOAT, [1, "c", "h", "w"]
    wide = helper.make_node("Concat", ["x"] * (3 if b"rgb" in path.read_bytes() else 2), ["y"], axis=1)
    tensors = [helper.make_tensor_value_info(name, *kind) for name in "xy"]
    graph = helper.make_graph([wide], "wide", tensors[:1], tensors[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.with_suffix(".onnx").write_bytes(model.SerializeToString())
    network = OnnxNetwork(path.with_suffix(".onnx"))
    if np.prod(tomllib.loads(path.read_text("utf-8"))["input"]["size"]) <= MAX_PIXELS:
        assert np.isfinite(network.chroma(GRAY / np.float32(2.55))).all()


class Reader(NamedTuple):
    """How a kind of file is fuzzed."""

    check: Callable[[Path], None]
    files: Callable[[], list[bytes]]
    bombs: Callable[[], list[bytes]]
    refusals: type[Exception] | tuple[type[Exception], ...]
    suffix: str = ".bin"
    pack: Callable[[bytes], bytes] = lambda data: data
    changes: st.SearchStrategy[tuple[str, int, Any]] = changes
    examples: int = 300


READERS = {
    "photo": Reader(check_photo, pictures, picture_bombs, ImageFileError, pack=sealed, examples=500),
    "image": Reader(check_image, pictures, list, ImageFileError, pack=sealed, examples=200),
    "exif": Reader(check_exif, exif_blocks, exif_bombs, (KeyError, ValueError, struct.error, RecursionError)),
    "strokes": Reader(check_strokes, stroke_pictures, list, (ValueError, OSError), pack=sealed, examples=200),
    "vector": Reader(check_strokes, vectors, vector_bombs, ValueError, ".json", changes=tokens | changes),
    "journal": Reader(check_journal, journals, text_bombs, (), changes=tokens | changes),
    "archive": Reader(check_hints, hint_archives, text_bombs, ValueError),
    "arrays": Reader(check_hints, hint_arrays, hint_bombs, ValueError, pack=archived),
    "card": Reader(check_card, cards, text_bombs, ValueError, ".toml", changes=tokens | changes),
}


def peak_memory(*, reset: bool = False) -> int:
    """Most bytes that were resident since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
    return int(kilobytes) << 10


def fuzz(name: str, folder: Path, seconds: float) -> None:
    """Feed one reader; the last file stays, for those who want to see what ended this process."""
    reader, files, path = READERS[name], READERS[name].files(), folder / f"file{READERS[name].suffix}"
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", UserWarning)
    for file in files:  # is read as it stands, and loads all that reading needs
        path.write_bytes(reader.pack(file))
        reader.check(path)
    bombs = [reader.pack(bomb) for bomb in reader.bombs()]
    in_use = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + ADDRESSES,) * 2)

    def obeys(data: bytes) -> None:
        path.write_bytes(data)
        before = peak_memory(reset=True)
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            reader.check(path)
        except reader.refusals as error:
            if "not enough memory" in str(error):
                raise
        finally:
            faulthandler.cancel_dump_traceback_later()
        assert peak_memory() - before < MEMORY

    def run(**options: Any) -> Callable[[], None]:
        examples = st.builds(changed, st.sampled_from(files), st.lists(reader.changes, min_size=1, max_size=4))
        test = given(examples.map(reader.pack))(obeys)
        return settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow], **options)(test)

    for bomb in bombs:
        obeys(bomb)
    run(max_examples=reader.examples, derandomize=True)()
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        seed(time.time_ns())(run(max_examples=500))()


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_refused_or_read(tmp_path: Path, name: str) -> None:
    seconds = os.environ.get("PYVARCOLOR_FUZZ_SECONDS", "0")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", __file__, name, str(tmp_path), seconds],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    last = tmp_path / f"file{READERS[name].suffix}"
    told = "\n".join(line[:200] for line in done.stderr.splitlines()[-80:])
    assert done.returncode == 0, f"{told}\nThe file begins with: {last.read_bytes()[:4000].hex()}"


if __name__ == "__main__":
    fuzz(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
