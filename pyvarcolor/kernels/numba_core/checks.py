"""The one check of shapes and dtypes between Python and the kernels, word for word as in `arrays.hpp`."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .hierarchy import Hierarchy, Layout, hierarchy_in, size_of
from .image import Image, Picture

Scalar: TypeAlias = type[np.floating[Any]]


@dataclass(frozen=True)
class Expected:
    """What the array that decides asks of all others: its dtype, rows and columns."""

    dtype: Scalar
    rows: int
    cols: int

    def read(self, array: Image, name: str, channels: int | None = None, rows: int | None = None) -> Image:
        """A read-only view of an image, or of a plane where no channels are given."""
        rows = self.rows if rows is None else rows
        _check(array, name, self.dtype, (rows, self.cols) if channels is None else (rows, channels, self.cols))
        view = array.view()
        view.flags.writeable = False
        return view

    def read_or_empty(self, plane: Image, name: str) -> Image:
        """A read-only view of a plane that may have no rows."""
        _check_is_array(plane, name)
        return self.read(plane, name, rows=self.rows if plane.ndim > 0 and len(plane) > 0 else 0)

    def write(self, array: Image, name: str, channels: int | None = None, rows: int | None = None) -> Image:
        """The image itself, or a plane where no channels are given, which must be writeable."""
        rows = self.rows if rows is None else rows
        _check(array, name, self.dtype, (rows, self.cols) if channels is None else (rows, channels, self.cols))
        _check_is_writeable(array, name)
        return array

    def write_picture(self, rgb: Picture, name: str) -> Picture:
        """The picture itself, which must be writeable and of a dtype that holds pictures."""
        _check_is_array(rgb, name)
        if rgb.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
            raise TypeError(f"{name} must be uint8, uint16, float32 or float64, but is {rgb.dtype}")
        _check(rgb, name, rgb.dtype, (self.rows, self.cols, 3))
        _check_is_writeable(rgb, name)
        return rgb

    def weights(self, g: Image) -> tuple[Image, Image]:
        """Edge weights g, scalar or a tensor, and the row of zeros that a scalar one has for xy."""
        _check_is_array(g, "g")
        if g.ndim != 3 or g.shape[1] not in (1, 3):
            raise ValueError(f"g must have shape (H, 1, W) or (H, 3, W), but has shape {g.shape}")
        return self.read(g, "g", g.shape[1]), np.zeros(self.cols, self.dtype)

    def read_channels(self, image: Image, name: str) -> Image:
        """A read-only view of an image of any number of channels."""
        if image.ndim != 3:
            raise ValueError(f"{name} must have shape (H, C, W), but has shape {image.shape}")
        return self.read(image, name, image.shape[1])

    def read_sites(self, sites: Image, weights: Image, channels: int) -> tuple[Image, Image]:
        """Any number of sites with their features, and two weights of each."""
        _check_is_array(sites, "sites")
        count = sites.shape[0] if sites.ndim else 0
        _check(sites, "sites", self.dtype, (count, channels))
        _check(weights, "weights", self.dtype, (count, 2))
        return sites, weights

    def read_edges(self, edges: Image) -> Image:
        """A read-only view of edge weights, 2 or 4 a pixel."""
        return self.read(edges, "edges", _edges_of(edges))

    def write_edges(self, edges: Image) -> Image:
        """Edge weights themselves, 2 or 4 a pixel."""
        return self.write(edges, "edges", _edges_of(edges))

    def hierarchy(self, workspace: Image, neighbours: tuple[int, ...] = (4, 8)) -> Hierarchy:
        """The levels in the caller's workspace, whose size tells what they are laid out for."""
        _check_is_array(workspace, "workspace")
        layouts = [Layout(self.rows, self.cols, near == 8, more) for near in neighbours for more in (False, True)]
        layout = next((layout for layout in layouts if size_of(layout) == workspace.size), layouts[0])
        _check(workspace, "workspace", self.dtype, (1, size_of(layout)))
        _check_is_writeable(workspace, "workspace")
        return hierarchy_in(workspace[0], layout)


def expected_by(array: Image, name: str) -> Expected:
    """What `array` asks of all others.

    Raises
    ------
    TypeError
        If it is not an array of float32 or float64.
    ValueError
        If it is empty.
    """
    _check_is_array(array, name)
    if array.dtype not in (np.float32, np.float64):
        raise TypeError(f"{name} must be float32 or float64, but is {array.dtype}")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one pixel, but has shape {array.shape}")
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    return Expected(dtype, array.shape[0] if array.ndim else 0, array.shape[-1] if array.ndim else 0)


def write_progress(progress: NDArray[np.float64]) -> NDArray[np.float64]:
    """The numbers that conjugate gradients carry from call to call."""
    _check(progress, "progress", np.float64, (1, 4))
    _check_is_writeable(progress, "progress")
    numbers: NDArray[np.float64] = progress[0]
    return numbers


def _edges_of(edges: Image) -> int:
    """Edges stored with a pixel: 2 where pixels have 4 neighbours, 4 where they have 8."""
    _check_is_array(edges, "edges")
    if edges.ndim != 3 or edges.shape[1] not in (2, 4):
        raise ValueError(f"edges must have shape (H, 2, W) or (H, 4, W), but has shape {edges.shape}")
    return int(edges.shape[1])


def _check(array: Picture, name: str, dtype: Scalar | np.dtype[Any], shape: tuple[int, ...]) -> None:
    """Raise TypeError or ValueError unless this is a C-contiguous array with this dtype and shape."""
    _check_is_array(array, name)
    if array.dtype != dtype:
        raise TypeError(f"{name} must be {np.dtype(dtype)}, but is {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, but has shape {array.shape}")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name} must be C-contiguous, but is strided")


def _check_is_writeable(array: Picture, name: str) -> None:
    """Raise ValueError for a read-only array."""
    if not array.flags.writeable:
        raise ValueError(f"{name} must be writeable, but is read-only")


def _check_is_array(array: object, name: str) -> None:
    """Raise TypeError unless this is an array; nothing is converted, for a kernel would write to the copy."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} must be a numpy.ndarray, but is {type(array).__name__}")
