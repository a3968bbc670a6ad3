"""EXIF blocks and TIFF directories, entry by entry and byte for byte.

Pillow rewrites EXIF with types guessed and captions reduced to ASCII ("Jürgen" becomes "J?rgen"); tifffile
writes no nested directories. This reader and writer of directories loses nothing and serves all formats.
"""

import io
import struct
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, Union

PREFIX = b"Exif\0\0"
DESCRIPTION, ORIENTATION, SOFTWARE = 270, 274, 305
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
INCHES = 2
_ASCII, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}
_NESTED = {34665: "Exif", 34853: "GPS", 40965: "Interoperability"}
_ABOUT_THE_SCENE = {269, 270, 271, 272, 285, 305, 306, 315, 316}
ABOUT_THE_FILE = {
    *range(254, 348),  # TIFF layout, orientation and resolution; minus the names and dates in between
    *range(512, 533),  # thumbnail, YCbCr layout
    *(700, 33723, 34377, 34675, 37724),  # XMP, IPTC, Photoshop, ICC profile, Photoshop layers
    *(40962, 40963),  # width and height, which the file itself says
} - _ABOUT_THE_SCENE
_CAPTIONS_BY_MACHINES = (b'{"shape":', b"ImageJ=", b"<?xml", b"<OME")  # array layouts, false for the new file


@dataclass(frozen=True)
class Entry:
    """One value of a directory: TIFF type, number of items, bytes in the block's byte order."""

    kind: int
    count: int
    data: bytes


_BYTE_ORDERS: dict[bytes, Literal["<", ">"]] = {b"II*\0": "<", b"MM\0*": ">"}

Directory = dict[int, Union[Entry, "Directory"]]


@dataclass
class Exif:
    """A tree of directories, with the struct prefix of its byte order ("<" or ">")."""

    order: Literal["<", ">"] = "<"
    directory: Directory = field(default_factory=dict)

    @classmethod
    def from_file(cls, file: BinaryIO, offset: int | None = None, skip: Collection[int] = ABOUT_THE_FILE) -> "Exif":
        """Parse the directory at `offset` (default: the first one) of a TIFF structure, without `skip`."""
        file.seek(0)
        header = file.read(8)
        order = _BYTE_ORDERS[header[:4]]
        if offset is None:
            (offset,) = struct.unpack(order + "I", header[4:])
        return cls(order, _Parser(file, order, skip, 2 * file.seek(0, io.SEEK_END)).directory(offset))

    def to_bytes(self) -> bytes:
        """EXIF block with the ``Exif`` prefix."""
        mark = {"<": b"II*\0", ">": b"MM\0*"}[self.order]
        return PREFIX + mark + struct.pack(self.order + "I", 8) + self.serialised(self.directory, 8)

    def serialised(self, directory: Directory, offset: int) -> bytes:
        """Bytes of a directory and all it refers to, for a place `offset` bytes into the file."""
        table, values = struct.pack(self.order + "H", len(directory)), b""
        first_value = offset + 2 + 12 * len(directory) + 4
        for tag, entry in sorted(directory.items()):
            place = first_value + len(values)
            if isinstance(entry, dict):
                table += struct.pack(self.order + "HHII", tag, _LONG, 1, place)
                values += self.serialised(entry, place)
            elif len(entry.data) <= 4:
                table += struct.pack(self.order + "HHI4s", tag, entry.kind, entry.count, entry.data)
            else:
                table += struct.pack(self.order + "HHII", tag, entry.kind, entry.count, place)
                values += entry.data + b"\0" * (len(entry.data) % 2)
        return table + struct.pack(self.order + "I", 0) + values

    def text(self, tag: int) -> str:
        """Text of an entry, "" where there is none."""
        entry = self.directory.get(tag)
        return entry.data.rstrip(b"\0").decode("utf-8", "replace") if isinstance(entry, Entry) else ""

    def add_note(self, note: str) -> None:
        """Make `note` the last line of the description; software already named stays."""
        entry = self.directory.get(DESCRIPTION)
        caption = entry.data.rstrip(b"\0") if isinstance(entry, Entry) else b""
        self._set_text(DESCRIPTION, caption + b"\n" * bool(caption) + note.encode())
        if not self.text(SOFTWARE):
            self._set_text(SOFTWARE, b"pyvarcolor")

    def set_dpi(self, dpi: tuple[float, float]) -> None:
        """Write the resolution in pixels per inch."""
        for tag, value in zip((X_RESOLUTION, Y_RESOLUTION), dpi, strict=True):
            ratio = struct.pack(self.order + "II", round(value * 1000), 1000)
            self.directory[tag] = Entry(_RATIONAL, 1, ratio)
        self.directory[RESOLUTION_UNIT] = Entry(_SHORT, 1, struct.pack(self.order + "H", INCHES))

    def _set_text(self, tag: int, text: bytes) -> None:
        """Put a text entry into the first directory."""
        self.directory[tag] = Entry(_ASCII, len(text) + 1, text + b"\0")


@dataclass
class _Parser:
    """Reads directories; what refers to the same bytes over and over must not take time and memory without end."""

    file: BinaryIO
    order: str
    skip: Collection[int]
    left: int  # bytes that may still be read

    def directory(self, offset: int) -> Directory:
        """Entries of the directory at `offset` and of those nested in it."""
        self.file.seek(offset)
        (length,) = struct.unpack(self.order + "H", self.file.read(2))
        self.left -= 2 + 12 * length
        if self.left < 0:
            raise ValueError("directories must not overlap")
        directory: Directory = {}
        for tag, kind, count, value in struct.iter_unpack(self.order + "HHI4s", self.file.read(12 * length)):
            if tag in self.skip or kind not in _ITEM_BYTES:
                continue
            size = count * _ITEM_BYTES[kind]
            (place,) = struct.unpack(self.order + "I", value)
            if tag in _NESTED:
                directory[tag] = self.directory(place)
                continue
            data = value[:size] if size <= 4 else self._bytes(place, size)
            if len(data) < size or (tag == DESCRIPTION and data.startswith(_CAPTIONS_BY_MACHINES)):
                continue
            directory[tag] = Entry(kind, count, data)
        return directory

    def _bytes(self, place: int, size: int) -> bytes:
        """So many bytes, or none where they are too many."""
        if size > self.left:
            return b""
        self.left -= size
        self.file.seek(place)
        return self.file.read(size)
