"""Photographs from and to files, with bit depth, transparency and metadata kept.

Pillow is imported with this module, tifffile and imagecodecs only when a file needs them.
"""

from pyvarcolor.io.photo import ImageFileError, Photo, TooManyPixelsError
from pyvarcolor.io.reading import read_image, read_pages, read_photo
from pyvarcolor.io.writing import SUFFIXES, check_place, check_target, write_pages, write_photo

__all__ = [
    "SUFFIXES",
    "ImageFileError",
    "Photo",
    "TooManyPixelsError",
    "check_place",
    "check_target",
    "read_image",
    "read_pages",
    "read_photo",
    "write_pages",
    "write_photo",
]
