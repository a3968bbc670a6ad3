"""EXIF blocks and TIFF directories, entry by entry and byte for byte.

Pillow rewrites EXIF with types guessed and captions reduced to ASCII ("Jürgen" becomes "J?rgen"); tifffile
writes no nested directories. This reader and writer of directories loses nothing and serves all formats.
"""

import io
import struct
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Literal, NamedTuple, Union

PREFIX = b"Exif\0\0"
DESCRIPTION, ORIENTATION, SOFTWARE = 270, 274, 305
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
XMP, IPTC, PHOTOSHOP, ICC = 700, 33723, 34377, 34675
INCHES = 2
BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, UNDEFINED, _IFD, _LONG8 = 1, 2, 3, 4, 5, 7, 13, 16
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8, 129: 1}
_NUMBER_BYTES = {3: 2, 4: 4, 5: 4, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 16: 8, 17: 8}  # a rational has two numbers
_NESTED = {34665: "Exif", 34853: "GPS", 40965: "Interoperability"}
_ABOUT_THE_SCENE = {269, 270, 271, 272, 285, 286, 287, 297, 305, 306, 315, 316, 337}
ABOUT_THE_FILE = {
    *range(254, 348),  # TIFF layout, orientation and resolution; minus names, dates and place on the page
    *range(512, 533),  # thumbnail, YCbCr layout
    *(XMP, IPTC, PHOTOSHOP, ICC, 37724),  # the last one: Photoshop's layers
    *(40962, 40963),  # width and height, which the file itself says
} - _ABOUT_THE_SCENE
_CAPTIONS_BY_MACHINES = (b'{"shape":', b"ImageJ=", b"<?xml", b"<OME")  # array layouts, false for the new file


@dataclass(frozen=True)
class Entry:
    """One value of a directory: TIFF type, number of items, bytes in the block's byte order."""

    kind: int
    count: int
    data: bytes


Order = Literal["<", ">"]
Directory = dict[int, Union[Entry, "Directory"]]


class Layout(NamedTuple):
    """How a TIFF structure and its directories are laid out."""

    heads: dict[Order, bytes]  # what stands before the offset of the first directory
    length: str  # struct format of the number of entries
    offset: str  # of offsets, and of the number of items
    offset_kind: int  # TIFF type of an offset

    @property
    def offset_bytes(self) -> int:
        """Size of an offset; a value not larger stands in its place."""
        return struct.calcsize(self.offset)

    @property
    def entry(self) -> str:
        """Format of tag, type, number of items, and value or its offset."""
        return f"HH{self.offset}{self.offset_bytes}s"

    def table_bytes(self, length: int) -> int:
        """Size of a directory of so many entries, up to the offset of the next one."""
        return struct.calcsize(self.length) + length * struct.calcsize("=" + self.entry)


CLASSIC = Layout({"<": b"II*\0", ">": b"MM\0*"}, "H", "I", _LONG)
BIG = Layout({"<": b"II+\0\x08\0\0\0", ">": b"MM\0+\0\x08\0\0"}, "Q", "Q", _LONG8)


@dataclass
class Exif:
    """A tree of directories, with the struct prefix of its byte order ("<" or ">")."""

    order: Order = "<"
    directory: Directory = field(default_factory=dict)

    @classmethod
    def from_file(cls, file: BinaryIO, offset: int | None = None, skip: Collection[int] = ABOUT_THE_FILE) -> "Exif":
        """Parse the directory at `offset` (default: the first one) of a TIFF structure, without `skip`."""
        file.seek(0)
        order, layout = _layout_of(file.read(8))
        if offset is None:
            file.seek(len(layout.heads[order]))
            (offset,) = struct.unpack(order + layout.offset, file.read(layout.offset_bytes))
        return cls(order, _Parser(file, order, layout, skip, file.seek(0, io.SEEK_END)).directory(offset))

    def to_bytes(self) -> bytes:
        """EXIF block with the ``Exif`` prefix."""
        return PREFIX + CLASSIC.heads[self.order] + struct.pack(self.order + "I", 8) + self.serialised(8)

    def serialised(self, offset: int, layout: Layout = CLASSIC) -> bytes:
        """Bytes of the directory and all it refers to, for a place `offset` bytes into the file."""
        return self._serialised(self.directory, offset, layout)

    def _serialised(self, directory: Directory, offset: int, layout: Layout) -> bytes:
        """As `serialised`, for any of the directories."""
        table, values = struct.pack(self.order + layout.length, len(directory)), b""
        first_value = offset + layout.table_bytes(len(directory)) + layout.offset_bytes
        for tag, entry in sorted(directory.items()):
            place = first_value + len(values)
            kind, count = (layout.offset_kind, 1) if isinstance(entry, dict) else (entry.kind, entry.count)
            value = struct.pack(self.order + layout.offset, place)
            if isinstance(entry, dict):
                values += self._serialised(entry, place, layout)
            elif len(entry.data) <= layout.offset_bytes:
                value = entry.data
            else:
                values += entry.data + b"\0" * (len(entry.data) % 2)
            table += struct.pack(self.order + layout.entry, tag, kind, count, value)
        return table + bytes(layout.offset_bytes) + values

    def in_order(self, order: Order) -> "Exif":
        """The same in a byte order."""
        return self if order == self.order else Exif(order, _swapped(self.directory))

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


def _layout_of(head: bytes) -> tuple[Order, Layout]:
    """Byte order and layout, from the first bytes."""
    for layout in (CLASSIC, BIG):
        for order, start in layout.heads.items():
            if head.startswith(start):
                return order, layout
    raise ValueError(f"a TIFF structure must start with II or MM and its version, but starts with {head!r}")


def _swapped(directory: Directory) -> Directory:
    """The directory in the other byte order."""
    swapped: Directory = {}
    for tag, entry in directory.items():
        if isinstance(entry, dict):
            swapped[tag] = _swapped(entry)
        else:
            size = _NUMBER_BYTES.get(entry.kind, 1)
            numbers = (entry.data[place : place + size] for place in range(0, len(entry.data), size))
            swapped[tag] = replace(entry, data=b"".join(number[::-1] for number in numbers))
    return swapped


@dataclass
class _Parser:
    """Reads directories; what refers to the same bytes over and over must not take time and memory without end."""

    file: BinaryIO
    order: Order
    layout: Layout
    skip: Collection[int]
    size: int  # of the file

    def __post_init__(self) -> None:
        """Set how many bytes may still be read."""
        self.left = 2 * self.size

    def directory(self, offset: int) -> Directory:
        """Entries of the directory at `offset` and of those nested in it."""
        layout = self.layout
        if offset > self.size:
            raise ValueError("directories must lie in the file")
        self.file.seek(offset)
        (length,) = struct.unpack(self.order + layout.length, self.file.read(struct.calcsize(layout.length)))
        self.left -= layout.table_bytes(length)
        if self.left < 0:
            raise ValueError("directories must not overlap")
        directory: Directory = {}
        table = self.file.read(length * struct.calcsize("=" + layout.entry))
        for tag, kind, count, value in struct.iter_unpack(self.order + layout.entry, table):
            if tag in self.skip:
                continue
            if tag in _NESTED:
                directory[tag] = self.directory(self._offset(value, kind))
            elif kind in _ITEM_BYTES:
                size = count * _ITEM_BYTES[kind]
                is_here = size <= layout.offset_bytes
                data = value[:size] if is_here else self._bytes(self._offset(value), size)
                if len(data) == size and not (tag == DESCRIPTION and data.startswith(_CAPTIONS_BY_MACHINES)):
                    directory[tag] = self._entry(kind, count, data)
        return directory

    def _offset(self, value: bytes, kind: int | None = None) -> int:
        """The offset in an entry; those to directories may be small ones in a large layout."""
        is_small = kind in {_LONG, _IFD}
        (offset,) = struct.unpack_from(self.order + ("I" if is_small else self.layout.offset), value)
        return int(offset)

    def _entry(self, kind: int, count: int, data: bytes) -> Entry:
        """An entry; 64-bit numbers become 32-bit ones, which every layout can hold, unless they are too large."""
        if kind == _LONG8:
            numbers = struct.unpack(f"{self.order}{count}Q", data)
            if max(numbers, default=0) < 2**32:
                return Entry(_LONG, count, struct.pack(f"{self.order}{count}I", *numbers))
        return Entry(kind, count, data)

    def _bytes(self, place: int, size: int) -> bytes:
        """So many bytes, or none where they are too many or beyond the end."""
        if size > self.left or place > self.size:
            return b""
        self.left -= size
        self.file.seek(place)
        return self.file.read(size)
