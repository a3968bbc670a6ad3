"""IPTC data (IIM datasets) in the wrappings that formats have for it."""

import struct

import numpy as np

RESOURCE = 0x0404  # its number among Photoshop's image resources
_DATASET = b"\x1c"  # what each dataset starts with


def from_tag(data: bytes) -> bytes:
    """Datasets of a TIFF tag; some programs call them numbers, and swap these with the byte order."""
    is_swapped = data[:1] != _DATASET and data[3:4] == _DATASET and len(data) % 4 == 0
    return np.frombuffer(data, np.uint32).byteswap().tobytes() if is_swapped else data


def from_resources(resources: bytes) -> bytes | None:
    """Datasets among Photoshop's image resources, if they are there."""
    start = 0
    while resources[start : start + 4] == b"8BIM":
        number, name_length = struct.unpack_from(">HB", resources, start + 4)
        data = start + 6 + (name_length + 2) // 2 * 2 + 4  # the name and its length take an even number of bytes
        (size,) = struct.unpack_from(">I", resources, data - 4)
        if number == RESOURCE:
            return resources[data : data + size]
        start = data + size + size % 2
    return None


def as_resource(data: bytes) -> bytes:
    """One of Photoshop's image resources."""
    return struct.pack(">4sHHI", b"8BIM", RESOURCE, 0, len(data)) + data + b"\0" * (len(data) % 2)


def from_text(text: str) -> bytes | None:
    """Datasets of a "Raw profile" in a PNG file: a name, the length, hexadecimal digits."""
    _, _, digits = text.strip().split("\n", 2)
    data = bytes.fromhex(digits)
    return data if data.startswith(_DATASET) else from_resources(data)


def as_text(data: bytes) -> bytes:
    """Such a profile."""
    resource = as_resource(data)
    return b"\niptc\n%8d\n%s\n" % (len(resource), resource.hex("\n", -36).encode())
